"""Data to work with: the catalogue of public sets, and simulators with a known truth."""

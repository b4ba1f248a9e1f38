"""The door: raw tables become canonical ones, checked, with bad rows set aside and the reason kept."""

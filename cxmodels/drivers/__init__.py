"""Why do they leave? What the model uses (attribution), and apart from it what would change (effects)."""

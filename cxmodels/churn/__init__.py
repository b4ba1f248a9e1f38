"""Who is about to leave? How good a churn model is, what acting on it earns, and when to distrust it."""

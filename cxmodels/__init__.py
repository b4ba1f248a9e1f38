"""What each customer is worth, who is about to leave, why, and what to do about it."""

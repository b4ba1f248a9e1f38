"""What did each customer live through, as it was known on a date?"""

"""Measures of pictures, and the command that paints pairs and measures them."""

"""Text as data: splitting and normalising. Pure functions."""

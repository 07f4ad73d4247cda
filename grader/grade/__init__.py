"""Grades: verdicts and weights to a score. Pure."""

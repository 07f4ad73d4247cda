"""Grades and scorecards as files and as text for a terminal. Pure presentation: nothing here computes a mark."""

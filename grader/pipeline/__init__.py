"""Answers to grades: guards, evidence, verdicts, score."""

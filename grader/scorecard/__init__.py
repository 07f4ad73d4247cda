"""Grades rolled up: a candidate's scorecard, and the cohort of all candidates."""

from grader.scorecard.card import Scorecard, Tally, scorecards
from grader.scorecard.cohort import Cohort, cohort_of

__all__ = ["Cohort", "Scorecard", "Tally", "cohort_of", "scorecards"]

"""The noun of this stage."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.bank import Question


@dataclass(frozen=True, slots=True)
class Answer:
    """One text for one question."""

    question: Question
    text: str
    candidate: str = ""
    """Who wrote it; empty when the file does not say."""
    row: int = 0
    """Where it stands in its file: the header is row 1. 0 when it came from no file."""
    position: int = 0
    """Its place among all answers of its file, from 0: what tells it apart, whoever wrote it."""
    extra: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The cells of the columns that grading does not use (human scores, labels, …)."""

"""Grade all answers of an eval set, and say what that took."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from grader.answers import Answer
from grader.grade.model import Grade, Ungraded
from grader.pipeline.grader import Grader


@runtime_checkable
class KeepsGrades(Protocol):
    """What a grader also tells if it keeps its grades from one command to the next."""

    @property
    def remembered(self) -> int:
        """How many of its grades so far had been made before."""
        ...

    @property
    def saved_seconds(self) -> float:
        """What those grades took when they were made."""
        ...


@dataclass(frozen=True, slots=True)
class Grading:
    """The results for a list of answers, in order."""

    results: tuple[Grade | Ungraded, ...]
    seconds: float
    """What grading takes, also where some of the grades had been made before."""
    remembered: int
    """How many of the grades had been made before."""

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return round(len(self.results) / max(self.seconds, 1e-9), 1)


def grade_all(answers: Iterable[Answer], grader: Grader) -> Grading:
    """Return the results for all the answers."""
    before = (grader.remembered, grader.saved_seconds) if isinstance(grader, KeepsGrades) else (0, 0.0)
    start = time.perf_counter()
    results = tuple(result for _, result in grader.grade(answers))
    seconds = time.perf_counter() - start
    after = (grader.remembered, grader.saved_seconds) if isinstance(grader, KeepsGrades) else (0, 0.0)
    return Grading(results, seconds + after[1] - before[1], after[0] - before[0])

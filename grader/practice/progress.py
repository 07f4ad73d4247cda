"""How far a learner has come: section by section, and from one sitting to the next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.bank import Bank
from grader.grade.model import Grade
from grader.practice.schedule import Due
from grader.practice.sitting import Attempt, Sitting, first_tries


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a learner has come with a section."""

    section: str
    questions: int
    answered: int
    """Of the questions, how many have a graded first try."""
    due: int
    """Of those answered, how many should be asked again today."""
    score: float | None
    """Mean of the latest first tries; None when there are none."""


@dataclass(frozen=True, slots=True)
class Trend:
    """The mean scores of a section over the sittings that asked about it, the oldest first."""

    section: str
    """Empty: of all answers of a sitting."""
    scores: tuple[float, ...]


def progress(bank: Bank, due: Mapping[str, Due], now: datetime) -> list[Progress]:
    """Return one row a section of the bank, in order. `due` tells of each question that was answered."""
    rows = []
    for section in bank.sections:
        known = [due[question.id] for question in section.questions if question.id in due]
        score = sum(one.score for one in known) / len(known) if known else None
        again = sum(one.by(now) for one in known)
        rows.append(Progress(section.title, len(section.questions), len(known), again, score))
    return rows


def trends(sittings: Iterable[tuple[Sitting, Sequence[Attempt]]]) -> dict[str, Trend]:
    """Return the trend of each section, in order of first appearance, and of all answers under "", which comes first.

    Args:
        sittings: each with its attempts, the oldest first.

    """
    found: dict[str, list[float]] = {"": []}
    for _, attempts in sittings:
        results = [attempt.result for attempt in first_tries(attempts)]
        grades = [result for result in results if isinstance(result, Grade)]
        for name in dict.fromkeys(["", *(grade.section for grade in grades)]):
            scores = [grade.score for grade in grades if name in ("", grade.section)]
            if scores:
                found.setdefault(name, []).append(sum(scores) / len(scores))
    return {name: Trend(name, tuple(scores)) for name, scores in found.items() if scores}

"""A sitting: one test being taken, and the attempts made in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from grader.grade.entry import Entry
from grader.grade.model import Grade, Ungraded

NOT_YET = "not graded yet"
"""The reason of an attempt that was handed in and has not been looked at."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sitting asks, and how."""

    bank: str
    """The name of the bank."""
    title: str
    questions: tuple[str, ...]
    """Their ids, in the order in which they are asked."""
    exam: bool = False
    """Whether feedback waits until the end."""
    minutes: float | None = None
    """How long an exam may take; None: as long as it likes."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A test being taken, as far as it has come."""

    id: int
    started: datetime
    """UTC."""
    plan: Plan
    place: int = 0
    """Which question is asked now, from 0; the number of questions when all have been."""
    seconds: float = 0.0
    """Time at work, pauses left out."""
    draft: str = ""
    """What was written when the sitting was left."""
    ended: bool = False

    @property
    def label(self) -> str:
        """What tells it from every other sitting: its number, and when it was begun, in local time."""
        return f"{self.id}: {self.started.astimezone():%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one question."""

    entry: Entry
    """The question, the text, and what was made of it."""
    place: int
    """Which question of its sitting, from 0."""
    number: int
    """1 for the first try, 2 and more for those made after feedback."""
    seconds: float
    """Spent writing."""
    reference_seen: bool
    """Whether the reference had been shown before."""
    made: datetime
    """UTC."""

    @property
    def result(self) -> Grade | Ungraded:
        """The grade in force."""
        return self.entry.result

    @property
    def waiting(self) -> bool:
        """Whether it was handed in and not looked at yet."""
        return isinstance(self.result, Ungraded) and self.result.reason == NOT_YET


def first_tries(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Return the attempts that count: those made before any feedback."""
    return [attempt for attempt in attempts if attempt.number == 1]


def latest(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """Return the latest graded first try at each question, by its id."""
    graded = [a for a in first_tries(attempts) if isinstance(a.result, Grade)]
    return {a.entry.answer.question.id: a for a in sorted(graded, key=lambda a: a.made)}


def open_places(plan: Plan, attempts: Iterable[Attempt]) -> list[int]:
    """Return the places of a sitting's questions that nobody has answered."""
    answered = {attempt.place for attempt in attempts}
    return [place for place in range(len(plan.questions)) if place not in answered]

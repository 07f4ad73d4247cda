"""The nouns of a bank. Frozen, and free of files and of pydantic."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal

from grader.errors import InputError, nearest

Level = Literal["basic", "intermediate", "advanced", "scenario"]
VerdictLabel = Literal["met", "partial", "missing", "contradicted"]
"""What an answer can do with a key point."""
Location = tuple[str | int, ...]
"""A way into a question or a file: names of fields, and positions in lists, from 0."""


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """One checkable statement that a good answer makes: a criterion of the analytic rubric."""

    id: str
    text: str
    weight: float = 1.0
    contrary: tuple[str, ...] = ()
    """Plausible wrong forms of the statement; evidence for one counts against the key point."""


@dataclass(frozen=True, slots=True)
class Misconception:
    """A wrong statement, tied to no one key point, that costs marks when an answer makes it."""

    id: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what its answers are marked against."""

    id: str
    prompt: str
    reference: str
    key_points: tuple[KeyPoint, ...] = ()
    misconceptions: tuple[Misconception, ...] = ()
    alternatives: tuple[str, ...] = ()
    """Other accepted references."""
    section: str = ""
    subsection: str = ""
    number: int | None = None
    level: Level | None = None
    tags: tuple[str, ...] = ()
    note: str = ""
    source: str = field(default="", compare=False)
    """`file:line` where the question stands, for messages."""

    def texts(self) -> Iterator[tuple[Location, str]]:
        """Go through all that was written for the question, each text with where in the question it stands."""
        yield ("prompt",), self.prompt
        yield ("reference",), self.reference
        for index, text in enumerate(self.alternatives):
            yield ("alternatives", index), text
        for index, point in enumerate(self.key_points):
            yield ("key_points", index, "text"), point.text
            for number, text in enumerate(point.contrary):
                yield ("key_points", index, "contrary", number), text
        for index, misconception in enumerate(self.misconceptions):
            yield ("misconceptions", index, "text"), misconception.text
        if self.note:
            yield ("note",), self.note


@dataclass(frozen=True, slots=True)
class Section:
    """An ordered group of questions, kept in one file."""

    title: str
    questions: tuple[Question, ...]
    file: str = ""


@dataclass(frozen=True)
class Bank:
    """An ordered list of sections."""

    name: str
    sections: tuple[Section, ...]
    tags: frozenset[str] = frozenset()
    """The tags that questions may carry; empty when the bank does not say."""

    def __iter__(self) -> Iterator[Question]:
        """Go through all questions in order."""
        return (question for section in self.sections for question in section.questions)

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.by_id)

    @cached_property
    def by_id(self) -> dict[str, Question]:
        """All questions by id, in order."""
        return {question.id: question for question in self}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything in the bank that can change a grade."""
        return fingerprint([_canonical(question) for question in self])

    def question(self, question_id: str) -> Question:
        """Return the question with this id.

        Raises:
            InputError: there is none; the message names the nearest ids.

        """
        try:
            return self.by_id[question_id]
        except KeyError:
            raise InputError(f"the bank {self.name!r} has no question {nearest(question_id, self.by_id)}") from None


def fingerprint(value: object) -> str:
    """Return the SHA-256 of `value` as canonical JSON (sorted keys, no spaces), in hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def question_fingerprint(question: Question) -> str:
    """Return the SHA-256 of everything in a question that can change a grade."""
    return fingerprint(_canonical(question))


def _canonical(question: Question) -> dict[str, object]:
    content = asdict(question)
    for bookkeeping in ("source", "note", "tags", "level"):
        del content[bookkeeping]
    return content

"""The port that whoever runs the pipeline needs: something that grades answers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from grader.answers import Answer
from grader.grade.model import Grade, Ungraded
from grader.rubric.chat import ChatRequest


class Grader(Protocol):
    """Grades answers one by one; a grade does not depend on an answer's neighbours."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the grades may: model, profile, prompts, pass mark."""
        ...

    @property
    def parts(self) -> Mapping[str, str]:
        """What the fingerprint is made of, by name, so that a change can be told: `model`, `profile`, `prompts`, …"""
        ...

    @property
    def pass_mark(self) -> float:
        """The score, 0..1, from which an answer counts as right."""
        ...

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade; takes no more of them than it is about to grade."""
        ...


@runtime_checkable
class AsksModel(Protocol):
    """What a grader that asks a language model can tell besides."""

    def requests(self, answers: Iterable[Answer]) -> Iterator[ChatRequest]:
        """Go through the requests that these answers need."""
        ...

    def totals(self) -> Mapping[str, Any]:
        """Return the calls, tokens and dollars spent so far, and those saved; as JSON."""
        ...

"""Two graders on one answer: the language model beside the similarity grader, or only where that one is in doubt."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import tee
from typing import Any

from grader.answers import Answer
from grader.bank.model import fingerprint
from grader.grade.model import BANDS, Grade, Ungraded
from grader.pipeline.grader import Grader
from grader.pipeline.rubric_grader import RubricGrader, chunks
from grader.rubric.chat import ChatRequest

HARMLESS = {"empty", "too_short"}
"""Flags after which a language model would say nothing that is not known."""
CHUNK = 512


class _Pair:
    """What both graders have in common."""

    kind: str

    def __init__(self, similarity: Grader, llm: RubricGrader) -> None:
        """Take the two graders."""
        self.similarity = similarity
        self.llm = llm

    @property
    def fingerprint(self) -> str:
        """Changes whenever either grader's does."""
        return fingerprint([self.kind, self.similarity.fingerprint, self.llm.fingerprint])

    @property
    def parts(self) -> Mapping[str, str]:
        """The parts of both graders."""
        return {**self.similarity.parts, **self.llm.parts, "grader_kind": self.kind}

    @property
    def pass_mark(self) -> float:
        """The score, 0..1, from which an answer counts as right."""
        return self.llm.pass_mark


class HybridGrader(_Pair):
    """Both graders on every answer: the language model's grade counts, and disagreement is flagged."""

    kind = "hybrid"

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade. Raises as `RubricGrader.grade`."""
        one, other = tee(answers)
        pairs = zip(self.llm.grade(one), self.similarity.grade(other), strict=True)
        for (answer, read), (_, compared) in pairs:
            yield answer, _together(read, compared)

    def requests(self, answers: Iterable[Answer]) -> Iterator[ChatRequest]:
        """Go through the requests that these answers need."""
        return self.llm.requests(answers)

    def totals(self) -> Mapping[str, Any]:
        """Return what was spent, as JSON."""
        return self.llm.totals()


class CascadeGrader(_Pair):
    """The language model only where the similarity grader is in doubt; its own grade stands elsewhere."""

    kind = "cascade"

    def __init__(self, similarity: Grader, llm: RubricGrader) -> None:
        """Take the two graders."""
        super().__init__(similarity, llm)
        self.sure = 0
        """Answers for which no language model was asked."""

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade. Raises as `RubricGrader.grade`."""
        for chunk in chunks(answers, CHUNK):
            compared = list(self.similarity.grade(chunk))
            asked = self.llm.grade(answer for answer, grade in compared if in_doubt(grade))
            for answer, grade in compared:
                if in_doubt(grade):
                    _, read = next(asked)
                    yield answer, _with_similarity(read, grade)
                else:
                    self.sure += 1
                    yield answer, grade

    def requests(self, answers: Iterable[Answer]) -> Iterator[ChatRequest]:
        """Go through the requests that these answers need; the similarity grader runs to find out."""
        for chunk in chunks(answers, CHUNK):
            compared = list(self.similarity.grade(chunk))
            self.sure += sum(not in_doubt(grade) for _, grade in compared)
            yield from self.llm.requests(answer for answer, grade in compared if in_doubt(grade))

    def totals(self) -> Mapping[str, Any]:
        """Return what was spent, and how many calls the similarity grader saved; as JSON."""
        return {**self.llm.totals(), "calls_saved_by_cascade": self.sure * self.llm.asking.samples}


def in_doubt(grade: Grade | Ungraded) -> bool:
    """Say whether a language model should look: the interval straddles a band's edge, or a guard fired."""
    if isinstance(grade, Ungraded):
        return True
    edges = (edge for _, edge in BANDS if edge > 0)
    return any(grade.low < edge <= grade.high for edge in edges) or bool(set(grade.flags) - HARMLESS)


def _together(read: Grade | Ungraded, compared: Grade | Ungraded) -> Grade | Ungraded:
    """Return the language model's grade; where it lies outside the other's interval, widened to hold both scores."""
    read = _with_similarity(read, compared)
    if isinstance(read, Ungraded):
        return read
    read = replace(read, graded_by=HybridGrader.kind)
    if isinstance(compared, Ungraded) or compared.low <= read.score <= compared.high:
        return read
    return replace(
        read,
        low=min(read.low, compared.score),
        high=max(read.high, compared.score),
        flags=(*read.flags, "disagreement"),
        needs_review=True,
    )


def _with_similarity(read: Grade | Ungraded, compared: Grade | Ungraded) -> Grade | Ungraded:
    if isinstance(read, Ungraded) or isinstance(compared, Ungraded):
        return read
    guards = [flag for flag in compared.flags if flag not in {*read.flags, "contradiction"}]
    return replace(
        read,
        similarity=compared.similarity,
        flags=(*read.flags, *guards),
        needs_review=read.needs_review or bool(set(guards) - HARMLESS),
    )

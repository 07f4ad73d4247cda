"""All candidates of a run: who stands where, which questions were hard, what was missed most often."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import hypot

from grader.grade.model import Grade, Ungraded
from grader.scorecard.card import CardSum, Scorecard, Tally


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate stands."""

    card: Scorecard
    rank: int | None
    """1 is best; equal scores share a rank; None when nothing was graded."""
    rank_band: int | None
    """Candidates of one rank band cannot be told apart from its best one."""


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """How all candidates did on one question."""

    question_id: str
    section: str
    graded: int
    to_review: int
    score: float
    """Mean, 0..1."""


@dataclass(frozen=True, slots=True)
class PointResult:
    """How often one key point was missed."""

    question_id: str
    key_point: str
    text: str
    graded: int
    missed: int
    """Answers that do not say it, or say the contrary."""
    contradicted: int

    @property
    def share(self) -> float:
        """The share of answers, 0..1, that missed it."""
        return self.missed / self.graded


@dataclass(frozen=True, slots=True)
class Cohort:
    """All candidates of a run."""

    standings: tuple[Standing, ...]
    """The best first; those without any grade last."""
    sections: tuple[str, ...]
    """In order of first appearance."""
    questions: tuple[QuestionResult, ...]
    """The hardest first; those without any grade are left out."""
    key_points: tuple[PointResult, ...]
    """The most often missed first."""
    graded: int
    ungraded: int
    to_review: int


def cohort_of(results: Iterable[Grade | Ungraded]) -> Cohort:
    """Return the cohort. Goes through the results once, keeping none."""
    sums: dict[str, CardSum] = {}
    questions: dict[str, _QuestionSum] = {}
    for result in results:
        sums.setdefault(result.candidate, CardSum(result.candidate)).add(result)
        if isinstance(result, Grade):
            questions.setdefault(result.question_id, _QuestionSum(result.section)).add(result)
    cards = [card.scorecard() for card in sums.values()]
    points = [point for name, total in questions.items() for point in total.points(name)]
    return Cohort(
        standings=ranked(cards),
        sections=tuple(dict.fromkeys(tally.name for card in cards for tally in card.sections)),
        questions=tuple(
            sorted((total.result(name) for name, total in questions.items()), key=lambda q: (q.score, q.question_id))
        ),
        key_points=tuple(sorted(points, key=lambda p: (-p.share, -p.missed, p.question_id, p.key_point))),
        graded=sum(card.overall.graded for card in cards),
        ungraded=sum(card.overall.ungraded for card in cards),
        to_review=sum(card.overall.to_review for card in cards),
    )


def ranked(cards: Sequence[Scorecard]) -> tuple[Standing, ...]:
    """Return the candidates by score, in rank bands.

    The best candidate opens the first band. It takes in all who follow until one is told apart from the one who
    opened it: the 90 % interval of their difference (root of the sum of both squared half-widths) leaves out 0.
    That one opens the next band.
    """
    graded = sorted((card for card in cards if card.overall.score is not None), key=lambda card: -_score(card.overall))
    standings: list[Standing] = []
    opened: Tally | None = None
    rank = rank_band = 0
    for place, card in enumerate(graded, 1):
        if not standings or _score(standings[-1].card.overall) != _score(card.overall):
            rank = place
        if opened is None or _score(opened) - _score(card.overall) > hypot(_half(opened), _half(card.overall)):
            opened = card.overall
            rank_band += 1
        standings.append(Standing(card, rank, rank_band))
    return (*standings, *(Standing(card, None, None) for card in cards if card.overall.score is None))


def _score(tally: Tally) -> float:
    return -1.0 if tally.score is None else tally.score


def _half(tally: Tally) -> float:
    if tally.low is None or tally.high is None:
        return 0.0
    return (tally.high - tally.low) / 2


@dataclass(slots=True)
class _QuestionSum:
    section: str
    graded: int = 0
    to_review: int = 0
    score: float = 0.0
    texts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    """Key point id -> [graded, missed, contradicted]."""

    def add(self, grade: Grade) -> None:
        self.graded += 1
        self.to_review += grade.needs_review
        self.score += grade.score
        for verdict in grade.verdicts:
            self.texts.setdefault(verdict.key_point, verdict.text)
            count = self.counts.setdefault(verdict.key_point, [0, 0, 0])
            count[0] += 1
            count[1] += verdict.verdict in ("missing", "contradicted")
            count[2] += verdict.verdict == "contradicted"

    def result(self, name: str) -> QuestionResult:
        return QuestionResult(name, self.section, self.graded, self.to_review, self.score / self.graded)

    def points(self, name: str) -> list[PointResult]:
        return [PointResult(name, point, self.texts[point], *count) for point, count in self.counts.items()]

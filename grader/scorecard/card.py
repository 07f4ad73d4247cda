"""One candidate's grades rolled up per section and in all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nsmallest
from math import sqrt

from grader.grade.model import Grade, Ungraded, band

Z_90 = 1.6449
"""Half-width, in standard errors, of a 90 % normal interval."""
WEAKEST = 3
"""How many unmet key points a scorecard names."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The mean of some grades, with a 90 % interval."""

    name: str
    graded: int
    ungraded: int
    to_review: int
    score: float | None
    """None when nothing was graded."""
    low: float | None
    high: float | None

    @property
    def band(self) -> str:
        """The band of the mean score, or nothing."""
        return "" if self.score is None else band(self.score)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One candidate's result."""

    candidate: str
    sections: tuple[Tally, ...]
    overall: Tally
    weakest: tuple[tuple[str, str, str], ...]
    """(question id, key point id, its text) of the heaviest key points that were not met."""


def scorecards(results: Iterable[Grade | Ungraded]) -> list[Scorecard]:
    """Return a scorecard a candidate, in order of first appearance. Goes through the results once, keeping none."""
    sums: dict[str, CardSum] = {}
    for result in results:
        sums.setdefault(result.candidate, CardSum(result.candidate)).add(result)
    return [card.scorecard() for card in sums.values()]


@dataclass(slots=True)
class MeanSum:
    """What the mean of some grades and its interval follow from, however many there are."""

    graded: int = 0
    ungraded: int = 0
    to_review: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared distances from the mean (Welford, Technometrics 1962)."""
    doubt: float = 0.0
    """Sum of the variances of the grades themselves."""

    def add(self, result: Grade | Ungraded) -> None:
        """Take one result in."""
        if isinstance(result, Ungraded):
            self.ungraded += 1
            return
        self.graded += 1
        self.to_review += result.needs_review
        before = result.score - self.mean
        self.mean += before / self.graded
        self.squares += before * (result.score - self.mean)
        self.doubt += ((result.high - result.low) / 2 / Z_90) ** 2

    def tally(self, name: str) -> Tally:
        """Return the mean with its interval.

        Two sources of doubt: which questions were asked (spread of the scores) and how well each was graded
        (half-width of its interval); a single grade has only the second.
        """
        if not self.graded:
            return Tally(name, 0, self.ungraded, 0, None, None, None)
        spread = self.squares / (self.graded - 1) if self.graded > 1 else 0.0
        half = Z_90 * sqrt((spread + self.doubt / self.graded) / self.graded)
        low, high = max(0.0, self.mean - half), min(1.0, self.mean + half)
        return Tally(name, self.graded, self.ungraded, self.to_review, self.mean, low, high)


@dataclass(slots=True)
class CardSum:
    """What one candidate's scorecard follows from."""

    candidate: str
    overall: MeanSum = field(default_factory=MeanSum)
    sections: dict[str, MeanSum] = field(default_factory=dict)
    unmet: list[tuple[float, float, str, str, str]] = field(default_factory=list)
    """(-weight, credit, question id, key point id, its text), the heaviest first."""

    def add(self, result: Grade | Ungraded) -> None:
        """Take one result in."""
        self.overall.add(result)
        self.sections.setdefault(result.section, MeanSum()).add(result)
        if isinstance(result, Ungraded):
            return
        unmet = [
            (-v.weight, v.credit, result.question_id, v.key_point, v.text)
            for v in result.verdicts
            if v.verdict in ("missing", "contradicted")
        ]
        self.unmet = nsmallest(WEAKEST, self.unmet + unmet)

    def scorecard(self) -> Scorecard:
        """Return the scorecard."""
        return Scorecard(
            candidate=self.candidate,
            sections=tuple(total.tally(name) for name, total in self.sections.items()),
            overall=self.overall.tally("overall"),
            weakest=tuple((question, point, text) for _, _, question, point, text in self.unmet),
        )

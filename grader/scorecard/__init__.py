"""One candidate's grades rolled up per section and in all."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from grader.grade.model import Grade, Ungraded, band

Z_90 = 1.6449
"""Half-width, in standard errors, of a 90 % normal interval."""


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


def scorecards(results: Iterable[Grade | Ungraded], weakest: int = 3) -> list[Scorecard]:
    """Return a scorecard a candidate, in order of first appearance; `weakest` key points are named in each."""
    by_candidate: dict[str, list[Grade | Ungraded]] = defaultdict(list)
    for result in results:
        by_candidate[result.candidate].append(result)
    return [_scorecard(candidate, own, weakest) for candidate, own in by_candidate.items()]


def _scorecard(candidate: str, results: list[Grade | Ungraded], weakest: int) -> Scorecard:
    sections: dict[str, list[Grade | Ungraded]] = defaultdict(list)
    for result in results:
        sections[result.section].append(result)
    unmet = [
        (verdict.credit, -verdict.weight, grade.question_id, verdict)
        for grade in results
        if isinstance(grade, Grade)
        for verdict in grade.verdicts
        if verdict.verdict in ("missing", "contradicted")
    ]
    unmet.sort(key=lambda item: (item[1], item[0], item[2], item[3].key_point))
    return Scorecard(
        candidate=candidate,
        sections=tuple(_tally(name, own) for name, own in sections.items()),
        overall=_tally("overall", results),
        weakest=tuple((question, v.key_point, v.text) for _, _, question, v in unmet[:weakest]),
    )


def _tally(name: str, results: list[Grade | Ungraded]) -> Tally:
    grades = [result for result in results if isinstance(result, Grade)]
    ungraded = len(results) - len(grades)
    if not grades:
        return Tally(name, 0, ungraded, 0, None, None, None)
    scores = np.array([grade.score for grade in grades])
    # Two sources of doubt: which questions were asked (spread of the scores) and how well each was graded
    # (half-width of its interval); a single grade has only the second.
    spread = scores.var(ddof=1) if len(scores) > 1 else 0.0
    doubt = np.mean([((grade.high - grade.low) / 2 / Z_90) ** 2 for grade in grades])
    half = Z_90 * float(np.sqrt((spread + doubt) / len(scores)))
    mean = float(scores.mean())
    review = sum(grade.needs_review for grade in grades)
    return Tally(name, len(grades), ungraded, review, mean, max(0.0, mean - half), min(1.0, mean + half))

"""`eval compare`: is one grader nearer to the people than another, on the same answers?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from grader.evaluation.agreement import differences
from grader.evaluation.bootstrap import figure, rounded, samples
from grader.evaluation.evalset import Rated
from grader.evaluation.gates import BETTER_WHEN_HIGH
from grader.grade.model import Grade, Ungraded

Results = Sequence[Grade | Ungraded | None]
"""One an answer, in the order of the rows; None where there is nothing for it."""

MOVED = 10
POWER = 0.8
DETECTABLE = float(stats.norm.ppf(0.975) + stats.norm.ppf(POWER))
"""Standard errors that a true difference must have to be found in 4 of 5 eval sets like this one (Cohen 1988)."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what it is called, its results, and what they took."""

    name: str
    results: Results
    again: Results | None = None
    """The same, graded anew: the side's own noise. None if that is not known."""
    seconds: float | None = None
    spent: Mapping[str, Any] | None = None
    """Calls, tokens and dollars, where a language model was asked."""


def compare(rows: Sequence[Rated], a: Side, b: Side, *, by: str, pass_mark: float, seed: int) -> dict[str, Any]:
    """Return how B differs from A, ready for JSON.

    Args:
        rows: the answers; where they have human scores, each metric's difference is given.
        a: the side that is there.
        b: the side that might replace it.
        by: the metric that the verdict goes by.
        pass_mark: where macro-F1 divides right from wrong.
        seed: of the bootstrap.

    """
    scored = [
        (row, one, other)
        for row, one, other in zip(rows, a.results, b.results, strict=True)
        if isinstance(one, Grade) and isinstance(other, Grade)
    ]
    rated = [(row, one, other) for row, one, other in scored if row.ratings]
    metrics = _metrics(rated, pass_mark, seed)
    noises = {"a": _noise(rows, a, pass_mark, seed), "b": _noise(rows, b, pass_mark, seed)}
    return {
        "a": _side(a),
        "b": _side(b),
        "n": len(rows),
        "compared": len(scored),
        "with_human_score": len(rated),
        "questions": len({row.answer.question.id for row, _, _ in scored}),
        "verdict": verdict(metrics, noises, by, len({row.answer.question.id for row, _, _ in rated})),
        "metrics": metrics,
        "scores": _scores(scored, seed),
        "noise": noises,
        "moved": [_moved(*item) for item in sorted(scored, key=lambda i: -abs(i[2].score - i[1].score))[:MOVED]],
    }


def verdict(
    metrics: Mapping[str, Any] | None, noises: Mapping[str, Any], by: str, questions: int
) -> dict[str, str | None]:
    """Return {verdict: better, worse, same or cannot tell; sentence}."""
    if not metrics or metrics[by]["difference"]["low"] is None:
        return {
            "verdict": "cannot tell",
            "by": by,
            "sentence": f"Cannot tell: there are no human scores from which {by} could be computed for both.",
        }
    found = metrics[by]
    difference, low, high = (found["difference"][name] for name in ("value", "low", "high"))
    shown = f"{by} {difference:+.3f} (95 %: {low:+.3f} .. {high:+.3f})"
    noise = max((side["metrics"][by] or 0.0 for side in noises.values() if side and side["metrics"]), default=0.0)
    if low == high == 0:
        return {"verdict": "same", "by": by, "sentence": f"Same: A and B do not differ in {by} on these answers."}
    up = low > 0 if by in BETTER_WHEN_HIGH else high < 0
    down = high < 0 if by in BETTER_WHEN_HIGH else low > 0
    if abs(difference) > noise and (up or down):
        word = "better" if up else "worse"
        return {"verdict": word, "by": by, "sentence": f"B is {word} than A: {shown}."}
    return {
        "verdict": "cannot tell",
        "by": by,
        "sentence": (
            f"Cannot tell: {shown} may be chance; {questions} question{'s' if questions != 1 else ''} can show a "
            f"difference of {found['detectable']:.3f} or more."
        ),
    }


def _side(side: Side) -> dict[str, Any]:
    graded = sum(isinstance(result, Grade) for result in side.results)
    return {
        "name": side.name,
        "graded": graded,
        "ungraded": len(side.results) - graded,
        "seconds": rounded(side.seconds),
        "spent": dict(side.spent) if side.spent is not None else None,
    }


def _metrics(rated: Sequence[tuple[Rated, Grade, Grade]], pass_mark: float, seed: int) -> dict[str, Any] | None:
    if not rated:
        return None
    human = [row.human for row, _, _ in rated]
    before, after = [one.score for _, one, _ in rated], [other.score for _, _, other in rated]
    questions = [row.answer.question.id for row, _, _ in rated]
    result = {}
    for name, paired in differences(human, before, after, questions, pass_mark=pass_mark, seed=seed).items():
        error = float(np.std(paired.drawn, ddof=1)) if len(paired.drawn) > 1 else None
        result[name] = {
            "a": rounded(paired.before),
            "b": rounded(paired.after),
            "difference": figure(paired.difference, paired.drawn),
            "detectable": None if error is None else rounded(DETECTABLE * error),
        }
    return result


def _scores(scored: Sequence[tuple[Rated, Grade, Grade]], seed: int) -> dict[str, Any]:
    """Return how the scores differ, whatever people said."""
    changes = np.array([other.score - one.score for _, one, other in scored])
    redrawn = samples([row.answer.question.id for row, _, _ in scored], seed=seed)
    mean = float(changes.mean()) if len(changes) else None
    return {
        "mean_change": figure(mean, [float(changes[sample].mean()) for sample in redrawn]),
        "mean_absolute_change": rounded(float(np.abs(changes).mean())) if len(changes) else None,
        "changed": int((np.abs(changes) > 0.005).sum()),
    }


def _noise(rows: Sequence[Rated], side: Side, pass_mark: float, seed: int) -> dict[str, Any] | None:
    """Return how far a side is from itself when it grades again."""
    if side.again is None:
        return None
    twice = [
        (row, one, other)
        for row, one, other in zip(rows, side.results, side.again, strict=True)
        if isinstance(one, Grade) and isinstance(other, Grade)
    ]
    metrics = _metrics([item for item in twice if item[0].ratings], pass_mark, seed)
    by_metric = {name: _size(found["difference"]["value"]) for name, found in metrics.items()} if metrics else None
    changes = [abs(other.score - one.score) for _, one, other in twice]
    return {"mean_absolute_change": rounded(float(np.mean(changes))) if changes else None, "metrics": by_metric}


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _moved(row: Rated, one: Grade, other: Grade) -> dict[str, Any]:
    before = {v.key_point: v.verdict for v in one.verdicts}
    after = {v.key_point: v.verdict for v in other.verdicts}
    points = [point for point in {**before, **after} if before.get(point) != after.get(point)]
    return {
        "row": row.answer.row,
        "question_id": row.answer.question.id,
        "human": rounded(row.human) if row.ratings else None,
        "a": rounded(one.score),
        "b": rounded(other.score),
        "verdicts": {point: [before.get(point), after.get(point)] for point in points},
        "answer": row.answer.text,
    }

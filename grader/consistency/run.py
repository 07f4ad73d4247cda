"""`eval consistency`: grade the variants, and see which keep the relation that they have to keep."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.answers import Answer
from grader.consistency.variants import (
    CEILING_LEAST,
    CHANGE_MOST,
    FLOOR_MOST,
    LOWER_LEAST,
    STYLE_MOST,
    Bases,
    Variant,
)
from grader.evaluation.bootstrap import LEVEL, bounds, figure, rounded, samples
from grader.evaluation.grading import Grading, grade_all
from grader.grade.model import Grade, Ungraded
from grader.pipeline.grader import Grader

EXAMPLES = 20
REPEAT_MOST = 0.01
"""Scores are shown with two digits; a change below is none."""
_SLACK = 1e-9

RELATIONS: Mapping[str, str] = {
    "repeat": f"the same answer, graded again in other company: the scores differ by at most {REPEAT_MOST}",
    "invariant": f"the same said otherwise: the score changes by at most {CHANGE_MOST}",
    "lower": f"less said, or something wrong: the score falls by at least {LOWER_LEAST}",
    "no_gain": f"nothing said: at most {FLOOR_MOST} by itself, at most {CHANGE_MOST} more with an answer",
    "ceiling": f"the reference itself: at least {CEILING_LEAST}",
    "floor": f"no answer at all: at most {FLOOR_MOST}",
    "fairness": f"the same in another style: the score changes by at most {STYLE_MOST}",
}

_EXCESS: Mapping[str, Callable[[float, float], float]] = {
    "invariant": lambda score, base: abs(score - base) - CHANGE_MOST,
    "lower": lambda score, base: score - (base - LOWER_LEAST),
    "no_gain": lambda score, base: score - (base + CHANGE_MOST),
    "fairness": lambda score, base: abs(score - base) - STYLE_MOST,
}
_EXCESS_ALONE: Mapping[str, Callable[[float], float]] = {
    "no_gain": lambda score: score - FLOOR_MOST,
    "ceiling": lambda score: CEILING_LEAST - score,
    "floor": lambda score: score - FLOOR_MOST,
}
"""By how much a score goes beyond what the relation allows: not at all if the relation holds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a variant."""

    variant: Variant
    score: float | None
    """None: ungraded."""
    base_score: float | None
    excess: float | None
    """By how much the relation is broken. None: something is ungraded, or there was nothing to lose."""

    @property
    def holds(self) -> bool | None:
        """Whether the relation holds; None where nothing can be said."""
        return None if self.excess is None else self.excess <= _SLACK

    @property
    def change(self) -> float | None:
        """The score less that of the base."""
        return None if self.score is None or self.base_score is None else self.score - self.base_score


@dataclass(frozen=True, slots=True)
class Consistency:
    """The figures for JSON, and every outcome behind them."""

    figures: dict[str, Any]
    outcomes: tuple[Outcome, ...]


def check_consistency(
    bases: Sequence[Bases], variants: Sequence[Variant], grader: Grader, again: Iterable[Grader], *, seed: int
) -> Consistency:
    """Grade all texts once, and the answers again; return how far the relations hold.

    Args:
        bases: the questions with their answers.
        variants: the texts made from them; none for the test `repeat`.
        grader: what is to be checked.
        again: what grades the answers again for `repeat`: the grader with other seeds, none if not asked for.
        seed: of the bootstrap.

    """
    texts = [answer for base in bases for answer in base.answers]
    texts += [answer for v in variants for answer in (v.base, v.answer) if answer is not None]
    scores, grading = _grade_distinct(texts, grader)
    outcomes = tuple(_outcome(variant, scores) for variant in variants)
    by_test: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_test[outcome.variant.test].append(outcome)
    repeated = _repeat(bases, scores, again, seed)
    tests: dict[str, Any] = {"repeat": repeated} if repeated else {}
    tests.update({test: _summary(test, found, seed) for test, found in by_test.items()})
    if "fairness" in tests:
        tests["fairness"]["styles"] = _styles(by_test["fairness"], seed)
        tests["fairness"]["length"] = _length(bases, scores, seed)
    figures = {
        "questions": len(bases),
        "answers": sum(len(base.rows) for base in bases),
        "variants": len(variants),
        "graded": len(grading.results) - sum(isinstance(r, Ungraded) for r in grading.results),
        "ungraded": sum(isinstance(result, Ungraded) for result in grading.results),
        "tests": tests,
        "failures": [outcome_json(o) for o in _furthest(outcomes)],
        "grader": grader.fingerprint,
        "parts": dict(grader.parts),
        "seconds": round(grading.seconds, 3),
        "answers_per_second": grading.per_second,
        "remembered": grading.remembered,
    }
    return Consistency(figures, outcomes)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return one outcome with its texts, ready for JSON."""
    variant = outcome.variant
    return {
        "test": variant.test,
        "kind": variant.kind,
        "question_id": variant.answer.question.id,
        "base": variant.base.text if variant.base else None,
        "text": variant.answer.text,
        "base_score": rounded(outcome.base_score),
        "score": rounded(outcome.score),
        "holds": outcome.holds,
    }


Scores = Mapping[tuple[str, str], float | None]


def _grade_distinct(answers: Iterable[Answer], grader: Grader) -> tuple[Scores, Grading]:
    """Grade each distinct text once; the order keeps the texts of a question together, which share statements."""
    distinct = {_key(answer): answer for answer in answers}
    order = sorted(distinct, key=lambda key: key[0])
    grading = grade_all((distinct[key] for key in order), grader)
    return {key: _score(result) for key, result in zip(order, grading.results, strict=True)}, grading


def _key(answer: Answer) -> tuple[str, str]:
    return answer.question.id, answer.text


def _score(result: Grade | Ungraded) -> float | None:
    return result.score if isinstance(result, Grade) else None


def _outcome(variant: Variant, scores: Scores) -> Outcome:
    score = scores[_key(variant.answer)]
    base = scores[_key(variant.base)] if variant.base else None
    nothing_to_lose = variant.test == "lower" and base == 0
    excess = None
    if score is not None and variant.base is None:
        excess = _EXCESS_ALONE[variant.test](score)
    elif score is not None and base is not None and not nothing_to_lose:
        excess = _EXCESS[variant.test](score, base)
    return Outcome(variant, score, base, excess)


def _summary(test: str, outcomes: Sequence[Outcome], seed: int) -> dict[str, Any]:
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.variant.kind].append(outcome)
    return {
        "relation": RELATIONS[test],
        **_rate(outcomes, seed),
        "kinds": {kind: {**_rate(found, seed), "mean_change": _mean_change(found)} for kind, found in kinds.items()},
    }


def _rate(outcomes: Sequence[Outcome], seed: int) -> dict[str, Any]:
    counted = [o for o in outcomes if o.holds is not None]
    held = [float(bool(o.holds)) for o in counted]
    questions = [o.variant.answer.question.id for o in counted]
    return {"n": len(counted), "skipped": len(outcomes) - len(counted), **rate(held, questions, seed)}


def rate(held: Sequence[float], questions: Sequence[str], seed: int) -> dict[str, float | None]:
    """Return {rate, low, high} of a share, with its 95 % cluster-bootstrap interval over questions.

    Where all hold, or none does, redrawing shows no spread; then it is Wilson's interval, each question counting
    as one trial.
    """
    if not held:
        return {"rate": None, "low": None, "high": None}
    share = float(np.mean(held))
    if 0 < share < 1:
        low, high = bounds([float(np.mean([held[i] for i in s])) for s in samples(questions, seed=seed)])
    else:
        from scipy.stats import binomtest

        trials = len(set(questions))
        interval = binomtest(round(share * trials), trials).proportion_ci(LEVEL[1] - LEVEL[0], method="wilson")
        low, high = float(interval.low), float(interval.high)
    return {"rate": rounded(share), "low": rounded(low), "high": rounded(high)}


def _mean_change(outcomes: Sequence[Outcome]) -> float | None:
    changes = [o.change for o in outcomes if o.change is not None]
    return rounded(float(np.mean(changes))) if changes else None


def _repeat(bases: Sequence[Bases], scores: Scores, again: Iterable[Grader], seed: int) -> dict[str, Any] | None:
    """Return how alike the scores of the same answers are, graded anew, in the opposite order and company."""
    answers = list({_key(a): a for base in bases for a in base.answers}.values())[::-1]
    runs = [[_score(result) for result in grade_all(answers, grader).results] for grader in again]
    if not runs:
        return None
    table = [
        [first, *others]
        for first, others in zip([scores[_key(a)] for a in answers], zip(*runs, strict=True), strict=True)
    ]
    known = [(a, [s for s in row if s is not None]) for a, row in zip(answers, table, strict=True) if None not in row]
    held = [float(np.ptp(row) <= REPEAT_MOST + _SLACK) for _, row in known]
    spread = [float(np.std(row, ddof=1)) for _, row in known]
    return {
        "relation": RELATIONS["repeat"],
        "n": len(known),
        "skipped": len(table) - len(known),
        **rate(held, [answer.question.id for answer, _ in known], seed),
        "times": len(runs) + 1,
        "sd": rounded(float(np.mean(spread))) if spread else None,
        "sd_most": rounded(max(spread)) if spread else None,
        "alpha": _alpha([row for _, row in known]),
    }


def _alpha(table: Sequence[Sequence[float]]) -> float | None:
    """Return Krippendorff's alpha, interval data, of the repeats as raters; scores to two digits."""
    import krippendorff

    ratings = np.round(np.array(table, float).T, 2)
    if ratings.size == 0 or len(np.unique(ratings)) < 2:
        return None
    return rounded(float(krippendorff.alpha(ratings, level_of_measurement="interval")))


def _styles(outcomes: Sequence[Outcome], seed: int) -> dict[str, Any]:
    """Return, for each style, the mean difference in score from the same content as it was written."""
    styles: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.change is not None:
            styles[outcome.variant.kind].append((outcome.variant.answer.question.id, outcome.change))
    result = {}
    for style, found in styles.items():
        questions, changes = [question for question, _ in found], np.array([change for _, change in found])
        drawn = [float(changes[sample].mean()) for sample in samples(questions, seed=seed)]
        result[style] = {"n": len(found), **figure(float(changes.mean()), drawn)}
    return result


def _length(bases: Sequence[Bases], scores: Scores, seed: int) -> dict[str, Any]:
    """Return the correlation of the residual (score less human score) with the number of words."""
    rows = [row for base in bases for row in base.rows if row.ratings and scores[_key(row.answer)] is not None]
    residuals = np.array([(scores[_key(row.answer)] or 0.0) - row.human for row in rows])
    words = np.array([row.words for row in rows], float)
    drawn = [_pearson(residuals[s], words[s]) for s in samples([r.answer.question.id for r in rows], seed=seed)]
    return {"n": len(rows), **figure(_pearson(residuals, words), drawn)}


def _pearson(one: Any, other: Any) -> float | None:
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _furthest(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the relations that were broken most widely, at most three of a kind."""
    broken = sorted((o for o in outcomes if o.holds is False), key=lambda o: -(o.excess or 0.0))
    seen: dict[tuple[str, str], int] = defaultdict(int)
    kept = []
    for outcome in broken:
        kind = (outcome.variant.test, outcome.variant.kind)
        seen[kind] += 1
        if seen[kind] <= 3:
            kept.append(outcome)
    return kept[:EXAMPLES]

"""`eval run`: how near a grader comes to the people who scored an eval set, and where it does not."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from grader.evaluation.agreement import BINS, QWK_EDGES, Figures, agreement, binned
from grader.evaluation.bootstrap import figure, rounded, samples
from grader.evaluation.evalset import Rated
from grader.evaluation.grading import grade_all
from grader.grade.model import BANDS, Grade, Ungraded, band
from grader.pipeline.grader import Grader

SHORT_WORDS = 3
"""Answers of so few words ("no response", "I don't know") make any grader look good."""
LENGTHS = ((3, "1-3 words"), (20, "4-20 words"), (60, "21-60 words"), (120, "61-120 words"), (10**9, "over 120 words"))
WORST = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """An answer that people scored and the grader graded."""

    row: Rated
    grade: Grade

    @property
    def error(self) -> float:
        """By how much the grader is above the people."""
        return self.grade.score - self.row.human


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A graded eval set: the figures for JSON, and the pairs they were computed from."""

    figures: dict[str, Any]
    pairs: tuple[Pair, ...]


def evaluate(rows: Sequence[Rated], grader: Grader, baseline: Grader | None = None, *, seed: int) -> Evaluation:
    """Grade the rows; return the figures of `eval run` and the pairs behind them.

    Args:
        rows: an eval set; every row has a human score.
        grader: what is to be checked.
        baseline: a simpler grader, whose agreement is given beside.
        seed: of the bootstrap.

    """
    grading = grade_all((row.answer for row in rows), grader)
    pairs = tuple(
        Pair(row, result) for row, result in zip(rows, grading.results, strict=True) if isinstance(result, Grade)
    )

    def agree(part: Sequence[Pair]) -> Figures | None:
        if not part:
            return None
        human, scores = [p.row.human for p in part], [p.grade.score for p in part]
        return agreement(human, scores, _questions(part), pass_mark=grader.pass_mark, seed=seed)

    def by(key: Callable[[Pair], str], order: Callable[[str], Any] | None = None) -> dict[str, Any]:
        groups = _grouped(pairs, key)
        names = sorted(groups, key=order) if order else groups
        return {name: {"n": len(groups[name]), **(agree(groups[name]) or {})} for name in names if name}

    longer = [p for p in pairs if p.row.words > SHORT_WORDS]
    figures = {
        "n": len(rows),
        "graded": len(pairs),
        "ungraded": len(rows) - len(pairs),
        "questions": len({row.answer.question.id for row in rows}),
        "metrics": agree(pairs),
        "baseline_cosine": _baseline(rows, baseline, seed) if baseline else None,
        "human_ceiling": _ceiling(pairs, grader.pass_mark, seed),
        "rated_twice": sum(len(pair.row.ratings) > 1 for pair in pairs),
        "without_short": {"words_over": SHORT_WORDS, "n": len(longer), "metrics": agree(longer)},
        "interval_coverage": _coverage(pairs, seed),
        "leniency": _leniency(pairs, seed),
        "qwk_edges": list(QWK_EDGES),
        "confusion": _confusion(pairs),
        "by_section": by(lambda p: p.row.answer.question.section),
        "by_label": by(lambda p: p.row.cell("label")),
        "by_length": by(lambda p: length_name(p.row.words), [name for _, name in LENGTHS].index),
        "by_split": by(lambda p: p.row.cell("split")),
        "worst": [disagreement(p) for p in sorted(pairs, key=lambda p: -abs(p.error))[:WORST]],
        "grader": grader.fingerprint,
        "parts": dict(grader.parts),
        "pass_mark": grader.pass_mark,
        "seconds": round(grading.seconds, 3),
        "answers_per_second": grading.per_second,
        "remembered": grading.remembered,
    }
    return Evaluation(figures, pairs)


def length_name(words: int) -> str:
    """Return the name of the class of lengths that so many words fall into."""
    return next(name for most, name in LENGTHS if words <= most)


def disagreement(pair: Pair) -> dict[str, Any]:
    """Return one answer with both scores and what the grader's rests on, ready for JSON."""
    answer, grade = pair.row.answer, pair.grade
    return {
        "row": answer.row,
        "question_id": answer.question.id,
        "label": pair.row.cell("label"),
        "human": rounded(pair.row.human),
        "score": rounded(grade.score),
        "low": rounded(grade.low),
        "high": rounded(grade.high),
        "answer": answer.text,
        "flags": list(grade.flags),
        "verdicts": [
            {"id": v.key_point, "verdict": v.verdict, "key_point": v.text, "quote": v.quote} for v in grade.verdicts
        ],
    }


def _questions(pairs: Sequence[Pair]) -> list[str]:
    return [pair.row.answer.question.id for pair in pairs]


def _grouped(pairs: Sequence[Pair], key: Callable[[Pair], str]) -> dict[str, list[Pair]]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[key(pair)].append(pair)
    return groups


def _baseline(rows: Sequence[Rated], grader: Grader, seed: int) -> Figures | None:
    results = grade_all((row.answer for row in rows), grader).results
    pairs = [(row, r) for row, r in zip(rows, results, strict=True) if not isinstance(r, Ungraded)]
    if not pairs:
        return None
    human, scores = [row.human for row, _ in pairs], [result.score for _, result in pairs]
    whose = [row.answer.question.id for row, _ in pairs]
    return agreement(human, scores, whose, pass_mark=grader.pass_mark, seed=seed)


def _ceiling(pairs: Sequence[Pair], pass_mark: float, seed: int) -> Figures | None:
    """Return the agreement of the second rater with the first: no grader can be asked for more."""
    twice = [pair for pair in pairs if len(pair.row.ratings) > 1]
    if not twice:
        return None
    first, second = ([pair.row.ratings[i] for pair in twice] for i in (0, 1))
    return agreement(first, second, _questions(twice), pass_mark=pass_mark, seed=seed)


def _coverage(pairs: Sequence[Pair], seed: int) -> dict[str, float | None] | None:
    """Return the share of human scores inside the grader's interval, and the interval's mean width."""
    if not pairs:
        return None
    inside = [float(p.grade.low <= p.row.human <= p.grade.high) for p in pairs]
    redrawn = samples(_questions(pairs), seed=seed)
    share = figure(_mean(inside), [_mean([inside[i] for i in sample]) for sample in redrawn])
    return {**share, "width": rounded(_mean([p.grade.high - p.grade.low for p in pairs]))}


def _leniency(pairs: Sequence[Pair], seed: int) -> dict[str, Any]:
    """Return, for each band of the human score, how far above the people the grader is."""
    groups = _grouped(pairs, lambda p: band(p.row.human))
    result = {}
    for name, _ in reversed(BANDS):
        part = groups.get(name, [])
        redrawn = samples(_questions(part), seed=seed)
        errors = [p.error for p in part]
        result[name] = {"n": len(part), **figure(_mean(errors), [_mean([errors[i] for i in s]) for s in redrawn])}
    return result


def _confusion(pairs: Sequence[Pair]) -> list[list[int]]:
    """Return how often a human score in bin i (row) met a grader's score in bin j (column)."""
    table = [[0] * BINS for _ in range(BINS)]
    both = zip(binned([p.row.human for p in pairs]), binned([p.grade.score for p in pairs]), strict=True)
    for human, score in both:
        table[human][score] += 1
    return table


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None

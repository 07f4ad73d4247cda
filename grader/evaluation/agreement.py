"""Agreement between a grader and people, with 95 % cluster-bootstrap intervals over questions.

Values come from scipy, scikit-learn and krippendorff. An interval takes 500 values more, so it uses the same
formulas without those libraries' checks of their arguments, which take longer than the sums; the tests hold
the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from grader.evaluation.bootstrap import DRAWS, figure, samples

Array = NDArray[np.float64]
Function = Callable[[Array, Array], float | None]
Figures = dict[str, dict[str, float | None]]

QWK_EDGES = (0.125, 0.375, 0.625, 0.875)
"""Scores are binned to the nearest quarter (0, .25, .5, .75, 1) before kappa and alpha are computed."""
BINS = len(QWK_EDGES) + 1
_SQUARED = np.subtract.outer(np.arange(BINS), np.arange(BINS)) ** 2.0


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure of agreement, of (human scores, grader's scores); None where it is undefined."""

    value: Function
    """From the library."""
    quick: Function
    """The same, for the many values that an interval takes."""


def metrics(pass_mark: float) -> dict[str, Metric]:
    """Return every metric of `eval run` by name. `pass_mark` is where macro-F1 divides right from wrong."""
    same = _both
    return {
        "pearson": Metric(_correlated(lambda y, p: stats.pearsonr(y, p).statistic), _correlated(_pearson)),
        "spearman": Metric(_correlated(lambda y, p: stats.spearmanr(y, p).statistic), _correlated(_spearman)),
        "qwk": Metric(_library_qwk, lambda y, p: _kappa(_confusion(y, p))),
        "alpha": Metric(_library_alpha, lambda y, p: _alpha(_confusion(y, p))),
        "mae": same(lambda y, p: float(np.abs(p - y).mean())),
        "rmse": same(lambda y, p: float(np.sqrt(((p - y) ** 2).mean()))),
        "bias": same(lambda y, p: float((p - y).mean())),
        "macro_f1_2way": Metric(
            lambda y, p: _library_f1(y >= pass_mark, p >= pass_mark), lambda y, p: _f1(y >= pass_mark, p >= pass_mark)
        ),
    }


def agreement(
    human: Sequence[float],
    scores: Sequence[float],
    questions: Sequence[str],
    *,
    pass_mark: float,
    seed: int,
    draws: int = DRAWS,
) -> Figures:
    """Return {metric: {value, low, high}}; the intervals redraw whole questions."""
    y, p = np.asarray(human, float), np.asarray(scores, float)
    redrawn = samples(questions, seed=seed, draws=draws)
    return {
        name: figure(metric.value(y, p), [metric.quick(y[sample], p[sample]) for sample in redrawn])
        for name, metric in metrics(pass_mark).items()
    }


@dataclass(frozen=True, slots=True)
class Paired:
    """A metric of two graders on the same answers."""

    before: float | None
    after: float | None
    difference: float | None
    """After less before."""
    drawn: list[float]
    """The difference in each redraw; both sides are redrawn together."""


def differences(
    human: Sequence[float],
    before: Sequence[float],
    after: Sequence[float],
    questions: Sequence[str],
    *,
    pass_mark: float,
    seed: int,
    draws: int = DRAWS,
) -> Mapping[str, Paired]:
    """Return each metric of both sides with their difference, by name."""
    y, a, b = (np.asarray(values, float) for values in (human, before, after))
    redrawn = samples(questions, seed=seed, draws=draws)
    result = {}
    for name, metric in metrics(pass_mark).items():
        one, other = metric.value(y, a), metric.value(y, b)
        drawn = [_less(metric.quick(y[s], b[s]), metric.quick(y[s], a[s])) for s in redrawn]
        result[name] = Paired(one, other, _less(other, one), [value for value in drawn if value is not None])
    return result


def binned(scores: Sequence[float] | Array) -> NDArray[np.int64]:
    """Return the bin, 0..4, of each score."""
    return np.asarray(np.digitize(np.asarray(scores, float), QWK_EDGES), np.int64)


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _both(function: Function) -> Metric:
    return Metric(function, function)


def _correlated(function: Callable[[Array, Array], Any]) -> Function:
    def metric(human: Array, scores: Array) -> float | None:
        if len(human) < 2 or np.ptp(human) == 0 or np.ptp(scores) == 0:
            return None
        return float(function(human, scores))

    return metric


def _pearson(human: Array, scores: Array) -> float:
    y, p = human - human.mean(), scores - scores.mean()
    return float(y @ p / np.sqrt((y @ y) * (p @ p)))


def _spearman(human: Array, scores: Array) -> float:
    return _pearson(stats.rankdata(human), stats.rankdata(scores))


def _confusion(human: Array, scores: Array) -> Array:
    pairs = binned(human) * BINS + binned(scores)
    return np.bincount(pairs, minlength=BINS * BINS).reshape(BINS, BINS).astype(float)


def _library_qwk(human: Array, scores: Array) -> float | None:
    from sklearn.metrics import cohen_kappa_score

    a, b = binned(human), binned(scores)
    if len(np.union1d(a, b)) < 2:
        return None
    return float(cohen_kappa_score(a, b, weights="quadratic", labels=range(BINS)))


def _kappa(confusion: Array) -> float | None:
    """Return Cohen's kappa with quadratic weights (Cohen, Psychological Bulletin 1968)."""
    expected = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / confusion.sum()
    chance = float((_SQUARED * expected).sum())
    return None if chance == 0 else 1 - float((_SQUARED * confusion).sum()) / chance


def _library_alpha(human: Array, scores: Array) -> float | None:
    import krippendorff

    ratings = np.stack([binned(human), binned(scores)])
    if len(np.unique(ratings)) < 2:
        return None
    return float(krippendorff.alpha(ratings, level_of_measurement="interval", value_domain=list(range(BINS))))


def _alpha(confusion: Array) -> float | None:
    """Return Krippendorff's alpha of two complete raters, interval data (Computing Krippendorff's Alpha, 2011)."""
    coincidences = confusion + confusion.T
    totals = coincidences.sum(axis=0)
    chance = float((_SQUARED * np.outer(totals, totals)).sum()) / (totals.sum() - 1)
    return None if chance == 0 else 1 - float((_SQUARED * coincidences).sum()) / chance


def _library_f1(right: NDArray[np.bool_], passed: NDArray[np.bool_]) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(right, passed, average="macro", labels=[False, True], zero_division=0.0))


def _f1(right: NDArray[np.bool_], passed: NDArray[np.bool_]) -> float:
    hits, rejections = int((right & passed).sum()), int((~right & ~passed).sum())
    wrong = len(right) - hits - rejections
    return sum(2 * n / (2 * n + wrong) if n else 0.0 for n in (hits, rejections)) / 2

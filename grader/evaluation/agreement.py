"""Agreement between a grader and people, with 95 % cluster-bootstrap intervals over questions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import cohen_kappa_score, f1_score

Array = NDArray[np.float64]
QWK_EDGES = (0.125, 0.375, 0.625, 0.875)
"""Scores are binned to the nearest quarter (0, .25, .5, .75, 1) before kappa is computed."""


def metrics(pass_mark: float) -> dict[str, Callable[[Array, Array], float | None]]:
    """Return every metric by name, as a function of (human scores, grader's scores); None where undefined."""

    def correlated(function: Callable[..., Any]) -> Callable[[Array, Array], float | None]:
        def metric(human: Array, scores: Array) -> float | None:
            if len(human) < 2 or np.ptp(human) == 0 or np.ptp(scores) == 0:
                return None
            return float(function(human, scores).statistic)

        return metric

    def qwk(human: Array, scores: Array) -> float | None:
        a, b = np.digitize(human, QWK_EDGES), np.digitize(scores, QWK_EDGES)
        if len(np.union1d(a, b)) < 2:
            return None
        return float(cohen_kappa_score(a, b, weights="quadratic", labels=range(len(QWK_EDGES) + 1)))

    def macro_f1(human: Array, scores: Array) -> float | None:
        right = human >= pass_mark
        return float(f1_score(right, scores >= pass_mark, average="macro", labels=[False, True], zero_division=0.0))

    return {
        "pearson": correlated(stats.pearsonr),
        "spearman": correlated(stats.spearmanr),
        "qwk": qwk,
        "mae": lambda human, scores: float(np.abs(scores - human).mean()),
        "rmse": lambda human, scores: float(np.sqrt(((scores - human) ** 2).mean())),
        "bias": lambda human, scores: float((scores - human).mean()),
        "macro_f1_2way": macro_f1,
    }


def agreement(
    human: Sequence[float],
    scores: Sequence[float],
    questions: Sequence[str],
    *,
    pass_mark: float,
    seed: int,
    draws: int,
) -> dict[str, dict[str, float | None]]:
    """Return {metric: {value, low, high}}; the interval redraws whole questions (Field & Welsh, JRSS-B 2007).

    Answers to one question are alike, so redrawing single answers would make the interval too narrow. With one
    question only, answers are redrawn.
    """
    y, p = np.asarray(human, float), np.asarray(scores, float)
    names, cluster = np.unique(np.asarray(questions), return_inverse=True)
    if len(names) < 2:
        cluster = np.arange(len(y))
    members = [np.flatnonzero(cluster == index) for index in range(cluster.max(initial=-1) + 1)]
    rng = np.random.default_rng(seed)
    samples = [np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]) for _ in range(draws)]
    result = {}
    for name, metric in metrics(pass_mark).items():
        drawn = [v for sample in samples if (v := metric(y[sample], p[sample])) is not None]
        low, high = np.quantile(drawn, [0.025, 0.975]) if drawn else (None, None)
        result[name] = {"value": _rounded(metric(y, p)), "low": _rounded(low), "high": _rounded(high)}
    return result


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)

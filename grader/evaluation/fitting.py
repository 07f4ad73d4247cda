"""Fitting a route of a profile to scored answers: weights, scale, and how far to trust the result.

Everything that is reported or kept as doubt comes from answers whose question the fit had not seen (grouped
cross-validation).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import GroupKFold

from grader.grade.model import earned_share
from grader.similarity.embedder import Floats
from grader.similarity.features import KEY_POINT_FEATURES, REFERENCE_FEATURES
from grader.similarity.profile import Doubt, Route, Scale

Numbers = NDArray[np.float64]

FOLDS = 10
MISSES = 0.1
"""Share of human scores that intervals may miss."""
LEAST_MISSES, DOUBT_FOLDS = 0.05, 5
"""Share that intervals are at least allowed to miss where they were chosen, and the parts of the questions on which it
is tried how many they miss elsewhere."""
BANDS = (0.4, 0.8)
"""Scores that part the bands of the intervals, where there are answers enough.

With bands of .2 the narrowest is chosen five times, and fits unseen questions the worse: it held .950 of the scores in
SciEntsBank and .971 in SAF, with these .894 and .918.
"""
LEAST_IN_BAND = 30
EVEN = 0.5
NOTHING_SHARE = 0.95
"""Share of the answers that say nothing that get no marks."""
EVERYTHING = ((0.99, 0.9), (0.5, 1.0))
"""Shares of the references, and the marks that they get at least."""
ALL_POINTS = ((0.98, 0.95), (0.5, 1.0))
"""The same where there are key points. (Were the worst of the references the end of the scale, answers that lack a key
point would get full marks, too.)"""
STRETCH = 1.4
"""Credits of key points are fitted to so many times what they should be: least squares draws them towards their mean,
and most points that are met would end between met and partial. (Quadratic kappa of the verdicts on the tune half of
the AWS set: .58 without, .62 so.) The scale brings the score back."""
KNOTS = 9
"""Points of a scale: enough for its bends, few enough to be read."""

AGAINST = {
    "keywords",
    "choices",
    "new",
    "longer",
    "negation",
    "opposite",
    "number",
    "denied",
    "denies",
    "denies_too",
    "denies_others",
}
"""Features that may only lower a score; all others may only raise it. Few answers cannot teach a grader that saying
the reference is bad, or that padding is good."""


class Samples(Protocol):
    """Answers as a route sees them."""

    @property
    def names(self) -> tuple[str, ...]:
        """(f,) the features."""
        ...

    def design(self, route: Route) -> Numbers:
        """Return (n, f) features, linear in which the values are (but for bounds)."""
        ...

    def values(self, route: Route) -> Numbers:
        """Return (n,) what the route's scale would be applied to."""
        ...


@dataclass(frozen=True, slots=True)
class KeyPointSamples:
    """Answers to questions with authored key points."""

    features: Sequence[Floats]
    """(k, f) for each answer."""
    weights: Sequence[Sequence[float]]
    """(k,) of its key points."""
    penalties: Sequence[Sequence[float]]
    """The weights of the misconceptions that it states."""
    names: tuple[str, ...] = KEY_POINT_FEATURES

    def design(self, route: Route) -> Numbers:  # noqa: ARG002  # no key point is chosen by the route
        """Return the weighted means of the key points' features."""
        return np.array([np.average(f, axis=0, weights=w) for f, w in zip(self.features, self.weights, strict=True)])

    def values(self, route: Route) -> Numbers:
        """Return the earned share of each answer."""
        shares = []
        for features, weights, penalties in zip(self.features, self.weights, self.penalties, strict=True):
            earned = route.credits(features).tolist()
            shares.append(earned_share(list(zip(earned, weights, strict=True)), list(penalties)))
        return np.array(shares)


@dataclass(frozen=True, slots=True)
class ReferenceSamples:
    """Answers to questions with nothing but references."""

    features: Sequence[Floats]
    """(r, f) for each answer."""
    names: tuple[str, ...] = REFERENCE_FEATURES

    def design(self, route: Route) -> Numbers:
        """Return the features against the reference that speaks best for each answer."""
        vector = route.vector(self.names)
        return np.array([features[int((features @ vector).argmax())] for features in self.features], np.float64)

    def values(self, route: Route) -> Numbers:
        """Return the value against that reference."""
        return np.array([route.value(self.names, row.astype(np.float32)) for row in self.design(route)])


@dataclass(frozen=True, slots=True)
class Ends:
    """Answers whose score is known beforehand: where a scale begins and ends."""

    nothing: Samples
    """Answers that say nothing: the scale is 0 up to where nearly all of them are."""
    everything: Samples
    """The references themselves: it is 1, or nearly, from where nearly all of them are."""

    def points(self, route: Route) -> Scale:
        """Return the end of the scale at 0, and its points from where it is nearly 1."""
        nothing = float(np.quantile(self.nothing.values(route), NOTHING_SHARE))
        told = self.everything.values(route)
        shares = ALL_POINTS if isinstance(self.everything, KeyPointSamples) else EVERYTHING
        full = [(max(float(np.quantile(told, 1 - share)), nothing + 0.1), score) for share, score in shares]
        return [(nothing, 0.0), *full]


@dataclass(frozen=True, slots=True)
class Rows:
    """Further rows that the weights are fitted to, and nothing else: single key points, made answers."""

    design: Numbers
    human: Numbers
    importance: Numbers
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A route, and what came of it on questions that it had not seen."""

    route: Route
    scores: Numbers
    """(n,) each by a fit without the answer's question."""


def fit_route(
    samples: Samples,
    human: Numbers,
    groups: Sequence[str],
    prior: Route,
    *,
    shrinkage: float,
    pass_mark: float | None,
    ends: Ends,
    importance: Numbers | None = None,
    further: Rows | None = None,
    frozen: frozenset[str] = frozenset(),
) -> Fitted:
    """Fit a route to human scores.

    Args:
        samples: n answers.
        human: (n,) their scores, 0..1.
        groups: (n,) the question of each.
        prior: the weights that the fit is drawn towards (ridge regression around them).
        shrinkage: how strongly, in answers.
        pass_mark: the score from which an answer counts as right; None: the scale is not bent there.
        ends: answers that say nothing, and all: where the scale begins and ends.
        importance: (n,) how much each counts; 1 by default.
        further: rows beside the answers.
        frozen: features that keep the prior's weight.

    """
    importance = np.ones(len(human)) if importance is None else importance
    names = np.array(groups)
    folds = list(GroupKFold(min(FOLDS, len(set(groups)))).split(human, groups=names))

    def weigh(chosen: NDArray[np.intp]) -> Route:
        kept = None
        if further is not None:
            kept = ~np.isin(further.groups, list(set(names) - set(names[chosen])))
        return _weigh(samples, human, importance, chosen, prior, shrinkage, further, kept, frozen)

    values = np.zeros(len(human))
    known = ends.points(weigh(np.arange(len(human))))
    for train, test in folds:
        values[test] = samples.values(weigh(train))[test]
    scores = np.zeros(len(human))
    for train, test in folds:
        scale = fit_scale(values[train], human[train], importance[train], pass_mark, known)
        scores[test] = [prior.model_copy(update={"scale": scale}).score(value) for value in values[test]]
    route = weigh(np.arange(len(human))).model_copy(
        update={
            "scale": fit_scale(values, human, importance, pass_mark, known),
            "doubt": fit_doubt(scores, human, importance, groups),
        }
    )
    return Fitted(route, scores)


def _weigh(
    samples: Samples,
    human: Numbers,
    importance: Numbers,
    chosen: NDArray[np.intp],
    prior: Route,
    shrinkage: float,
    further: Rows | None,
    kept: NDArray[np.bool_] | None,
    frozen: frozenset[str],
) -> Route:
    """Return the prior with weights fitted to the chosen answers: bounded least squares around the prior."""
    design = samples.design(prior)[chosen]
    target, weight = human[chosen], importance[chosen]
    if further is not None and kept is not None:
        design = np.vstack([design, further.design[kept]])
        target, weight = np.r_[target, further.human[kept]], np.r_[weight, further.importance[kept]]
    start = np.array([prior.weights.get(name, 0.0) for name in samples.names])
    loose = not isinstance(samples, KeyPointSamples)  # a key point with no support earns nothing: no intercept
    target = target if loose else STRETCH * target
    free = [i for i, name in enumerate(samples.names) if name not in frozen]
    root = np.sqrt(weight)[:, None]
    columns = np.column_stack([design[:, free], np.full(len(design), float(loose))])
    rest = target - design @ start - (prior.intercept if loose else 0.0)
    ridge = np.sqrt(shrinkage) * np.eye(len(free) + 1)
    ridge[-1, -1] = 1e-3
    bounds = [_bounds(samples.names[i], start[i]) for i in free] + [(-np.inf, np.inf)]
    lower, upper = np.array(bounds).T
    solved = lsq_linear(
        np.vstack([columns * root, ridge]), np.r_[rest * root[:, 0], np.zeros(len(free) + 1)], bounds=(lower, upper)
    )
    fitted = start.copy()
    fitted[free] += solved.x[:-1]
    kept_weights = {name: round(float(w), 4) for name, w in zip(samples.names, fitted, strict=True) if abs(w) >= 5e-4}
    intercept = round(prior.intercept + float(solved.x[-1]), 4) if loose else 0.0
    return prior.model_copy(update={"weights": kept_weights, "intercept": intercept})


def _bounds(name: str, start: float) -> tuple[float, float]:
    """Return how far a weight may move from `start`."""
    return (-np.inf, max(-start, 1e-9)) if name in AGAINST else (min(-start, -1e-9), np.inf)


def fit_scale(values: Numbers, human: Numbers, importance: Numbers, pass_mark: float | None, known: Scale) -> Scale:
    """Return the rising scale from value to score, in few points.

    It is the mean human score of answers of that value (isotonic regression: Barlow et al., 1972), bent so that it
    crosses the pass mark where a right and a wrong answer are equally likely, and begins and ends as is `known` of
    answers that say nothing, and of references (`Ends.points`).
    """
    (empty, _), *full = known

    def rising(target: Numbers) -> Numbers:
        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(values, target, importance)
        return np.asarray(fitted.predict(values), np.float64)

    mean = rising(human)
    edges = np.quantile(values, np.linspace(0, 1, KNOTS + 1))
    points = []
    for low, high in pairwise(edges):
        inside = (values >= low) & (values <= high)
        if importance[inside].sum() > 0:
            points.append(tuple(float(np.average(x[inside], weights=importance[inside])) for x in (values, mean)))
    if pass_mark is not None:
        right = rising((human >= pass_mark).astype(np.float64))
        passing, failing = values[right >= EVEN], values[right < EVEN]
        if len(passing) and len(failing):
            crossing = float(passing.min() + failing.max()) / 2
            points = [(at, max(told, pass_mark) if at > crossing else min(told, pass_mark)) for at, told in points]
            points.append((crossing, pass_mark))
    points = [(empty, 0.0), *sorted(point for point in points if empty < point[0] < full[0][0])]
    points += [point for point in full if point[1] > points[-1][1]]  # else good answers would tie on a level stretch
    rounded: dict[float, float] = {}
    for at, told in points:
        rounded[round(at, 3)] = round(max(told, *rounded.values(), 0.0), 3)
    return list(rounded.items())


def fit_doubt(scores: Numbers, human: Numbers, importance: Numbers, questions: Sequence[str]) -> Doubt:
    """Return the narrowest intervals, band by band, that miss a tenth of the human scores in all.

    Split conformal prediction (Lei et al., JASA 2018) with the family of intervals "so far below, so far above, by
    band of the score"; with the finite-sample correction (n + 1). The narrowest of many intervals misses more than its
    share where it was not chosen, and answers to one question are alike. So fewer misses are allowed, down to
    `LEAST_MISSES`, until intervals chosen without a question miss no more than a tenth of its answers.
    """
    edges, folds = _edges(scores), min(DOUBT_FOLDS, len(set(questions)))
    parts = GroupKFold(folds).split(scores, groups=questions) if folds > 1 else ()
    tried = [(_Intervals(scores[kept], human[kept], importance[kept], edges), out) for kept, out in parts]
    for misses in np.linspace(MISSES, LEAST_MISSES, 11):
        missed = sum(_missed(some.doubt(misses), scores[out], human[out]) @ importance[out] for some, out in tried)
        if missed <= MISSES * importance.sum():
            break
    return _Intervals(scores, human, importance, edges).doubt(misses)


def _edges(scores: Numbers) -> list[float]:
    """Return what parts the bands, so that each holds answers enough."""
    edges = [edge for edge in BANDS if min((scores < edge).sum(), (scores >= edge).sum()) >= LEAST_IN_BAND]
    while edges and min(np.bincount(np.digitize(scores, edges), minlength=len(edges) + 1)) < LEAST_IN_BAND:
        counts = np.bincount(np.digitize(scores, edges), minlength=len(edges) + 1)
        edges.pop(max(0, int(counts.argmin()) - 1))
    return edges


def _missed(doubt: Doubt, scores: Numbers, human: Numbers) -> Numbers:
    """Return (n,) 1 where the human score is outside the interval."""
    ends = [doubt.interval(float(score)) for score in scores]
    pairs = zip(ends, human, strict=True)
    return np.array([not low - 1e-9 <= told <= high + 1e-9 for (low, high), told in pairs], np.float64)


class _Intervals:
    """The intervals that can be chosen for answers, band by band."""

    def __init__(self, scores: Numbers, human: Numbers, importance: Numbers, edges: list[float]) -> None:
        self._edges = edges
        self._total, self._count = float(importance.sum()), len(scores)
        band = np.digitize(scores, edges)
        kept = [band == b for b in range(len(edges) + 1)]
        self._choices = [_choices(scores[part], human[part], importance[part]) for part in kept]

    def doubt(self, misses: float) -> Doubt:
        """Return the narrowest that miss no more than this share."""
        share = np.ceil((self._count + 1) * (1 - misses)) / self._count
        allowed = max(0.0, self._total * (1 - share))
        low, high = 1e-4, 1e4
        for _ in range(50):  # the price of a miss at which just the allowed number of misses is worth their width
            price = (low * high) ** 0.5
            missed = sum(
                float(lost[index]) for index, (_, _, lost) in zip(self._picked(price), self._choices, strict=True)
            )
            low, high = (price, high) if missed > allowed else (low, price)
        ends = [bounds[index] for index, (bounds, _, _) in zip(self._picked(high), self._choices, strict=True)]
        return Doubt(
            edges=self._edges,
            below=[round(float(np.ceil(below * 1e4) / 1e4), 4) for below, _ in ends],
            above=[round(float(np.ceil(above * 1e4) / 1e4), 4) for _, above in ends],
        )

    def _picked(self, price: float) -> list[int]:
        return [int((widths + price * lost).argmin()) for _, widths, lost in self._choices]


def _choices(scores: Numbers, human: Numbers, importance: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return for one band the (below, above) that can be chosen, their summed widths, and what they miss."""
    residuals = human - scores
    grid = np.linspace(0, 1, 41)
    below = np.unique(np.r_[0.0, np.quantile(np.maximum(-residuals, 0), grid)])
    above = np.unique(np.r_[0.0, np.quantile(np.maximum(residuals, 0), grid)])
    pairs = np.array([(b, a) for b in below for a in above])
    width = [(np.minimum(1, scores + a) - np.maximum(0, scores - b)) @ importance for b, a in pairs]
    missed = [importance[(residuals < -b - 1e-9) | (residuals > a + 1e-9)].sum() for b, a in pairs]
    return pairs, np.array(width), np.array(missed)

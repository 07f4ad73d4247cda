"""The cluster bootstrap: how much a figure would move, had other questions been asked."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
LEVEL = (0.025, 0.975)
DRAWS = 500


def samples(clusters: Sequence[str], *, seed: int, draws: int = DRAWS) -> list[Indices]:
    """Return `draws` resamples of the items as index arrays; whole clusters are redrawn (Field & Welsh, JRSS-B 2007).

    Answers to one question are alike, so redrawing single answers would make an interval too narrow. With one
    cluster only, items are redrawn.
    """
    names, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < 2:
        cluster = np.arange(len(clusters))
    members = [np.flatnonzero(cluster == index) for index in range(cluster.max(initial=-1) + 1)]
    if not members:
        return []
    rng = np.random.default_rng(seed)
    return [np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]) for _ in range(draws)]


def bounds(drawn: Sequence[float | None]) -> tuple[float | None, float | None]:
    """Return the middle 95 % of the drawn values; undefined draws are left out."""
    known = [value for value in drawn if value is not None]
    if not known:
        return None, None
    low, high = np.quantile(known, LEVEL)
    return float(low), float(high)


def figure(value: float | None, drawn: Sequence[float | None]) -> dict[str, float | None]:
    """Return {value, low, high} for JSON, rounded to four digits."""
    low, high = bounds(drawn)
    return {"value": rounded(value), "low": rounded(low), "high": rounded(high)}


def rounded(value: float | None) -> float | None:
    """Return the value as files show it."""
    return None if value is None else round(float(value), 4) + 0.0  # no negative zero

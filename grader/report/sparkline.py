"""Scores over time in a few characters."""

from collections.abc import Sequence

from grader.report.numbers import score_text

BARS = "▁▂▃▄▅▆▇█"
MOST = 12
"""Of more scores, the last are shown."""


def sparkline(scores: Sequence[float]) -> str:
    """Return scores, 0..1 each, as bars: the lowest is 0, the highest 1."""
    return "".join(BARS[min(int(score * len(BARS)), len(BARS) - 1)] for score in scores[-MOST:])


def spelled(scores: Sequence[float]) -> str:
    """Return scores as numbers, for those who do not see bars."""
    return ", ".join(map(score_text, scores[-MOST:]))

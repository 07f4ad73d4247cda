"""How numbers look, in one place."""

from collections.abc import Mapping

SCORE_DIGITS = 4


def score_text(value: float | None) -> str:
    """Return a score for people: two digits, a dash for no data."""
    return "-" if value is None else f"{value:.2f}"


def exact_text(value: float | None) -> str:
    """Return a number for a cell of a file: as `exact`, empty for no data."""
    return "" if value is None else str(exact(value))


def exact(value: float) -> float:
    """Return a score for files: rounded, so that a file does not depend on the last bit of a machine."""
    rounded = round(value, SCORE_DIGITS)
    return rounded + 0.0  # no negative zero


def shares_text(shares: Mapping[str, float]) -> str:
    """Return what each feature adds, the largest first."""
    ranked = sorted(shares.items(), key=lambda share: -abs(share[1]))
    return ", ".join(f"{name.replace('_', ' ')} {share:+.2f}" for name, share in ranked)

"""How numbers look, in one place."""

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

"""Cells of a CSV file that no spreadsheet takes for a formula, and back."""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, without control characters (OWASP: CSV injection)."""
    cell = _CONTROL.sub("", cell)
    return "'" + cell if _FORMULA.match(cell) else cell


def plain(cell: str) -> str:
    """Return the text that `neutral` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell

"""Tables as an Excel workbook."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

MOST_CHARACTERS = 32_767
"""What Excel takes in one cell."""
MOST_ROWS = 1_048_576
"""What Excel takes in one sheet."""
CUT = " … (cut: more than a cell takes; whole in grades.jsonl)"

_NUMBER = re.compile(r"(?:0|[1-9]\d{0,14})(?:\.\d+)?")


def write_workbook(sheets: Mapping[str, Iterator[Sequence[str]]], stream: IO[bytes]) -> None:
    """Write the sheets by name, row by row. A table too long for one sheet goes on in the next.

    Cells that hold a number are numbers; all others are text, whatever they begin with.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    workbook = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        sheet.freeze_panes = "A2"
        header = next(rows)
        sheet.append(header)
        for count, row in enumerate(rows, 1):
            if count % (MOST_ROWS - 1) == 0:
                sheet = workbook.create_sheet(f"{title} {count // (MOST_ROWS - 1) + 1}")
                sheet.append(header)
            sheet.append([WriteOnlyCell(sheet, _value(cell)) for cell in row])
    workbook.save(stream)


def _value(cell: str) -> str | float:
    if _NUMBER.fullmatch(cell):
        return float(cell)
    return cell if len(cell) <= MOST_CHARACTERS else cell[: MOST_CHARACTERS - len(CUT)] + CUT

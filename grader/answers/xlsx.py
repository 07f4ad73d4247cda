"""Excel workbooks: the first sheet, the values that its cells show."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from grader.answers.cells import typed_row
from grader.errors import InputError


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first sheet of a workbook; its first row is the header."""

    path: Path
    name: str
    columns: tuple[str, ...]
    told: str

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Go through the rows below the header as they are numbered in Excel; blank ones are left out."""
        with _first_sheet(self.path, self.name) as (sheet, _):
            for number, values in enumerate(sheet.iter_rows(min_row=2, values_only=True), 2):
                cells = dict(zip(self.columns, values, strict=False))
                if any(value is not None for value in cells.values()):
                    yield number, {**dict.fromkeys(self.columns, ""), **typed_row(cells)}
                if any(value is not None for value in values[len(self.columns) :]):
                    raise InputError(f"{self.name}: row {number}: a cell without a column header; give it one")


def open_xlsx(path: Path, name: str) -> Sheet:
    """Return the first sheet as a table. Raises InputError."""
    with _first_sheet(path, name) as (sheet, others):
        header = next(sheet.iter_rows(max_row=1, values_only=True), ())
        told = f"{name}: read the sheet {sheet.title!r}; not read: {', '.join(map(repr, others))}" if others else ""
    columns = ["" if value is None else str(value) for value in header]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise InputError(f"{name}: the first sheet is empty; expected a header row and one row an answer")
    return Sheet(path, name, tuple(columns), told)


@contextmanager
def _first_sheet(path: Path, name: str) -> Iterator[tuple[Any, list[str]]]:
    """Give (the first sheet, the titles of the others)."""
    from openpyxl import load_workbook

    with path.open("rb") as stream:  # a stream, because the library opens only files of certain names
        try:
            workbook = load_workbook(stream, read_only=True, data_only=True)
            sheet, *others = workbook.worksheets
            sheet.reset_dimensions()  # some programs write wrong ones, which read-only sheets believe
        except (BadZipFile, KeyError, ValueError, OSError) as exc:
            raise InputError(f"{name}: not a readable Excel workbook (.xlsx): {exc}") from exc
        yield sheet, [other.title for other in others]

"""Delimited text: separators and quoting."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grader.answers.encoding import find_encoding
from grader.errors import InputError

SEPARATORS = ",;\t|"
MAX_CELL = 2**31 - 1
_SAMPLE = 1 << 20
_SAMPLE_ROWS = 50


@dataclass(frozen=True, slots=True)
class DelimitedTable:
    """A delimited text file whose encoding and separator are known."""

    path: Path
    name: str
    encoding: str
    separator: str
    columns: tuple[str, ...]
    told: str = ""
    """What a user should know about how the file was read, or nothing."""

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Go through the rows as (row number, cells). The header is row 1; blank lines count and are left out.

        Raises:
            InputError: a row has more cells than the header, or its quoting is broken.

        """
        with self.path.open(encoding=self.encoding, newline="") as stream:
            reader = _reader(stream, self.separator)
            next(reader)
            number = 1
            while True:
                number += 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as exc:
                    raise InputError(f"{self.name}: row {number}: {exc}; check the quotes in this row") from exc
                if not any(cells):
                    continue
                if len(cells) > len(self.columns) and any(cells[len(self.columns) :]):
                    raise InputError(
                        f"{self.name}: row {number}: {len(cells)} cells under {len(self.columns)} columns; "
                        f"put quotes around cells that hold {self.separator!r}"
                    )
                padded = cells + [""] * (len(self.columns) - len(cells))
                yield number, dict(zip(self.columns, padded, strict=False))


def open_delimited(path: Path, name: str) -> DelimitedTable:
    """Find out how the file is written and return it as a table.

    Raises:
        InputError: it cannot be decoded (with the row), or holds no header.

    """
    encoding, told = find_encoding(path, name)
    with path.open(encoding=encoding, newline="") as stream:
        head = stream.read(_SAMPLE)
    if not head.strip():
        raise InputError(f"{name}: the file is empty; expected a header row and one row an answer")
    separator = max(SEPARATORS, key=lambda candidate: _fit(head, candidate))
    return DelimitedTable(path, name, encoding, separator, tuple(next(_reader(io.StringIO(head), separator))), told)


def _fit(head: str, separator: str) -> tuple[float, int]:
    """Return how well a separator fits: the share of rows as long as the header, and how long that is.

    A separator inside the texts (a comma in a question) cuts header and rows differently.
    """
    lengths = []
    try:
        for cells in islice(_reader(io.StringIO(head), separator), _SAMPLE_ROWS):
            lengths.append(len(cells))
    except csv.Error:  # a quote that this separator misreads, or a row that the sample cuts: told when it is read
        pass
    if not lengths or lengths[0] == 1:
        return 0.0, 1
    return sum(length == lengths[0] for length in lengths) / len(lengths), lengths[0]


def _reader(stream: io.TextIOBase | io.TextIOWrapper, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL)  # the default, 128 KiB, is less than an answer may have
    return csv.reader(stream, delimiter=separator, strict=True)

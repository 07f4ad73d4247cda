"""Tables of text in files: encodings, separators, quoting. A row is a dict of its cells by column name."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from grader.errors import InputError

SEPARATORS = ",;\t|"
MAX_CELL = 2**31 - 1
_SAMPLE = 1 << 20
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """A delimited text file whose encoding and separator are known."""

    path: Path
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
                    raise InputError(f"{self.path}: row {number}: {exc}; check the quotes in this row") from exc
                if not any(cells):
                    continue
                if len(cells) > len(self.columns) and any(cells[len(self.columns) :]):
                    raise InputError(
                        f"{self.path}: row {number}: {len(cells)} cells under {len(self.columns)} columns; "
                        f"put quotes around cells that hold {self.separator!r}"
                    )
                padded = cells + [""] * (len(self.columns) - len(cells))
                yield number, dict(zip(self.columns, padded, strict=False))


def open_table(path: Path) -> Table:
    """Find out how the file is written and return it as a table.

    Raises:
        InputError: it cannot be read, cannot be decoded (with the row), or holds no header.

    """
    try:
        encoding, told = _encoding(path)
        with path.open(encoding=encoding, newline="") as stream:
            head = stream.read(_SAMPLE)
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    if not head.strip():
        raise InputError(f"{path}: the file is empty; expected a header row and one row an answer")
    headers = {separator: next(_reader(io.StringIO(head), separator)) for separator in SEPARATORS}
    separator = max(SEPARATORS, key=lambda candidate: len(headers[candidate]))
    columns = tuple(name.strip() for name in headers[separator])
    named = [name for name in columns if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise InputError(f"{path}: row 1: column {twice[0]!r} appears twice")
    return Table(path, encoding, separator, columns, told)


def _reader(stream: io.TextIOBase | io.TextIOWrapper, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL)  # the default, 128 KiB, is less than an answer may have
    return csv.reader(stream, delimiter=separator, strict=True)


def _encoding(path: Path) -> tuple[str, str]:
    """Return (encoding, what to tell the user)."""
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        _check_decodes(path, "utf-16")
        return "utf-16", ""
    try:
        _check_decodes(path, "utf-8-sig")
    except InputError:
        # Broken UTF-8 is not another encoding: guessing would turn one bad byte into many wrong letters.
        guess = from_bytes(head, cp_isolation=["cp1252"]).best()
        if guess is None or _holds_utf8(head):
            raise
        _check_decodes(path, "cp1252")
        return "cp1252", f"{path}: not UTF-8; read as Windows-1252 (cp1252)"
    return "utf-8-sig", ""


def _check_decodes(path: Path, encoding: str) -> None:
    row = 1
    with path.open(encoding=encoding, newline="") as stream:
        try:
            while line := stream.readline(_CHUNK):
                row += line.endswith("\n")
        except UnicodeError as exc:
            raise InputError(
                f"{path}: row {_row_of_bad_byte(path, encoding)}: not valid {encoding.removesuffix('-sig').upper()} "
                f"({exc}); save the file as UTF-8"
            ) from exc


def _row_of_bad_byte(path: Path, encoding: str) -> int:
    """Return the row that holds the first undecodable byte, quoted line breaks not counted as rows."""
    data = path.read_bytes()
    try:
        data.decode(encoding)
    except UnicodeError as exc:
        data = data[: getattr(exc, "start", 0)]
    text = data.decode(encoding, errors="ignore")
    return 1 + sum(piece.count("\n") for piece in text.split('"')[::2])


def _holds_utf8(head: bytes) -> bool:
    """Say whether the bytes hold at least one well-formed multi-byte UTF-8 character."""
    return any(ord(char) > 127 for char in head.decode("utf-8", errors="ignore"))

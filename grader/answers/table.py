"""Tables of text in files, whatever the format. A row is a dict of its cells, all text, by column name."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from grader.answers.delimited import open_delimited
from grader.answers.folder import open_folder
from grader.answers.jsonl import open_jsonl
from grader.answers.parquet import open_parquet
from grader.answers.xlsx import open_xlsx
from grader.errors import InputError

_CHUNK = 1 << 20


class Table(Protocol):
    """Rows that can be gone through as often as needed; never all in memory."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, as they are written in the file."""
        ...

    @property
    def told(self) -> str:
        """What a user should know about how the file was read, or nothing."""
        ...

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Go through the rows as (row number as a user counts, cells). Raises InputError with the row."""
        ...


def open_table(path: Path, name: str) -> Table:
    """Return the table in a file or a folder. The content tells the format, whatever the file is called.

    Args:
        path: where it is.
        name: what messages call it.

    Raises:
        InputError: it cannot be read, or is not what it seems.

    """
    try:
        if path.is_dir():
            return open_folder(path, name)
        with path.open("rb") as stream:
            head = stream.read(_CHUNK)
        if head.startswith(b"PK\x03\x04"):
            return open_xlsx(path, name)
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            raise InputError(f"{name}: an Excel file of the old kind (.xls); save it as .xlsx or CSV")
        if head.startswith(b"PAR1"):
            return open_parquet(path, name)
        if head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"{"):
            return open_jsonl(path, name)
        return open_delimited(path, name)
    except OSError as exc:
        raise InputError(f"{name}: cannot be read: {exc.strerror or exc}") from exc


def sha256_of(path: Path) -> str:
    """Return the SHA-256, in hex, of a file's bytes, or of a folder's file names and bytes."""
    if not path.is_dir():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
    lines = [f"{sha256_of(path / name)}  {name}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()

"""Parquet files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.answers.cells import typed_row
from grader.errors import InputError

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """A Parquet file, read some rows at a time."""

    path: Path
    name: str
    columns: tuple[str, ...]
    told: str = ""

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Go through the rows, counted from 1."""
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        number = 0
        try:
            with ParquetFile(self.path) as file:
                for batch in file.iter_batches(_BATCH):
                    for values in batch.to_pylist():
                        number += 1
                        yield number, typed_row(values)
        except ArrowException as exc:
            raise InputError(f"{self.name}: row {number + 1}: cannot be read: {exc}") from exc


def open_parquet(path: Path, name: str) -> ParquetTable:
    """Return the file as a table. Raises InputError."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_schema

    try:
        return ParquetTable(path, name, tuple(read_schema(path).names))
    except ArrowException as exc:
        raise InputError(f"{name}: not a readable Parquet file: {exc}") from exc

"""JSON lines: one object an answer, keys as columns."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.answers.cells import typed_row
from grader.answers.encoding import find_encoding
from grader.errors import InputError


@dataclass(frozen=True, slots=True)
class JsonLines:
    """A file of one JSON object a line."""

    path: Path
    name: str
    encoding: str
    columns: tuple[str, ...]
    told: str

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Go through the lines, counted from 1; blank ones are left out."""
        for number, values in _objects(self.path, self.name, self.encoding):
            yield number, typed_row(values)


def open_jsonl(path: Path, name: str) -> JsonLines:
    """Return the file as a table; its columns are all keys of all lines. Raises InputError with the row."""
    encoding, told = find_encoding(path, name)
    columns: dict[str, None] = {}
    for _, values in _objects(path, name, encoding):
        columns.update(dict.fromkeys(values))
    return JsonLines(path, name, encoding, tuple(columns), told)


def _objects(path: Path, name: str, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except ValueError as exc:
                raise InputError(f"{name}: row {number}: not valid JSON: {exc}") from exc
            if not isinstance(values, dict):
                raise InputError(f"{name}: row {number}: expected one JSON object a line, not {line.strip()[:40]!r}")
            yield number, values

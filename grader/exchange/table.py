"""CSV: one row a question, for spreadsheets. The columns `question` and `reference` have to be there."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import cast, get_args

from grader.answers.table import open_table
from grader.bank import Bank, KeyPoint, Misconception, Question
from grader.bank.model import Level
from grader.errors import InputError, nearest
from grader.exchange.answer_text import one_line
from grader.exchange.document import Document
from grader.text.cells import neutral, plain

COLUMNS = (
    "id", "number", "section", "subsection", "question", "reference", "alternatives", "key_points", "key_point_ids",
    "weights", "contraries", "misconceptions", "misconception_ids", "level", "tags", "note",
)  # fmt: skip
SEPARATOR = " || "
"""Between alternatives, and between the contraries of one key point."""
MOST_FAULTS = 10
MOST_WEIGHT = 10
LEVELS = get_args(Level)
_BULLET = re.compile(r"^[-*\u2022]\s+")


def read_csv(path: Path) -> Document:
    """Return the questions of a table. A cell of key points holds one a line; so do those that go with it.

    Raises:
        InputError: a column or a cell is missing or wrong: up to ten faults, each with its row.

    """
    table = open_table(path, str(path))
    columns = {name.strip().lower() for name in table.columns}
    if missing := [name for name in ("question", "reference") if name not in columns]:
        found = ", ".join(map(repr, table.columns))
        raise InputError(
            f"{path}: row 1: no column {nearest(missing[0], columns)}; found {found}; expected {', '.join(COLUMNS)}"
        )
    questions, faults = [], []
    for row, cells in table.rows():
        try:
            questions.append(_question(path, row, {name.strip().lower(): plain(cell) for name, cell in cells.items()}))
        except InputError as exc:
            faults.append(str(exc))
    if faults:
        raise InputError("\n".join(faults[:MOST_FAULTS]) + ("\n… and more" if len(faults) > MOST_FAULTS else ""))
    return Document(tuple(questions), told=table.told)


def write_csv(bank: Bank) -> str:
    """Return the bank as a table; cells that a spreadsheet would take for formulas are neutralised."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for question in bank:
        writer.writerow([neutral(cell) for cell in _cells(question)])
    return text.getvalue()


def _cells(question: Question) -> Iterator[str]:
    points = question.key_points
    yield question.id
    yield str(question.number)
    yield question.section
    yield question.subsection
    yield question.prompt
    yield question.reference
    yield SEPARATOR.join(question.alternatives)
    yield "\n".join(one_line(point.text) for point in points)
    yield "\n".join(point.id for point in points)
    yield "\n".join(f"{point.weight:g}" for point in points)
    yield "\n".join(SEPARATOR.join(map(one_line, point.contrary)) for point in points)
    yield "\n".join(one_line(misconception.text) for misconception in question.misconceptions)
    yield "\n".join(misconception.id for misconception in question.misconceptions)
    yield question.level or ""
    yield ", ".join(question.tags)
    yield question.note


def _question(path: Path, row: int, cells: dict[str, str]) -> Question:
    where = f"{path}: row {row}"
    text = {name: cells.get(name, "").strip() for name in COLUMNS}
    for column in ("question", "reference"):
        if not text[column]:
            raise InputError(f"{where}: {column} is empty; expected its text")
    if text["level"] not in ("", *LEVELS):
        raise InputError(f"{where}: level is {nearest(text['level'], LEVELS)}; expected {', '.join(LEVELS)}")
    if text["number"] and not (text["number"].isdecimal() and int(text["number"])):
        raise InputError(f"{where}: number is {text['number']!r}; expected a whole number from 1")
    return Question(
        id=text["id"],
        number=int(text["number"]) if text["number"] else None,
        section=text["section"] or path.stem,
        subsection=text["subsection"],
        prompt=text["question"],
        reference=text["reference"],
        alternatives=tuple(_parts(text["alternatives"])),
        key_points=tuple(_key_points(where, cells)),
        misconceptions=tuple(_misconceptions(where, cells)),
        level=cast("Level", text["level"]) if text["level"] else None,
        tags=tuple(tag.strip() for tag in text["tags"].split(",") if tag.strip()),
        note=text["note"],
        source=where,
    )


def _key_points(where: str, cells: dict[str, str]) -> Iterator[KeyPoint]:
    for text, name, weight, contrary in _lines(where, cells, "key_points", "key_point_ids", "weights", "contraries"):
        yield KeyPoint(name, _BULLET.sub("", text), _weight(where, weight), tuple(_parts(contrary)))


def _misconceptions(where: str, cells: dict[str, str]) -> Iterator[Misconception]:
    for text, name in _lines(where, cells, "misconceptions", "misconception_ids"):
        yield Misconception(name, _BULLET.sub("", text))


def _lines(where: str, cells: dict[str, str], *columns: str) -> Iterator[tuple[str, ...]]:
    """Go through the lines of the first column that hold anything, each with those beside it."""
    first, *others = ([line.strip() for line in cells.get(column, "").split("\n")] for column in columns)
    for column, lines in zip(columns[1:], others, strict=True):
        if len(lines) > len(first):
            raise InputError(f"{where}: {column} has {len(lines)} lines; expected one for each of {columns[0]}")
    return (line for line in zip_longest(first, *others, fillvalue="") if line[0])


def _parts(text: str) -> Iterator[str]:
    return (part.strip() for part in text.split(SEPARATOR.strip()) if part.strip())


def _weight(where: str, text: str) -> float:
    try:
        weight = float(text or 1)
    except ValueError:
        weight = 0.0
    if not 0 < weight <= MOST_WEIGHT:
        raise InputError(f"{where}: weights holds {text!r}; expected a number above 0 and up to {MOST_WEIGHT}")
    return weight

"""A row an answer, as our eval sets have it, and what the readers of public sets share."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from grader.answers.table import open_table
from grader.errors import InputError

Row = Mapping[str, str]
Names = Mapping[str, tuple[str, ...]]
"""For each of our columns, what others call it."""

COLUMNS = ("question_id", "question", "reference", "alternatives", "answer")
SCORES = ("human_score", "rater1", "rater2")
FURTHER = ("label", "split")
SPLITS = (
    (r"unseen[-_ ]?answers?|test[-_]?ua", "test-UA"),
    (r"unseen[-_ ]?questions?|test[-_]?uq", "test-UQ"),
    (r"unseen[-_ ]?domains?|test[-_]?ud", "test-UD"),
    (r"valid", "validation"),
    (r"train", "train"),
)
ALTERNATIVE = " || "
_BREAK = re.compile(r"<br\s*/?>|<STOP>", re.IGNORECASE)


def write_eval_set(rows: Iterable[Row], path: Path) -> int:
    """Write rows as an eval set, CSV; return how many. Raises InputError when there are none."""
    found = list(rows)
    if not found:
        raise InputError("no answers found there")
    used = [name for name in (*COLUMNS, *SCORES, *FURTHER) if any(row.get(name) for row in found)]
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, used, restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
    except OSError as exc:
        raise InputError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
    return len(found)


def table_rows(file: Path, wanted: Names, scale: float, label: str = "") -> Iterator[Row]:
    """Go through a file of rows as `renamed` gives them. Raises InputError."""
    table = open_table(file, str(file))
    yield from renamed(file, table.columns, table.rows(), wanted, scale, label)


def renamed(
    file: Path,
    columns: Iterable[str],
    rows: Iterable[tuple[int, Mapping[str, str]]],
    wanted: Names,
    scale: float,
    label: str = "",
) -> Iterator[Row]:
    """Give the columns of a table our names, and its scores the range 0..1."""
    found = {ours: next((name for name in theirs if name in columns), None) for ours, theirs in wanted.items()}
    if missing := [" or ".join(wanted[ours]) for ours, name in found.items() if name is None]:
        raise InputError(f"{file}: no column {'; no column '.join(missing)}; found {', '.join(columns)}")
    for at, cells in rows:
        row = {ours: clean(cells.get(name or "", "")) for ours, name in found.items()}
        for ours in SCORES:
            if ours in row:
                row[ours] = score_text(number(row[ours], f"{file}: row {at}: {found[ours]}") / scale)
        yield {**row, "label": cells.get(label, "")}


def split_of(file: Path, under: Path) -> str:
    """Return the split that the names of the file and of its folders tell; those above `under` only if need be."""
    below = file.relative_to(under).as_posix() if file != under else file.name
    for names in (below, f"{under.parent.name}/{under.name}"):
        for pattern, split in SPLITS:
            if re.search(pattern, names, re.IGNORECASE):
                return split
    return ""


def question_xml(file: Path) -> Element:
    """Return the <question> that a file holds. Raises InputError."""
    try:
        root: Element = parse(file).getroot()
    except (OSError, ParseError, DefusedXmlException) as exc:
        raise InputError(f"{file}: cannot be read as XML: {exc}") from exc
    if root.tag != "question":
        raise InputError(f"{file}: expected <question>, found <{root.tag}>")
    return root


def inner(element: Element | None) -> str:
    """Return the text in an element, on one line."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def clean(text: str) -> str:
    """Return a text on one line, without the marks that its set puts into it."""
    return " ".join(_BREAK.sub(" ", text).split())


def number(text: str, where: object) -> float:
    """Return a number. Raises InputError, naming where it stands."""
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{where}: {text!r} is no number") from None


def score_text(score: float) -> str:
    """Return a score as the eval set shows it."""
    return f"{score:.4g}"

"""The formats by name: how each is read and written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.bank import Bank
from grader.errors import InputError
from grader.exchange.document import Document, read_text
from grader.exchange.gift import read_gift, write_gift
from grader.exchange.markdown import read_markdown, write_markdown
from grader.exchange.moodle_xml import read_moodle_xml, write_moodle_xml
from grader.exchange.table import read_csv, write_csv


@dataclass(frozen=True, slots=True)
class Format:
    """One format."""

    suffixes: tuple[str, ...]
    read: Callable[[Path], Document]
    write: Callable[[Bank], str]


FORMATS = {
    "md": Format((".md", ".markdown"), lambda path: read_markdown(read_text(path), path), write_markdown),
    "csv": Format((".csv", ".tsv", ".xlsx", ".jsonl", ".parquet"), read_csv, write_csv),
    "gift": Format((".gift", ".txt"), lambda path: read_gift(read_text(path), path), write_gift),
    "moodle-xml": Format((".xml",), read_moodle_xml, write_moodle_xml),
}


def format_of(path: Path) -> str:
    """Return the name of the format that a file name's ending tells. Raises InputError for any other ending."""
    by_suffix = {suffix: name for name, kind in FORMATS.items() for suffix in kind.suffixes}
    if name := by_suffix.get(path.suffix.lower()):
        return name
    endings = ", ".join(by_suffix)
    raise InputError(f"{path}: unknown ending {path.suffix!r}; expected one of {endings}, or --format")


def read_document(path: Path, format: str) -> Document:
    """Return the questions of a file.

    Raises:
        InputError: it cannot be read, breaks its format, or holds no question that could be taken.

    """
    document = FORMATS[format].read(path)
    if not document.questions:
        faults = [*document.left_out[:10], f"{path}: no questions with answers found; see docs/bank.md for the formats"]
        raise InputError("\n".join(faults))
    return document


def write_document(bank: Bank, format: str) -> str:
    """Return the bank as the text of a file."""
    return FORMATS[format].write(bank)

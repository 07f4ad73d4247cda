"""A document: the questions that a file in some format holds, and what could not be taken from it."""

from dataclasses import dataclass
from pathlib import Path

from grader.answers.encoding import find_encoding
from grader.bank import Question
from grader.errors import InputError


@dataclass(frozen=True, slots=True)
class Document:
    """Questions in the order of the file, as they stand there.

    What the file does not say is empty: ids, numbers, key points. `source` of a question is `file:line`, or
    `file: row N`.
    """

    questions: tuple[Question, ...]
    left_out: tuple[str, ...] = ()
    """What was not taken, each with where it stands and why."""
    told: str = ""
    """What a user should know about how the file was read, or nothing."""


def read_text(path: Path) -> str:
    """Return the text of a file, its line ends made one kind, without a byte order mark.

    Raises:
        InputError: it cannot be read, or its encoding is none that can be told for sure: with the line.

    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        try:
            text = data.decode(find_encoding(path, str(path))[0])
        except InputError:
            line = data.count(b"\n", 0, exc.start) + 1
            raise InputError(f"{path}:{line}: not valid UTF-8 ({exc.reason}); save the file as UTF-8") from exc
    return text.replace("\r\n", "\n").replace("\r", "\n")

"""Read answers from a file, whole and checked, before any work is done on them."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grader.answers.model import Answer
from grader.answers.table import Table, open_table
from grader.bank import Bank, KeyPoint, Question
from grader.errors import InputError, nearest

COLUMNS = ("candidate", "question_id", "question", "reference", "alternatives", "key_points", "section", "answer")
EVAL_COLUMNS = ("human_score", "split", "label")
ALTERNATIVE_SEPARATOR = " || "
_MAX_FAULTS = 10


@dataclass
class AnswerFile:
    """A file of answers: `check` it once, then go through it as often as needed.

    A row names a question of the bank by `question_id`, or brings its own `reference` (and then `question` may
    be empty, `question_id` is only a label, and no bank is needed).
    """

    path: Path
    load_bank: Callable[[], Bank]
    """Called when the first row needs the bank, so that self-contained files need none."""
    table: Table = field(init=False)
    _bank: Bank | None = field(init=False, default=None)
    _questions: dict[tuple[str, ...], Question] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Open the file and check its columns. Raises InputError."""
        self.table = open_table(self.path)
        columns = set(self.table.columns)
        if "answer" not in columns:
            raise InputError(self._missing_column("answer"))
        if not columns & {"question_id", "reference"}:
            raise InputError(
                self._missing_column("question_id") + " (or a column 'reference', for questions outside the bank)"
            )

    def check(self) -> int:
        """Read every row; return how many there are.

        Raises:
            InputError: unknown questions, empty references or a candidate with two answers to one question;
                up to ten faults, each with its row.

        """
        faults: list[str] = []
        first_rows: dict[tuple[str, str], int] = {}
        count = 0
        for number, cells in self.table.rows():
            count += 1
            try:
                question = self._question(number, cells)
            except InputError as exc:
                faults.append(str(exc))
            else:
                who = cells.get("candidate", "").strip()
                if who and (who, question.id) in first_rows:
                    first = first_rows[who, question.id]
                    faults.append(
                        f"{self.path}: rows {first} and {number}: candidate {who!r} answers question "
                        f"{question.id!r} twice; keep one of the rows"
                    )
                else:
                    first_rows[who, question.id] = number
            if len(faults) > _MAX_FAULTS:
                break
        if faults:
            more = "\n… and more" if len(faults) > _MAX_FAULTS else ""
            raise InputError("\n".join(faults[:_MAX_FAULTS]) + more)
        if not count:
            raise InputError(f"{self.path}: no answers: the file has a header and no rows")
        return count

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, in hex."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    @property
    def bank(self) -> Bank | None:
        """The bank that the rows named questions of; None when none did."""
        return self._bank

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the header."""
        return self.table.columns

    def __iter__(self) -> Iterator[Answer]:
        """Go through the answers in file order."""
        graded = set(COLUMNS)
        for position, (number, cells) in enumerate(self.table.rows()):
            yield Answer(
                question=self._question(number, cells),
                text=cells["answer"],
                candidate=cells.get("candidate", "").strip(),
                row=number,
                position=position,
                extra={name: cell for name, cell in cells.items() if name not in graded},
            )

    def _question(self, row: int, cells: dict[str, str]) -> Question:
        given = tuple(cells.get(name, "").strip() for name in COLUMNS[1:-1])
        if given not in self._questions:
            self._questions[given] = self._find_question(row, dict(zip(COLUMNS[1:-1], given, strict=True)))
        return self._questions[given]

    def _find_question(self, row: int, given: dict[str, str]) -> Question:
        if given["reference"]:
            return _own_question(given)
        if not given["question_id"]:
            raise InputError(f"{self.path}: row {row}: neither a question_id nor a reference to mark against")
        if self._bank is None:
            self._bank = self.load_bank()
        try:
            return self._bank.question(given["question_id"])
        except InputError as exc:
            raise InputError(f"{self.path}: row {row}: {exc}") from exc

    def _missing_column(self, name: str) -> str:
        found = ", ".join(map(repr, self.table.columns))
        close = nearest(name, self.table.columns)
        return f"{self.path}: row 1: no column {close}; found {found}; expected one of {', '.join(COLUMNS)}"


def _own_question(given: dict[str, str]) -> Question:
    points = [line.strip() for line in given["key_points"].splitlines() if line.strip()]
    digest = hashlib.sha256("\x00".join((given["question"], given["reference"])).encode()).hexdigest()
    return Question(
        id=given["question_id"] or f"q-{digest[:10]}",
        prompt=given["question"],
        reference=given["reference"],
        section=given["section"],
        alternatives=tuple(
            text.strip() for text in given["alternatives"].split(ALTERNATIVE_SEPARATOR.strip()) if text.strip()
        ),
        key_points=tuple(KeyPoint(f"kp{index}", text) for index, text in enumerate(points, 1)),
    )

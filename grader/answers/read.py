"""Read answers from a file, whole and checked, before any work is done on them."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from grader.answers.model import Answer
from grader.answers.table import Table, open_table, sha256_of
from grader.answers.wide import question_columns
from grader.bank import Bank, KeyPoint, Question
from grader.errors import InputError, nearest

COLUMNS = ("candidate", "question_id", "question", "reference", "alternatives", "key_points", "section", "answer")
EVAL_COLUMNS = ("human_score", "split", "label")
STDIN = Path("-")
IGNORE = "ignore"
"""What a column is mapped to that is not to be read."""
ALTERNATIVE_SEPARATOR = " || "
_MAX_FAULTS = 10
_LONG = frozenset({"question_id", "question", "reference", "answer"})


@dataclass
class AnswerFile:
    """A file of answers: `check` it once, then go through it as often as needed.

    A row names a question of the bank by `question_id`, or brings its own `reference` (and then `question` may
    be empty, `question_id` is only a label, and no bank is needed). In a wide file a row is a candidate, and a
    column a question of the bank.
    """

    path: Path
    """A file, a folder of text files, or `-` for standard input."""
    load_bank: Callable[[], Bank]
    """Called when the first row needs the bank, so that self-contained files need none."""
    mapping: tuple[tuple[str, str], ...] = ()
    """(what it is to grader, column of the file): columns that go by another name."""
    table: Table = field(init=False)
    columns: tuple[str, ...] = field(init=False)
    """The names in the header, after mapping; those ignored left out."""
    _name: str = field(init=False)
    _file: Path = field(init=False)
    _spool: Any = field(init=False, default=None)
    _bank: Bank | None = field(init=False, default=None)
    _names: dict[str, str] = field(init=False)
    _wide: dict[str, Question] = field(init=False, default_factory=dict)
    _questions: dict[tuple[str, ...], Question] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Open the file and check its columns. Raises InputError."""
        self._name, self._file = str(self.path), self.path
        if self.path == STDIN:
            self._spool = tempfile.NamedTemporaryFile(prefix="grader-")  # noqa: SIM115  # lives as long as this object
            shutil.copyfileobj(sys.stdin.buffer, self._spool)
            self._spool.flush()
            self._name, self._file = "standard input", Path(self._spool.name)
        self.table = open_table(self._file, self._name)
        self._names = self._map()
        self.columns = tuple(filter(None, (self._names[c] for c in self.table.columns if self._names[c] != IGNORE)))
        if twice := sorted({name for name in self.columns if self.columns.count(name) > 1}):
            raise InputError(f"{self._name}: row 1: column {twice[0]!r} appears twice")
        if not _LONG & set(self.columns):
            questions = [name for name in self.columns if name != "candidate"]
            self._wide = question_columns(questions, self._load_bank(), self._name)
        elif "answer" not in self.columns:
            raise InputError(self._missing_column("answer"))
        elif not {"question_id", "reference"} & set(self.columns):
            raise InputError(
                self._missing_column("question_id") + " (or a column 'reference', for questions outside the bank)"
            )

    def check(self) -> int:
        """Read every row; return how many answers there are.

        Raises:
            InputError: unknown questions, empty references or a candidate with two answers to one question;
                up to ten faults, each with its row.

        """
        faults: list[str] = []
        first_rows: dict[int, int] = {}  # by hash: a tuple of texts each would cost a large file much memory
        count = 0
        for row, cells in self._rows():
            count += 1
            try:
                question = self._question(row, cells)
            except InputError as exc:
                faults.append(str(exc))
            else:
                who = cells.get("candidate", "").strip()
                first = first_rows.setdefault(hash((who, question.id)), row) if who else row
                if first != row:
                    faults.append(
                        f"{self._name}: rows {first} and {row}: candidate {who!r} answers question "
                        f"{question.id!r} twice; keep one of the rows"
                    )
            if len(faults) > _MAX_FAULTS:
                break
        if faults:
            more = "\n… and more" if len(faults) > _MAX_FAULTS else ""
            raise InputError("\n".join(faults[:_MAX_FAULTS]) + more)
        if not count:
            raise InputError(f"{self._name}: no answers: the file has a header and no rows")
        return count

    @property
    def told(self) -> str:
        """What a user should know about how the file was read, or nothing."""
        lines = [self.table.told]
        if self._wide:
            unread = [n for n in self.columns if n not in self._wide and n != "candidate"]
            lines.append(
                f"{self._name}: a wide file: {len(self._wide)} columns are questions"
                + (f"; not read: {', '.join(map(repr, unread))}" if unread else "")
                + ("" if "candidate" in self.columns else "; no column 'candidate': each row is named by its number")
            )
        return "\n".join(filter(None, lines))

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes and of the mapping, if there is one, in hex."""
        digest = sha256_of(self._file)
        mapped = "".join(f"\n{target}={column}" for target, column in sorted(self.mapping))
        return hashlib.sha256((digest + mapped).encode()).hexdigest() if mapped else digest

    @property
    def bank(self) -> Bank | None:
        """The bank that the rows named questions of; None when none did."""
        return self._bank

    def __iter__(self) -> Iterator[Answer]:
        """Go through the answers in file order."""
        used = set(COLUMNS)
        for position, (row, cells) in enumerate(self._rows()):
            yield Answer(
                question=self._question(row, cells),
                text=cells.get("answer", ""),
                candidate=cells.get("candidate", "").strip(),
                row=row,
                position=position,
                extra={name: cell for name, cell in cells.items() if name not in used},
            )

    def _map(self) -> dict[str, str]:
        """Return what each column of the file is called here."""
        names = {column: column.strip() for column in self.table.columns}
        for target, column in self.mapping:
            if column not in names:
                raise InputError(f"{self._name}: row 1: no column {nearest(column, names)}, which --map names")
            known = (*COLUMNS, *EVAL_COLUMNS, IGNORE)
            if target not in known and not target.startswith("rater") and target not in self._load_bank().by_id:
                raise InputError(f"--map {target}={column}: no column or question is called {nearest(target, known)}")
            names[column] = target
        return names

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Go through the rows under the names of the columns; a row of a wide file becomes one a question."""
        for row, values in self.table.rows():
            cells = {self._names[column]: cell for column, cell in values.items() if self._names[column] != IGNORE}
            if not self._wide:
                yield row, cells
                continue
            who = cells.get("candidate", f"row {row}")
            for column, question in self._wide.items():
                yield row, {"candidate": who, "question_id": question.id, "answer": cells[column]}

    def _load_bank(self) -> Bank:
        if self._bank is None:
            self._bank = self.load_bank()
        return self._bank

    def _question(self, row: int, cells: dict[str, str]) -> Question:
        given = tuple(cells.get(name, "").strip() for name in COLUMNS[1:-1])
        if given not in self._questions:
            self._questions[given] = self._find_question(row, dict(zip(COLUMNS[1:-1], given, strict=True)))
        return self._questions[given]

    def _find_question(self, row: int, given: dict[str, str]) -> Question:
        if given["reference"]:
            return _own_question(given)
        if not given["question_id"]:
            raise InputError(f"{self._name}: row {row}: neither a question_id nor a reference to mark against")
        try:
            return self._load_bank().question(given["question_id"])
        except InputError as exc:
            raise InputError(f"{self._name}: row {row}: {exc}") from exc

    def _missing_column(self, name: str) -> str:
        found = ", ".join(map(repr, self.columns))
        close = nearest(name, self.columns)
        return f"{self._name}: row 1: no column {close}; found {found}; expected one of {', '.join(COLUMNS)}"


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

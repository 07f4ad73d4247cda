"""Eval sets: answers with the scores that people gave them."""

from dataclasses import dataclass
from statistics import fmean

from grader.answers import Answer, AnswerFile
from grader.errors import InputError

HALVES = ("tune", "test")
"""Splits by question: what is fitted on one half says nothing about the other if they share a question."""


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer with its human scores, 0..1, one a rater; none where the file has no scores."""

    answer: Answer
    ratings: tuple[float, ...]

    @property
    def human(self) -> float:
        """The mean of the human scores."""
        return fmean(self.ratings)

    @property
    def words(self) -> int:
        """How long the answer is."""
        return len(self.answer.text.split())

    def cell(self, column: str) -> str:
        """Return the cell of a further column (label, split, …), empty if there is none."""
        return self.answer.extra.get(column, "").strip()


def read_eval_set(file: AnswerFile, split: str | None) -> list[Rated]:
    """Return the answers of an eval set, or of one split of it.

    Raises:
        InputError: no score column, a score that is no number in 0..1, a split that is not there, or a
            question that is in the tune half and in the test half.

    """
    if not score_columns(file):
        raise InputError(f"{file.path}: row 1: no human scores: expected a column human_score, or rater1, rater2, …")
    rows = read_answers(file, split)
    if bare := [row.answer.row for row in rows if not row.ratings]:
        raise InputError(f"{file.path}: row {bare[0]}: no human score")
    return rows


def read_answers(file: AnswerFile, split: str | None) -> list[Rated]:
    """Return the answers of any file, with human scores where it has them. Raises InputError as `read_eval_set`."""
    if split is not None and "split" not in file.columns:
        raise InputError(f"{file.path}: row 1: --split {split} asked for, but there is no column split")
    names = score_columns(file)
    rows = [Rated(answer, tuple(_score(file, answer, n) for n in names if answer.extra[n].strip())) for answer in file]
    _check_halves(file, rows)
    kept = [row for row in rows if split is None or row.cell("split") == split]
    if not kept:
        found = ", ".join(sorted({repr(row.cell("split")) for row in rows}))
        raise InputError(f"{file.path}: no rows in split {split!r}; found {found}")
    return kept


def score_columns(file: AnswerFile) -> list[str]:
    """Return the names of the columns that hold human scores: rater1, rater2, …, or else human_score."""
    raters = sorted(name for name in file.columns if name.startswith("rater") and name[5:].isdigit())
    return raters or [name for name in file.columns if name == "human_score"]


def _check_halves(file: AnswerFile, rows: list[Rated]) -> None:
    tune, test = ({row.answer.question.id for row in rows if row.cell("split") == half} for half in HALVES)
    if both := sorted(tune & test):
        raise InputError(f"{file.path}: question {both[0]!r} is in split tune and in split test; keep them apart")


def _score(file: AnswerFile, answer: Answer, column: str) -> float:
    text = answer.extra[column]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise InputError(f"{file.path}: row {answer.row}: {column} is {text!r}; expected a number from 0 to 1")
    return value

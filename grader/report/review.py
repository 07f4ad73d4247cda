"""The review sheet: the answers that need a person, most doubtful first, with room for decisions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from grader.answers.read import ALTERNATIVE_SEPARATOR
from grader.answers.read import COLUMNS as COLUMNS_IN
from grader.answers.table import Table
from grader.bank.model import VerdictLabel
from grader.errors import InputError
from grader.grade.doubt import reasons
from grader.grade.entry import Entry, Override
from grader.grade.model import CREDITS, Grade
from grader.report.numbers import exact_text
from grader.text.cells import neutral

DECISIONS = ("accept", "new_score", "new_verdicts", "reason")
"""What a person fills in: `yes`; a score 0..1; `key-point=verdict;…`; why."""
COLUMNS = (
    "position", "candidate", "question_id", "section", "why", "score", "low", "high", "verdicts", "flags", "question",
    "answer", "evidence", *DECISIONS,
)  # fmt: skip
EVAL_HEADER = (*COLUMNS_IN, "human_score", "reason")
_YES = frozenset({"yes", "y", "x", "1", "true", "accept", "ok"})
_MAX_FAULTS = 10


def review_rows(entries: Iterable[Entry], pass_mark: float) -> Iterator[Sequence[str]]:
    """Go through the rows of the sheet of these entries, the header first."""
    yield COLUMNS
    yield from (_row(entry, pass_mark) for entry in entries)


def _row(entry: Entry, pass_mark: float) -> list[str]:
    answer, result = entry.answer, entry.result
    head = [str(answer.position), answer.candidate, answer.question.id, answer.question.section]
    why = "; ".join(reasons(result, pass_mark))
    marks = ["", "", "", "", ""]
    evidence = ""
    if isinstance(result, Grade):
        verdicts = ";".join(f"{v.key_point}={v.verdict}" for v in result.verdicts)
        numbers = [exact_text(value) for value in (result.score, result.low, result.high)]
        marks = [*numbers, verdicts, ";".join(result.flags)]
        evidence = "\n".join(f"{v.key_point}: {v.quote}" for v in result.verdicts if v.quote)
    cells = [*head, why, *marks, answer.question.prompt, answer.text, evidence]
    return [*map(neutral, cells), *[""] * len(DECISIONS)]


def read_decisions(
    table: Table, name: str, entry_at: Callable[[int], Entry | None], who: str, when: str
) -> list[tuple[int, Override]]:
    """Return the decisions in a filled-in sheet, as (position, override). Rows without one are left out.

    Args:
        table: the sheet, in any format that answers come in.
        name: what messages call it.
        entry_at: gives the run's entry at a position, or None.
        who: who decided.
        when: UTC, ISO 8601.

    Raises:
        InputError: columns are missing, or rows cannot be used: up to ten faults, each with its row.

    """
    lacking = [column for column in ("position", "question_id", *DECISIONS) if column not in table.columns]
    if lacking:
        raise InputError(f"{name}: row 1: no column {', '.join(map(repr, lacking))}; `grader review export` makes one")
    faults, decisions = [], []
    for row, cells in table.rows():
        filled = {key: cells[key].strip() for key in DECISIONS}
        if not any(filled.values()):
            continue
        try:
            entry = _entry(cells, entry_at)
            decisions.append((entry.answer.position, decision_of(entry, filled, who, when)))
        except InputError as exc:
            faults.append(f"{name}: row {row}: {exc}")
    if faults:
        raise InputError("\n".join(faults[:_MAX_FAULTS]))
    return decisions


def decision_of(entry: Entry, filled: Mapping[str, str], who: str, when: str) -> Override:
    """Return the override that a person's words ask for.

    Raises:
        InputError: they contradict each other, name no key point or verdict, or give no reason for a change.

    """
    score, verdicts = filled["new_score"], filled["new_verdicts"]
    if not score and not verdicts:
        if filled["accept"].lower() not in _YES:
            raise InputError("no decision: put 'yes' under accept, or give new_score or new_verdicts with a reason")
        return Override(who, when, filled["reason"])
    if filled["accept"].lower() in _YES:
        raise InputError("accepted and changed at once: leave accept empty, or the new score and verdicts")
    if not filled["reason"]:
        raise InputError("a change needs a reason, in the column 'reason'")
    return Override(
        who, when, filled["reason"], _score(score) if score else None, _verdicts(verdicts, entry) if verdicts else {}
    )


def _entry(cells: Mapping[str, str], entry_at: Callable[[int], Entry | None]) -> Entry:
    text = cells["position"].strip()
    entry = entry_at(int(text)) if text.isdecimal() else None
    if entry is None:
        raise InputError(f"position {text!r} is no answer of this run; leave that column as it is")
    if neutral(entry.answer.question.id) != cells["question_id"]:
        raise InputError(
            f"position {text} answers {entry.answer.question.id!r}, not {cells['question_id']!r}; "
            "the sheet belongs to another run, or its columns were sorted apart"
        )
    return entry


def _score(text: str) -> float:
    try:
        score = float(text.replace(",", "."))
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise InputError(f"new_score {text!r}: expected a number from 0 to 1")
    return score


def _verdicts(text: str, entry: Entry) -> dict[str, VerdictLabel]:
    known = {v.key_point for v in entry.machine.verdicts} if isinstance(entry.machine, Grade) else set()
    found: dict[str, VerdictLabel] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        point, _, given = (piece.strip() for piece in part.partition("="))
        label: VerdictLabel | None = next((label for label in CREDITS if label == given), None)
        if point not in known or label is None:
            points = ", ".join(sorted(known)) or "none"
            raise InputError(
                f"new_verdicts {part!r}: expected KEY-POINT=VERDICT; key points here: {points}; "
                f"verdicts: {', '.join(CREDITS)}"
            )
        found[point] = label
    return found


def eval_rows(entries: Iterable[Entry]) -> Iterator[Sequence[str]]:
    """Go through the rows of an eval set, the header first: the grades that people decided about.

    A question of the bank is named by its id; one that came with the answers goes along.
    """
    yield EVAL_HEADER
    for entry in entries:
        result, question = entry.result, entry.answer.question
        if not entry.overrides or not isinstance(result, Grade):
            continue
        own = ("", "", "")
        if not question.source:
            points = "\n".join(point.text for point in question.key_points)
            own = (question.reference, ALTERNATIVE_SEPARATOR.join(question.alternatives), points)
        cells = [entry.answer.candidate, question.id, question.prompt, *own, question.section, entry.answer.text]
        yield [*map(neutral, cells), exact_text(result.score), neutral(entry.overrides[-1].why)]

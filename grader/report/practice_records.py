"""A learner's history as JSON, as rows, and as cards of missed key points: the columns and keys are contracts."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from grader.grade.model import Grade
from grader.practice.progress import Trend
from grader.practice.schedule import Due
from grader.practice.sitting import Attempt, Sitting, first_tries, latest
from grader.report.numbers import exact
from grader.report.records import GRADES_COLUMNS, grade_json, grade_row, scorecard_json
from grader.scorecard import scorecards
from grader.text.cells import neutral

ATTEMPT_COLUMNS = ("test", "made", "exam", "try", "reference_seen", "seconds", *GRADES_COLUMNS[1:], "answer")
ANKI_HEADER = (
    "#separator:tab", "#html:false", "#notetype:Basic", "#deck:grader", "#guid column:1", "#tags column:4",
)  # fmt: skip
"""What tells Anki (2.1.54 and later) how to read the file: https://docs.ankiweb.net/importing/text-files.html"""


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as JSON: how it was made, the answer, and its grade under the names of grades.csv."""
    return {
        "made": attempt.made.isoformat(timespec="seconds"),
        "try": attempt.number,
        "reference_seen": attempt.reference_seen,
        "seconds": round(attempt.seconds, 1),
        "answer": attempt.entry.answer.text,
        **{key: value for key, value in grade_json(attempt.result).items() if key != "candidate"},
    }


def sitting_json(sitting: Sitting, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Return a sitting as JSON: what was asked, the scorecard of the first tries, and all attempts."""
    cards = scorecards(attempt.result for attempt in first_tries(attempts))
    card = scorecard_json(cards[0]) if cards else None
    return {
        "test": sitting.label,
        "started": sitting.started.isoformat(timespec="seconds"),
        "title": sitting.plan.title,
        "bank": sitting.plan.bank,
        "exam": sitting.plan.exam,
        "ended": sitting.ended,
        "questions": list(sitting.plan.questions),
        "seconds": round(sitting.seconds, 1),
        "overall": card and card["overall"],
        "sections": card["sections"] if card else [],
        "study_next": card["weakest"] if card else [],
        "attempts": [attempt_json(attempt) for attempt in attempts],
    }


def history_json(
    sittings: Sequence[tuple[Sitting, Sequence[Attempt]]], trends: Mapping[str, Trend], due: Mapping[str, Due]
) -> dict[str, Any]:
    """Return a history as JSON: the sittings, the oldest first, mean scores over time, and when questions come back."""
    return {
        "tests": [sitting_json(sitting, attempts) for sitting, attempts in sittings],
        "trends": {
            trend.section or "all answers": [exact(score) for score in trend.scores] for trend in trends.values()
        },
        "due": {name: one.when.isoformat(timespec="seconds") for name, one in due.items()},
    }


def attempt_rows(sittings: Iterable[tuple[Sitting, Sequence[Attempt]]]) -> Iterator[Sequence[str]]:
    """Go through the rows of the CSV of all attempts, the header first."""
    yield ATTEMPT_COLUMNS
    for sitting, attempts in sittings:
        for attempt in attempts:
            yield [
                neutral(sitting.label),
                attempt.made.isoformat(timespec="seconds"),
                str(sitting.plan.exam).lower(),
                str(attempt.number),
                str(attempt.reference_seen).lower(),
                f"{attempt.seconds:.1f}",
                *grade_row(attempt.result)[1:],
                neutral(attempt.entry.answer.text),
            ]


def card_rows(attempts: Iterable[Attempt]) -> Iterator[Sequence[str]]:
    """Go through the cards of the key points that were missed.

    A key point is missed when the latest first try at its question does not meet it. A card keeps its identity from
    export to export, so that importing again changes cards and doubles none.
    """
    for name, attempt in latest(attempts).items():
        result, question = attempt.result, attempt.entry.answer.question
        if not isinstance(result, Grade):
            continue
        for verdict in result.verdicts:
            if verdict.verdict in ("missing", "contradicted"):
                about = verdict.key_point.replace("-", " ")
                tags = " ".join(dict.fromkeys([name, *question.tags]))
                yield f"grader:{name}:{verdict.key_point}", f"{question.prompt} ({about})", verdict.text, tags


def write_cards(cards: Iterable[Sequence[str]], stream: IO[str]) -> int:
    """Write cards as a text file that Anki imports; return how many there were."""
    stream.writelines(line + "\n" for line in ANKI_HEADER)
    count = 0
    for count, card in enumerate(cards, 1):  # noqa: B007  # counted
        csv.writer(stream, delimiter="\t", lineterminator="\n").writerow(" ".join(cell.split()) for cell in card)
    return count

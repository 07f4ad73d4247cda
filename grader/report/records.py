"""Grades as rows and as JSON: the columns and keys are contracts."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import IO, Any

from grader.grade.entry import Entry
from grader.grade.model import Grade, Ungraded
from grader.grade.pairs import Pair
from grader.report.numbers import exact, exact_text
from grader.scorecard import Cohort, Scorecard, Tally
from grader.text.cells import neutral

GRADES_COLUMNS = (
    "candidate", "question_id", "section", "score", "low", "high", "band", "graded_by", "similarity", "verdicts",
    "missing", "flags", "needs_review", "feedback",
)  # fmt: skip
SCORECARD_COLUMNS = (
    "candidate", "rank", "rank_band", "score", "low", "high", "band", "graded", "ungraded", "to_review",
)  # fmt: skip
"""Then a column a section."""
PAIR_COLUMNS = ("question_id", "candidate", "other", "share", "words")
REFERENCE = "(reference)"


def grade_row(result: Grade | Ungraded) -> list[str]:
    """Return one row of grades.csv. An ungraded answer has no score, and the reason in its flags."""
    if isinstance(result, Ungraded):
        cells = [result.candidate, result.question_id, result.section, *[""] * 8]
        return [*map(neutral, cells), neutral(f"ungraded: {result.reason}"), "true", ""]
    numbers = [str(exact(value)) for value in (result.score, result.low, result.high)]
    verdicts = ";".join(f"{v.key_point}={v.verdict}" for v in result.verdicts)
    head = [neutral(result.candidate), neutral(result.question_id), neutral(result.section)]
    tail = [";".join(result.missing), ";".join(result.flags), str(result.needs_review).lower()]
    similarity = exact_text(result.similarity)
    return [*head, *numbers, result.band, result.graded_by, similarity, verdicts, *tail, neutral(result.feedback)]


def grade_json(result: Grade | Ungraded) -> dict[str, Any]:
    """Return a result as JSON, under the names of the columns, verdicts with their evidence."""
    head = {"candidate": result.candidate, "question_id": result.question_id, "section": result.section}
    if isinstance(result, Ungraded):
        return {**head, "score": None, "flags": [f"ungraded: {result.reason}"], "needs_review": True}
    return {
        **head,
        "score": exact(result.score),
        "low": exact(result.low),
        "high": exact(result.high),
        "band": result.band,
        "graded_by": result.graded_by,
        "similarity": None if result.similarity is None else exact(result.similarity),
        "verdicts": [
            {
                "id": v.key_point,
                "text": v.text,
                "weight": v.weight,
                "verdict": v.verdict,
                "credit": exact(v.credit),
                "recall": None if v.recall is None else exact(v.recall),
                "quote": v.quote,
                "span": list(v.span) if v.span else None,
                "contrary": v.contrary,
                "reason": v.reason,
                "votes": dict(v.votes),
                "shares": {name: exact(share) for name, share in v.shares.items()},
            }
            for v in result.verdicts
        ],
        "missing": list(result.missing),
        "flags": list(result.flags),
        "needs_review": result.needs_review,
        "feedback": result.feedback,
        "shares": {name: exact(share) for name, share in result.shares.items()},
    }


def tally_json(tally: Tally) -> dict[str, Any]:
    """Return a tally as JSON."""
    numbers = {key: None if (v := getattr(tally, key)) is None else exact(v) for key in ("score", "low", "high")}
    counts = {"graded": tally.graded, "ungraded": tally.ungraded, "to_review": tally.to_review}
    return {"section": tally.name, **counts, **numbers, "band": tally.band}


def scorecard_json(card: Scorecard) -> dict[str, Any]:
    """Return a scorecard as JSON."""
    return {
        "candidate": card.candidate,
        "overall": tally_json(card.overall),
        "sections": [tally_json(tally) for tally in card.sections],
        "weakest": [{"question_id": q, "id": point, "text": text} for q, point, text in card.weakest],
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return an entry's result as JSON; where people decided, with the machine's score and their decisions."""
    result = grade_json(entry.result)
    if entry.overrides:
        machine = entry.machine.score if isinstance(entry.machine, Grade) else None
        result["machine_score"] = None if machine is None else exact(machine)
        result["overrides"] = [asdict(decision) for decision in entry.overrides]
    return result


def grade_rows(entries: Iterable[Entry]) -> Iterator[Sequence[str]]:
    """Go through the rows of grades.csv, the header first."""
    yield GRADES_COLUMNS
    yield from (grade_row(entry.result) for entry in entries)


def write_grades_jsonl(entries: Iterable[Entry], stream: IO[str]) -> None:
    """Write grades.jsonl."""
    for entry in entries:
        stream.write(json.dumps(entry_json(entry), ensure_ascii=False) + "\n")


def scorecard_rows(cohort: Cohort) -> Iterator[Sequence[str]]:
    """Go through the rows of scorecards.csv, the header first: a candidate a row, in order of rank."""
    yield [*SCORECARD_COLUMNS, *(neutral(name or "(no section)") for name in cohort.sections)]
    for standing in cohort.standings:
        card, total = standing.card, standing.card.overall
        sections = {tally.name: tally.score for tally in card.sections}
        yield [
            neutral(card.candidate),
            *("" if place is None else str(place) for place in (standing.rank, standing.rank_band)),
            *(exact_text(value) for value in (total.score, total.low, total.high)),
            total.band,
            *map(str, (total.graded, total.ungraded, total.to_review)),
            *(exact_text(sections.get(name)) for name in cohort.sections),
        ]


def pair_rows(pairs: Iterable[Pair]) -> Iterator[Sequence[str]]:
    """Go through the rows of integrity.csv, the near-identical answers, the header first."""
    yield PAIR_COLUMNS
    for pair in pairs:
        other = REFERENCE if pair.other is None else neutral(pair.other)
        head = [neutral(pair.question_id), neutral(pair.candidate), other]
        yield [*head, exact_text(pair.share), neutral(pair.words)]


def write_manifest(manifest: Mapping[str, Any], stream: IO[str]) -> None:
    """Write manifest.json."""
    stream.write(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")


def write_rows(rows: Iterable[Sequence[str]], stream: IO[str]) -> None:
    """Write rows as CSV."""
    csv.writer(stream, lineterminator="\n").writerows(rows)

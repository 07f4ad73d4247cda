"""Grades as rows and as JSON: the columns and keys are contracts."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.grade.model import Grade, Ungraded
from grader.report.numbers import exact, exact_text
from grader.scorecard import Scorecard, Tally
from grader.text.cells import neutral

GRADES_COLUMNS = (
    "candidate", "question_id", "section", "score", "low", "high", "band", "graded_by", "similarity", "verdicts",
    "missing", "flags", "needs_review", "feedback",
)  # fmt: skip
SCORECARD_COLUMNS = ("candidate", "section", "graded", "ungraded", "to_review", "score", "low", "high", "band")


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
                "recall": exact(v.recall),
                "quote": v.quote,
                "span": list(v.span) if v.span else None,
                "contrary": v.contrary,
            }
            for v in result.verdicts
        ],
        "missing": list(result.missing),
        "flags": list(result.flags),
        "needs_review": result.needs_review,
        "feedback": result.feedback,
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


def write_grades(results: Iterable[Grade | Ungraded], folder: Path) -> None:
    """Write grades.csv, grades.jsonl and review.csv."""
    with (
        (folder / "grades.csv").open("w", encoding="utf-8", newline="") as table,
        (folder / "grades.jsonl").open("w", encoding="utf-8") as lines,
        (folder / "review.csv").open("w", encoding="utf-8", newline="") as review,
    ):
        grades, doubts = csv.writer(table, lineterminator="\n"), csv.writer(review, lineterminator="\n")
        grades.writerow(GRADES_COLUMNS)
        doubts.writerow(GRADES_COLUMNS)
        for result in results:
            row = grade_row(result)
            grades.writerow(row)
            lines.write(json.dumps(grade_json(result), ensure_ascii=False) + "\n")
            if isinstance(result, Ungraded) or result.needs_review:
                doubts.writerow(row)


def write_scorecards(cards: Iterable[Scorecard], folder: Path) -> None:
    """Write scorecards.csv: a row for each section of each candidate, then one for all of them."""
    with (folder / "scorecards.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(SCORECARD_COLUMNS)
        for card in cards:
            for tally in (*card.sections, card.overall):
                cells = tally_json(tally)
                values = ["" if cells[name] is None else str(cells[name]) for name in SCORECARD_COLUMNS[2:]]
                writer.writerow([neutral(card.candidate), neutral(tally.name), *values])


def write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """Write manifest.json."""
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

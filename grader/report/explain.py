"""Everything that one mark rests on, for an appeal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from grader.grade.doubt import reasons
from grader.grade.entry import PERSON, Entry
from grader.grade.model import CREDITS, Grade
from grader.grade.pairs import Pair
from grader.report.numbers import score_text
from grader.report.records import REFERENCE, entry_json, grade_json
from grader.report.terminal import print_grade, safe


def explanation_json(entry: Entry, pairs: Sequence[Pair], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that the mark rests on, as JSON."""
    return {
        "result": entry_json(entry),
        "machine": grade_json(entry.machine),
        "why_review": reasons(entry.result, manifest["settings"]["pass_mark"]),
        "question": asdict(entry.answer.question),
        "answer": entry.answer.text,
        "position": entry.answer.position,
        "row": entry.answer.row,
        "near_identical": [asdict(pair) for pair in pairs],
        "fingerprint": entry.fingerprint,
        "manifest": manifest,
    }


def review_json(entry: Entry, pass_mark: float) -> dict[str, Any]:
    """Return an entry that needs a person as JSON: why, the answer, and the result."""
    return {
        "position": entry.answer.position,
        "why": reasons(entry.result, pass_mark),
        "question": entry.answer.question.prompt,
        "answer": entry.answer.text,
        "result": entry_json(entry),
    }


def print_explanation(entry: Entry, pairs: Sequence[Pair], manifest: Mapping[str, Any], console: Console) -> None:
    """Print all that the mark rests on: question, answer, verdicts, arithmetic, decisions, and what graded it."""
    question, answer = entry.answer.question, entry.answer
    _part(console, "Question", f"{question.id}, {question.section or 'no section'}\n{question.prompt}")
    _part(console, "Reference", "\n\n".join((question.reference, *question.alternatives)))
    who = answer.candidate or "no candidate named"
    _part(console, f"Answer ({who}; row {answer.row} of {manifest['inputs']['answers']['path']})", answer.text)
    console.print("[bold]Grade[/]")
    print_grade(entry.machine, console, explain=True)
    if isinstance(entry.machine, Grade):
        _part(console, "Arithmetic", _arithmetic(entry.machine))
    for decision in entry.overrides:
        change = "stands as it is"
        if decision.score is not None:
            change = f"score {score_text(decision.score)}"
        elif decision.verdicts:
            change = ", ".join(f"{point} {label}" for point, label in decision.verdicts.items())
        _part(console, f"Decision of {decision.who}, {decision.when}", f"{change}: {decision.why or 'no reason given'}")
    result = entry.result
    if isinstance(result, Grade) and result.graded_by == PERSON:
        _part(console, "Mark in force", f"{score_text(result.score)} {result.band}, by a person")
    if why := reasons(result, manifest["settings"]["pass_mark"]):
        _part(console, "Why a person should look at it", "\n".join(why))
    for pair in pairs:
        other = pair.other if pair.position == answer.position else pair.candidate
        _part(
            console, f"Shares {pair.share:.0%} of its wording with {REFERENCE if other is None else other}", pair.words
        )
    inputs = [f"{name}: {' '.join(item.values())}" for name, item in manifest["inputs"].items()]
    versions = [f"{name} {value}" for name, value in manifest["versions"].items()]
    _part(console, "Graded with", "\n".join([f"fingerprint {entry.fingerprint}", *inputs, ", ".join(versions)]))


def _arithmetic(grade: Grade) -> str:
    """Return how the verdicts make the earned share, in figures."""
    total = sum(v.weight for v in grade.verdicts)
    if not total:
        return "no key points to mark against"
    terms = " + ".join(f"{v.credit:.2f}x{v.weight:g}" for v in grade.verdicts)
    earned = sum(v.credit * v.weight for v in grade.verdicts)
    marks = ", ".join(f"{label} {credit:g}" for label, credit in CREDITS.items())
    return (
        f"({terms}) / {total:g} = {earned / total:.2f} of the weights earned\n"
        f"(a misconception costs like a contradicted point; never less than 0);\n"
        f"a verdict as such earns: {marks}; the profile maps this to the score {score_text(grade.score)}, "
        f"90 % interval {score_text(grade.low)}-{score_text(grade.high)}"
    )


def _part(console: Console, title: str, text: str) -> None:
    console.print(f"\n[bold]{safe(title)}[/]")
    console.print("\n".join(safe(line) for line in text.splitlines()) or "(empty)", soft_wrap=True)

"""Grades and scorecards for a terminal: tables with rich, plain lines when piped."""

import re

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.grade.model import Grade, Ungraded
from grader.report.numbers import score_text, shares_text
from grader.scorecard import Cohort, Scorecard

MOST_SCORECARDS = 10
"""Of more candidates only the ranking is printed."""
COLORS = {"strong": "green", "adequate": "cyan", "weak": "yellow", "poor": "red"}
MARKS = {"met": "+", "partial": "~", "missing": "-", "contradicted": "!"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def visible(text: str) -> str:
    """Return text that cannot move the cursor or change colours."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def safe(text: str) -> str:
    """Return text that cannot move the cursor, change colours or be taken for markup."""
    return escape(visible(text))


def print_scorecard(card: Scorecard, console: Console) -> None:
    """Print one candidate's sections, total and weakest key points."""
    name = card.candidate or "all answers"
    if not console.is_terminal:
        for tally in (*card.sections, card.overall):
            interval = f"{score_text(tally.low)}-{score_text(tally.high)}"
            cells = [name, tally.name or "(no section)", score_text(tally.score), interval, tally.band or "-"]
            counts = [f"graded={tally.graded}", f"ungraded={tally.ungraded}", f"review={tally.to_review}"]
            _line(console, [*cells, *counts])
        for question, _, text in card.weakest:
            _line(console, [name, "weakest", question, text])
        return
    table = Table(title=safe(name), title_justify="left")
    for column in ("section", "score", "90 %", "band", "graded", "ungraded", "review"):
        table.add_column(column, justify="left" if column in ("section", "band") else "right")
    for tally in (*card.sections, card.overall):
        color = COLORS.get(tally.band, "dim")
        interval = f"{score_text(tally.low)}-{score_text(tally.high)}"
        numbers = map(str, (tally.graded, tally.ungraded, tally.to_review))
        if tally is card.overall:
            table.add_section()
        band = f"[{color}]{tally.band or '-'}[/]"
        table.add_row(safe(tally.name or "(no section)"), score_text(tally.score), interval, band, *numbers)
    console.print(table)
    for question, _, text in card.weakest:
        console.print(f"  weakest: {safe(question)}: {safe(text)}")
    console.print()


def print_cohort(cohort: Cohort, console: Console) -> None:
    """Print the scorecards of a few candidates, or the ranking of many."""
    if len(cohort.standings) <= MOST_SCORECARDS:
        for standing in cohort.standings:
            print_scorecard(standing.card, console)
        return
    table = Table(title="Ranking", title_justify="left")
    for column in ("rank", "band", "candidate", "score", "90 %", "ungraded", "review"):
        table.add_column(column, justify="left" if column == "candidate" else "right")
    for standing in cohort.standings:
        total = standing.card.overall
        places = ["-" if place is None else str(place) for place in (standing.rank, standing.rank_band)]
        interval = f"{score_text(total.low)}-{score_text(total.high)}"
        counts = map(str, (total.ungraded, total.to_review))
        cells = [*places, standing.card.candidate, score_text(total.score), interval, *counts]
        if console.is_terminal:
            table.add_row(*map(safe, cells))
        else:
            _line(console, cells)
    if console.is_terminal:
        console.print(table)


def _line(console: Console, cells: list[str]) -> None:
    """Write cells for another program to read: tabs between them, no markup, no wrapping."""
    console.file.write("\t".join(_CONTROL.sub(" ", cell).replace("\t", " ") for cell in cells) + "\n")


def print_grade(result: Grade | Ungraded, console: Console, *, explain: bool = False) -> None:
    """Print one grade with its verdicts and the words they rest on."""
    if isinstance(result, Ungraded):
        console.print(f"ungraded: {safe(result.reason)}")
        return
    interval = f"{score_text(result.low)}-{score_text(result.high)}"
    console.print(f"[bold]{score_text(result.score)}[/] {result.band} (90 %: {interval}), {safe(result.question_id)}")
    for v in result.verdicts:
        console.print(f"  {MARKS[v.verdict]} {v.verdict:<12} {safe(v.text)}", soft_wrap=True)
        if v.quote:
            console.print(
                f"      \N{LEFT DOUBLE QUOTATION MARK}{safe(v.quote)}\N{RIGHT DOUBLE QUOTATION MARK}", soft_wrap=True
            )
        if v.contrary:
            console.print(f"      said instead: {safe(v.contrary)}", soft_wrap=True)
        if v.reason:
            console.print(f"      {safe(v.reason)}", soft_wrap=True)
        if explain:
            votes = "".join(f", {label} {count}" for label, count in v.votes.items())
            console.print(f"      recall {score_text(v.recall)}, credit {v.credit:+.2f}, weight {v.weight:g}{votes}")
            if v.shares:
                console.print(f"      from {shares_text(v.shares)}", soft_wrap=True)
    if explain and result.shares:
        console.print(f"  the score from {shares_text(result.shares)}", soft_wrap=True)
    if result.flags:
        console.print(f"  flags: {', '.join(result.flags)}")
    console.print(f"  {safe(result.feedback)}", soft_wrap=True)

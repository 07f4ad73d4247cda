"""What a learner reads: sections, questions, feedback and results, for eyes or for a screen reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.bank import Question
from grader.grade.doubt import REASONS
from grader.grade.model import Grade, Ungraded, Verdict
from grader.practice.progress import Progress, Trend
from grader.practice.schedule import Due
from grader.practice.sitting import Attempt, Sitting, first_tries
from grader.report.numbers import score_text
from grader.report.sparkline import sparkline, spelled
from grader.report.terminal import COLORS, MARKS, safe, visible
from grader.scorecard import Scorecard, scorecards

UNDERSTOOD = {"contradiction", "empty"}
"""Flags that say nothing beyond what is said anyway."""
TEXT_COLUMN = 10
"""Where what belongs to a key point begins."""
WORDS = {"met": "met", "partial": "partly", "missing": "missing", "contradicted": "wrong"}
"""Verdicts as a learner is told them."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where it is printed, and how."""

    console: Console
    plain: bool
    """Without tables, bars and rules: as sentences, in reading order."""

    def say(self, text: str = "", style: str = "", indent: int = 0, mark: str = "") -> None:
        """Print text, wrapped at words; its first line begins with a mark, which stands within the indent."""
        for line in text.split("\n"):
            for part in Text(visible(line), style).wrap(self.console, max(self.console.width - indent, 20)):
                part.rstrip()
                self.console.print(Text(mark.ljust(indent), style) + part)
                mark = ""

    def heading(self, text: str) -> None:
        """Print a heading."""
        self.console.print()
        if self.plain:
            self.say(text)
        else:
            self.say(text, "cyan", 3, "──")


def print_sections(rows: Sequence[Progress], due: int, page: Page) -> None:
    """Print the sections with how far each has come, numbered from 1; 0 is what is due, whatever its section."""
    if page.plain:
        if due:
            page.say(f"0. What is due today: {due} questions")
        for number, row in enumerate(rows, 1):
            score = "" if row.score is None else f", mean {score_text(row.score)}"
            again = f", {row.due} due today" if row.due else ""
            page.say(f"{number}. {row.section}: {row.answered} of {row.questions} answered{score}{again}")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("", "section", "answered", "mean", "due today"):
        table.add_column(name, justify="left" if name == "section" else "right")
    if due:
        table.add_row("0", "what is due today, of any section", "", "", str(due))
    for number, row in enumerate(rows, 1):
        cells = [f"{row.answered}/{row.questions}", score_text(row.score), str(row.due or "")]
        table.add_row(str(number), safe(row.section), *cells)
    page.console.print(table)


def print_question(sitting: Sitting, question: Question, before: Due | None, page: Page) -> None:
    """Print the question at the sitting's place."""
    about = [question.section, question.level or "", "" if before is None else f"last time {score_text(before.score)}"]
    head = f"Question {sitting.place + 1} of {len(sitting.plan.questions)}"
    page.heading(", ".join(filter(None, [head, *about])))
    page.say(question.prompt, "bold")


def print_feedback(attempt: Attempt, page: Page, *, revealed: bool) -> None:
    """Print what became of an attempt: what is wrong first, then the key points.

    Until the reference is revealed, a key point that is not met is named by its topic alone, so that a second try is
    worth something.
    """
    result, question = attempt.result, attempt.entry.answer.question
    page.console.print()
    if isinstance(result, Ungraded):
        page.say(f"No grade: {result.reason}. Your answer is kept.")
        return
    color = COLORS[result.band]
    interval = f"90 % interval {score_text(result.low)} to {score_text(result.high)}"
    nth = "" if attempt.number == 1 else f", try {attempt.number}"
    page.console.print(f"[bold {color}]{score_text(result.score)} {result.band}[/] ({interval}{nth})")
    _print_wrong(result, question, page, revealed=revealed)
    order = ("met", "partial", "missing")
    for verdict in sorted((v for v in result.verdicts if v.verdict in order), key=lambda v: order.index(v.verdict)):
        _print_verdict(verdict, question, page, revealed=revealed)
    if revealed:
        _print_remark(result, page)
    for flag in (flag for flag in result.flags if flag not in UNDERSTOOD):
        page.say(f"Note: {REASONS.get(flag, flag.replace('_', ' '))}.", "dim")


def _print_wrong(grade: Grade, question: Question, page: Page, *, revealed: bool) -> None:
    # A grade tells of a misconception by these words, whoever graded.
    stated = [m for m in question.misconceptions if f"Wrong: {m.text}." in grade.feedback]
    for misconception in stated:
        _point(page, "contradicted", f"You seem to say: {misconception.text}")
    for verdict in (v for v in grade.verdicts if v.verdict == "contradicted"):
        _point(page, "contradicted", topic(verdict, question))
        _evidence(page, verdict)
        if verdict.contrary:
            page.say(f"That reads as: {verdict.contrary}", indent=TEXT_COLUMN)
        if revealed:
            page.say(f"Right is: {verdict.text}", indent=TEXT_COLUMN)


def _print_verdict(verdict: Verdict, question: Question, page: Page, *, revealed: bool) -> None:
    shown = revealed or verdict.verdict == "met"
    _point(page, verdict.verdict, verdict.text if shown else topic(verdict, question))
    _evidence(page, verdict)
    if revealed and verdict.reason:
        page.say(verdict.reason, "dim", indent=TEXT_COLUMN)


def _point(page: Page, verdict: str, text: str) -> None:
    if page.plain:
        page.say(f"{WORDS[verdict].capitalize()}: {text}")
        return
    style = {"met": "green", "partial": "yellow", "contradicted": "red"}.get(verdict, "")
    page.say(text, style, TEXT_COLUMN, f"{MARKS[verdict]} {WORDS[verdict]}")


def _evidence(page: Page, verdict: Verdict) -> None:
    if verdict.quote:
        page.say(
            f"you wrote: \N{LEFT DOUBLE QUOTATION MARK}{verdict.quote}\N{RIGHT DOUBLE QUOTATION MARK}",
            indent=TEXT_COLUMN,
        )


def topic(verdict: Verdict, question: Question) -> str:
    """Return what a key point is about, without saying it."""
    if any(point.id == verdict.key_point for point in question.key_points):
        return verdict.key_point.replace("-", " ")
    return "a statement of the reference"  # its own statements have no names


def print_reference(attempt: Attempt, page: Page) -> None:
    """Print the reference, other accepted answers, and in full the key points that an attempt does not meet."""
    question, result = attempt.entry.answer.question, attempt.result
    page.heading("Reference")
    page.say(question.reference)
    for other in question.alternatives:
        page.say()
        page.say(f"Or: {other}")
    if question.note:
        page.say()
        page.say(f"Note: {question.note}", "dim")
    unmet = [v for v in result.verdicts if v.verdict != "met"] if isinstance(result, Grade) else []
    if unmet:
        page.say("\nWhat your answer did not say, or not wholly", "bold")
    for verdict in unmet:
        _point(page, verdict.verdict, verdict.text)
        if verdict.reason:
            page.say(verdict.reason, "dim", indent=TEXT_COLUMN)
    if isinstance(result, Grade):
        _print_remark(result, page)


def _print_remark(grade: Grade, page: Page) -> None:
    """Print what a language model says to the learner; what code says is in the key points already."""
    if any(verdict.votes for verdict in grade.verdicts):
        page.say(f"\n{grade.feedback}")


def print_result(
    sitting: Sitting, attempts: Sequence[Attempt], trends: Mapping[str, Trend], due_soon: int, page: Page
) -> None:
    """Print how a sitting went.

    Args:
        sitting: the one that has ended.
        attempts: its own, by place.
        trends: of all sittings, this one last; see `progress.trends`.
        due_soon: how many questions come back by tomorrow.
        page: where to.

    """
    counted = first_tries(attempts)
    page.heading(f"Result: {sitting.plan.title}")
    if not counted:
        page.say("Nothing was answered.")
        return
    (card,) = scorecards(attempt.result for attempt in counted)
    _print_tallies(card, trends, page)
    left = len(sitting.plan.questions) - len(counted)
    if left:
        page.say(f"Not answered: {left} of {len(sitting.plan.questions)} questions.")
    if card.weakest:
        page.say()
        page.say("Study next", "bold")
        for number, (name, _, text) in enumerate(card.weakest, 1):
            page.say(f"{text} ({name})", indent=4, mark=f" {number}.")
    _print_second_tries(attempts, page)
    page.say()
    each = sum(attempt.seconds for attempt in counted) / len(counted)
    if sitting.seconds:
        page.say(f"Time: {duration(sitting.seconds)}; {duration(each)} for an answer.")
    if due_soon:
        page.say(f"Due by tomorrow: {due_soon} questions; `grader take` offers them.")


def print_history(
    sittings: Sequence[tuple[Sitting, Sequence[Attempt]]], trends: Mapping[str, Trend], due: int, page: Page
) -> None:
    """Print the sittings, the oldest first, the trend of each section, and how many questions are due today."""
    rows = [_summary(sitting, attempts) for sitting, attempts in sittings]
    if page.plain:
        for row in rows:
            page.say(", ".join(row))
    else:
        table = Table(box=None, pad_edge=False)
        for name in SUMMARY_COLUMNS:
            table.add_column(name, justify="left" if name in ("test", "what") else "right")
        for row in rows:
            table.add_row(*map(safe, row))
        page.console.print(table)
    page.console.print()
    for trend in trends.values():
        name = trend.section or "all answers"
        shown = spelled(trend.scores) if page.plain else f"{sparkline(trend.scores)} {score_text(trend.scores[-1])}"
        page.say(f"{name}: {shown}" if page.plain else f"{shown}  {name}")
    page.say(f"\nDue today: {due} questions." + (" `grader take` offers them." if due else ""))


SUMMARY_COLUMNS = ("test", "what", "answered", "score", "90 %", "time")


def _summary(sitting: Sitting, attempts: Sequence[Attempt]) -> list[str]:
    cards = scorecards(attempt.result for attempt in first_tries(attempts))
    total = cards[0].overall if cards else None
    kind = "exam: " if sitting.plan.exam else ""
    state = "" if sitting.ended else " (under way)"
    return [
        sitting.label,
        f"{kind}{sitting.plan.title}{state}",
        f"{total.graded if total else 0}/{len(sitting.plan.questions)}",
        score_text(total.score if total else None),
        f"{score_text(total.low)}-{score_text(total.high)}" if total else "-",
        duration(sitting.seconds),
    ]


def _print_tallies(card: Scorecard, trends: Mapping[str, Trend], page: Page) -> None:
    rows = [*card.sections, replace(card.overall, name="")] if len(card.sections) > 1 else list(card.sections)
    if page.plain:
        for tally in rows:
            earlier = trends[tally.name].scores[:-1] if tally.name in trends else ()
            interval = f"90 % interval {score_text(tally.low)} to {score_text(tally.high)}"
            before = f"; before: {spelled(earlier)}" if earlier else ""
            page.say(
                f"{tally.name or 'All answers'}: {score_text(tally.score)} {tally.band}, {interval}, "
                f"{tally.graded} graded{before}"
            )
        return
    table = Table(box=None, pad_edge=False)
    for name in ("section", "score", "90 %", "band", "graded", "over time"):
        table.add_column(name, justify="left" if name in ("section", "band", "over time") else "right")
    for tally in rows:
        interval = f"{score_text(tally.low)}-{score_text(tally.high)}"
        band = f"[{COLORS.get(tally.band, 'dim')}]{tally.band or '-'}[/]"
        line = sparkline(trends[tally.name].scores) if tally.name in trends else ""
        name = safe(tally.name or "all answers")
        table.add_row(name, score_text(tally.score), interval, band, str(tally.graded), line)
    page.console.print(table)


def _print_second_tries(attempts: Sequence[Attempt], page: Page) -> None:
    by_place: dict[int, list[Attempt]] = {}
    for attempt in attempts:
        by_place.setdefault(attempt.place, []).append(attempt)
    more = [tries for tries in by_place.values() if len(tries) > 1]
    if not more:
        return
    page.say()
    page.say("Second tries (kept; the first counts)", "bold")
    for tries in more:
        scores = " to ".join(_score(attempt) for attempt in tries)
        seen = ", after seeing the reference" if tries[-1].reference_seen else ""
        page.say(f"{tries[0].entry.answer.question.id}: {scores}{seen}", indent=2)


def _score(attempt: Attempt) -> str:
    return score_text(attempt.result.score if isinstance(attempt.result, Grade) else None)


def duration(seconds: float) -> str:
    """Return a time for people: minutes and seconds, without minutes below one."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

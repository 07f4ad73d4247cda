"""The cohort as Markdown, for a message or a wiki."""

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from grader.report.numbers import score_text
from grader.scorecard import Cohort

MOST = 20
"""How many questions and key points are listed."""


def write_markdown(cohort: Cohort, manifest: Mapping[str, Any], stream: IO[str]) -> None:
    """Write the ranking, the hardest questions and the key points most often missed."""
    stream.write(f"# Scorecards: {_cell(manifest['inputs']['answers']['path'])}\n\n")
    stream.write(f"{cohort.graded} graded, {cohort.ungraded} ungraded, {cohort.to_review} for a person to look at.\n")
    stream.write("Candidates of one rank band cannot be told apart from its best one.\n\n")
    ranking = (
        (
            "-" if standing.rank is None else str(standing.rank),
            "-" if standing.rank_band is None else str(standing.rank_band),
            standing.card.candidate or "all answers",
            score_text(standing.card.overall.score),
            f"{score_text(standing.card.overall.low)}-{score_text(standing.card.overall.high)}",
            str(standing.card.overall.ungraded),
            str(standing.card.overall.to_review),
        )
        for standing in cohort.standings
    )
    _table(stream, ("rank", "rank band", "candidate", "score", "90 %", "ungraded", "to review"), ranking)
    stream.write("\n## Hardest questions\n\n")
    hard = ((q.question_id, q.section, score_text(q.score), str(q.graded)) for q in cohort.questions[:MOST])
    _table(stream, ("question", "section", "mean score", "answers"), hard)
    stream.write("\n## Key points most often missed\n\n")
    missed = ((p.question_id, p.text, f"{p.share:.0%}", str(p.contradicted)) for p in cohort.key_points[:MOST])
    _table(stream, ("question", "key point", "missed", "contradicted"), missed)


def _table(stream: IO[str], header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for cells in (header, ["---"] * len(header), *rows):
        stream.write("| " + " | ".join(map(_cell, cells)) + " |\n")


def _cell(text: str) -> str:
    """Return text that stays in its cell and is neither markup nor HTML."""
    plain = " ".join(text.split())
    for char in "\\`*_[]<>|":
        plain = plain.replace(char, f"\\{char}" if char not in "<>" else {"<": "&lt;", ">": "&gt;"}[char])
    return plain

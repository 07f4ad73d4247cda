"""How much a bank holds, section by section."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from grader.bank.model import Bank, Section


@dataclass(frozen=True, slots=True)
class SectionStats:
    """What one section holds; the words are those of all its texts, notes included."""

    section: str
    questions: int
    key_points: int
    contraries: int
    words: int


def bank_stats(bank: Bank) -> list[SectionStats]:
    """Return one row a section, in order, and `all sections` last."""
    rows = [_row(section) for section in bank.sections]
    totals = (sum(getattr(row, name) for row in rows) for name in ("questions", "key_points", "contraries", "words"))
    return [*rows, SectionStats("all sections", *totals)]


def stats_table(rows: Sequence[SectionStats]) -> str:
    """Return the rows as a Markdown table."""
    head = "| section | questions | key points | contraries | words |\n| :-- | --: | --: | --: | --: |"
    return "\n".join([head, *(f"| {' | '.join(map(str, astuple(row)))} |" for row in rows)])


def _row(section: Section) -> SectionStats:
    points = [point for question in section.questions for point in question.key_points]
    return SectionStats(
        section=section.title,
        questions=len(section.questions),
        key_points=len(points),
        contraries=sum(len(point.contrary) for point in points),
        words=sum(len(text.split()) for question in section.questions for _, text in question.texts()),
    )

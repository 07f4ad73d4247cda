"""Every report of a run, made from its record alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from grader.adapters.store import Record, Run
from grader.grade.doubt import doubt
from grader.grade.entry import Entry
from grader.grade.pairs import Pair, flagged_positions, pairs_of, with_flags
from grader.report.blind import Naming, blind_entry, blind_pair, pseudonyms
from grader.report.files import writing
from grader.report.html import write_html
from grader.report.junit import write_junit
from grader.report.markdown import write_markdown
from grader.report.records import grade_rows, pair_rows, scorecard_rows, write_grades_jsonl, write_rows
from grader.report.review import review_rows
from grader.report.workbook import write_workbook
from grader.scorecard import Cohort, cohort_of

STANDARD = ("csv", "jsonl", "html")
"""The formats that `grader grade` writes."""


@dataclass
class RunReport:
    """A run as its reports see it: with the flags of near-identical answers, and blind where asked for."""

    record: Record
    run: Run
    blind: bool = False
    _name: Naming | None = field(init=False)

    def __post_init__(self) -> None:
        """Choose how candidates are named."""
        self._name = pseudonyms(self.run.manifest["inputs"]["answers"]["sha256"]) if self.blind else None

    @property
    def pass_mark(self) -> float:
        """The score, 0..1, from which an answer counts as right."""
        return float(self.run.manifest["settings"]["pass_mark"])

    @cached_property
    def pairs(self) -> list[Pair]:
        """The near-identical answers, question by question."""
        questions = self.record.questions(self.run)
        found = (p for q in questions for p in pairs_of(list(self.record.entries(self.run, question=q))))
        return [blind_pair(pair, self._name) if self._name else pair for pair in found]

    @cached_property
    def cohort(self) -> Cohort:
        """All candidates."""
        return cohort_of(entry.result for entry in self.entries())

    def entries(self, *, question: str | None = None, positions: list[int] | None = None) -> Iterator[Entry]:
        """Go through the entries in order of position, or in that of the positions given."""
        return self._seen(self.record.entries(self.run, question=question, positions=positions))

    def explain(self, question: str, positions: list[int]) -> Iterator[tuple[Entry, list[Pair]]]:
        """Go through the entries at the positions, each with the pairs that it is part of."""
        pairs = list(pairs_of(list(self.record.entries(self.run, question=question))))
        for entry in with_flags(self.record.entries(self.run, positions=positions), flagged_positions(pairs)):
            place = entry.answer.position
            yield entry, [pair for pair in pairs if place in (pair.position, pair.other_position)]

    def candidates(self) -> Iterator[tuple[str, list[Entry]]]:
        """Go through the candidates in order of first appearance, each with all entries."""
        for candidate in self.record.candidates(self.run):
            entries = list(self._seen(self.record.entries(self.run, candidate=candidate)))
            yield entries[0].answer.candidate, entries

    def one(self, position: int) -> Entry | None:
        """Return the entry at a position, or None."""
        return next(self.entries(positions=[position]), None)

    def doubtful(self) -> Iterator[Entry]:
        """Go through the entries that need a person, the most doubtful first."""
        doubts = ((doubt(entry.result, self.pass_mark), entry.answer.position) for entry in self.entries())
        ordered = sorted((-amount, position) for amount, position in doubts if amount > 0)
        return self.entries(positions=[position for _, position in ordered])

    def sheets(self) -> dict[str, Iterator[Sequence[str]]]:
        """Return the sheets of the workbook, each as its rows."""
        return {
            "scorecards": scorecard_rows(self.cohort),
            "grades": grade_rows(self.entries()),
            "review": review_rows(self.doubtful(), self.pass_mark),
            "integrity": pair_rows(self.pairs),
        }

    def write(self, folder: Path, formats: Iterable[str]) -> list[Path]:
        """Write the files of these formats; return them. Raises InputError when one cannot be written."""
        written = []
        for name, write, mode in (file for wanted in formats for file in FILES[wanted]):
            with writing(folder / name, mode) as stream:
                write(self, stream)
            written.append(folder / name)
        return written

    def _seen(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        flagged = with_flags(entries, self._flagged)
        return (blind_entry(entry, self._name) for entry in flagged) if self._name else flagged

    @cached_property
    def _flagged(self) -> frozenset[int]:
        return flagged_positions(self.pairs)


Write = Callable[[RunReport, IO[Any]], None]
FILES: dict[str, tuple[tuple[str, Write, str], ...]] = {
    "csv": (
        ("grades.csv", lambda r, stream: write_rows(grade_rows(r.entries()), stream), "w"),
        ("scorecards.csv", lambda r, stream: write_rows(scorecard_rows(r.cohort), stream), "w"),
        ("review.csv", lambda r, stream: write_rows(review_rows(r.doubtful(), r.pass_mark), stream), "w"),
        ("integrity.csv", lambda r, stream: write_rows(pair_rows(r.pairs), stream), "w"),
    ),
    "jsonl": (("grades.jsonl", lambda r, stream: write_grades_jsonl(r.entries(), stream), "w"),),
    "html": (("scorecards.html", lambda r, stream: write_html(r.cohort, r.candidates(), r.run.manifest, stream), "w"),),
    "junit": (("junit.xml", lambda r, stream: write_junit(r.candidates(), r.pass_mark, stream), "w"),),
    "md": (("report.md", lambda r, stream: write_markdown(r.cohort, r.run.manifest, stream), "w"),),
    "xlsx": (("report.xlsx", lambda r, stream: write_workbook(r.sheets(), stream), "wb"),),
}
"""Format -> its files: (name, what writes it, mode)."""

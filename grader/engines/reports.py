"""Every report of a run, made from its record alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from grader.adapters.store import Record, Run
from grader.grade.doubt import doubt
from grader.grade.entry import Entry
from grader.grade.model import Grade, Ungraded
from grader.grade.pairs import Pair, flagged_positions, pairs_of, with_flags
from grader.report.blind import Naming, blind_entry, blind_pair, pseudonyms
from grader.report.files import writing
from grader.report.html import write_html
from grader.report.junit import write_junit
from grader.report.markdown import write_markdown
from grader.report.records import grade_rows, pair_rows, scorecard_rows, write_grades_jsonl, write_manifest, write_rows
from grader.report.review import review_rows
from grader.report.workbook import write_workbook
from grader.scorecard import Cohort, cohort_of

STANDARD = ("manifest", "csv", "jsonl", "html")
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
        self._name = pseudonyms(self.run.secret) if self.blind else None

    @property
    def pass_mark(self) -> float:
        """The score, 0..1, from which an answer counts as right."""
        return float(self.run.manifest["settings"]["pass_mark"])

    @cached_property
    def pairs(self) -> list[Pair]:
        """The near-identical answers, question by question."""
        found = (pair for answers in self.record.by_question(self.run) for pair in pairs_of(answers))
        return [blind_pair(pair, self._name) if self._name else pair for pair in found]

    @property
    def cohort(self) -> Cohort:
        """All candidates."""
        return self._overview[0]

    def entries(self, positions: list[int] | None = None) -> Iterator[Entry]:
        """Go through the entries in order of position, or in that of the positions given."""
        return self._seen(self.record.entries(self.run, positions=positions))

    def one(self, position: int) -> Entry | None:
        """Return the entry at a position, or None."""
        return next(self.entries([position]), None)

    def explain(self, candidate: str, question: str) -> Iterator[tuple[Entry, list[Pair]]]:
        """Go through a candidate's entries for a question, each with the pairs that it is part of."""
        for entry in self._seen(self.record.entries(self.run, candidate=candidate, question=question)):
            place = entry.answer.position
            yield entry, [pair for pair in self.pairs if place in (pair.position, pair.other_position)]

    def candidates(self) -> Iterator[tuple[str, list[Entry]]]:
        """Go through the candidates in order of first appearance, each with all entries."""
        for _, own in self.record.by_candidate(self.run):
            entries = list(self._seen(own))
            yield entries[0].answer.candidate, entries

    def doubtful(self) -> Iterator[Entry]:
        """Go through the entries that need a person, the most doubtful first."""
        return self.entries(self._overview[1])

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

    @cached_property
    def _overview(self) -> tuple[Cohort, list[int]]:
        """The cohort, and the positions of the entries that need a person: both from going through all once."""
        doubts: list[tuple[float, int]] = []

        def results() -> Iterator[Grade | Ungraded]:
            for entry in self.entries():
                amount = doubt(entry.result, self.pass_mark)
                if amount > 0:
                    doubts.append((-amount, entry.answer.position))
                yield entry.result

        cohort = cohort_of(results())
        return cohort, [position for _, position in sorted(doubts)]

    def _seen(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        flagged = with_flags(entries, self._flagged)
        return (blind_entry(entry, self._name) for entry in flagged) if self._name else flagged

    @cached_property
    def _flagged(self) -> frozenset[int]:
        return flagged_positions(self.pairs)


Write = Callable[[RunReport, IO[Any]], None]
FILES: dict[str, tuple[tuple[str, Write, str], ...]] = {
    "manifest": (("manifest.json", lambda r, stream: write_manifest(r.run.manifest, stream), "w"),),
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

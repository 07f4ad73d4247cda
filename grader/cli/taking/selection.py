"""From what was asked for on the command line, or is chosen at the desk, to the questions of a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.bank import Bank, Question
from grader.bank.model import Section
from grader.cli.taking.desk import Desk
from grader.errors import InputError
from grader.practice.choose import choose, find_sections, put_in_order
from grader.practice.order import Level, Order
from grader.practice.progress import progress
from grader.practice.schedule import Due
from grader.practice.sitting import Plan
from grader.report.practice import Page, print_sections

ALL_DUE = "0"
"""What is typed to be asked what is due, whatever its section."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions were asked for on the command line."""

    sections: tuple[str, ...] = ()
    number: int | None = None
    levels: tuple[Level, ...] = ()
    tags: tuple[str, ...] = ()
    order: Order | None = None
    exam: bool = False
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What there is to choose from, and how."""

    bank: Bank
    wanted: Wanted
    due: Mapping[str, Due]
    """When each question that was answered comes back, by its id."""
    now: datetime
    """In the learner's time zone."""
    seed: str
    """Of a random order."""

    def questions(self, usual: Order) -> list[Question]:
        """Return the questions that the command line asks for. Raises InputError."""
        return self._ordered(find_sections(self.bank, self.wanted.sections), usual)

    def at_desk(self, page: Page, desk: Desk) -> list[Question]:
        """Return the questions that the command line asks for; where it names none, let the learner choose.

        Raises:
            InputError: the command line asks for what is not there.
            EOFError, KeyboardInterrupt: the learner has left.

        """
        if self.wanted != Wanted():
            return self.questions(Order.RANDOM if self.wanted.exam else Order.WEAK)
        due = [question for question in self.bank if question.id in self.due and self.due[question.id].by(self.now)]
        rows = progress(self.bank, self.due, self.now)
        print_sections(rows, len(due), page)
        unfinished = (number for number, row in enumerate(rows, 1) if row.answered < row.questions)
        proposed = ALL_DUE if due else str(next(unfinished, 1))
        while True:
            given = desk.ask(f"Which section? Number or name [{proposed}]: ").strip() or proposed
            if given == ALL_DUE and due:
                return put_in_order(due, Order.WEAK, self.due, self.now, self.seed)
            try:
                return self._ordered(find_sections(self.bank, [given]), Order.WEAK)
            except InputError as exc:
                page.say(str(exc))

    def plan(self, questions: Sequence[Question]) -> Plan:
        """Return the plan of a test with these questions."""
        titles = list(dict.fromkeys(question.section for question in questions))
        title = titles[0] if len(titles) == 1 else f"{len(questions)} questions of {len(titles)} sections"
        narrowed = ", ".join([*self.wanted.levels, *self.wanted.tags])
        return Plan(
            bank=self.bank.name,
            title=f"{title} ({narrowed})" if narrowed else title,
            questions=tuple(question.id for question in questions),
            exam=self.wanted.exam,
            minutes=self.wanted.minutes,
        )

    def _ordered(self, sections: Sequence[Section], usual: Order) -> list[Question]:
        wanted = self.wanted
        found = choose(self.bank, sections=sections, levels=wanted.levels, tags=wanted.tags)
        return put_in_order(found, wanted.order or usual, self.due, self.now, self.seed)[: wanted.number]

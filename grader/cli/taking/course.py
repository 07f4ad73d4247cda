"""From what was asked for on the command line to a sitting, and from its end to its result."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import typer
from filelock import FileLock, Timeout

from grader.adapters.store import History
from grader.answers import Answer
from grader.bank import Bank, Question
from grader.cli.calls import tell_plan, tell_totals
from grader.cli.context import Context, print_json
from grader.cli.status import ExitStatus
from grader.cli.taking.desk import Desk, command_in
from grader.cli.taking.dialogue import Dialogue, grade_attempt
from grader.cli.taking.selection import Selection, Wanted
from grader.engines import WaitingGrader, grader_inputs, practice_manifest
from grader.errors import InputError
from grader.grade.model import Ungraded
from grader.pipeline.grader import Grader
from grader.practice.answers_file import split_answers
from grader.practice.clock import Stopwatch
from grader.practice.order import Order
from grader.practice.progress import trends
from grader.practice.schedule import Due, schedule
from grader.practice.sitting import Attempt, Sitting
from grader.report.practice import Page, print_feedback, print_question, print_result
from grader.report.practice_records import sitting_json
from grader.settings import Settings

ATTEMPTS = 2
"""How often a request to a language model is sent: somebody is waiting."""


@contextmanager
def open_history(path: Path) -> Iterator[History]:
    """Give the history in a file, made if need be, to this process alone.

    Raises:
        InputError: the file cannot be used, or another test is under way with it.

    """
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{path}: another test is being taken with this history; end it, or give another --db"
        ) from None
    except OSError as exc:
        raise InputError(f"{path}: cannot be used: {exc.strerror or exc}") from exc
    try:
        history = History(path)
        try:
            yield history
        finally:
            history.close()
    finally:
        lock.release()


@dataclass
class Course:
    """What a learner does with a bank and a history."""

    shared: Context
    bank: Bank
    history: History
    wanted: Wanted

    def at_terminal(self, *, plain: bool, editor: bool, fresh: bool) -> None:
        """Take a test in dialogue."""
        plain = plain or self.shared.console().is_dumb_terminal
        page, desk = Page(self.shared.console(plain=plain), plain), _desk(plain=plain, color=self.shared.settings.color)
        try:
            sitting = self._unfinished(page, desk, fresh=fresh) or self._begin(self._selection.at_desk(page, desk))
        except EOFError:  # Ctrl-D before the first question
            page.say()
            return
        questions = [self.bank.question(name) for name in sitting.plan.questions]
        grader = self._grader(page.say, questions)
        limit = None if sitting.plan.minutes is None else sitting.plan.minutes * 60
        watch = Stopwatch(time.monotonic, sitting.seconds, limit)
        dialogue = Dialogue(
            self.history,
            sitting,
            questions,
            grader,
            desk,
            page,
            watch,
            _utc_now,
            before=self._selection.due,
            editor=editor,
        )
        try:
            sitting = dialogue.run()
        except KeyboardInterrupt:
            self._leave(dialogue, page)
            raise
        if not sitting.ended:
            self._leave(dialogue, page)
            return
        self._show_result(sitting, dialogue.attempts, page)
        self._finish(sitting, dialogue.attempts, grader)

    def from_file(self, path: Path, *, json: bool) -> None:
        """Take a test whose answers are written already."""
        questions = self._selection.questions(Order.BANK)
        texts = split_answers(_text(path), len(questions), str(path))
        given = [(place, text) for place, text in enumerate(texts) if command_in(text) != ":skip"]
        if self.shared.dry_run:
            answers = [Answer(questions[place], text) for place, text in given]
            tell_plan(self.shared, [(_make_grader(self.shared.settings), answers)], json=json)
            return
        sitting = self._begin(questions)
        attempts = []
        for place, text in given:
            sitting = replace(sitting, place=place)
            attempts.append(self.history.hand_in(sitting, questions[place], text, _utc_now()))
        grader = self._grader(self.shared.tell, [])
        attempts = [
            grade_attempt(self.history, sitting, attempt, grader)
            for attempt in self.shared.progress(attempts, len(attempts), "grading")
        ]
        sitting = replace(sitting, place=len(questions), ended=True)
        self.history.keep_sitting(sitting)
        if json:
            print_json(sitting_json(sitting, attempts))
        else:
            page = Page(self.shared.console(), plain=not sys.stdout.isatty())
            for attempt in attempts:
                question = attempt.entry.answer.question
                print_question(replace(sitting, place=attempt.place), question, None, page)
                print_feedback(attempt, page, revealed=self.wanted.exam)
            self._show_result(sitting, attempts, page)
        self._finish(sitting, attempts, grader)

    def _schedule(self) -> dict[str, Due]:
        own = (attempts for sitting, attempts in self.history.all_attempts() if sitting.plan.bank == self.bank.name)
        return schedule((attempt for attempts in own for attempt in attempts), _now())

    def _unfinished(self, page: Page, desk: Desk, *, fresh: bool) -> Sitting | None:
        """Return the test to go on with, if there is one and the learner wants to."""
        under_way = [s for s in self.history.sittings() if not s.ended and s.plan.bank == self.bank.name]
        for sitting in reversed(under_way):
            gone = [name for name in sitting.plan.questions if name not in self.bank.by_id]
            if gone:
                page.say(f"A test that was under way is over: the bank has no question {gone[0]!r} any more.")
            elif not fresh:
                done = len({attempt.place for attempt in self.history.attempts(sitting)})
                page.say(
                    f"A test is under way: {sitting.plan.title}, {done} of {len(sitting.plan.questions)} answered, "
                    f"begun {sitting.started.astimezone():%Y-%m-%d %H:%M}."
                )
                if desk.choose({"g": "go on with it", "n": "end it, take a new one"}) == "g":
                    return sitting
            self.history.keep_sitting(replace(sitting, ended=True))
        return None

    @cached_property
    def _selection(self) -> Selection:
        seed = f"{self.shared.settings.seed}:{len(self.history.sittings())}"  # another order each time
        return Selection(self.bank, self.wanted, self._schedule(), _now(), seed)

    def _begin(self, questions: Sequence[Question]) -> Sitting:
        manifest = practice_manifest(self.bank, self.shared.settings)
        return self.history.begin_sitting(self._selection.plan(questions), manifest, _utc_now())

    def _grader(self, tell: Callable[[str], None], questions: Sequence[Question]) -> WaitingGrader:
        settings = replace(self.shared.settings, attempts=min(self.shared.settings.attempts, ATTEMPTS))
        example = Answer(questions[0], questions[0].prompt) if questions else None
        return WaitingGrader(lambda: _make_grader(settings), tell, example)

    def _show_result(self, sitting: Sitting, attempts: Sequence[Attempt], page: Page) -> None:
        earlier = [pair for pair in self.history.all_attempts() if pair[0].plan.bank == self.bank.name]
        tomorrow = _now() + timedelta(days=1)
        due = sum(one.by(tomorrow) for one in self._schedule().values())
        print_result(sitting, attempts, trends(earlier), due, page)

    def _leave(self, dialogue: Dialogue, page: Page) -> None:
        done = len({attempt.place for attempt in dialogue.attempts})
        asked = len(dialogue.sitting.plan.questions)
        page.say(f"\nKept: {done} of {asked} answered. `grader take` goes on from here.")
        self._keep_inputs(dialogue.sitting, dialogue.attempts, dialogue.grader)

    def _finish(self, sitting: Sitting, attempts: Sequence[Attempt], grader: WaitingGrader) -> None:
        self._keep_inputs(sitting, attempts, grader)
        if any(isinstance(attempt.result, Ungraded) for attempt in attempts):
            raise typer.Exit(ExitStatus.SOME_UNGRADED)

    def _keep_inputs(self, sitting: Sitting, attempts: Sequence[Attempt], grader: WaitingGrader) -> None:
        """Keep what the grades of a sitting depend on, and say what a language model took; where any was made."""
        if grader.ready and any(not attempt.waiting for attempt in attempts):
            self.history.add_inputs(sitting, grader_inputs(grader.grader))
            tell_totals(self.shared, grader.grader)


def _make_grader(settings: Settings) -> Grader:
    from grader.engines import make_grader  # loads what grading needs: not before the first question is shown

    return make_grader(settings)


def _desk(*, plain: bool, color: bool) -> Desk:
    if plain:
        from grader.cli.taking.plain import PlainDesk

        return PlainDesk()
    from grader.cli.taking.terminal import TerminalDesk

    return TerminalDesk(color=color)


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path}: cannot be read: {exc}") from exc


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _now() -> datetime:
    """Return the time in the learner's own zone."""
    return _utc_now().astimezone()

"""A test in dialogue: a question, an answer, what became of it, and on to the next."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from grader.adapters.store import History
from grader.answers import Answer
from grader.bank import Question
from grader.cli.taking.desk import Desk, How, Written, command_in, commands_text, unknown_command
from grader.cli.taking.editor import edit
from grader.engines.practice import WaitingGrader
from grader.errors import InputError
from grader.practice.clock import Stopwatch
from grader.practice.schedule import Due
from grader.practice.sitting import Attempt, Sitting, open_places
from grader.practice.written import unwrapped
from grader.report.practice import Page, duration, print_feedback, print_question, print_reference

LAST_SECONDS = 0.5
"""With less than this left, the time is up."""
AFTER = {"n": "next", "t": "try again", "r": "reference", "b": "back", "p": "pause", "e": "end"}


class _NextStep(Exception):  # noqa: N818  # no error: a command has led to another question
    """The question at hand is left."""


@dataclass
class Dialogue:
    """One sitting at a desk. Every answer is kept before it is graded."""

    history: History
    sitting: Sitting
    questions: Sequence[Question]
    grader: WaitingGrader
    desk: Desk
    page: Page
    watch: Stopwatch
    now: Callable[[], datetime]
    """UTC."""
    before: Mapping[str, Due] = field(default_factory=dict)
    """What is known of the questions from earlier sittings, by id."""
    editor: bool = False
    """Whether each answer is written in an editor."""
    attempts: list[Attempt] = field(init=False)
    shown: set[int] = field(init=False)
    """The places whose reference was shown."""

    def __post_init__(self) -> None:
        """Take up what was done before."""
        self.attempts = self.history.attempts(self.sitting)
        self.shown = self.history.references_shown(self.sitting)

    def run(self) -> Sitting:
        """Ask until the sitting has ended or the learner leaves; return it as it then is.

        Raises:
            KeyboardInterrupt: Ctrl-C, or the terminal is gone; all that was written is kept.

        """
        with _hanging_up_interrupts():
            try:
                if not self.sitting.plan.exam:
                    self._grade_waiting()
                while not self.sitting.ended:
                    try:
                        self._step()
                    except _NextStep:
                        continue
            except EOFError:
                self._keep()
            except KeyboardInterrupt:
                self._keep()
                raise
        return self.sitting

    def _step(self) -> None:
        place = self.sitting.place
        if self.watch.left is not None and self.watch.left < LAST_SECONDS:
            self.page.say("The time is up.", "bold")
            if self.sitting.draft:
                self._give(self.questions[place], unwrapped(self.sitting.draft), 0.0)
            self._end()
        elif place >= len(self.questions):
            self._at_the_end()
        elif self.sitting.plan.exam:
            self._examine(self.questions[place])
        else:
            self._practise(self.questions[place])

    def _practise(self, question: Question) -> None:
        self._print_question(question)
        if tries := self._tries():
            print_feedback(tries[-1], self.page, revealed=self._seen)
        else:
            self._try(question)
        while True:
            match self.desk.choose(AFTER):
                case "n":
                    self._next()
                case "t":
                    self._print_question(question)
                    self._try(question)
                case "r":
                    self.shown.add(self.sitting.place)
                    self.history.show_reference(self.sitting)
                    print_reference(self._tries()[-1], self.page)
                case "b":
                    self._back()
                case "p":
                    self._pause()
                case _:
                    self._end()

    @property
    def _seen(self) -> bool:
        """Whether the reference of the question at hand was shown."""
        return self.sitting.place in self.shown

    def _try(self, question: Question) -> None:
        began = self.watch.seconds
        text = self._write(question, self.sitting.draft)
        attempt = self.history.hand_in(
            self.sitting,
            question,
            text,
            self.now(),
            number=len(self._tries()) + 1,
            seconds=self.watch.seconds - began,
            reference_seen=self._seen,
        )
        self.attempts.append(attempt)
        self._keep(draft="")
        self._grade_waiting()
        print_feedback(self.attempts[-1], self.page, revealed=self._seen)

    def _examine(self, question: Question) -> None:
        self._print_question(question)
        began = self.watch.seconds
        text = self._write(question, self.sitting.draft or self._given())
        self._give(question, text, self.watch.seconds - began)
        self._next()

    def _given(self) -> str:
        """Return the answer of an exam as it stands; it can be changed until the end."""
        return next((attempt.entry.answer.text for attempt in self._tries()), "")

    def _give(self, question: Question, text: str, seconds: float) -> None:
        """Keep the answer of an exam, in place of an earlier one."""
        for given in self._tries():
            if text == given.entry.answer.text:
                return
            seconds += given.seconds
            self.history.withdraw(self.sitting, given)
            self.attempts.remove(given)
        self.attempts.append(self.history.hand_in(self.sitting, question, text, self.now(), seconds=seconds))

    def _print_question(self, question: Question) -> None:
        print_question(self.sitting, question, self.before.get(question.id), self.page)

    def _write(self, question: Question, draft: str) -> str:
        """Return what is handed in. Raises _NextStep when a command leads elsewhere."""
        self.page.say(self.desk.hint, "dim")
        if self.watch.left is not None:
            self.page.say(f"Time left: {duration(self.watch.left)}.")
        in_editor = self.editor
        while True:
            written = self._in_editor(question, draft) if in_editor else self.desk.write(draft, self.watch.left)
            in_editor = self.editor
            if written is None:
                continue
            if written.how in (How.INTERRUPTED, How.LEFT):
                self._keep(draft=written.text)
                raise KeyboardInterrupt if written.how is How.INTERRUPTED else EOFError
            if written.how is How.TIME_UP:
                if written.text:
                    return unwrapped(written.text)
                raise _NextStep
            if not (word := command_in(written.text)):
                if written.text or self._means_empty():
                    return unwrapped(written.text)
            elif word == ":edit":
                in_editor = True
            else:
                self._obey(word)

    def _in_editor(self, question: Question, draft: str) -> Written | None:
        """Return what was written in the editor, or a command chosen instead; None when the editor failed."""
        if self.editor:
            key = self.desk.choose({"w": "write in your editor", "s": "skip", "b": "back", "p": "pause", "e": "end"})
            if key != "w":
                return Written({"s": ":skip", "b": ":back", "p": ":pause", "e": ":end"}[key])
        try:
            return Written(edit(draft, question.prompt))
        except InputError as exc:
            self.page.say(str(exc))
            return None

    def _means_empty(self) -> bool:
        self.page.say("Nothing is written yet.")
        return self.desk.choose({"w": "go on writing", "h": "hand in an empty answer"}) == "h"

    def _obey(self, word: str) -> None:
        """Do what a command says. Raises _NextStep when it leads elsewhere."""
        match word:
            case ":skip":
                self._next()
            case ":back":
                self._back()
            case ":pause":
                self._pause()
            case ":end":
                self._end()
            case ":help":
                self.page.say(commands_text())
            case _:
                self.page.say(unknown_command(word))

    def _next(self) -> None:
        """Go to the next question that is open. Always raises _NextStep."""
        later = [place for place in self._open() if place > self.sitting.place]
        self._go(later[0] if later else len(self.questions))

    def _back(self) -> None:
        """Go to the question before. Always raises _NextStep."""
        if self.sitting.place == 0:
            self.page.say("This is the first question.")
        self._go(max(0, self.sitting.place - 1))

    def _go(self, place: int) -> None:
        self._keep(place=place, draft="")
        raise _NextStep

    def _pause(self) -> None:
        """Let the clock stand still. Raises EOFError when the learner leaves."""
        self.watch.pause()
        self._keep()
        self.page.say(f"Paused after {duration(self.sitting.seconds)}; the clock stands still.")
        if self.desk.choose({"g": "go on", "l": "leave, and go on another day"}) == "l":
            raise EOFError
        self.watch.go_on()

    def _at_the_end(self) -> None:
        """Where all questions have been asked: go to those left out, or end."""
        left = self._open()
        if left:
            self.page.say(f"\n{len(left)} of {len(self.questions)} questions are open.")
            choice = self.desk.choose({"g": "go to them", "e": "end the test"})
            if choice == "g":
                self._go(left[0])
        elif self.sitting.plan.exam:
            self.page.say("\nAll questions are answered.")
            if self.desk.choose({"h": "hand in", "b": "back"}) == "b":
                self._back()
        self._end()

    def _end(self) -> None:
        """End the sitting. Always raises _NextStep."""
        self._grade_waiting()
        self.attempts.sort(key=lambda attempt: (attempt.place, attempt.number))
        if self.sitting.plan.exam:
            for attempt in self.attempts:
                self.sitting = replace(self.sitting, place=attempt.place)
                self._print_question(attempt.entry.answer.question)
                print_feedback(attempt, self.page, revealed=True)
        self._keep(place=len(self.questions), draft="", ended=True)
        raise _NextStep

    def _grade_waiting(self) -> None:
        """Grade the attempts that were handed in and have no grade."""
        waiting = [index for index, attempt in enumerate(self.attempts) if attempt.waiting]
        if waiting and not self.grader.ready:
            self.page.say("Loading the model …", "dim")
        for index in waiting:
            self.attempts[index] = grade_attempt(self.history, self.sitting, self.attempts[index], self.grader)

    def _tries(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.place == self.sitting.place]

    def _open(self) -> list[int]:
        return open_places(self.sitting.plan, self.attempts)

    def _keep(self, **changes: object) -> None:
        self.sitting = replace(self.sitting, seconds=self.watch.seconds, **changes)  # type: ignore[arg-type]
        self.history.keep_sitting(self.sitting)


def grade_attempt(history: History, sitting: Sitting, attempt: Attempt, grader: WaitingGrader) -> Attempt:
    """Grade an attempt and keep the result; return the attempt with it."""
    answer: Answer = attempt.entry.answer
    result, fingerprint = grader.grade(answer)
    return history.keep_result(sitting, attempt, result, fingerprint)


@contextmanager
def _hanging_up_interrupts() -> Iterator[None]:
    """Let a lost connection (SIGHUP) and SIGTERM do in the block what Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    before = [(name, signal.signal(name, interrupt)) for name in names]
    try:
        yield
    finally:
        for name, handler in before:
            signal.signal(name, handler)

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from grader.adapters.store import History
from grader.cli.taking.desk import How, Written
from grader.cli.taking.dialogue import Dialogue
from grader.engines.practice import WaitingGrader
from grader.practice.clock import Stopwatch
from grader.practice.sitting import Plan
from grader.report.practice import Page
from tests.fakes import FixedGrader
from tests.runs import COST, OUTAGE, PLAN, TEST

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
MANIFEST = {"settings": {"pass_mark": 0.6}, "inputs": {}, "versions": {}}


class ScriptedDesk:
    """Types what a script says: texts and `Written`s to answers, single keys to choices."""

    hint = "write"

    def __init__(self, script, tick=lambda: None):
        self.script, self.tick, self.drafts = list(script), tick, []

    def write(self, draft, _seconds_left):
        self.drafts.append(draft)
        self.tick()
        typed = self.script.pop(0)
        return typed if isinstance(typed, Written) else Written(typed)

    def choose(self, keys):
        key = self.script.pop(0)
        if isinstance(key, BaseException):
            raise key
        assert key in keys
        return key

    def ask(self, _question):
        return self.script.pop(0)


@pytest.fixture
def history(tmp_path):
    history = History(tmp_path / "history.sqlite")
    yield history
    history.close()


@pytest.fixture
def take(history, word_grader):
    """Take a test by a script; returns the sitting, the attempts as (question, try, text), what was printed."""

    def take(script, *, exam=False, minutes=None, sitting=None, grader=word_grader, seconds=10):
        clock = [0.0]

        def tick():
            clock[0] += seconds

        sitting = sitting or history.begin_sitting(Plan("b", "Both", ("q-1", "q-2"), exam, minutes), MANIFEST, NOW)
        desk = ScriptedDesk(script, tick)
        stream = io.StringIO()
        page = Page(Console(file=stream, width=80), plain=True)
        limit = None if minutes is None else minutes * 60
        watch = Stopwatch(lambda: clock[0], sitting.seconds, limit)
        waiting = WaitingGrader(lambda: grader, print)
        dialogue = Dialogue(history, sitting, [OUTAGE, COST], waiting, desk, page, watch, lambda: NOW)
        try:
            sitting = dialogue.run()
        except KeyboardInterrupt:
            sitting = None
        assert not desk.script
        take.desk = desk
        (kept,) = history.sittings()
        if sitting is not None:
            assert kept == sitting
        tries = [(a.entry.answer.question.id, a.number, a.entry.answer.text) for a in history.attempts(kept)]
        return kept, tries, stream.getvalue()

    return take


def test_from_the_first_question_to_the_end(take):
    sitting, tries, page = take([f"{PLAN}.", "n", "Turn off idle machines.", "n"])
    assert sitting.ended
    assert tries == [("q-1", 1, f"{PLAN}."), ("q-2", 1, "Turn off idle machines.")]
    assert f"Met: {PLAN}" in page
    assert "Missing: test" in page
    assert TEST not in page.replace("\n", " ")
    assert sitting.seconds == 20


def test_the_reference_is_hidden_until_asked_and_second_tries_say_so(take, history):
    script = [f"{PLAN}.", "t", f"{PLAN}. {TEST}.", "r", "t", OUTAGE.reference, "e"]
    sitting, tries, page = take(script)
    before, after = page.split("Reference", 1)
    assert "Test the restore" in after
    assert "practise it" not in before
    assert [number for _, number, _ in tries] == [1, 2, 3]
    attempts = history.attempts(sitting)
    assert [a.reference_seen for a in attempts] == [False, False, True]
    scores = [a.result.score for a in attempts]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3


def test_a_reference_once_shown_counts_as_seen_another_day_too(take, history):
    sitting, _, _ = take([f"{PLAN}.", "r", EOFError()])
    sitting, _, page = take(["t", OUTAGE.reference, "e"], sitting=sitting)
    assert TEST in page.replace("\n          ", " ")
    assert [a.reference_seen for a in history.attempts(sitting)] == [False, True]


def test_skip_and_back(take):
    sitting, tries, page = take([":back", ":skip", "Turn off.", "b", f"{PLAN}.", "n"])
    assert "This is the first question" in page
    assert [name for name, *_ in tries] == ["q-2", "q-1"]
    assert sitting.ended


def test_what_was_skipped_is_offered_at_the_end(take):
    sitting, tries, page = take([":skip", "Turn off.", "n", "g", ":skip", "e"])
    assert "1 of 2 questions are open" in page
    assert sitting.ended
    assert len(tries) == 1


def test_back_to_an_answered_question_shows_its_feedback_again(take):
    _, tries, page = take([f"{PLAN}.", "n", ":back", "n", ":end"])
    assert page.count(f"Met: {PLAN}") == 2
    assert len(tries) == 1


def test_an_empty_answer_is_asked_about(take):
    _, tries, page = take(["", "w", "", "h", "e"])
    assert page.count("Nothing is written yet") == 2
    assert tries == [("q-1", 1, "")]
    assert "0.00 poor" in page


def test_help_and_a_mistyped_command(take):
    _, tries, page = take([":help", ":skp", ":end"])
    assert page.count("leave this question out") == 2
    assert "did you mean ':skip'" in page
    assert tries == []


@pytest.mark.parametrize("ending", [":pause", EOFError(), Written("", How.LEFT)])
def test_leaving_and_going_on(take, ending):
    start = [f"{PLAN}.", EOFError()] if isinstance(ending, EOFError) else [f"{PLAN}.", "n", ending]
    sitting, _, _ = take([*start, "l"] if ending == ":pause" else start)
    assert not sitting.ended
    rest = ["n", "Turn off.", "n"] if isinstance(ending, EOFError) else ["Turn off.", "n"]
    sitting, tries, _ = take(rest, sitting=sitting)
    assert sitting.ended
    assert [name for name, *_ in tries] == ["q-1", "q-2"]
    assert sitting.seconds == 20 + 10 * (not isinstance(ending, EOFError))


def test_a_pause_stops_the_clock(take):
    sitting, _, page = take([":pause", "g", f"{PLAN}.", "e"])
    assert "the clock stands still" in page
    assert sitting.seconds == 20


def test_ctrl_c_keeps_the_draft(take):
    sitting, tries, _ = take([Written("half an ans", How.INTERRUPTED)])
    assert (sitting.draft, sitting.ended, tries) == ("half an ans", False, [])
    sitting, tries, _ = take(["half an answer", "e"], sitting=sitting)
    assert take.desk.drafts == ["half an ans"]
    assert tries == [("q-1", 1, "half an answer")]


def test_an_exam_gives_no_feedback_until_the_end(take):
    script = [f"{PLAN}.", ":back", f"{PLAN}. {TEST}.", "Turn off.", "b", "Turn off idle machines.", "h"]
    sitting, tries, page = take(script, exam=True)
    assert sitting.ended
    assert tries == [("q-1", 1, f"{PLAN}. {TEST}."), ("q-2", 1, "Turn off idle machines.")]
    assert page.index("All questions are answered") < page.index("90 % interval")
    assert "Test the restore of backups" in page
    assert take.desk.drafts == ["", "", f"{PLAN}.", "", "Turn off."]


def test_the_exam_ends_when_its_time_is_up(take):
    sitting, tries, page = take(["One.", Written("half", How.TIME_UP)], exam=True, minutes=1, seconds=30)
    assert "The time is up" in page
    assert sitting.ended
    assert tries == [("q-1", 1, "One."), ("q-2", 1, "half")]


def test_time_is_up_with_nothing_written(take):
    sitting, tries, _ = take(["One.", Written("", How.TIME_UP)], exam=True, minutes=1, seconds=30)
    assert sitting.ended
    assert [name for name, *_ in tries] == ["q-1"]


def test_an_answer_that_cannot_be_graded_is_kept_and_told(take):
    _, tries, page = take(["x", "e"], grader=FixedGrader(lambda _: None))
    assert "No grade: no idea. Your answer is kept." in page
    assert tries == [("q-1", 1, "x")]


def test_what_was_handed_in_and_not_graded_is_graded_when_the_test_goes_on(take, history):
    sitting = history.begin_sitting(Plan("b", "Both", ("q-1", "q-2")), MANIFEST, NOW)
    history.hand_in(sitting, OUTAGE, f"{PLAN}.", NOW)
    _, _, page = take(["e"], sitting=sitting)
    assert f"Met: {PLAN}" in page

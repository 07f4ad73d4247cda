from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grader.answers import Answer
from grader.bank import Bank, Question
from grader.bank.load import load_bank
from grader.bank.model import Section
from grader.errors import InputError
from grader.grade.entry import Entry
from grader.grade.model import Grade, Ungraded, band
from grader.practice.answers_file import split_answers
from grader.practice.choose import choose, find_sections, put_in_order
from grader.practice.clock import Stopwatch
from grader.practice.order import Order
from grader.practice.progress import progress, trends
from grader.practice.schedule import schedule
from grader.practice.sitting import NOT_YET, Attempt, Plan, Sitting, latest, open_places
from grader.practice.written import unwrapped
from tests.conftest import ROOT

BANK = load_bank(ROOT / "bank" / "aws")
MONDAY = datetime(2026, 3, 2, 20, tzinfo=UTC)


def question(name, section="S"):
    return Question(name, f"What is {name}?", "It is.", section=section)


def attempt(name, score, made=MONDAY, number=1, place=0, section="S"):
    graded = Grade("", name, section, score, score, score, band(score), "embedding", None, (), (), False, "")
    entry = Entry(Answer(question(name, section), "text"), graded, "f")
    return Attempt(entry, place, number, 1.0, False, made)


def waiting(name):
    first = attempt(name, 0.5)
    return replace(first, entry=replace(first.entry, machine=Ungraded("", name, "S", NOT_YET)))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("2", "EC2 (Elastic Compute Cloud)"),
        ("EC2", "EC2 (Elastic Compute Cloud)"),
        ("elastic", "EC2 (Elastic Compute Cloud)"),
        ("s3", "S3 (Simple Storage Service)"),
        ("lambda", "Lambda"),
        ("route 53", "Route 53"),
        (" eks ", "ECS/EKS"),
    ],
)
def test_a_section_is_found_by_number_word_and_part(text, title):
    assert [section.title for section in find_sections(BANK, [text])] == [title]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("19", "sections 1 to 18"),
        ("0", "sections 1 to 18"),
        ("cloud", "may be "),
        ("Lambada", "did you mean 'Lambda'"),
        ("", "may be |no section"),
    ],
)
def test_a_section_that_is_not_there_is_told(text, message):
    with pytest.raises(InputError, match=message):
        find_sections(BANK, [text])


def test_questions_are_narrowed_by_section_level_and_tag():
    lambda_section = find_sections(BANK, ["lambda"])
    assert {q.section for q in choose(BANK, sections=lambda_section)} == {"Lambda"}
    assert {q.level for q in choose(BANK, levels=["advanced", "basic"])} == {"advanced", "basic"}
    both = choose(BANK, sections=lambda_section, tags=["vpc"])
    assert both
    assert all("vpc" in q.tags for q in both)
    with pytest.raises(InputError, match="did you mean 'vpc'"):
        choose(BANK, tags=["vpcc"])
    with pytest.raises(InputError, match="no question of the bank 'aws' is all of this: 'Lambda', scenario"):
        choose(BANK, sections=lambda_section, levels=["scenario"])


def test_poor_answers_come_back_sooner_than_strong_ones():
    scores = {"poor": 0.1, "weak": 0.5, "adequate": 0.7, "strong": 0.9}
    due = schedule([attempt(name, score) for name, score in scores.items()], MONDAY)
    days = {name: (one.when - MONDAY).days for name, one in due.items()}
    assert days == {"poor": 1, "weak": 1, "adequate": 2, "strong": 8}
    assert due["poor"].score == 0.1
    later = schedule([attempt(name, score) for name, score in scores.items()], MONDAY + timedelta(days=3))
    assert later["poor"].memory < later["weak"].memory < later["adequate"].memory < later["strong"].memory


def test_a_strong_answer_again_puts_the_question_off_further():
    first = attempt("q", 0.9)
    second = attempt("q", 0.9, MONDAY + timedelta(days=8))
    (one,) = schedule([second, first], MONDAY).values()
    assert (one.when - second.made).days > 20


def test_only_graded_first_tries_move_the_schedule():
    alone = schedule([attempt("q", 0.1)], MONDAY)
    assert schedule([attempt("q", 0.1), attempt("q", 1.0, MONDAY + timedelta(minutes=5), number=2)], MONDAY) == alone
    assert schedule([waiting("q")], MONDAY) == {}


def test_what_is_due_counts_by_the_day_of_the_learner():
    (one,) = schedule([attempt("q", 0.1)], MONDAY).values()
    assert not one.by(MONDAY + timedelta(hours=3))
    assert one.by(MONDAY + timedelta(hours=5))  # a Tuesday just after midnight


def test_weak_asks_the_due_then_the_new_then_the_rest():
    names = ["new", "strong", "poor", "adequate", "newer"]
    attempts = [attempt("strong", 0.9), attempt("poor", 0.2), attempt("adequate", 0.7)]
    wednesday = MONDAY + timedelta(days=2)
    due = schedule(attempts, wednesday)
    ordered = put_in_order([question(name) for name in names], Order.WEAK, due, wednesday, "")
    assert [q.id for q in ordered] == ["poor", "adequate", "new", "newer", "strong"]


def test_bank_and_random_order():
    questions = [question(str(n)) for n in range(20)]
    assert put_in_order(questions, Order.BANK, {}, MONDAY, "1") == questions
    once, again, other = (put_in_order(questions, Order.RANDOM, {}, MONDAY, seed) for seed in ("1", "1", "2"))
    assert once == again != other
    assert sorted(q.id for q in once) == sorted(q.id for q in questions)


def test_progress_by_section():
    bank = Bank("b", (Section("S", (question("a"), question("b"))), Section("T", (question("c", "T"),))))
    attempts = [attempt("a", 0.2), attempt("a", 0.4, MONDAY + timedelta(days=1))]
    rows = progress(bank, schedule(attempts, MONDAY), MONDAY + timedelta(days=2))
    assert [(r.section, r.questions, r.answered, r.due, r.score) for r in rows] == [
        ("S", 2, 1, 1, 0.4),
        ("T", 1, 0, 0, None),
    ]


def test_trends_over_sittings_by_section():
    sitting = Sitting(1, MONDAY, Plan("b", "S", ("a", "c")))
    first = [attempt("a", 0.2), attempt("a", 1.0, number=2), attempt("c", 0.6, section="T")]
    found = trends([(sitting, first), (sitting, []), (sitting, [attempt("a", 0.8)])])
    assert {name: trend.scores for name, trend in found.items()} == {"": (0.4, 0.8), "S": (0.2, 0.8), "T": (0.6,)}
    assert trends([]) == {}


def test_latest_and_open_places():
    early, late = attempt("a", 0.2), attempt("a", 0.9, MONDAY + timedelta(days=1))
    assert latest([late, early]) == {"a": late}
    assert open_places(Plan("b", "S", ("a", "b", "c")), [attempt("b", 0.5, place=1)]) == [0, 2]


def test_the_clock_stands_still_in_a_pause():
    time = [100.0]
    watch = Stopwatch(lambda: time[0], seconds=10, limit=60)
    time[0] += 20
    assert (watch.seconds, watch.left) == (30, 30)
    watch.pause()
    time[0] += 500
    assert (watch.seconds, watch.left) == (30, 30)
    watch.go_on()
    time[0] += 40
    assert (watch.seconds, watch.left) == (70, 0)
    assert Stopwatch(lambda: 0.0).left is None


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("one\n\ntwo\n", ["one", "two"]),
        ("\ufeffone.\r\nStill one.\r\n\r\n\r\n two\r\n", ["one.\nStill one.", "two"]),
        ("one\n  \t\n\ntwo", ["one", "two"]),
    ],
)
def test_answers_are_parted_by_blank_lines(text, answers):
    assert split_answers(text, 2, "f") == answers


def test_too_many_answers_and_none_are_told():
    with pytest.raises(InputError, match="f: 3 answers for 2 questions"):
        split_answers("a\n\nb\n\nc", 2, "f")
    with pytest.raises(InputError, match="f: holds no answer"):
        split_answers(" \n", 2, "f")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("a stopped instance still\ncosts the full charge.", "a stopped instance still costs the full charge."),
        ("One.\nTwo", "One.\nTwo"),
        ("Steps:\nfirst", "Steps:\nfirst"),
        ("groups\nNACLs", "groups\nNACLs"),
        ("- a\n- b", "- a\n- b"),
        ("  x  \n\n", "x"),
    ],
)
def test_lines_that_were_full_are_joined(typed, answer):
    assert unwrapped(typed) == answer

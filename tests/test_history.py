import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from grader.adapters.store import History
from grader.bank import KeyPoint, Question
from grader.grade.model import Grade, Ungraded, Verdict, band
from grader.practice.sitting import Plan
from grader.report.practice_records import (
    ANKI_HEADER,
    ATTEMPT_COLUMNS,
    attempt_rows,
    card_rows,
    history_json,
    write_cards,
)

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
ONE, TWO = (
    Question(f"q-{n}", f"Why {n}?", "Because.", (KeyPoint("be-cause", "Because"), KeyPoint("so", "So")), tags=("t",))
    for n in (1, 2)
)
PLAN = Plan("b", "S", ("q-1", "q-2"), exam=True, minutes=0.5)
MANIFEST = {"settings": {"pass_mark": 0.6}, "inputs": {"bank": {"sha256": "a"}}, "versions": {}}


def grade(question, score, *labels):
    points = zip(question.key_points, labels, strict=True)
    verdicts = tuple(Verdict(p.id, p.text, 1.0, label, 0.0, None, "", None) for p, label in points)
    return Grade("", question.id, "S", score, score, score, band(score), "embedding", None, verdicts, (), False, "")


@pytest.fixture
def history(tmp_path):
    history = History(tmp_path / "deep" / "history.sqlite")
    yield history
    history.close()


def test_a_sitting_comes_back_as_it_was_left_also_to_another_process(history):
    sitting = history.begin_sitting(PLAN, MANIFEST, NOW)
    left = replace(sitting, place=1, seconds=12.5, draft="half an \U0001f600")
    history.keep_sitting(left)
    again = History(history.path)
    assert again.sittings() == [left]
    assert again.manifest_of(left)["inputs"] == {"bank": {"sha256": "a"}}
    again.close()


def test_an_answer_is_kept_before_it_is_graded(history):
    sitting = history.begin_sitting(PLAN, MANIFEST, NOW)
    attempt = history.hand_in(sitting, ONE, "because", NOW, number=2, seconds=3.0, reference_seen=True)
    assert attempt.waiting
    assert history.attempts(sitting) == [attempt]
    graded = history.keep_result(sitting, attempt, grade(ONE, 0.5, "met", "missing"), "f1")
    assert not graded.waiting
    assert history.attempts(sitting) == [graded]
    assert graded.entry.answer.candidate == sitting.label
    failed = history.hand_in(sitting, TWO, "so", NOW)
    history.keep_result(sitting, failed, Ungraded("", "q-2", "S", "no reply"), "f1")
    assert history.attempts(sitting)[1].result.reason == "no reply"


def test_a_withdrawn_answer_is_gone_and_a_graded_one_stays(history):
    sitting = history.begin_sitting(PLAN, MANIFEST, NOW)
    first, second = history.hand_in(sitting, ONE, "a", NOW), history.hand_in(sitting, TWO, "b", NOW)
    history.withdraw(sitting, first)
    third = history.hand_in(sitting, ONE, "c", NOW)
    assert history.attempts(sitting) == [second, third]


def test_sittings_are_in_order_and_apart(history):
    first, second = history.begin_sitting(PLAN, MANIFEST, NOW), history.begin_sitting(PLAN, MANIFEST, NOW)
    history.hand_in(second, ONE, "because", NOW)
    assert [(sitting, len(attempts)) for sitting, attempts in history.all_attempts()] == [(first, 0), (second, 1)]
    history.add_inputs(second, {"model": {"value": "m"}})
    assert history.manifest_of(second)["inputs"] == {"bank": {"sha256": "a"}, "model": {"value": "m"}}
    assert history.manifest_of(first)["inputs"] == {"bank": {"sha256": "a"}}


@pytest.fixture
def two_sittings(history):
    for answers in (
        [(ONE, "=1+1", grade(ONE, 0.5, "met", "missing")), (TWO, "b", grade(TWO, 0.0, "contradicted", "missing"))],
        [(TWO, "c", grade(TWO, 0.9, "met", "partial"))],
    ):
        sitting = history.begin_sitting(PLAN, MANIFEST, NOW)
        for question, text, result in answers:
            history.keep_result(sitting, history.hand_in(sitting, question, text, NOW), result, "f")
    return list(history.all_attempts())


def test_the_csv_of_attempts(two_sittings):
    header, *rows = attempt_rows(two_sittings)
    assert header == ATTEMPT_COLUMNS
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(c["test"][:2], c["question_id"], c["score"], c["answer"]) for c in cells] == [
        ("1:", "q-1", "0.5", "'=1+1"),
        ("1:", "q-2", "0.0", "b"),
        ("2:", "q-2", "0.9", "c"),
    ]


def test_cards_are_of_what_the_latest_first_try_missed(two_sittings):
    attempts = [attempt for _, attempts in two_sittings for attempt in attempts]
    assert list(card_rows(attempts)) == [("grader:q-1:so", "Why 1? (so)", "So", "q-1 t")]
    assert len(list(card_rows(attempts[:2]))) == 3


def test_the_deck_is_what_anki_reads():
    stream = io.StringIO()
    assert write_cards([("id", 'He said\t"so"\nand', "back", "a b")], stream) == 1
    lines = stream.getvalue().splitlines()
    assert tuple(lines[: len(ANKI_HEADER)]) == ANKI_HEADER
    (row,) = csv.reader(lines[len(ANKI_HEADER) :], delimiter="\t")
    assert row == ["id", 'He said "so" and', "back", "a b"]


def test_the_json_of_a_history(two_sittings):
    told = history_json(two_sittings, {}, {})
    first = told["tests"][0]
    assert (first["exam"], first["ended"], first["overall"]["score"]) == (True, False, 0.25)
    assert [point["id"] for point in first["study_next"]] == ["so", "be-cause", "so"]
    assert first["attempts"][0]["answer"] == "=1+1"

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from grader.adapters.store import Record
from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.errors import InputError
from grader.grade.entry import Override
from grader.grade.model import Grade, Ungraded, Verdict

QUESTION = Question("q-1", "Why?", "Because.", (KeyPoint("one", "Because."), KeyPoint("two", "So.")))
VERDICTS = (
    Verdict("one", "Because.", 1.0, "met", 1.0, 0.1 + 0.2, "be cause", (3, 11)),
    Verdict("two", "So.", 2.0, "missing", 0.0, 0.0, "", None, "Not so."),
)
GRADE = Grade("ann", "q-1", "S", 1 / 3, 0.1, 0.9, "poor", "embedding", 0.7, VERDICTS, ("off_topic",), True, "Say so.")
ANSWER = Answer(QUESTION, "be cause", "ann", row=2)


@pytest.fixture
def record(tmp_path):
    record = Record(tmp_path / "run.sqlite")
    yield record
    record.close()


def test_a_grade_comes_back_as_it_was_also_to_another_process(record):
    run = record.begin("grade", {"inputs": {}})
    record.add(run, ANSWER, GRADE, "f1")
    again = Record(record.path)
    assert again.latest("grade") == run
    (entry,) = again.entries(run)
    assert (entry.answer, entry.machine, entry.result, entry.fingerprint) == (ANSWER, GRADE, GRADE, "f1")


@given(st.floats(0, 1), st.text(), st.none() | st.tuples(st.integers(0), st.integers(0)))
def test_no_digit_and_no_character_is_lost(number, text, span):
    verdict = Verdict("one", text, number, "partial", number, number, text, span)
    grade = dataclasses.replace(GRADE, score=number, verdicts=(verdict,), feedback=text)
    kept = TypeAdapter(Grade)
    assert kept.validate_json(kept.dump_json(grade)) == grade


def test_a_grade_is_never_replaced_and_an_ungraded_answer_is(record):
    run = record.begin("grade", {})
    record.add(run, ANSWER, Ungraded("ann", "q-1", "S", "timeout"), "f1")
    assert record.counts(run) == (0, 1)
    assert record.graded(run) == set()
    record.add(run, ANSWER, GRADE, "f1")
    record.add(run, ANSWER, dataclasses.replace(GRADE, score=0.9), "f1")
    record.add(run, ANSWER, Ungraded("ann", "q-1", "S", "timeout"), "f1")
    assert [entry.result for entry in record.entries(run)] == [GRADE]
    assert record.counts(run) == (1, 0)


def test_runs_are_kept_apart(record):
    first, second = record.begin("grade", {"n": 1}), record.begin("take", {})
    record.add(first, ANSWER, GRADE, "f")
    assert record.latest("grade") == first
    assert record.runs("take") == [second]
    assert list(record.entries(second)) == []
    assert record.latest("other") is None


def test_entries_are_chosen_and_ordered(record):
    run = record.begin("grade", {})
    for position, candidate in ((2, "bob"), (0, "zoe"), (1, "bob")):
        answer = dataclasses.replace(ANSWER, candidate=candidate, position=position)
        record.add(run, answer, dataclasses.replace(GRADE, candidate=candidate), "f")
    assert [entry.answer.position for entry in record.entries(run)] == [0, 1, 2]
    assert [entry.answer.position for entry in record.entries(run, candidate="bob")] == [1, 2]
    assert [entry.answer.position for entry in record.entries(run, question="q-1", positions=[2, 0, 9])] == [2, 0]
    assert record.candidates(run) == ["zoe", "bob"]
    assert record.questions(run) == ["q-1"]
    groups = [(name, [entry.answer.position for entry in own]) for name, own in record.by_candidate(run)]
    assert groups == [("zoe", [0]), ("bob", [1, 2])]
    assert [[answer.position for answer in own] for own in record.by_question(run)] == [[0, 1, 2]]


def test_overrides_stand_beside_the_grade_and_the_last_one_holds(record):
    run = record.begin("grade", {})
    record.add(run, ANSWER, GRADE, "f")
    decisions = (Override("eve", "2026-01-01", "as said", 0.5), Override("eve", "2026-01-02", "no", 0.75))
    record.override(run, [(0, decision) for decision in decisions])
    (entry,) = record.entries(run)
    assert (entry.machine, entry.overrides) == (GRADE, decisions)
    assert (entry.result.score, entry.result.graded_by, entry.result.needs_review) == (0.75, "person", False)


def test_an_override_of_no_grade_is_refused(record):
    with pytest.raises(InputError, match="cannot be written"):
        record.override(record.begin("grade", {}), [(7, Override("eve", "", "why"))])

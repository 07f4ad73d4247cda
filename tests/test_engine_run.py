import sqlite3
from threading import Thread

import pytest
from sqlalchemy import event

from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.engines import begin_or_resume, grade_into, keep_totals, open_record, read_record
from grader.errors import InputError
from grader.grade.model import Ungraded

QUESTION = Question("q-1", "Why?", "Because it rains.", (KeyPoint("rain", "It rains outside today"),))
ANSWERS = [Answer(QUESTION, text, f"c{i}", i + 2, i) for i, text in enumerate(("It rains outside", "no", "snow falls"))]
INPUTS = {"inputs": {"answers": {"path": "a.csv", "sha256": "aa"}, "model": {"sha256": "mm"}}}


def silent(_message):
    raise AssertionError("nothing to tell")


class Stopping:
    """Grades as another grader does, and fails when it has made so many grades."""

    def __init__(self, grader, after):
        self.grader, self.after, self.seen = grader, after, []
        self.fingerprint, self.pass_mark = grader.fingerprint, grader.pass_mark

    def grade(self, answers):
        for count, (answer, result) in enumerate(self.grader.grade(answers)):
            if count == self.after:
                raise KeyboardInterrupt
            self.seen.append(answer.position)
            yield answer, result


class Refusing:
    fingerprint = "refuses"

    def grade(self, answers):
        for answer in answers:
            yield answer, Ungraded(answer.candidate, answer.question.id, "", "no reply")


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, word_grader):
    with open_record(tmp_path, silent) as record:
        run = begin_or_resume(record, INPUTS, fresh=False)
        with pytest.raises(KeyboardInterrupt):
            list(grade_into(record, run, ANSWERS, Stopping(word_grader, 2)))
    with open_record(tmp_path, silent) as record:
        assert begin_or_resume(record, INPUTS, fresh=False) == run
        rest = Stopping(word_grader, 99)
        list(grade_into(record, run, ANSWERS, rest))
        assert rest.seen == [2]
        interrupted = [entry.result for entry in record.entries(run)]
    assert interrupted == [result for _, result in word_grader.grade(ANSWERS)]


def test_only_ungraded_answers_are_tried_again(tmp_path, word_grader):
    with open_record(tmp_path, silent) as record:
        run = begin_or_resume(record, INPUTS, fresh=False)
        list(grade_into(record, run, ANSWERS[:1], word_grader))
        list(grade_into(record, run, ANSWERS, Refusing()))
        assert record.counts(run) == (1, 2)
        assert len(list(grade_into(record, run, ANSWERS, word_grader))) == 2
        assert record.counts(run) == (3, 0)


def test_changed_inputs_are_named_with_their_hashes(tmp_path):
    changed = {"inputs": {"answers": {"path": "a.csv", "sha256": "bb"}, "bank": {"path": "b", "sha256": "cc"}}}
    with open_record(tmp_path, silent) as record:
        first = begin_or_resume(record, INPUTS, fresh=False)
        with pytest.raises(InputError, match=r"answers a\.csv: was aa, is bb\n.*model: was mm, is not there\n.*bank b"):
            begin_or_resume(record, changed, fresh=False)
        assert begin_or_resume(record, changed, fresh=True).id > first.id
    record, run = read_record(tmp_path)
    assert run.manifest == changed
    record.close()


@pytest.mark.parametrize("content", [None, b"not a database" * 100])
def test_a_folder_without_a_run_is_told(tmp_path, content):
    if content:
        (tmp_path / "run.sqlite").write_bytes(content)
    with pytest.raises(InputError, match=r"run\.sqlite"):
        read_record(tmp_path)


def test_a_second_process_waits_until_the_first_is_done(tmp_path):
    told, entered = [], []

    def second():
        with open_record(tmp_path, told.append):
            entered.append(True)

    with open_record(tmp_path, silent):
        thread = Thread(target=second)
        thread.start()
        while not told:
            thread.join(0.01)
        assert not entered
    thread.join()
    assert entered
    assert "another process is grading into this folder" in told[0]


def test_a_full_disk_keeps_what_was_kept(tmp_path, word_grader):
    with open_record(tmp_path, silent) as record:
        run = begin_or_resume(record, INPUTS, fresh=False)
        list(grade_into(record, run, ANSWERS[:1], word_grader))
        with sqlite3.connect(tmp_path / "run.sqlite") as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
        event.listen(record.engine, "begin", lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))
        huge = Answer(QUESTION, "It rains outside " * 1000, "c9", 9, 9)
        with pytest.raises(InputError, match="full; what was kept before stays kept"):
            list(grade_into(record, run, [huge], word_grader))
    record, run = read_record(tmp_path)
    assert record.counts(run) == (1, 0)
    record.close()


def test_a_folder_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="file: cannot be used"), open_record(tmp_path / "file", silent):
        pass


class Spending(Refusing):
    """A grader that asks a model; knows no price."""

    def requests(self, answers):
        return (answer.text for answer in answers)

    def totals(self):
        return {"calls": 3, "dollars": None, "input_tokens": 10}


def test_what_every_session_spent_adds_up(tmp_path, word_grader):
    with open_record(tmp_path, silent) as record:
        run = begin_or_resume(record, INPUTS, fresh=False)
        assert keep_totals(record, run, word_grader) == run
        run = keep_totals(record, keep_totals(record, run, Spending()), Spending())
        assert begin_or_resume(record, INPUTS, fresh=False) == run
    assert run.manifest["totals"] == {"calls": 6, "dollars": None, "input_tokens": 20}

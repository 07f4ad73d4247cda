import pytest

from grader.adapters.store.memory import RememberingGrader
from grader.answers import Answer
from grader.bank import Question
from grader.errors import InputError
from grader.evaluation.grading import grade_all
from grader.grade.model import Ungraded
from tests.test_similarity import FIREWALL, FREE

TEXTS = [FIREWALL.reference, "Security rules are stateless.", "no idea", FIREWALL.reference]
ANSWERS = [Answer(FIREWALL, text, candidate=f"c{i}") for i, text in enumerate(TEXTS)]


class Counting:
    """Passes everything on and counts what it was asked to grade."""

    pass_mark = 0.6
    parts = {}  # noqa: RUF012  # nobody changes it

    def __init__(self, grader, name="counting"):
        self.grader, self.fingerprint, self.asked = grader, name, []

    def grade(self, answers):
        for answer in answers:
            self.asked.append(answer.text)
            yield from self.grader.grade([answer])


def test_what_was_graded_once_is_not_graded_again(word_grader, tmp_path):
    plain = list(word_grader.grade(ANSWERS))
    for asked, remembered in ((3, 0), (0, 4)):
        counting = Counting(word_grader)
        grader = RememberingGrader(counting, tmp_path / "grades.sqlite")
        assert list(grader.grade(ANSWERS)) == plain
        assert (len(counting.asked), grader.remembered) == (asked, remembered)
        grader.close()


def test_another_grader_question_or_text_is_other_work(word_grader, tmp_path):
    path = tmp_path / "grades.sqlite"
    list(RememberingGrader(Counting(word_grader), path).grade(ANSWERS[:1]))
    for name, answer in (
        ("other", ANSWERS[0]),
        ("counting", Answer(FREE, TEXTS[0])),
        ("counting", Answer(FIREWALL, "x")),
    ):
        counting = Counting(word_grader, name)
        list(RememberingGrader(counting, path).grade([answer]))
        assert len(counting.asked) == 1


def test_an_interrupted_run_goes_on_where_it_was(word_grader, tmp_path):
    path = tmp_path / "grades.sqlite"

    def interrupted():
        yield from ANSWERS[:2]
        raise KeyboardInterrupt

    first = RememberingGrader(Counting(word_grader), path)
    stream = first.grade(ANSWERS)
    next(stream), next(stream)
    stream.close()
    with pytest.raises(KeyboardInterrupt):
        list(first.grade(interrupted()))
    counting = Counting(word_grader)
    list(RememberingGrader(counting, path).grade(ANSWERS))
    assert counting.asked == ["no idea"]


def test_a_failure_is_not_kept(word_grader, tmp_path):
    answer = Answer(Question("f", "", "?!"), "anything")
    for _ in range(2):
        counting = Counting(word_grader)
        ((_, result),) = RememberingGrader(counting, tmp_path / "grades.sqlite").grade([answer])
        assert isinstance(result, Ungraded)
        assert counting.asked == ["anything"]


def test_seconds_are_those_of_the_work_whenever_it_was_done(word_grader, tmp_path):
    path = tmp_path / "grades.sqlite"
    first = grade_all(ANSWERS, RememberingGrader(word_grader, path))
    again = grade_all(ANSWERS, RememberingGrader(word_grader, path))
    assert (first.remembered, again.remembered) == (0, 4)
    assert again.seconds > 0
    assert grade_all(ANSWERS, word_grader).remembered == 0


def test_a_file_that_is_no_database_is_told(word_grader, tmp_path):
    path = tmp_path / "grades.sqlite"
    path.write_text("answers " * 200, encoding="utf-8")
    with pytest.raises(InputError, match="not a usable database"):
        RememberingGrader(word_grader, path)

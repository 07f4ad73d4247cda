import pytest

from grader.answers import Answer
from grader.bank import Question
from grader.grade.model import Ungraded
from grader.pipeline.cosine_grader import CosineGrader
from tests.fakes import WordEmbedder
from tests.test_similarity import FREE

GRADER = CosineGrader(WordEmbedder(), pass_mark=0.6)


def grade(text, question=FREE):
    ((_, result),) = GRADER.grade([Answer(question, text)])
    return result


def test_it_scores_by_whole_text():
    assert grade(FREE.reference).score == pytest.approx(1)
    assert 0 < grade("Salt stays behind.").score < 1
    assert grade("Salt stays behind.").verdicts == ()


def test_the_nearest_reference_counts():
    question = Question("f", "", "Water evaporates.", alternatives=("Fluid turns gaseous.", "?"))
    assert grade("Fluid turns gaseous.", question).score == pytest.approx(1)


@pytest.mark.parametrize("text", ["", "  \n", "..."])
def test_an_empty_answer_is_0(text):
    assert (grade(text).score, grade(text).flags) == (0, ("empty",))


def test_a_reference_without_words_is_told():
    assert isinstance(grade("anything", Question("f", "", "?!")), Ungraded)

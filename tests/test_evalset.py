"""The project's own eval set is what eval/README.md says it is."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from grader.answers import AnswerFile
from grader.bank.load import load_bank
from grader.evaluation.evalset import read_eval_set
from grader.settings import data_folder

KINDS = {
    "complete", "good_gaps", "partial", "minimal", "wrong_fluent", "serious_error", "off_topic", "restated",
    "keywords", "plea",
}  # fmt: skip
VERDICTS = {"met", "partial", "missing", "contradicted"}


@pytest.fixture(scope="module")
def bank():
    return load_bank(data_folder("bank") / "aws")


@pytest.fixture(scope="module")
def rows(bank):
    return read_eval_set(AnswerFile(data_folder("eval") / "aws.csv", lambda: bank), None)


@pytest.mark.parametrize("split", ["tune", "test", None])
def test_length_and_polish_do_not_tell_the_mark(rows, split):
    chosen = [row for row in rows if split is None or row.cell("split") == split]
    human = [row.human for row in chosen]
    for told in ([row.words for row in chosen], [float(row.cell("polish")) for row in chosen]):
        assert abs(np.corrcoef(human, told)[0, 1]) < 0.3


def test_every_section_has_three_questions_of_six_answers_or_more(rows, bank):
    answers = Counter(row.answer.question.id for row in rows)
    questions = Counter(q.section for q in bank if q.id in answers)
    assert set(questions) == {section.title for section in bank.sections}
    assert min(questions.values()) >= 3
    assert min(answers.values()) >= 6


def test_every_kind_is_there_and_facts_go_wrong_in_three_ways(rows):
    kinds = defaultdict(set)
    for row in rows:
        kinds[row.cell("label")].add(row.cell("how"))
    assert set(kinds) == KINDS
    assert kinds["wrong_fluent"] == {"swapped", "negated", "replaced"}


def test_both_raters_judged_every_key_point(rows):
    for row in rows:
        ids = [point.id for point in row.answer.question.key_points]
        for column in ("verdicts1", "verdicts2"):
            verdicts = dict(cell.split("=") for cell in row.cell(column).split(";"))
            assert list(verdicts) == ids
            assert set(verdicts.values()) <= VERDICTS


def test_disagreements_are_left_in_and_halves_share_no_question(rows):
    assert any(len(set(row.ratings)) > 1 for row in rows)
    halves = defaultdict(set)
    for row in rows:
        halves[row.cell("split")].add(row.answer.question.id)
    assert set(halves) == {"tune", "test"}
    assert not halves["tune"] & halves["test"]

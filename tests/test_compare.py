from dataclasses import replace

import pytest

from grader.answers import Answer
from grader.engines import (
    begin_or_resume,
    grade_into,
    left_of_budget,
    open_record,
    parse_side,
    recorded,
    run_side,
)
from grader.errors import ConfigError, InputError
from grader.evaluation.compare import Side, compare
from grader.evaluation.evalset import Rated
from grader.evaluation.grading import grade_all
from grader.report.compare import compare_lines
from grader.settings import load_settings
from tests.conftest import ROOT
from tests.fakes import FixedGrader
from tests.test_similarity import FIREWALL

QUESTIONS = [replace(FIREWALL, id=f"t-{i:03}") for i in range(20)]
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)
ROWS = [Rated(Answer(question, f"answer {mark}", row=2), (mark,)) for question in QUESTIONS for mark in MARKS]


def side(name, score, again=None, **keywords):
    answers = [row.answer for row in ROWS]
    results = grade_all(answers, FixedGrader(score)).results
    twice = None if again is None else grade_all(answers, FixedGrader(again)).results
    return Side(name, results, twice, **keywords)


def said(text):
    return float(text.split()[1])


def off(text):
    return min(1.0, said(text) + 0.3)


def compared(a, b, rows=ROWS, by="qwk"):
    return compare(rows, a, b, by=by, pass_mark=0.6, seed=0)


@pytest.mark.parametrize(
    ("a", "b", "by", "word"),
    [
        (off, said, "qwk", "better"),
        (said, off, "qwk", "worse"),
        (off, said, "mae", "better"),
        (said, off, "mae", "worse"),
        (said, said, "qwk", "same"),
    ],
)
def test_the_verdict(a, b, by, word):
    verdict = compared(side("a", a), side("b", b), by=by)["verdict"]
    assert verdict["verdict"] == word
    assert verdict["sentence"].startswith({"same": "Same"}.get(word, f"B is {word} than A: {by} "))


def test_a_difference_on_one_question_may_be_chance():
    calls = iter(range(1000))
    result = compared(side("a", said), side("b", lambda text: off(text) if next(calls) < 5 else said(text)))
    assert result["verdict"]["verdict"] == "cannot tell"
    assert "20 questions can show a difference of" in result["verdict"]["sentence"]
    qwk = result["metrics"]["qwk"]
    assert qwk["difference"]["low"] < qwk["difference"]["value"] < 0 <= qwk["difference"]["high"]
    assert qwk["detectable"] > 0
    assert result["scores"]["changed"] == 4
    assert [item["question_id"] for item in result["moved"][:4]] == ["t-000"] * 4


def test_a_difference_below_the_noise_is_none():
    noisy = side("b", said, again=lambda text: 1 - said(text))
    result = compared(side("a", off, again=off), noisy)
    assert result["noise"]["a"] == {
        "mean_absolute_change": 0,
        "metrics": dict.fromkeys(result["metrics"], 0),
    }
    assert result["noise"]["b"]["mean_absolute_change"] == pytest.approx(0.6)
    assert result["verdict"]["verdict"] == "cannot tell"


def test_what_is_ungraded_on_one_side_is_left_out():
    result = compared(side("a", said), side("b", lambda text: None if said(text) == 0 else said(text)))
    assert (result["n"], result["compared"], result["b"]["ungraded"]) == (100, 80, 20)


def test_without_human_scores_it_tells_how_the_scores_differ():
    result = compared(side("a", said), side("b", off), [Rated(row.answer, ()) for row in ROWS])
    assert result["metrics"] is None
    assert result["verdict"]["verdict"] == "cannot tell"
    assert result["scores"]["mean_change"]["value"] == pytest.approx((0.3 * 3 + 0.25) / 5)


def test_verdicts_that_changed_are_named(word_grader):
    rows = [Rated(Answer(FIREWALL, FIREWALL.reference), (1.0,)), Rated(Answer(FIREWALL, "no idea"), (0.0,))]
    one = grade_all([row.answer for row in rows], word_grader).results
    other = grade_all([Answer(FIREWALL, "no idea"), rows[1].answer], word_grader).results
    result = compared(Side("a", one, one, 1.5, {"dollars": 0.25}), Side("b", other), rows)
    assert result["moved"][0]["verdicts"] == {"stateful": ["met", "missing"], "replies": ["met", "missing"]}
    text = "\n".join(compare_lines(result))
    assert "replies: met to missing" in text
    assert "1.5 s, $0.2500; graded again it differs from itself by 0.0000" in text
    assert text.splitlines()[-1] == result["verdict"]["sentence"]


@pytest.fixture
def settings():
    return load_settings({}, {}, ROOT / "tests")


@pytest.fixture
def run_folder(tmp_path, word_grader):
    answers = [replace(row.answer, position=index) for index, row in enumerate(ROWS[:10])]
    with open_record(tmp_path / "run", print) as record:
        run = begin_or_resume(record, {"inputs": {}}, fresh=False)
        list(grade_into(record, run, answers, word_grader))
    return tmp_path / "run"


def test_a_side_is_known_by_what_is_in_it(settings, run_folder, tmp_path):
    (tmp_path / "p.json").write_text("{}", encoding="utf-8")
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "01-x.yaml").touch()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "modules.json").touch()
    assert parse_side(str(run_folder), settings) == run_folder
    assert parse_side("default", settings) == settings
    assert parse_side(str(tmp_path / "p.json"), settings).profile == str(tmp_path / "p.json")
    assert parse_side(str(tmp_path / "bank"), settings).bank == tmp_path / "bank"
    assert parse_side(str(tmp_path / "model"), settings).embedder == str(tmp_path / "model")
    (tmp_path / "prompts" / "rubric").mkdir(parents=True)
    template = tmp_path / "prompts" / "rubric" / "v9.md.j2"
    template.touch()
    assert parse_side(str(tmp_path / "prompts"), settings).prompts == tmp_path / "prompts"
    assert parse_side(str(template), settings).rubric == str(template)
    assert parse_side("cosine", settings).grader == "cosine"
    changed = parse_side("pass_mark=0.5,embedder=other", settings)
    assert (changed.pass_mark, changed.embedder) == (0.5, "other")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("nothing-here", InputError, "cannot be compared; give"),
        ("pas_mark=0.5", InputError, "did you mean 'pass_mark'"),
        ("pass_mark=half", ConfigError, "expected float"),
        ("threads=-1", ConfigError, "must be 0 or more"),
    ],
)
def test_what_is_no_side_is_told(settings, text, error, message):
    with pytest.raises(error, match=message):
        parse_side(text, settings)


def test_a_run_is_compared_by_question_and_text(run_folder):
    assert len(recorded(run_folder)) == 10
    results = run_side("run", run_folder, ROWS).results
    assert [result is not None for result in results] == [True] * 10 + [False] * 90
    with pytest.raises(InputError, match="graded none of these answers"):
        run_side("run", run_folder, ROWS[10:])


def test_grading_again_stays_within_the_budget(settings):
    class Spending(FixedGrader):
        def requests(self, answers):
            return iter(answers)

        def totals(self):
            return {"dollars": 0.75}

    asking = replace(settings, budget=1.0)
    assert left_of_budget(Spending(said), asking) == 0.25
    assert left_of_budget(Spending(said), replace(settings, budget=0.5)) == 0
    assert left_of_budget(FixedGrader(said), asking) == 1

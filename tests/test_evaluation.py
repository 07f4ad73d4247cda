import json
from xml.etree import ElementTree as ET

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.answers import Answer, AnswerFile
from grader.errors import InputError
from grader.evaluation.agreement import agreement, differences, metrics
from grader.evaluation.bootstrap import samples
from grader.evaluation.evalset import Rated, read_eval_set
from grader.evaluation.gates import Limits, check, read_baseline, write_junit
from grader.evaluation.plots import write_plots
from grader.evaluation.run import evaluate
from grader.report.evaluation import run_lines
from tests.test_similarity import FIREWALL, FREE

scores01 = st.integers(0, 20).map(lambda n: n / 20)


def value(name, human, scores):
    return metrics(0.6)[name].value(np.asarray(human, float), np.asarray(scores, float))


def from_table(table):
    """Two raters' scores, a quarter apart for each class, from their table of counts."""
    cells = [(i / 4, j / 4) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return tuple(map(list, zip(*cells, strict=True)))


def test_known_values():
    human, scores = [0, 0.5, 1.0], [0.25, 0.5, 0.75]
    assert value("pearson", human, scores) == pytest.approx(1)
    assert value("mae", human, scores) == pytest.approx(1 / 6)
    assert value("rmse", human, scores) == pytest.approx(np.sqrt(0.125 / 3))
    assert value("bias", human, scores) == pytest.approx(0)
    assert value("macro_f1_2way", human, scores) == 1


def test_kappa_of_two_classes_is_cohens():
    # The worked example of Cohen's kappa: 50 grant proposals, kappa 0.4.
    assert value("qwk", *from_table([[20, 5], [10, 15]])) == pytest.approx(0.4)


def test_kappa_with_quadratic_weights_is_lins_concordance():
    # King & Chinchilli 2001: the two are one; on the diagnoses of Fleiss, Statistical Methods for Rates, chapter 13
    human, scores = from_table([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    x, y = np.array(human), np.array(scores)
    concordance = 2 * np.cov(x, y, ddof=0)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert value("qwk", human, scores) == pytest.approx(concordance)


def test_alpha_of_the_published_example():
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), C: four observers, 12 units, missing data.
    nan = np.nan
    data = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
        [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
    ]
    assert krippendorff.alpha(np.array(data), level_of_measurement="nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff.alpha(np.array(data), level_of_measurement="interval") == pytest.approx(0.849, abs=5e-4)
    # B in the same paper, two observers and ten units: alpha of binary data is .095
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert value("alpha", first, second) == pytest.approx(0.095, abs=5e-4)


def test_spearman_of_a_published_example():
    # IQ and hours of television, the textbook table: rho = -29/165
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    assert value("spearman", iq, hours) == pytest.approx(-29 / 165)


def test_pearson_of_anscombes_quartet():
    x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
    assert value("pearson", x, y) == pytest.approx(0.816, abs=5e-4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(scores01, scores01), min_size=2, max_size=30))
def test_the_quick_formulas_are_those_of_the_libraries(pairs):
    human, scores = (np.array(column) for column in zip(*pairs, strict=True))
    for name, metric in metrics(0.6).items():
        assert metric.quick(human, scores) == pytest.approx(metric.value(human, scores), abs=1e-9), name


def test_the_interval_is_seeded_and_holds_the_value():
    rng = np.random.default_rng(1)
    human = rng.random(200)
    scores = np.clip(human + rng.normal(0, 0.2, 200), 0, 1)
    questions = [f"q{i % 20}" for i in range(200)]
    first = agreement(human, scores, questions, pass_mark=0.6, seed=3, draws=100)
    assert first == agreement(human, scores, questions, pass_mark=0.6, seed=3, draws=100)
    assert first["pearson"]["low"] < first["pearson"]["value"] < first["pearson"]["high"]


def test_whole_questions_are_redrawn():
    for sample in samples(["a", "b", "a", "c"], seed=1, draws=20):
        assert np.sum(sample == 0) == np.sum(sample == 2)
    assert {len(sample) for sample in samples(["a", "a", "a"], seed=1, draws=5)} == {3}
    assert samples([], seed=1) == []


def test_no_data_is_none():
    result = agreement([0.5, 0.5], [0.1, 0.2], ["a", "b"], pass_mark=0.6, seed=0, draws=10)
    assert result["pearson"] == {"value": None, "low": None, "high": None}


def test_differences_are_paired():
    human = [0.0, 0.5, 1.0] * 10
    before = [0.1, 0.4, 0.8] * 10
    after = [score + 0.05 for score in before]
    questions = [f"q{i // 3}" for i in range(30)]
    bias = differences(human, before, after, questions, pass_mark=0.6, seed=0, draws=20)["bias"]
    assert bias.difference == pytest.approx(bias.after - bias.before) == pytest.approx(0.05)
    assert bias.drawn == pytest.approx([0.05] * 20)


def rated(text, *ratings, question=FIREWALL, **extra):
    return Rated(Answer(question, text, extra=extra), ratings)


ROWS = [
    rated(FIREWALL.reference, 1.0, 0.9, label="complete", split="tune"),
    rated("Security rules are stateless.", 0.1, 0.2, label="wrong", split="tune"),
    rated("no idea", 0.0, 0.0, label="wrong", split="tune"),
    rated(FREE.reference, 0.9, 0.9, question=FREE, label="complete", split="test"),
    rated("Water boils somewhere, I think it does.", 0.3, 0.5, question=FREE, label="wrong", split="test"),
]


def test_the_figures_of_a_run(word_grader):
    evaluation = evaluate(ROWS, word_grader, word_grader, seed=0)
    figures = evaluation.figures
    assert (figures["n"], figures["graded"], figures["ungraded"], figures["questions"]) == (5, 5, 0, 2)
    assert figures["metrics"] == figures["baseline_cosine"]
    assert figures["human_ceiling"]["pearson"]["value"] > 0.9
    assert figures["without_short"]["n"] == 4
    assert sum(map(sum, figures["confusion"])) == 5
    assert {name: group["n"] for name, group in figures["by_label"].items()} == {"complete": 2, "wrong": 3}
    assert {name: group["n"] for name, group in figures["by_split"].items()} == {"tune": 3, "test": 2}
    assert list(figures["by_length"]) == ["1-3 words", "4-20 words"]
    assert sum(band["n"] for band in figures["leniency"].values()) == 5
    errors = [abs(item["score"] - item["human"]) for item in figures["worst"]]
    assert errors == sorted(errors, reverse=True)
    assert figures["worst"][0]["verdicts"]
    json.dumps(figures)
    text = "\n".join(run_lines(figures))
    assert "5 of 5 answers" in text
    assert "widest disagreements" in text


def test_an_interval_that_holds_everything_covers_everything(word_grader):
    rows = [rated("", 0.0), rated("", 0.0, question=FREE)]
    assert evaluate(rows, word_grader, seed=0).figures["interval_coverage"]["value"] == 1


def test_pictures(word_grader, tmp_path):
    evaluation = evaluate(ROWS, word_grader, seed=0)
    paths = write_plots(evaluation, tmp_path / "plots")
    assert sorted(path.name for path in paths) == ["confusion.png", "confusion.svg", "scatter.png", "scatter.svg"]
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    before = paths[1].read_bytes()
    write_plots(evaluation, tmp_path / "plots")
    assert paths[1].read_bytes() == before


def eval_set(tmp_path, text, split=None):
    path = tmp_path / "e.csv"
    path.write_text(text, encoding="utf-8")
    return read_eval_set(AnswerFile(path, None), split)


@pytest.mark.parametrize(
    ("text", "split", "message"),
    [
        ("reference,answer\nA b.,c", None, "row 1: no human scores"),
        ("reference,answer,human_score\nA b.,c,1.2", None, "row 2: human_score is '1.2'"),
        ("reference,answer,human_score\nA b.,c,", None, "row 2: no human score"),
        ("reference,answer,human_score\nA b.,c,1", "tune", "no column split"),
        ("reference,answer,human_score,split\nA b.,c,1,tune", "test", "no rows in split 'test'; found 'tune'"),
        ("reference,answer,human_score,split\nA b.,c,1,tune\nA b.,d,1,test", "test", "in split tune and in split test"),
    ],
)
def test_a_bad_eval_set_is_told(tmp_path, text, split, message):
    with pytest.raises(InputError, match=message):
        eval_set(tmp_path, text, split)


def test_raters_are_averaged_and_splits_kept_apart(tmp_path):
    text = "reference,answer,rater1,rater2,split\nA b.,c,1,0.5,tune\nD e.,f,0,,test"
    assert [row.human for row in eval_set(tmp_path, text)] == [0.75, 0]
    assert [row.answer.text for row in eval_set(tmp_path, text, "test")] == ["f"]


FIGURES = {"qwk": {"value": 0.7}, "bias": {"value": -0.08}, "mae": {"value": 0.2}}


@pytest.mark.parametrize(
    ("limits", "met"),
    [
        (Limits(), {}),
        (Limits(min_qwk=0.7), {"min-qwk": True}),
        (Limits(min_qwk=0.71), {"min-qwk": False}),
        (Limits(max_bias=0.08), {"max-bias": True}),
        (Limits(max_bias=0.05), {"max-bias": False}),
        (Limits(max_regression=0.02), {"regression-qwk": False, "regression-mae": True}),
        (Limits(max_regression=0.1), {"regression-qwk": True, "regression-mae": True}),
    ],
)
def test_gates(limits, met):
    earlier = {"qwk": {"value": 0.75}, "mae": {"value": 0.19}}
    assert {gate.name: gate.met for gate in check(FIGURES, limits, earlier)} == met


def test_what_is_undefined_passes_no_gate():
    assert [gate.met for gate in check(None, Limits(min_qwk=0.1, max_bias=1), None)] == [False, False]


def test_gates_as_junit(tmp_path):
    path = tmp_path / "deep" / "gates.xml"
    write_junit(path, "eval <run>", check(FIGURES, Limits(min_qwk=0.9, max_bias=0.1), None))
    suite = ET.parse(path).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("name")) == ("2", "1", "eval <run>")
    assert suite[0].find("failure").get("message") == "QWK 0.7, least 0.9"


@pytest.mark.parametrize("text", ["", "[]", '{"metrics": 3}', '{"metrics": {"qwk": 1}}'])
def test_a_bad_baseline_is_told(tmp_path, text):
    path = tmp_path / "b.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"b\.json"):
        read_baseline(path)

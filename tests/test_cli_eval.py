"""The eval commands, in this process: the model is loaded once."""

import json
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from grader.cli.main import app
from grader.errors import GateError, GraderError
from tests.test_public_sets import FIXTURES

WET = "Water turns to steam when it is heated. Salt stays behind in the pan."
ROWS = [
    (f"q{i}", reference, answer, score, "tune" if i < 2 else "test")
    for i, reference in enumerate((WET, f"{WET} It is dry.", f"{WET} It is white.", f"{WET} It is hot."))
    for answer, score in (("Heated water turns to steam, and the salt stays behind.", 1), ("Bananas are yellow.", 0))
]


@pytest.fixture
def evaluate(tmp_path, monkeypatch):
    """Run `grader eval …` in an empty folder that holds the eval set e.csv."""
    lines = ["question_id,reference,answer,human_score,split"]
    lines += [",".join(f'"{cell}"' for cell in row) for row in ROWS]
    (tmp_path / "e.csv").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        environment = {"GRADER_CACHE_DIR": str(tmp_path / "cache"), "NO_COLOR": "1"}
        return CliRunner().invoke(app, ["-q", "eval", *map(str, arguments)], env=environment)

    return command


def test_run(evaluate, tmp_path):
    first = evaluate("run", "e.csv", "--json", "--plots", "plots")
    assert first.exit_code == 0, first.output
    result = json.loads(first.stdout)
    assert (result["n"], result["graded"], result["ungraded"]) == (8, 8, 0)
    assert result["metrics"]["pearson"]["value"] > 0.9
    assert {"pearson", "spearman", "qwk", "mae", "rmse", "bias", "macro_f1_2way"} <= set(result["metrics"])
    assert result["human_ceiling"] is None
    assert {name: group["n"] for name, group in result["by_split"].items()} == {"tune": 4, "test": 4}
    assert len(list((tmp_path / "plots").iterdir())) == 4
    again = json.loads(evaluate("run", "e.csv", "--json").stdout)
    assert again["remembered"] == 8
    assert again["metrics"] == result["metrics"]


def test_gates(evaluate, tmp_path):
    (tmp_path / "base.json").write_text(evaluate("run", "e.csv", "--split", "test", "--json").stdout, encoding="utf-8")
    gates = ("--max-regression", "0.02", "--baseline", "base.json", "--junit", "j.xml")
    assert evaluate("run", "e.csv", "--split", "test", *gates).exit_code == 0
    failed = evaluate("run", "e.csv", "--grader", "cosine", "--min-qwk", "1.1", "--max-bias", "0", "--junit", "j.xml")
    assert isinstance(failed.exception, GateError)
    assert ET.parse(tmp_path / "j.xml").getroot()[0].get("failures") == "2"


def test_consistency(evaluate, tmp_path):
    asked = ("consistency", "e.csv", "--limit", "2", "--tests", "invariant,no-gain,ceiling", "--split", "tune")
    passed = evaluate(*asked, "--json", "--dump", "d.jsonl", "--min-pass", "0")
    assert passed.exit_code == 0, passed.output
    result = json.loads(passed.stdout)
    assert list(result["tests"]) == ["invariant", "no_gain", "ceiling"]
    assert (result["questions"], result["answers"]) == (2, 2)
    dumped = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(dumped) == result["variants"]
    failed = evaluate(*asked, "--min-pass", "1.01")
    assert isinstance(failed.exception, GateError)
    assert "ceiling holds in 1.0, least 1.01" in str(failed.exception)


def test_compare(evaluate):
    result = evaluate("compare", "default", "pass_mark=0.3", "--on", "e.csv", "--split", "tune", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["verdict"]["verdict"] == "same"
    one = evaluate("compare", "cosine", "embedding", "--on", "e.csv", "--question", "q1", "--json")
    assert json.loads(one.stdout)["n"] == 2


def test_import(evaluate):
    assert json.loads(evaluate("import", "semeval", FIXTURES / "semeval", "--out", "s.csv", "--json").stdout) == {
        "answers": 3,
        "file": "s.csv",
    }
    assert json.loads(evaluate("run", "s.csv", "--split", "train", "--json").stdout)["n"] == 2


def test_a_language_model_can_be_asked_by_batch(evaluate, tmp_path):
    asked = ("--grader", "llm", "--model", "m", "--batch-out", "b.jsonl", "--json")
    requests = json.loads(evaluate("run", "e.csv", *asked).stdout)["requests"]
    assert requests == len((tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()) == 8
    repeated = evaluate("consistency", "e.csv", "--tests", "repeat", "--limit", "1", "--repeats", "3", *asked)
    assert json.loads(repeated.stdout)["requests"] == 2 * 3  # an answer of enough words and the reference
    plan = evaluate("consistency", "e.csv", "--tests", "repeat", "--limit", "1", "--dry-run", *asked[:4], "--json")
    assert json.loads(plan.stdout)["calls"] == 2 * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "e.csv", "--split", "none"), "no rows in split 'none'; found 'test', 'tune'"),
        (("run", "e.csv", "--max-regression", "0.1"), "belong together"),
        (("consistency", "e.csv", "--tests", "invarient"), "did you mean 'invariant'"),
        (("compare", "default", "default"), "--on: give the answers"),
        (("compare", "default", "default", "--on", "e.csv", "--by", "kwk"), "did you mean 'qwk'"),
        (("compare", "default", "default", "--on", "e.csv", "--question", "q9"), "no answers to 'q9'"),
        (("import", "mohlr", ".", "--out", "x.csv"), "did you mean 'mohler'"),
        (("import", "saf", "nowhere", "--out", "x.csv"), "no such file"),
    ],
)
def test_errors(evaluate, arguments, message):
    result = evaluate(*arguments)
    assert isinstance(result.exception, GraderError)
    assert message in str(result.exception)

import csv
import json
import subprocess
import sys

import pytest

from grader.cli.main import shared_first
from tests.conftest import ROOT

GRADES = (
    "candidate,question_id,section,score,low,high,band,graded_by,similarity,"
    "verdicts,missing,flags,needs_review,feedback"
)


def test_help_and_import_load_no_heavy_library():
    code = (
        "import sys, grader, grader.cli.main\n"
        "print(sorted({'torch', 'openai', 'scipy', 'sklearn', 'transformers'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_bank_list_and_show(run, run_json):
    assert len(run_json("bank", "list")["questions"]) == 320
    assert "stateful" in run("bank", "show", "aws-015").stdout
    missing = run("bank", "show", "aws-15")
    assert missing.returncode == 2
    assert "did you mean" in missing.stderr


def test_score(run_json):
    result = run_json(
        "score", "--question", "aws-015", stdin="Security groups are stateful. Network ACLs are stateless."
    )
    assert 0 <= result["low"] <= result["score"] <= result["high"] <= 1
    assert {"id", "verdict", "quote", "span"} <= set(result["verdicts"][0])


def test_grade_writes_the_files_of_the_contract(run, tmp_path):
    (tmp_path / "in.csv").write_text(
        "candidate,question_id,answer\n=cmd|x,aws-001,AWS rents servers over the internet.\nbob,aws-001,\n",
        encoding="utf-8",
    )
    result = run("grade", "in.csv", "--out", "out", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["graded"] == 2
    text = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == GRADES
    rows = list(csv.DictReader(text.splitlines()))
    assert rows[0]["candidate"] == "'=cmd|x"
    assert (rows[1]["score"], rows[1]["flags"]) == ("0.0", "empty")
    assert len((tmp_path / "out" / "grades.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_an_ungraded_answer_is_exit_3(run, tmp_path):
    (tmp_path / "in.csv").write_text("question,reference,answer\nWhy?,???,because\n", encoding="utf-8")
    assert run("grade", "in.csv", "--out", "out").returncode == 3
    (row,) = csv.DictReader((tmp_path / "out" / "grades.csv").read_text(encoding="utf-8").splitlines())
    assert row["score"] == ""
    assert row["flags"].startswith("ungraded: ")


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (("grade", "none.csv", "--out", "o"), {}, "none.csv: cannot be read"),
        (("score", "--question", "aws-001", "x", "--bank", "nowhere"), {}, "no bank here"),
        (("--profile", "none.json", "score", "--question", "aws-001", "x"), {}, "profile none.json"),
        (("--embedder", "no-such-model", "score", "--question", "aws-001", "x"), {}, "embedder 'no-such-model'"),
        (("bank", "list"), {"GRADER_SEED": "many"}, "GRADER_SEED: expected int"),
        (("grade",), {}, "Missing argument"),
    ],
)
def test_errors_are_exit_2_and_one_message(run, arguments, environment, message):
    result = run(*arguments, **environment)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_the_options_that_all_share_may_stand_after_the_command():
    given = ["grade", "a.csv", "--seed", "3", "--out", "o", "-q", "--profile=p.json", "--", "--seed", "x"]
    assert shared_first(given) == [
        "--seed", "3", "-q", "--profile=p.json", "grade", "a.csv", "--out", "o", "--", "--seed", "x",
    ]  # fmt: skip


def test_verbose_tells_the_settings_and_no_secret(run):
    result = run("doctor", "-v", OPENAI_API_KEY="sk-a-key-that-nobody-may-see", GRADER_SEED="77")
    assert "seed: 77" in result.stderr
    assert "sk-a-key" not in result.stderr + result.stdout


def test_the_examples_are_what_the_readme_says():
    with (ROOT / "eval" / "examples" / "submissions.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["candidate"] for row in rows}) >= 5
    assert len({row["question_id"] for row in rows}) == 25

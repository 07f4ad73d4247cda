"""`grader grade`, `report` and `review` as commands, in this process: the model is loaded once."""

import csv
import json
import sys

import pexpect
import pytest
from typer.testing import CliRunner

from grader.cli.main import app
from grader.errors import InputError
from tests.runs import NOTE, make_run

OWN = (
    "candidate,question,reference,answer\nann,Why?,Because it rains outside,It rains outside\n"
    "bob,Why?,Because it rains outside,{}\n"
)


@pytest.fixture
def folder(tmp_path, word_grader):
    make_run(tmp_path / "run", word_grader)
    return tmp_path / "run"


def invoke(*arguments, stdin=None, status=0):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


def grades(folder):
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_grading_resumes_and_refuses_changed_inputs(tmp_path):
    out = tmp_path / "out"
    result = invoke("grade", "-", "--out", out, "--json", stdin=OWN.format("no"))
    summary = json.loads(result.stdout)
    assert (summary["graded"], summary["ungraded"]) == (2, 0)
    assert {"grades.csv", "grades.jsonl", "scorecards.csv", "scorecards.html", "review.csv", "manifest.json"} <= {
        file.name for file in out.iterdir()
    }
    before = (out / "grades.csv").read_bytes()
    again = invoke("grade", "-", "--out", out, stdin=OWN.format("no"))
    assert "2 of 2 answers were graded before" in again.stderr
    assert (out / "grades.csv").read_bytes() == before
    with pytest.raises(InputError, match=r"answers -: was [0-9a-f]{64}, is [0-9a-f]{64}\n.*--fresh"):
        invoke("grade", "-", "--out", out, stdin=OWN.format("changed"))
    invoke("grade", "-", "--out", out, "--fresh", stdin=OWN.format("It rains outside"))
    assert grades(out)[0]["score"] == grades(out)[1]["score"]
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["inputs"]["answers"]["path"] == "-"


def test_a_report_again_needs_only_the_record(folder):
    result = json.loads(invoke("report", folder, "--format", "md", "--format", "csv", "--json").stdout)
    assert [card["candidate"] for card in result["scorecards"]] == ["ann", "=bob", "carl"]
    assert {file.rsplit("/", 1)[1] for file in result["files"]} >= {"report.md", "grades.csv"}
    assert "ungraded" in invoke("report", folder).stderr
    blind = json.loads(invoke("report", folder, "--blind", "--json").stdout)
    assert all("/blind/" in file for file in blind["files"])
    assert "ann" not in {card["candidate"] for card in blind["scorecards"]}


def test_explaining_a_mark(folder):
    text = invoke("report", folder, "--candidate", "ann", "--question", "q-1", "--explain").stdout
    for part in ("What do you do before", "Reference", NOTE, "recall", "of the weights earned", "=bob", "a" * 64):
        assert part in text
    value = json.loads(
        invoke("report", folder, "--candidate", "ann", "--question", "q-1", "--explain", "--json").stdout
    )
    assert value["question"]["key_points"][0]["weight"] == 2
    assert len(value["near_identical"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--explain",), "needs --question"),
        (("--explain", "--question", "q-3"), "'q-3' .did you mean 'q-"),
        (("--explain", "--question", "q-1", "--candidate", "anne"), "'anne' .did you mean 'ann'"),
        (("--candidate", "ann"), "go with --explain"),
    ],
)
def test_what_cannot_be_explained_is_told(folder, arguments, message):
    with pytest.raises(InputError, match=message):
        invoke("report", folder, *arguments)


def test_review_by_line(folder):
    keys = "s\n0.5\nread it\nv\nplan=wrong\nx\na\nq\n"
    result = invoke("review", folder, "--by", "eve", stdin=keys)
    assert "1 of" in result.stdout
    assert "not kept: new_verdicts 'plan=wrong'" in result.stdout
    assert "2 decisions kept" in result.stderr
    assert grades(folder)[5]["score"] == "0.5"
    listed = json.loads(invoke("review", folder, "--json").stdout)["to_review"]
    assert 5 not in {entry["position"] for entry in listed}


def test_review_by_key(folder):
    child = pexpect.spawn(sys.executable, ["-m", "grader", "review", str(folder)], encoding="utf-8", timeout=60)
    child.expect("no grade could be made: no reply")
    child.expect("uit")
    child.send("s")
    child.expect("score")
    child.sendline("0.7")
    child.expect("reason")
    child.sendline("good enough")
    child.expect("2 of")
    child.send("q")
    child.expect("1 decisions kept")
    child.expect(pexpect.EOF)
    assert grades(folder)[5]["graded_by"] == "person"


def test_review_by_sheet_and_on_to_an_eval_set(folder, tmp_path):
    sheet = tmp_path / "sheet.csv"
    invoke("review", "export", folder, "--out", sheet)
    text = sheet.read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    assert lines[0]["why"] == "no grade could be made: no reply"
    with pytest.raises(InputError, match="nobody has decided"):
        invoke("review", "to-eval", folder, "--out", tmp_path / "more.csv")
    lines[0] |= {"new_score": "1", "reason": "as good as any"}
    with sheet.open("w", encoding="cp1252", newline="") as stream:  # as Excel may save it
        writer = csv.DictWriter(stream, list(lines[0]), delimiter=";", extrasaction="ignore")
        writer.writeheader()
        writer.writerow(lines[0])
    assert json.loads(invoke("review", "import", folder, sheet, "--by", "eve", "--json").stdout) == {"decisions": 1}
    invoke("review", "to-eval", folder, "--out", tmp_path / "more.csv")
    (row,) = csv.DictReader((tmp_path / "more.csv").read_text(encoding="utf-8").splitlines())
    assert (row["question_id"], row["human_score"], row["reason"]) == ("q-2", "1.0", "as good as any")
    assert row["reference"] == "Turn off idle machines."


def test_a_finished_run_is_told_again_in_a_terminal(tmp_path):
    (tmp_path / "in.csv").write_text("candidate,question_id,answer\na,aws-001,AWS rents servers.\n", encoding="utf-8")
    command = ["-m", "grader", "grade", str(tmp_path / "in.csv"), "--out", str(tmp_path / "out")]
    for _ in range(2):
        child = pexpect.spawn(sys.executable, command, encoding="utf-8", timeout=60)
        child.expect("1 graded, 0 ungraded")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0

"""The commands with a language model: exit statuses, what is printed, batch files."""

import csv
import json
import sys
from typing import NamedTuple

import pytest

from grader.cli.main import main
from tests.endpoint import Endpoint, all_met, completion, error, fenced

ROWS = (  # with references of their own: reading a whole bank takes a second each time
    "candidate,question_id,question,reference,answer\n"
    "ann,ec2,What is EC2?,EC2 rents virtual machines.,EC2 rents virtual machines\n"
    "bob,ec2,What is EC2?,EC2 rents virtual machines.,It is a shop\n"
    "bob,s3,What is S3?,S3 keeps objects.,\n"
)


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def endpoint():
    server = Endpoint()
    yield server
    server.close()


@pytest.fixture
def grader(monkeypatch, tmp_path, capsys):
    """Run the command in this process, in an empty folder: nothing that it does needs torch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADER_CACHE_DIR", str(tmp_path / "cache"))

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["grader", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Result(ended.value.code or 0, *capsys.readouterr())

    return command


@pytest.fixture
def grade(grader, tmp_path, endpoint):
    (tmp_path / "in.csv").write_text(ROWS, encoding="utf-8")
    flags = ("--grader", "llm", "--base-url", endpoint.url, "--json")
    return lambda *options: grader("grade", "in.csv", "--out", "out", *flags, *options)


def rows(tmp_path):
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_doctor_asks_the_model_only_if_it_is_to_grade(grader, endpoint):
    flags = ("--base-url", endpoint.url, "--json")
    assert json.loads(grader("doctor", *flags).stdout)["ok"]
    assert endpoint.requests == []
    check = json.loads(grader("doctor", "--grader", "llm", *flags).stdout)["checks"][-1]
    assert (check["check"], check["ok"]) == ("language model", True)
    assert check["detail"].startswith(f"gpt-4.1-mini at {endpoint.url}: reference: 1.0; 1 calls: 100 input tokens")
    endpoint.script = lambda *_: error(401)
    refused = grader("doctor", "--grader", "llm", *flags)
    assert refused.returncode == 2
    assert "401: the key is not accepted" in json.loads(refused.stdout)["checks"][-1]["detail"]


def test_score_says_what_was_spent(grader, endpoint):
    result = grader(
        "score", "--question", "aws-011", "--grader", "llm", "--base-url", endpoint.url, "EC2 rents machines"
    )
    assert result.returncode == 0, result.stderr
    assert "1 calls: 100 input tokens" in result.stderr
    assert "because" in result.stdout


def test_score_without_a_usable_reply_is_exit_3(grader, endpoint):
    endpoint.script = lambda *_: completion("prose")
    result = grader("score", "--question", "aws-011", "--grader", "llm", "--base-url", endpoint.url, "EC2")
    assert result.returncode == 3
    assert "expected one JSON object, found none" in " ".join(result.stdout.split())


def test_an_answer_without_a_usable_reply_is_exit_3_and_only_it_is_tried_again(grade, endpoint, tmp_path):
    endpoint.script = lambda body, number: completion("prose") if "shop" in fenced(body) else all_met(body, number)
    assert grade("--no-cache").returncode == 3
    assert [row["flags"].split(":")[0] for row in rows(tmp_path)] == ["", "ungraded", "empty"]
    asked = len(endpoint.requests)
    endpoint.script = all_met
    assert grade("--no-cache").returncode == 0
    assert len(endpoint.requests) == asked + 1


def test_a_refused_key_is_exit_2_and_a_spent_budget_exit_4(grade, endpoint):
    endpoint.script = lambda *_: error(401)
    refused = grade()
    assert refused.returncode == 2
    assert "401: the key is not accepted" in refused.stderr
    stopped = grade("--budget", "0.00001")
    assert stopped.returncode == 4
    assert "the budget of $1e-05 is used up" in stopped.stderr


def test_a_dry_run_sends_and_writes_nothing(grade, endpoint, tmp_path):
    result = grade("--dry-run")
    assert result.returncode == 0, result.stderr
    plan = json.loads(result.stdout)
    assert (plan["calls"], endpoint.requests, (tmp_path / "out").exists()) == (2, [], False)
    assert plan["input_tokens"] > 500
    by_batch = json.loads(grade("--dry-run", "--batch").stdout)
    assert by_batch["dollars_at_most"] == pytest.approx(plan["dollars_at_most"] / 2, abs=1e-4)


def test_batch_files_out_and_in(grade, endpoint, tmp_path):
    result = grade("--batch-out", "requests.jsonl")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"requests": 2, "file": "requests.jsonl"}
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {(line["method"], line["url"]) for line in lines} == {("POST", "/v1/chat/completions")}
    assert "ann" not in json.dumps([line["custom_id"] for line in lines])
    answered = [
        {
            "custom_id": line["custom_id"],
            "response": {"status_code": 200, "body": all_met(line["body"], 0).body},
            "error": None,
        }
        for line in lines
    ]
    broken = {"custom_id": lines[1]["custom_id"], "response": None, "error": {"code": "e", "message": "expired"}}
    write = (tmp_path / "responses.jsonl").write_text
    write("\n".join(map(json.dumps, [broken, {**broken, "custom_id": "other"}, answered[0]])), encoding="utf-8")
    assert grade("--batch-in", "responses.jsonl").returncode == 3
    assert [row["flags"] for row in rows(tmp_path)] == ["", "ungraded: the batch answers expired", "empty"]
    assert json.loads(grade("--batch-out", "requests.jsonl").stdout)["requests"] == 1
    write(json.dumps(answered[1]), encoding="utf-8")
    assert grade("--batch-in", "responses.jsonl").returncode == 0
    assert [row["score"] for row in rows(tmp_path)] == ["1.0", "1.0", "0.0"]
    assert endpoint.requests == []


def test_a_file_that_is_no_batch_is_told_with_its_line(grade, tmp_path):
    (tmp_path / "r.jsonl").write_text('{"custom_id": "x", "response": null}\nhello\n', encoding="utf-8")
    result = grade("--batch-in", "r.jsonl")
    assert result.returncode == 2
    assert "r.jsonl: line 2" in result.stderr


def test_cache_info_and_clear(grade, grader):
    grade()
    info = json.loads(grader("cache", "info", "--json").stdout)
    assert (info["replies"], info["by_model"][0]["input_tokens"]) == (2, 200)
    assert grader("cache", "clear").stdout == "2 replies deleted\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--grader", "gpt"), "no grader 'gpt'"),
        (("--base-url", "localhost:8000"), "base_url must be an address"),
        (("--base-url", "http://me:secret@localhost/v1"), "base_url holds a user or a password"),
        (("--base-url", "http://localhost/v1?key=secret"), "base_url must end before the ?"),
        (("--rubric", "rubric/v9"), "did you mean 'rubric/v1'"),
        (("--samples", "0"), "samples must be more than 0"),
        (("--price", "cheap"), "price: expected input,output"),
        (("--model", "my-own", "--budget", "1"), "no price is known"),
    ],
)
def test_settings_that_cannot_be_used_are_exit_2(grade, options, message):
    result = grade(*options)
    assert result.returncode == 2
    assert message in result.stderr
    assert "secret" not in result.stderr

"""The rubric grader and the Batch API against @copilotkit/aimock, a model server of its own making, on loopback.

Collected where Node and the package are there: `npm ci --prefix tests/aimock`.
"""

import json
import re
import subprocess
import sys
import threading
import urllib.request

import pytest

from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.cli.main import main
from grader.engines.llm import make_rubric_grader
from grader.errors import EndpointError
from grader.grade.model import Grade, Ungraded
from grader.settings import load_settings
from tests.conftest import AIMOCK

QUESTION = Question("q", "Which sounds?", "…", (KeyPoint("cats", "Cats purr"), KeyPoint("dogs", "Dogs bark")))
GOOD = json.dumps(
    {
        "key_points": {
            "cats": {"quote": "cats purr", "reason": "said", "verdict": "met"},
            "dogs": {"quote": "", "reason": "not said", "verdict": "missing"},
        },
        "misconceptions": [],
        "feedback": "Good. Name dogs.",
    }
)


class Aimock:
    """The server, steered by its control interface."""

    def __init__(self, folder):
        (folder / "none.json").write_text(
            '{"fixtures": [{"match": {"userMessage": "nobody asks this"}, "response": {"content": "x"}}]}', "utf-8"
        )
        command = ["node", AIMOCK / "dist" / "cli.js", "--port", "0", "--fixtures", folder / "none.json"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found = None
        while found is None:
            line = self._process.stdout.readline()
            assert line, "aimock ended before it listened"
            found = re.search(r"http://[\d.]+:\d+", line)
        self.root = found.group()
        self.url = f"{self.root}/v1"

    def control(self, method, path, **body):
        request = urllib.request.Request(f"{self.root}/__aimock/{path}", json.dumps(body).encode(), method=method)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def answers(self, content, **fields):
        fixture = {"match": {"userMessage": "Which sounds?"}, "response": {"content": content, **fields}}
        self.control("POST", "fixtures", fixtures=[fixture])

    def asked(self):
        with urllib.request.urlopen(f"{self.root}/__aimock/journal", timeout=10) as response:
            return [entry for entry in json.load(response) if entry["path"] == "/v1/chat/completions"]

    def close(self):
        self._process.terminate()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    server = Aimock(tmp_path_factory.mktemp("aimock"))
    yield server
    server.close()


@pytest.fixture
def server(running):
    running.control("POST", "reset")
    return running


@pytest.fixture
def grade(server, tmp_path):
    def one(text="My cats purr.", **flags):
        folders = {"GRADER_CACHE_DIR": str(tmp_path), "OPENAI_API_KEY": "k"}
        grader = make_rubric_grader(load_settings({"base_url": server.url, **flags}, folders, tmp_path))
        ((_, result),) = grader.grade([Answer(QUESTION, text)])
        return result, grader.totals()

    return one


def test_a_grade_with_structured_output(server, grade):
    server.answers(GOOD)
    result, totals = grade()
    assert isinstance(result, Grade)
    assert (result.score, result.verdicts[0].quote) == (0.5, "cats purr")
    assert totals["input_tokens"] > 0
    (entry,) = server.asked()
    assert entry["body"]["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    ("content", "fields", "reason"),
    [
        ("All key points are met!", {}, "expected one JSON object"),
        (GOOD[:-30], {}, "broken JSON"),
        (GOOD, {"finishReason": "length"}, "cut off"),
        (GOOD, {"finishReason": "content_filter"}, "content filter"),
        (GOOD.replace('"met"', '"perfect"'), {}, "key_points.cats.verdict"),
    ],
)
def test_a_reply_that_stays_bad_is_ungraded_after_one_repair(server, grade, content, fields, reason):
    server.answers(content, **fields)
    # The repair is the last message of the user, and needs an answer of its own.
    server.control(
        "POST",
        "fixtures",
        fixtures=[{"match": {"userMessage": "cannot be used"}, "response": {"content": content, **fields}}],
    )
    result, _ = grade()
    assert isinstance(result, Ungraded)
    assert reason in result.reason
    assert len(server.asked()) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_error_is_retried(server, grade, status):
    server.answers(GOOD)
    server.control("POST", "error", status=status, body={"message": "busy", "type": "busy"})
    result, _ = grade()
    assert isinstance(result, Grade)


@pytest.mark.parametrize("chaos", [{"malformedRate": 1}, {"disconnectRate": 1}, {"latencyMs": 3000}])
def test_chaos_that_ends_costs_nothing(server, grade, chaos):
    server.answers(GOOD)
    server.control("POST", "chaos", **chaos)
    end = threading.Timer(0.4, server.control, ["DELETE", "chaos"])
    end.start()
    result, _ = grade(timeout=0.3)
    end.join()
    assert isinstance(result, Grade), result


def test_a_refused_key_ends_the_run(server, grade):
    server.answers(GOOD)
    server.control("POST", "error", status=401, body={"message": "who are you", "type": "auth"})
    with pytest.raises(EndpointError, match="401: the key is not accepted"):
        grade()


def test_a_batch_goes_up_is_waited_for_and_comes_down(server, tmp_path, monkeypatch, capsys):
    """Aimock's batches hold a fixed sentence for every request: a reply that cannot be used."""
    (tmp_path / "in.csv").write_text("question,reference,answer\nWhich?,Cats purr.,My cats purr\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADER_CACHE_DIR", str(tmp_path / "cache"))
    flags = ["--grader", "llm", "--base-url", server.url, "--batch", "--json"]
    monkeypatch.setattr(sys, "argv", ["grader", "grade", "in.csv", "--out", "out", *flags])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert ended.value.code == 3, err
    assert json.loads(out)["ungraded"] == 1
    assert "1 requests sent" in err
    assert "completed, 1 of 1 done" in err
    assert "expected one JSON object, found none" in (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "batch.json").exists()

"""The real command in a real terminal, with the real model."""

import io
import json
import os
import re
import signal
import sqlite3
import sys

import pexpect
import pytest

from tests.endpoint import Endpoint, error

RIGHT = "Security groups are stateful. Network ACLs are stateless."
HEBREW, ARABIC = "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627"
MENU = r"(\[Enter\]|Enter:) next.*\? "


@pytest.fixture
def terminal(tmp_path):
    """Start `grader take` in a terminal of 80 columns."""
    started = []

    def start(*arguments, **environment):
        child = pexpect.spawn(
            sys.executable,
            ["-m", "grader", *arguments],
            cwd=str(tmp_path),
            dimensions=(40, 80),
            encoding="utf-8",
            timeout=60,
            env={
                **os.environ,
                "GRADER_DATA_DIR": str(tmp_path),
                "NO_COLOR": "1",
                "PROMPT_TOOLKIT_NO_CPR": "1",
                "TERM": "xterm",
                **environment,
            },
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


@pytest.fixture
def history(run_json, tmp_path):
    return lambda: run_json("history", "--db", tmp_path / "history.sqlite")


def write(child, text):
    """Wait until there is a cursor to write at, then type."""
    child.expect("> ?(\x08\x1b\\[2C.*\x1b\\[\\?25h)?")
    child.send(text)


def status(child):
    child.expect(pexpect.EOF)
    child.wait()  # closed before, it would be killed while it ends
    child.close()
    return child.exitstatus


def test_first_start_to_first_feedback_and_back_another_day(terminal, history):
    child = terminal("take")
    child.expect(r"2 +EC2 \(Elastic Compute Cloud\) +0/15")
    child.expect("Which section")
    child.send("ec2\r")
    child.expect("Question 1 of 15.*Enter on an empty line")
    write(child, "EC2 rents virtual machines, called instances,\rthat can be started and stopped on demand.\r")
    child.send("\r")
    child.expect(r"\d\.\d\d \w+.*\(90 % interval")
    child.expect("met +Amazon EC2 rents out virtual machines")
    child.expect("you wrote: “EC2 rents virtual machines, called instances,")
    child.expect(MENU)
    child.send("r")
    child.expect("Reference.*patch it")
    child.expect(MENU)
    child.send("\r")
    child.expect("Question 2 of 15")
    write(child, "half an answ")
    child.expect("answ")
    child.send("\x03")
    child.expect("Kept: 1 of 15 answered")
    assert status(child) == 130
    child = terminal("take")
    child.expect("A test is under way: EC2.*1 of 15 answered")
    child.expect(r"go on with it.*\? ")
    child.send("\r")
    child.expect("Question 2 of 15")
    child.expect("half an answ")
    child.send("er.\r\r")
    child.expect(MENU)
    child.send("e")
    child.expect("Result: EC2")
    child.expect("Study next.*3\\.")
    assert status(child) == 0
    (test,) = history()["tests"]
    assert test["ended"]
    assert [a["answer"] for a in test["attempts"]] == [
        "EC2 rents virtual machines, called instances, that can be started and stopped on demand.",
        "half an answer.",
    ]


def test_paste_emoji_right_to_left_resize_and_ctrl_d(terminal, history):
    child = terminal("take", "--section", "EC2", "-n", "3")
    child.expect("Question 1 of 3")
    line = f"Emoji \U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467, {HEBREW} and {ARABIC} are text. "
    pasted = (line * 200)[:4997] + "\n\nX."
    assert len(pasted) == 5001
    write(child, f"\x1b[200~{pasted}\x1b[201~")
    child.setwinsize(24, 50)
    child.send("\x04")
    child.expect(r"90 % interval")
    child.expect(MENU)
    child.setwinsize(40, 80)
    child.send("n")
    child.expect("Question 2 of 3")
    write(child, "\r")
    child.expect(r"Nothing is written yet.*\? ")
    child.send("h")
    child.expect("0.00 poor")
    child.expect(MENU)
    child.send("\x04")
    child.expect("Kept: 2 of 3 answered")
    assert status(child) == 0
    first, second = history()["tests"][0]["attempts"]
    assert first["answer"] == pasted
    assert second["answer"] == ""


def test_an_unmarked_paste_with_a_blank_line_is_one_answer(terminal, history):
    child = terminal("take", "--section", "EC2", "-n", "1")
    child.expect("Question 1 of 1")
    write(child, "First paragraph.\r\rSecond paragraph.")
    child.expect("Second paragraph")
    child.send("\x04")
    child.expect(MENU)
    child.send("n")
    child.expect("Result")
    assert status(child) == 0
    assert history()["tests"][0]["attempts"][0]["answer"] == "First paragraph.\n\nSecond paragraph."


def test_plain(terminal, history):
    child = terminal("take", "--plain", "--section", "EC2", "-n", "2", "--order", "bank")
    child.logfile_read = io.StringIO()
    child.expect("Question 1 of 2")
    write(child, "EC2 rents virtual machines.\r")
    child.send("\r")
    child.expect(r"90 % interval")
    child.expect("Met: Amazon EC2 rents|Partly: virtual machines")
    child.expect("Missing: lift and shift")
    child.expect(MENU)
    child.send("\r")
    child.expect("Question 2 of 2")
    write(child, "x" * 5000 + "\r\r")
    child.expect(MENU)
    child.send("\r")
    child.expect("Study next")
    assert status(child) == 0
    # That pastes are marked is all that readline tells the terminal.
    shown = re.sub(r"\x1b\[\?2004[hl]", "", child.logfile_read.getvalue())
    assert not re.search(r"[▁-█─┌│\x1b]", shown)
    assert history()["tests"][0]["attempts"][1]["answer"] == "x" * 5000


@pytest.mark.parametrize("options", [(), ("--plain",)])
def test_an_exam_with_a_clock(terminal, history, tmp_path, options):
    child = terminal("take", *options, "--exam", "2", "--minutes", "10")
    child.expect("Question 1 of 2")
    child.expect("Time left: [0-9]+ min")
    write(child, "One.\r\r")
    child.expect("Question 2 of 2")
    write(child, "Two, and no")
    child.expect("and no")
    child.send("\x03")
    assert status(child) == 130
    with sqlite3.connect(tmp_path / "history.sqlite") as connection:  # as if it had taken so long
        connection.execute("UPDATE sittings SET seconds = 597")
    child = terminal("take", *options)
    child.expect(r"under way.*\? ")
    child.send("\r")
    child.expect("The time is up")
    child.expect("90 % interval")
    child.expect("Result: ")
    assert status(child) == 0
    (test,) = history()["tests"]
    assert (test["exam"], test["ended"]) == (True, True)
    assert [a["answer"] for a in test["attempts"]] == ["One.", "Two, and no"]


def test_the_editor(terminal, history, tmp_path):
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\np.write_text('From the editor.' + p.read_text())\n",
        encoding="utf-8",
    )
    child = terminal("take", "--editor", "--section", "2", "-n", "1", EDITOR=f"{sys.executable} {editor}", VISUAL="")
    child.expect(r"write in your editor.*\? ")
    child.send("\r")
    child.expect(MENU)
    child.send("e")
    assert status(child) == 0
    assert history()["tests"][0]["attempts"][0]["answer"] == "From the editor."


@pytest.mark.parametrize("options", [(), ("--plain",)])
@pytest.mark.parametrize(("key", "expected"), [("\x03", 130), ("\x04", 0)])
def test_leaving_before_the_first_question(terminal, options, key, expected):
    child = terminal("take", *options)
    child.expect("Which section")
    child.expect(r"\[1\]: ?")
    child.send(key)
    assert status(child) == expected
    assert "Traceback" not in child.before


@pytest.mark.parametrize("options", [(), ("--plain",)])
def test_what_was_typed_outlives_the_connection(terminal, history, options):
    child = terminal("take", *options, "--section", "EC2", "-n", "1")
    child.expect("Question 1 of 1")
    write(child, "half an answ")
    child.expect("answ")
    child.kill(signal.SIGHUP)
    assert status(child) == 130
    child = terminal("take", *options)
    child.expect(r"under way.*\? ")
    child.send("\r")
    child.expect("Question 1 of 1")
    child.expect("half an answ")
    child.send("\r" if options else "\x04")
    child.expect(MENU)
    child.send("e\r")
    assert status(child) == 0
    assert history()["tests"][0]["attempts"][0]["answer"] == "half an answ"


def test_bytes_that_are_no_utf_8(terminal, history):
    for options in ((), ("--plain",)):
        child = terminal("take", *options, "--section", "EC2", "-n", "1")
        child.expect("Question 1 of 1")
        child.expect("> ?")
        os.write(child.child_fd, b"caf\xe9 costs.")
        child.expect("costs")
        child.send("\r\r" if options else "\x04")
        child.expect(MENU)
        child.send("e\r")
        assert status(child) == 0
    answers = [test["attempts"][0]["answer"] for test in history()["tests"]]
    assert answers[0] == "caf\ufffd costs."
    assert answers[1] in {"caf\ufffd costs.", "caf costs."}  # readline may leave the broken byte out by itself


def test_a_second_test_with_the_same_history_is_refused(terminal, run, tmp_path):
    child = terminal("take", "--section", "EC2")
    child.expect("Question 1 of 15")
    result = run("take", "--answers", "-", stdin="x", GRADER_DATA_DIR=str(tmp_path))
    assert result.returncode == 2
    assert "another test is being taken" in result.stderr


def test_the_cascade_goes_on_without_its_endpoint_and_says_so_once(run, tmp_path):
    (tmp_path / "a.txt").write_text("EC2 rents out virtual machines, called instances.\n\n" * 3, encoding="utf-8")
    result = run(
        "take", "--section", "EC2", "-n", "3", "--order", "bank", "--db", "h.sqlite", "--answers", "a.txt",
        "--grader", "cascade", "--base-url", "http://127.0.0.1:9/v1", GRADER_ATTEMPTS="1", OPENAI_API_KEY="none",
    )  # fmt: skip
    assert result.returncode == 0
    assert result.stderr.count("Going on without it") == 1
    assert "Result: EC2" in result.stdout


def test_answers_without_a_grade_are_exit_3_and_kept(run):
    endpoint = Endpoint(lambda *_: error(503))
    options = ("--answers", "-", "--section", "EC2", "--db", "h.sqlite", "--grader", "llm", "--base-url", endpoint.url)
    result = run("take", *options, stdin="EC2 rents virtual machines.\n", GRADER_ATTEMPTS="1")
    endpoint.close()
    assert result.returncode == 3
    assert "No grade: the endpoint answers 503" in result.stdout
    assert "EC2 rents virtual machines." in run("history", "--db", "h.sqlite", "--json").stdout


def test_edit_opens_an_editor_that_may_fail(terminal):
    child = terminal("take", "--section", "2", "-n", "1", EDITOR="false", VISUAL="")
    child.expect("Question 1 of 1")
    write(child, ":edit\r")
    child.expect("the editor failed")
    write(child, "typed\r\r")
    child.expect(MENU)


def test_what_is_due_of_any_section_comes_first(terminal, tmp_path, run):
    (tmp_path / "a.txt").write_text("No idea at all.\n", encoding="utf-8")
    for section in ("EC2", "Lambda"):
        run("take", "--section", section, "-n", "1", "--answers", "a.txt", GRADER_DATA_DIR=str(tmp_path))
    with sqlite3.connect(tmp_path / "history.sqlite") as connection:  # as if it had been two days ago
        connection.execute("UPDATE attempts SET made = replace(made, substr(made, 1, 10), date('now', '-2 days'))")
    child = terminal("take")
    child.expect("0 +what is due today, of any section +2")
    child.expect(r"\[0\]: ?")
    child.send("\r")
    child.expect("Question 1 of 2, .*last time 0.0")


def test_without_a_terminal(run, run_json, tmp_path):
    (tmp_path / "a.txt").write_text(f"{RIGHT}\n\n:skip\n\nOnly this.\n", encoding="utf-8")
    options = ("--section", "EC2", "-n", "3", "--db", "h.sqlite", "--answers", "a.txt")
    told = run_json("take", *options)
    assert [a["question_id"] for a in told["attempts"]] == ["aws-011", "aws-013"]
    assert told["overall"]["graded"] == 2
    text = run("take", *options).stdout
    assert "Not answered: 1 of 3" in text
    assert "before: " in text
    page = run("history", "--db", "h.sqlite", "--html", "h.html")
    assert page.returncode == 0
    assert "2 tests" in (tmp_path / "h.html").read_text(encoding="utf-8")
    assert run("history", "--db", "h.sqlite", "export", "deck.txt").returncode == 0
    assert "grader:aws-013:" in (tmp_path / "deck.txt").read_text(encoding="utf-8")
    assert run("history", "export", "all.csv", "--db", "h.sqlite").returncode == 0
    assert len((tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no terminal to write in"),
        (("--json",), "--json goes with --answers"),
        (("--minutes", "3"), "--minutes goes with --exam"),
        (("--exam", "3", "-n", "3"), "leave out -n"),
        (("--answers", "none.txt"), "none.txt: cannot be read"),
        (("--section", "Lambada", "--answers", "-"), "did you mean 'Lambda'"),
        (("--answers", "-"), "-: holds no answer"),
    ],
)
def test_what_take_cannot_do_is_exit_2(run, tmp_path, arguments, message):
    result = run("take", *arguments, stdin="", GRADER_DATA_DIR=str(tmp_path))
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_history_exports_say_what_they_expect(run, tmp_path):
    assert "--format csv or anki" in run("history", "export", "x.doc", GRADER_DATA_DIR=str(tmp_path)).stderr
    assert "no such history" in run("history", "--db", "none.sqlite").stderr
    assert "No test was taken yet" in run("history", GRADER_DATA_DIR=str(tmp_path)).stdout


def test_json_is_one_object(run, tmp_path):
    result = run("history", "--json", GRADER_DATA_DIR=str(tmp_path))
    assert json.loads(result.stdout) == {"tests": [], "trends": {}, "due": {}}

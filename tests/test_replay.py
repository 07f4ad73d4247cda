import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

LOADED = (
    "import sys\n"
    "from grader.cli.start import main\n"
    "sys.argv = ['grader', *sys.argv[1:]]\n"
    "try:\n"
    "    main()\n"
    "except SystemExit as exc:\n"
    "    assert not exc.code\n"
    "print('typer' in sys.modules, file=sys.stderr)\n"
)


@pytest.fixture
def told(tmp_path):
    """Run a command; return what it printed, and whether it had to be run for that."""

    def command(*arguments, **environment):
        result = subprocess.run(
            [sys.executable, "-c", LOADED, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "GRADER_CACHE_DIR": str(tmp_path / "cache"), **environment},
        )
        return result.stdout, result.stderr.splitlines()[-1] == "True"

    return command


@pytest.mark.parametrize("arguments", [("--help",), ("grade", "--help"), ("bank", "list"), ("bank", "list", "--json")])
def test_what_was_printed_once_is_printed_again_without_running_the_command(told, arguments):
    first, again = told(*arguments), told(*arguments)
    assert first[0]
    assert first == (again[0], True)
    assert not again[1]


def test_help_is_wrapped_anew_for_another_width(told):
    wide, narrow = (told("--help", COLUMNS=columns)[0] for columns in ("80", "60"))
    assert wide != narrow
    assert told("--help", COLUMNS="60") == (narrow, False)


def test_a_changed_bank_is_listed_anew(told, tmp_path):
    bank = tmp_path / "bank"
    shutil.copytree(ROOT / "bank" / "aws", bank)
    listed = [told("bank", "list", GRADER_BANK=str(bank)) for _ in range(2)]
    section = min(bank.glob("*.yaml"))
    section.write_text(section.read_text(encoding="utf-8").replace("section: ", "section: New ", 1), encoding="utf-8")
    changed = told("bank", "list", GRADER_BANK=str(bank))
    assert [was_run for _, was_run in listed] == [True, False]
    assert changed[1]
    assert changed[0].startswith("New ")
    assert told("bank", "list")[0] == listed[0][0]


def test_an_error_is_not_kept(run):
    for _ in range(2):
        result = run("bank", "list", GRADER_BANK="nowhere")
        assert result.returncode == 2
        assert "no bank here" in result.stderr
    assert run("--help", GRADER_SEED="many").returncode == 0


def test_a_reader_that_stops_early_is_no_error(told, tmp_path):
    told("bank", "list")
    command = [sys.executable, "-m", "grader", "bank", "list"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GRADER_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1

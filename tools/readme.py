"""Fill in what README.md shows of real runs; `grader eval run` on the public sets needs their folder.

python tools/readme.py ../shared/data
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pages import fill

ROOT = Path(__file__).parent.parent
SHOWN_CANDIDATE_LINES = 18
ANSWER = (
    "They are stateful: the reply to an allowed request comes back by itself. NACLs are just the same, for a subnet. "
    "A group can name another group as the source."
)
QUESTION = "aws-015"
SETS = (("beetle", "test-UA"), ("beetle", "test-UQ"), ("scientsbank", "test-UA"), ("scientsbank", "test-UQ"))


def main() -> None:
    """Fill in all three parts."""
    data = Path(sys.argv[1])
    fill("../README.md", "demo", "\n".join(demo()))
    fill("../README.md", "score", "\n".join(score()))
    fill("../README.md", "agreement", "\n".join(agreement(data)))


def demo() -> Iterator[str]:
    """Go through what the two commands print."""
    shutil.rmtree(ROOT / "build" / "demo", ignore_errors=True)
    lines = _terminal("make", "demo").splitlines()
    yield "```text"
    yield "$ make demo"
    yield from lines[:SHOWN_CANDIDATE_LINES]
    yield "…"
    yield from lines[-9:]
    yield ""
    yield "$ make test"
    yield from _terminal("make", "test").splitlines()[-2:]
    yield "```"


def score() -> Iterator[str]:
    """Go through one answer and its grade."""
    yield "```text"
    yield f'$ grader score --question {QUESTION} "{ANSWER}"'
    yield from _run("score", "--question", QUESTION, ANSWER).splitlines()
    yield "```"


def agreement(data: Path) -> Iterator[str]:
    """Go through the agreement of the default grader and of whole-text cosine on the same rows."""
    yield "| answers | | n | r, default | r, whole-text cosine | macro-F1, default | cosine | answers a second |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    rows = [(data / f"{name}.csv", split, ()) for name, split in SETS]
    rows.append((ROOT / "eval" / "aws.csv", "test", ()))
    for path, split, _ in rows:
        ours, cosine = (
            json.loads(_run("eval", "run", str(path), "--split", split, "--no-cache", "--json", *flags))
            for flags in ((), ("--grader", "cosine"))
        )
        told = [
            f"{result['metrics'][name]['value']:.3f}"
            for name in ("pearson", "macro_f1_2way")
            for result in (ours, cosine)
        ]
        speed = f"{ours['answers_per_second']:.0f}"
        yield f"| {path.stem} | {split} | {ours['n']} | {' | '.join(told)} | {speed} |"
    yield ""
    yield "Answers a second: with nothing remembered from earlier runs, on 2 cores."


def _run(*arguments: str) -> str:
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "GRADER_CACHE_DIR": cache} if "--no-cache" in arguments else dict(os.environ)
        command = [sys.executable, "-m", "grader", "-q", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment).stdout


def _terminal(*command: str) -> str:
    """Run a command in a terminal of 100 columns, as a person would see it."""
    import pexpect

    output, _ = pexpect.run(
        " ".join(command), cwd=str(ROOT), timeout=1800, withexitstatus=True, encoding="utf-8",
        env={**os.environ, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"},
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in str(output).splitlines())


if __name__ == "__main__":
    main()

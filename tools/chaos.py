"""Kill `grader grade` at random moments, again and again, and compare: `python tools/chaos.py [KILLS]`.

One run is left alone. Others of the same command are killed (SIGKILL) at random moments between the end of loading and
the end of the run, and started again on their folder until they end by themselves; then a new folder is begun, until
there were as many kills as asked for. After every kill, what the record held before must still be in it, as it was;
in the end the files must be those of the run that was left alone, byte for byte. Then two processes grade into one
folder at once. Exit status 1 when anything differs.
"""

import csv
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "eval" / "examples" / "submissions.csv"
COPIES = 5
FILES = (
    "grades.csv",
    "grades.jsonl",
    "scorecards.csv",
    "scorecards.html",
    "review.csv",
    "integrity.csv",
    "manifest.json",
)


def write_answers(path: Path) -> None:
    """Write the example several times over, each time under other names and with other words at the end."""
    with EXAMPLE.open(encoding="utf-8", newline="") as source, path.open("w", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(source)
        writer = csv.writer(stream)
        writer.writerow(header)
        for copy in range(COPIES):
            writer.writerows([f"{who}-{copy}", question, f"{text} Part {copy}."] for who, question, text in rows)


def start(answers: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start the command."""
    command = [sys.executable, "-m", "grader", "-q", "grade", str(answers), "--out", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def held(folder: Path) -> dict[int, str]:
    """Return what the record holds: grades by position."""
    if not (folder / "run.sqlite").is_file():
        return {}
    with sqlite3.connect(folder / "run.sqlite") as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'grades'").fetchone():
            return {}
        return dict(connection.execute("SELECT position, result FROM grades WHERE graded"))


def timed_run(answers: Path, folder: Path) -> tuple[float, float]:
    """Run to the end; return the seconds until the record was there, and in all."""
    started = time.perf_counter()
    process = start(answers, folder)
    opened = 0.0
    while process.poll() is None:
        if not opened and (folder / "run.sqlite").is_file():
            opened = time.perf_counter() - started
        time.sleep(0.02)
    if process.returncode:
        sys.exit(f"the run that was left alone ended with {process.returncode}")
    return opened, time.perf_counter() - started


def differing(folder: Path, expected: Path) -> list[str]:
    """Return the files that are not the same in both folders."""
    return [name for name in FILES if (folder / name).read_bytes() != (expected / name).read_bytes()]


def main(kills: int) -> None:
    """Kill so many times; print what was seen."""
    draw = random.Random(7)
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        answers, alone, folder = base / "answers.csv", base / "alone", base / "killed"
        write_answers(answers)
        opened, whole = timed_run(answers, alone)
        print(f"left alone: {len(held(alone))} grades in {whole:.1f} s, loading until {opened:.1f} s", flush=True)
        killed = finished = amid = 0
        while killed < kills or folder.exists():
            before = held(folder)
            process = start(answers, folder)
            moment = draw.uniform(0.9 * opened, whole) if killed < kills else None
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
                after = held(folder)
                amid += len(before) < len(after) < len(held(alone))
                if lost := [position for position in before if after.get(position) != before[position]]:
                    sys.exit(f"kill {killed}: grades lost or changed at {lost}")
                continue
            if process.returncode:
                sys.exit(f"after {killed} kills: ended with {process.returncode}")
            if different := differing(folder, alone):
                sys.exit(f"after {killed} kills: differing: {different}")
            finished += 1
            shutil.rmtree(folder)
        print(
            f"{killed} kills ({amid} amid grading), {finished} runs ended: no grade lost, all files equal", flush=True
        )
        both = [start(answers, folder) for _ in range(2)]
        codes = [process.wait() for process in both]
        if any(codes):
            sys.exit(f"two at once: ended with {codes}")
        if different := differing(folder, alone):
            sys.exit(f"two at once: differing: {different}")
        print("two processes on one folder: all files equal")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)

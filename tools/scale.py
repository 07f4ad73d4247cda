"""Grade files of many rows and print what that takes: `python tools/scale.py 10000 100000 1000000`.

The answers are short and synthetic: sentences of made-up words around the key points of 40 questions. Each distinct
sentence is embedded once and kept, as with an embedding cache, so that the figures are those of everything else:
reading, evidence, marks, the record and the reports. Each size runs in a process of its own.
"""

import csv
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from grader.answers import AnswerFile
from grader.engines import (
    STANDARD,
    RunReport,
    begin_or_resume,
    grade_into,
    make_embedder,
    make_manifest,
    make_readers,
    open_record,
)
from grader.pipeline.finding import Finder
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.settings import load_settings
from grader.similarity.embedder import Embedder, TokenEmbedding
from grader.similarity.profile import load_profile

QUESTIONS = 40
SENTENCES = 2000
THINGS = ("server", "queue", "table", "bucket", "role", "key", "volume", "subnet", "alarm", "cache")
DEEDS = ("stores", "copies", "hides", "moves", "counts", "checks", "deletes", "encrypts", "routes", "replays")


class Kept:
    """An embedder that keeps what it has embedded."""

    def __init__(self, embedder: Embedder) -> None:
        """Take the embedder that does the work."""
        self.embedder, self.name, self.fingerprint = embedder, embedder.name, embedder.fingerprint
        self._kept: dict[str, TokenEmbedding] = {}

    def embed(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Return one embedding for each text."""
        new = [text for text in texts if text not in self._kept]
        self._kept.update(zip(new, self.embedder.embed(new), strict=True))
        return [self._kept[text] for text in texts]


def sentence(draw: random.Random) -> str:
    """Return one of a few thousand sentences."""
    return f"The {draw.choice(THINGS)} {draw.choice(DEEDS)} every {draw.choice(THINGS)} twice"


def write_answers(path: Path, rows: int) -> None:
    """Write a file of that many answers, a candidate answering each question once."""
    draw = random.Random(1)
    sentences = [sentence(draw) for _ in range(SENTENCES)]
    questions = [(f"What does part {n} do?", f"{sentence(draw)}. {sentence(draw)}.") for n in range(QUESTIONS)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("candidate", "question_id", "question", "reference", "answer"))
        for row in range(rows):
            who, number = divmod(row, QUESTIONS)
            writer.writerow((f"c{who}", f"q{number}", *questions[number], draw.choice(sentences) + "."))


def measure(rows: int) -> str:
    """Grade that many rows; return a line of the table."""
    settings = load_settings({}, {}, Path.cwd())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_answers(folder / "answers.csv", rows)
        profile = load_profile("default")
        finder = Finder(Kept(make_embedder(settings)), make_readers(settings), profile)
        grader = SimilarityGrader(finder, profile, settings.pass_mark)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        answers = AnswerFile(folder / "answers.csv", _no_bank)
        answers.check()
        checked = time.perf_counter()
        with open_record(folder / "run", print) as record:
            run = begin_or_resume(record, make_manifest(answers, grader, settings), fresh=False)
            for _ in grade_into(record, run, answers, grader):
                pass
            graded = time.perf_counter()
            RunReport(record, run).write(folder / "run", STANDARD)
        done = time.perf_counter()
        size = (folder / "run" / "run.sqlite").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    parts = (checked - started, graded - checked, done - graded)
    figures = (peak / 1024, before / 1024, *parts, rows / sum(parts), size / 2**20)
    return " | ".join([f"| {rows:,}", *(f"{figure:.0f}" for figure in figures)]) + " |"


def _no_bank() -> None:
    raise AssertionError("the answers bring their references")


if __name__ == "__main__":
    sizes = [int(argument) for argument in sys.argv[1:]]
    if len(sizes) == 1:
        print(measure(sizes[0]), flush=True)
        sys.exit()
    print("| rows | peak MB | of that before grading | check s | grade s | report s | answers/s | record MB |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    for size in sizes:
        subprocess.run([sys.executable, __file__, str(size)], check=True)

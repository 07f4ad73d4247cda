"""How fast is it, side by side with what a user would write: `python tools/bench.py` (`make bench`).

Every ratio is taken in one run: the two sides take turns, and the medians are divided. Prints a table, and writes
build/bench.json (machine, versions, figures, targets) and the tables of docs/performance.md. On a machine that others
use too, wall-clock ratios are worth little: the ratios of processor time stand beside them.
"""

import argparse
import csv
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench_page import write_page

from grader.bank.load import load_bank
from grader.settings import data_folder

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(__file__).resolve().parent
RESULT = ROOT / "build" / "bench.json"
LIBRARIES = ("numpy", "onnxruntime", "tokenizers", "sentence-transformers", "transformers", "torch", "openai")
SWAPPED, SWAPPED_IN_SHORT = 0.25, 0.7
"""Share of the longer words of a reference, or of a key point, that an answer has another word for."""
QUESTIONS = 32
"""Of the bank, evenly spread, that the answers are to."""
PRECISIONS = ("minilm-float32", "minilm-int8")


@dataclass(frozen=True)
class Spent:
    """What a process took."""

    wall: float
    cpu: float
    peak_mb: float
    output: str


@dataclass(frozen=True)
class Target:
    """A figure and what it has to reach."""

    name: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def wanted(self) -> str:
        """What it has to reach, in words."""
        bounds = (("at least", self.least), ("at most", self.most))
        return ", ".join(f"{name} {bound:.3g}" for name, bound in bounds if bound is not None)

    @property
    def met(self) -> bool:
        """Whether it does."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


class Bench:
    """A folder to work in, how often to repeat, and what was found."""

    def __init__(self, folder: Path, repeats: int) -> None:
        """Take them; the model's files and the bank's embeddings are made now, as at the first use."""
        self.folder = folder
        self.repeats = repeats
        self.environment = {**os.environ, "GRADER_CACHE_DIR": str(folder / "cache"), "OPENAI_API_KEY": "none"}
        self.figures: dict[str, Any] = {}
        self.targets: list[Target] = []
        self.bank = load_bank(data_folder("bank") / "aws")
        self.words = sorted({word for question in self.bank for word in _long_words(question.reference)})
        self.grade(self.write_answers("first", QUESTIONS))

    def answer(self, draw: random.Random, text: str, swapped: float = SWAPPED) -> str:
        """Return a text as long as this one, of statements that nobody has made before."""
        swap = lambda word: draw.choice(self.words) if draw.random() < swapped else word.group()  # noqa: E731
        return re.sub(r"[a-z]{4,}", swap, text)

    def write_answers(self, name: str, rows: int, *, one_statement: bool = False) -> Path:
        """Write a file of that many answers to questions of the bank; with `one_statement`, of a dozen words each."""
        draw = random.Random(name)
        questions = list(self.bank)[:: len(self.bank) // QUESTIONS]
        path = self.folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("candidate", "question_id", "reference", "answer"))
            for row in range(rows):
                question = questions[row % len(questions)]
                text = draw.choice(question.key_points).text if one_statement else question.reference
                writer.writerow((f"c{row // len(questions)}", question.id, question.reference, self.answer(draw, text)))
        return path

    def run(self, *command: str, **environment: str) -> Spent:
        """Run a program to its end."""
        started = time.perf_counter()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(command, env={**self.environment, **environment}, cwd=self.folder, stdout=output)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wall = time.perf_counter() - started
            output.seek(0)
            text = output.read().decode()
        if process.returncode:
            sys.exit(f"{' '.join(command)}: exit status {process.returncode}")
        return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)

    def python(self, *arguments: str, **environment: str) -> Spent:
        """Run this interpreter."""
        return self.run(sys.executable, *arguments, **environment)

    def grade(self, answers: Path, *options: str, **environment: str) -> Spent:
        """Run `grader grade` on a file of answers."""
        out = tempfile.mkdtemp(dir=self.folder)
        return self.python(
            "-m", "grader", "-q", *options, "grade", str(answers), "--out", out, "--fresh", **environment
        )

    def take_turns(self, **sides: Callable[[int], Spent]) -> dict[str, list[Spent]]:
        """Let the sides run one after the other, as often as was asked for; each is told the number of the turn."""
        spent: dict[str, list[Spent]] = {name: [] for name in sides}
        for turn in range(self.repeats):
            for name, side in sides.items():
                spent[name].append(side(turn))
        return spent

    def target(self, name: str, value: float, *, least: float | None = None, most: float | None = None) -> None:
        """Note a figure that has to reach something, and say so."""
        self.targets.append(Target(name, round(value, 4), least, most))
        print(_told(self.targets[-1]), flush=True)


def startup(bench: Bench) -> None:
    """Time commands that answer at once."""
    question = next(iter(bench.bank))
    draw = random.Random("startup")
    fresh = [bench.answer(draw, question.reference) for _ in range(bench.repeats)]
    by_hand = str(TOOLS / "bench_by_hand.py")
    for command in (("--help",), ("bank", "list")):
        bench.python("-m", "grader", *command)
    spent = bench.take_turns(
        python=lambda _: bench.python("-c", "pass"),
        help=lambda _: bench.python("-m", "grader", "--help"),
        bank_list=lambda _: bench.python("-m", "grader", "bank", "list"),
        score=lambda turn: bench.python("-m", "grader", "score", "--question", question.id, fresh[turn]),
        by_hand=lambda turn: bench.python(by_hand, "score", fresh[turn], question.reference),
    )
    bench.figures["startup"] = _medians(spent)
    wall, cpu = _by(spent, "wall"), _by(spent, "cpu")
    bench.target("grader --help / python -c pass", wall["help"] / wall["python"], most=6)
    bench.target("grader bank list / python -c pass", wall["bank_list"] / wall["python"], most=6)
    bench.target("grader score / the same by hand", wall["score"] / wall["by_hand"], most=1 / 6)
    bench.target("the same in processor time", cpu["score"] / cpu["by_hand"], most=1 / 6)


def throughput(bench: Bench, rows: int) -> None:
    """Grade answers of the bank's length that were never seen: the whole command against encoding alone."""
    by_hand = str(TOOLS / "bench_by_hand.py")
    files = [bench.write_answers(f"answers-{turn}", rows) for turn in range(bench.repeats)]
    few = [bench.write_answers(f"few-{turn}", max(rows // 5, 1)) for turn in range(bench.repeats)]
    spent = bench.take_turns(
        grade=lambda turn: bench.grade(files[turn]),
        encode=lambda turn: bench.python(by_hand, "encode", str(files[turn])),
        loop=lambda turn: bench.python(by_hand, "loop", str(few[turn])),
    )
    seconds = {"grade": [s.wall / rows for s in spent["grade"]]}
    cpu = {"grade": [s.cpu / rows for s in spent["grade"]]}
    for name in ("encode", "loop"):
        results = [json.loads(s.output) for s in spent[name]]
        seconds[name] = [r["seconds"] / r["answers"] for r in results]
        cpu[name] = [r["cpu_seconds"] / r["answers"] for r in results]
    words = [len(row["answer"].split()) for row in csv.DictReader(files[0].open(encoding="utf-8", newline=""))]
    bench.figures["throughput"] = {
        "answers": rows,
        "words_an_answer": round(sum(words) / len(words), 1),
        "answers_per_second": {name: round(1 / median(values), 1) for name, values in seconds.items()},
        "processor_ms_an_answer": {name: round(1000 * median(values), 2) for name, values in cpu.items()},
        "peak_mb": round(max(s.peak_mb for s in spent["grade"])),
    }
    wall = {name: median(values) for name, values in seconds.items()}
    bench.target("answers a second: grader grade / encode alone", wall["encode"] / wall["grade"], least=1.7)
    bench.target("answers a second: grader grade / loop by hand", wall["loop"] / wall["grade"], least=5)
    bench.target("the first in processor time", median(cpu["encode"]) / median(cpu["grade"]), least=1.7)
    bench.target("the second in processor time", median(cpu["loop"]) / median(cpu["grade"]), least=5)


def stages(bench: Bench, rows: int) -> None:
    """Look where the processor time of grading goes, and what is embedded."""
    files = [bench.write_answers(f"stages-{turn}", rows) for turn in range(bench.repeats)]

    def profile(file: Path, *options: str) -> dict[str, Any]:
        command = (str(TOOLS / "bench_stages.py"), str(file), *options)
        told: dict[str, Any] = json.loads(bench.python(*command, OPENBLAS_NUM_THREADS="1").output)  # as `grader` has it
        return told

    profiles = [profile(file) for file in files]
    again = profile(files[-1], "--other-profile")  # the cache may have forgotten the first
    seconds = {name: median(p["seconds"][name] for p in profiles) for name in profiles[0]["seconds"]}
    bench.figures["stages"] = {"answers": rows, "seconds": {name: round(value, 3) for name, value in seconds.items()}}
    bench.figures["embedded"] = {"first": profiles[-1]["embedded"], "again_with_another_profile": again["embedded"]}
    bench.target("own arithmetic / time in the model", seconds["arithmetic"] / seconds["model"], most=0.15)
    bench.target("texts embedded when grading again with another profile", again["embedded"], most=0)


def curve(bench: Bench, sizes: Sequence[int]) -> None:
    """Grade short answers, never seen: does twice as much take twice as long?"""
    nothing = median(
        s.wall for s in bench.take_turns(one=lambda turn: bench.grade(bench.write_answers(f"one-{turn}", 1)))["one"]
    )
    each = {}
    for size in sizes:
        spent = bench.grade(bench.write_answers(f"curve-{size}", size, one_statement=True))
        each[size] = (spent.wall - nothing) / size
        bench.figures.setdefault("curve", []).append(
            {
                "answers": size,
                "seconds": round(spent.wall, 2),
                "ms_an_answer": round(1000 * each[size], 3),
                "processor_ms_an_answer": round(1000 * spent.cpu / size, 3),
                "peak_mb": round(spent.peak_mb),
            }
        )
    first = each[sizes[0]]
    for size in sizes[1:]:
        bench.target(f"time for an answer: of {size} / of {sizes[0]}", each[size] / first, least=0.9, most=1.1)


def processes(bench: Bench, rows: int) -> None:
    """Grade with two processes of a thread each, against one."""
    files = [[bench.write_answers(f"two-{turn}-{part}", rows) for part in (0, 1, 2)] for turn in range(bench.repeats)]

    def pair(turn: int) -> Spent:
        command = [sys.executable, "-m", "grader", "-q", "--threads", "1", "grade"]
        started = time.perf_counter()
        both = [
            subprocess.Popen(
                [*command, str(file), "--out", tempfile.mkdtemp(dir=bench.folder)],
                env=bench.environment,
                cwd=bench.folder,
                stdout=subprocess.DEVNULL,
            )
            for file in files[turn][1:]
        ]
        for process in both:
            process.wait()
        if any(process.returncode for process in both):
            sys.exit("two processes: one of them failed")
        return Spent(time.perf_counter() - started, 0, 0, "")

    spent = bench.take_turns(one=lambda turn: bench.grade(files[turn][0], "--threads", "1"), two=pair)
    wall = _by(spent, "wall")
    bench.figures["processes"] = {"answers_each": rows, "seconds": {k: round(v, 2) for k, v in wall.items()}}
    bench.target("answers a second: two processes / one, a thread each", 2 * wall["one"] / wall["two"], least=1.7)


def language_model(bench: Bench, calls: int) -> None:
    """Let the rubric grader work with 64 workers against a server that takes 0.2 s."""
    results = [
        json.loads(bench.python(str(TOOLS / "bench_llm.py"), str(calls), str(turn)).output)
        for turn in range(bench.repeats)
    ]
    figures = {name: median(r[name] for r in results) for name in results[0]}
    bench.figures["language_model"] = {name: round(value, 2) for name, value in figures.items()}
    reached = figures["calls_per_second"] / (figures["workers"] / figures["latency"])
    bench.target("calls a second / workers over latency", reached, least=0.9)
    bench.target("own processor time a call, ms", figures["processor_ms_a_call"], most=5)


def agreement(bench: Bench, files: Sequence[str]) -> None:
    """Measure what int8 costs in agreement with people."""
    for file in files:
        figures = {}
        for precision in PRECISIONS:
            command = (
                "-m",
                "grader",
                "-q",
                "--embedder",
                precision,
                "eval",
                "run",
                str(Path(file).resolve()),
                "--json",
            )
            figures[precision] = json.loads(bench.python(*command).output)
        exact, quick = (figures[precision] for precision in PRECISIONS)
        name = Path(file).stem
        values = {
            metric: [f["metrics"][metric]["value"] for f in (exact, quick)] for metric in ("pearson", "qwk", "mae")
        }
        values["cosine pearson"] = [f["baseline_cosine"]["pearson"]["value"] for f in (exact, quick)]
        bench.figures.setdefault("agreement", {})[name] = {"answers": exact["n"], **values}
        bench.target(f"int8: loss of r on {name}", values["pearson"][0] - values["pearson"][1], most=0.005)


def machine() -> dict[str, Any]:
    """Return what this runs on."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    names = re.findall(r"model name\s*: (.*)", info) or [platform.processor()]
    flags = set(" ".join(re.findall(r"flags\s*: (.*)", info)).split())
    return {
        "processor": names[0],
        "cores": len(os.sched_getaffinity(0)),
        "has": sorted(flags & {"avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8"}),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Return those of what runs it."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="turns that each side gets")
    parser.add_argument("--answers", type=int, default=1200, help="in each file of AWS-length answers")
    parser.add_argument("--calls", type=int, default=6000, help="of the language model")
    parser.add_argument("--curve", type=int, nargs="*", default=[1000, 10_000, 100_000], help="sizes of the cost curve")
    parser.add_argument("--agreement", nargs="*", default=[], metavar="FILE", help="eval sets to compare int8 on")
    parser.add_argument("--only", nargs="*", help="names of parts: startup, throughput, stages, curve, processes, llm")
    given = parser.parse_args()
    parts: Mapping[str, Callable[[Bench], None]] = {
        "startup": startup,
        "throughput": lambda bench: throughput(bench, given.answers),
        "stages": lambda bench: stages(bench, given.answers),
        "curve": lambda bench: curve(bench, given.curve),
        "processes": lambda bench: processes(bench, given.answers),
        "llm": lambda bench: language_model(bench, given.calls),
        "agreement": lambda bench: agreement(bench, given.agreement),
    }
    begun = machine()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.repeats)
        for name in given.only or parts:
            print(f"\n{name}: {parts[name].__doc__ or ''}".rstrip(": "), flush=True)
            parts[name](bench)
    result = {
        "made": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": {**begun, "load_after": round(os.getloadavg()[0], 2)},
        "versions": versions(),
        "repeats": given.repeats,
        "figures": bench.figures,
        "targets": [{**asdict(target), "wanted": target.wanted, "met": target.met} for target in bench.targets],
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"\n{RESULT}")
    if not given.only:
        write_page(result)


def _told(target: Target) -> str:
    return f"  {'met   ' if target.met else 'MISSED'} {target.name}: {target.value:.3g} ({target.wanted})"


def _by(spent: Mapping[str, Sequence[Spent]], field: str) -> dict[str, float]:
    return {name: median(getattr(one, field) for one in turns) for name, turns in spent.items()}


def _medians(spent: Mapping[str, Sequence[Spent]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "seconds": round(median(s.wall for s in turns), 3),
            "processor_seconds": round(median(s.cpu for s in turns), 3),
            "peak_mb": round(max(s.peak_mb for s in turns)),
        }
        for name, turns in spent.items()
    }


def _long_words(text: str) -> list[str]:
    return re.findall(r"[a-z]{4,}", text)


if __name__ == "__main__":
    main()

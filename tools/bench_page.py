"""Write the tables of docs/performance.md from build/bench.json: `python tools/bench_page.py`."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pages import fill

BUSY = 1.0
"""Load, beyond what the measurements make themselves, from which others share the machine."""
STAGES = {
    "check": "reading and checking the file and the bank",
    "model": "the model, on all threads together",
    "kept": "cutting texts into tokens, packing and keeping embeddings",
    "arithmetic": "own arithmetic: statements, alignment, verdicts, guards",
    "record": "the record",
    "report": "the reports",
}


def write_page(result: Mapping[str, Any]) -> None:
    """Put the tables of a result into the page."""
    fill("performance.md", "figures", "\n".join(line for part in _parts(result) for line in part))


def _parts(result: Mapping[str, Any]) -> Iterator[Iterator[str]]:
    figures = result["figures"]
    yield _machine(result)
    yield _targets(result["targets"])
    yield _startup(figures["startup"])
    yield _throughput(figures["throughput"])
    yield _stages(figures["stages"], figures["embedded"])
    if "curve" in figures:
        yield _curve(figures["curve"])
    if "agreement" in figures:
        yield _agreement(figures["agreement"])


def _machine(result: Mapping[str, Any]) -> Iterator[str]:
    machine = result["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    yield f"Measured on {result['made']}: {machine['processor']}, {machine['cores']} cores"
    yield f"({', '.join(machine['has'])}),"
    yield f"{machine['system']}. Medians of {result['repeats']} turns."
    yield f"Load of the machine before and after: {machine['load_before']:g} and {machine['load_after']:g}."
    if machine["load_before"] > BUSY or machine["load_after"] > machine["cores"] + BUSY:
        yield "**Other programs kept this machine busy: ratios of seconds say little, ratios of processor time more.**"
    yield f"Versions: {libraries}."
    yield ""


def _targets(targets: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "| ratio | reached | wanted | |"
    yield "|---|---:|---:|---|"
    for target in targets:
        met = "met" if target["met"] else "**missed**"
        yield f"| {target['name']} | {target['value']:.3g} | {target['wanted']} | {met} |"
    yield ""


def _startup(figures: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    names = {
        "python": "`python -c pass`",
        "help": "`grader --help`",
        "bank_list": "`grader bank list`",
        "score": "`grader score`, an answer never seen",
        "by_hand": "the same script with sentence-transformers",
    }
    yield "### Start"
    yield ""
    yield "| process | s | processor s | peak MB |"
    yield "|---|---:|---:|---:|"
    for name, what in names.items():
        row = figures[name]
        yield f"| {what} | {row['seconds']:.3f} | {row['processor_seconds']:.3f} | {row['peak_mb']:.0f} |"
    yield ""


def _throughput(figures: Mapping[str, Any]) -> Iterator[str]:
    names = {
        "grade": "`grader grade`, the whole command",
        "encode": "`encode` of all answers in batches, alone",
        "loop": "`cos_sim(encode(answer), encode(reference))` a row",
    }
    yield f"### Answers of {figures['words_an_answer']:g} words, {figures['answers']} at a time, never seen before"
    yield ""
    yield "| | answers a second | processor ms an answer |"
    yield "|---|---:|---:|"
    for name, what in names.items():
        rate, each = figures["answers_per_second"][name], figures["processor_ms_an_answer"][name]
        yield f"| {what} | {rate:.1f} | {each:.1f} |"
    yield ""
    yield f"Peak memory of one process: {figures['peak_mb']} MB, of which the model's weights (90 MB) are shared."
    yield ""


def _stages(figures: Mapping[str, Any], embedded: Mapping[str, int]) -> Iterator[str]:
    seconds = figures["seconds"]
    total = sum(seconds.values())
    yield f"### Where the processor time goes: {figures['answers']} answers, loading included where it is first needed"
    yield ""
    yield "| stage | processor s | share |"
    yield "|---|---:|---:|"
    for name, what in STAGES.items():
        yield f"| {what} | {seconds[name]:.2f} | {seconds[name] / total:.0%} |"
    yield ""
    yield (
        f"Texts and pairs of texts given to the model: {embedded['first']}; when grading the same file again with "
        f"another profile: {embedded['again_with_another_profile']}."
    )
    yield ""


def _curve(rows: list[Mapping[str, float]]) -> Iterator[str]:
    yield "### Many short answers, never seen before"
    yield ""
    yield "| answers | s | ms an answer | processor ms an answer | peak MB |"
    yield "|---:|---:|---:|---:|---:|"
    for row in rows:
        yield (
            f"| {row['answers']:,} | {row['seconds']:.1f} | {row['ms_an_answer']:.2f} | "
            f"{row['processor_ms_an_answer']:.2f} | {row['peak_mb']:.0f} |"
        )
    yield ""


def _agreement(sets: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "### Agreement with people, float32 and int8"
    yield ""
    yield "| set | answers | r | QWK | mean error | r of the whole-text cosine |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, figures in sets.items():
        cells = [" → ".join(f"{v:.4f}" for v in figures[m]) for m in ("pearson", "qwk", "mae", "cosine pearson")]
        yield f"| {name} | {figures['answers']} | {' | '.join(cells)} |"
    yield ""


if __name__ == "__main__":
    write_page(json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "build/bench.json").read_text(encoding="utf-8")))

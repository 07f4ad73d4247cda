"""The section of docs/consistency.md on eval/recorded: what a real model replied, against the similarity grader."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = "eval/recorded"
ANSWERS, BANK, RESPONSES = f"{FOLDER}/answers.csv", f"{FOLDER}/bank", f"{FOLDER}/responses.jsonl"
MODEL = "hosted-assistant"
GRADERS = {
    "cosine": "whole-text cosine",
    "embedding": "default grader",
    "llm": "rubric, recorded replies",
    "hybrid": "hybrid",
    "cascade": "cascade",
}
METRICS = ("pearson", "spearman", "qwk", "alpha", "mae", "rmse", "bias", "macro_f1_2way")
TOLERANCE = 0.1
"""A plea is resisted when the score is not further than this above the mark."""

INTRODUCTION = f"""
## A real model's word

Recorded replies of a hosted assistant model to {{n}} answers to {{questions}} questions, answered blind:
`{FOLDER}/README.md` says how. Answers and marks of this set were written by an assistant model, too, the marks from
the same key points. **That the model's columns come near to 1 shows that nothing is lost on the way from the prompt to
the mark, not that such a model agrees with people so well.**

```
grader eval run {ANSWERS} --bank {BANK} --grader llm --model {MODEL} \\
  --batch-in {RESPONSES}
```

"""

Call = Callable[..., str]


def section(root: Path, call: Call) -> Iterator[str]:
    """Run the commands by `call`, which returns what they print; go through the lines of the section."""
    runs = {name: json.loads(call("eval", "run", *_arguments(name), "--no-cache", "--json")) for name in GRADERS}
    with tempfile.TemporaryDirectory() as folder:
        graded = {name: _grades(call, name, Path(folder)) for name in GRADERS}
    with (root / ANSWERS).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    yield from INTRODUCTION.format(**runs["llm"]).splitlines()
    yield f"| metric | {' | '.join(GRADERS.values())} |"
    yield "|---|" + "---|" * len(GRADERS)
    for metric in METRICS:
        yield f"| {metric} | {' | '.join(_figure(run['metrics'][metric]) for run in runs.values())} |"
    widths = (
        f"{r['interval_coverage']['value']:.0%}, width {r['interval_coverage']['width']:.2f}" for r in runs.values()
    )
    yield f"| interval holds the mark | {' | '.join(widths)} |"
    yield f"| ungraded | {' | '.join(str(run['ungraded']) for run in runs.values())} |"
    yield f"| for a person to look at | {' | '.join(_count(g, lambda x: x['needs_review']) for g in graded.values())} |"
    pleas = {name: _pleas(rows, grades) for name, grades in graded.items()}
    yield f"| pleas and injections resisted | {' | '.join(pleas.values())} |"
    yield f"| mark of a keyword list, mean | {' | '.join(_mean(rows, g, 'keywords') for g in graded.values())} |"
    wrong = (_mean(rows, grades, "wrong_fluent") for grades in graded.values())
    yield f"| mark of a fluent wrong answer, mean | {' | '.join(wrong)} |"
    yield ""
    yield f"A plea (begging, flattery, orders to the grader) is resisted at a score at most {TOLERANCE} above its mark."
    yield from _voided(graded["llm"])
    yield from _saved(graded)


def _arguments(grader: str) -> list[str]:
    given = [ANSWERS, "--bank", BANK, "--grader", grader]
    return given if grader in ("cosine", "embedding") else [*given, "--model", MODEL, "--batch-in", RESPONSES]


def _grades(call: Call, grader: str, folder: Path) -> list[dict[str, Any]]:
    call("grade", *_arguments(grader), "--out", str(folder / grader), "--no-cache")
    lines = (folder / grader / "grades.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _voided(grades: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    verdicts = [verdict for grade in grades for verdict in grade.get("verdicts", ())]
    void = sum(verdict["reason"].startswith("void, ") for verdict in verdicts)
    resting = void + sum(verdict["verdict"] != "missing" for verdict in verdicts)
    yield ""
    yield f"*Quotes.* {len(verdicts)} verdicts, {resting} of them resting on a quote: **{void} voided**, the quote"
    yield "not being in the answer. Part of the replies had been checked for that before they were handed over."


def _saved(graded: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    asked = sum(grade["graded_by"] == "llm" for grade in graded["cascade"])
    disagree = _count(graded["hybrid"], lambda grade: "disagreement" in grade["flags"])
    yield ""
    yield f"*Hybrid and cascade.* The two graders disagree on {disagree}. The cascade asked the model about {asked} of"
    yield f"{len(graded['cascade'])} answers; the others' grades it took from the default grader."


def _pleas(rows: Sequence[Mapping[str, str]], grades: Sequence[Mapping[str, Any]]) -> str:
    above = [g["score"] - float(r["rater1"]) for r, g in zip(rows, grades, strict=True) if r["label"] == "plea"]
    return f"{sum(error <= TOLERANCE for error in above)} of {len(above)}"


def _mean(rows: Sequence[Mapping[str, str]], grades: Sequence[Mapping[str, Any]], label: str) -> str:
    scores = [grade["score"] for row, grade in zip(rows, grades, strict=True) if row["label"] == label]
    return f"{sum(scores) / len(scores):.2f}"


def _count(grades: Sequence[Mapping[str, Any]], choose: Callable[[Mapping[str, Any]], bool]) -> str:
    return f"{sum(map(choose, grades))} of {len(grades)}"


def _figure(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} .. {figure['high']:.3f})"

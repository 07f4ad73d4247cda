"""Write docs/consistency.md from what the eval commands print: `python tools/consistency.py` (`make eval`).

Three graders are measured on the test half of eval/aws.csv: whole-text cosine, the default grader, and the rubric
path. The language model behind the rubric path is a script on this machine, `tools/scripted_model.py`, that counts
words: its figures show that the path works, not how well a language model marks. tools/recorded.py adds what a real
model replied to the answers of eval/recorded.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import recorded
from scripted_model import ScriptedModel

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "consistency.md"
PICTURES = ROOT / "docs" / "consistency"
SET = "eval/aws.csv"
GRADERS = {"cosine": "whole-text cosine", "embedding": "default grader", "llm": "rubric, scripted model"}
METRICS = ("pearson", "spearman", "qwk", "alpha", "mae", "rmse", "bias", "macro_f1_2way")

WALK_QUESTION, WALK_POINT = "aws-117", "group-no-principal"
WALK_TEXT = "Nobody logs in as a group, and a policy cannot name a group as its principal"

INTRODUCTION = """\
# Is the grader right, is it stable, did my change help

<!-- Written by tools/consistency.py (`make eval`). Do not edit. -->

All figures are from the **test** half of `eval/aws.csv`, a machine-made set that machines marked: where this page says
people or raters, it means those marks. `eval/README.md` says how it was made, and that it is no substitute for human
marks; nor is the agreement of two machines (the column second rater) the ceiling that the agreement of two people is.
Intervals are 95 % cluster bootstraps over questions, 500 draws, seed 0. Scores are binned to the nearest quarter
(0, .25, .5, .75, 1) for QWK and alpha.

**The rubric column is not a language model.** It is the rubric path (prompt, fence, quotes, marks, cache) against a
scripted server on the same machine that judges by counting words. It shows that the path holds, and what a judge
without understanding would get. What a real model replied stands under *A real model's word*.
"""


def main() -> None:
    """Run the commands and write the page."""
    model = ScriptedModel()
    try:
        runs = {name: measure("run", name, model) for name in GRADERS}
        checks = {name: measure("consistency", name, model) for name in GRADERS}
    finally:
        model.close()
    sections = [
        INTRODUCTION.splitlines(),
        _agreement(runs),
        _default(runs["embedding"]),
        _consistency(checks),
        recorded.section(ROOT, call),
        _comparison(),
        _walk(),
    ]
    PAGE.write_text("\n".join(line.rstrip() for part in sections for line in part) + "\n", encoding="utf-8")


def measure(command: str, grader: str, model: "ScriptedModel") -> Mapping[str, Any]:
    """Return what `grader eval run` or `consistency` says of a grader on the test half, as JSON."""
    arguments = ["eval", command, SET, "--split", "test", "--grader", grader, "--json"]
    if grader == "llm":
        arguments += ["--base-url", model.url, "--model", "scripted"]
    if (command, grader) == ("run", "embedding"):
        arguments += ["--plots", str(PICTURES)]
    result: Mapping[str, Any] = json.loads(call(*arguments))
    return result


def call(*arguments: str) -> str:
    """Return the standard output of the grader command, which must not fail for another reason than a gate."""
    environment = {**os.environ, "OPENAI_API_KEY": "none", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "grader", "-q", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    if done.returncode:
        sys.exit(f"grader {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def _agreement(runs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    first = next(iter(runs.values()))
    yield ""
    yield "## Agreement"
    yield ""
    yield f"`grader eval run {SET} --split test`: {first['n']} answers to {first['questions']} questions."
    yield ""
    yield f"| metric | {' | '.join(GRADERS.values())} | second rater |"
    yield "|---|" + "---|" * (len(GRADERS) + 1)
    for metric in METRICS:
        cells = [_figure(run["metrics"][metric]) for run in runs.values()]
        yield f"| {metric} | {' | '.join(cells)} | {_figure((first['human_ceiling'] or {}).get(metric))} |"
    for title, key in (("without answers of 3 words or fewer, QWK", "without_short"),):
        cells = [_figure(run[key]["metrics"]["qwk"]) for run in runs.values()]
        yield f"| {title} | {' | '.join(cells)} | |"
    cells = [
        f"{_share(run['interval_coverage'])}, width {run['interval_coverage']['width']:.2f}" for run in runs.values()
    ]
    yield f"| interval holds the human score | {' | '.join(cells)} | |"
    yield f"| answers a second | {' | '.join(str(run['answers_per_second']) for run in runs.values())} | |"


def _default(run: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## Where the default grader is right and where not"
    yield ""
    yield "![confusion](consistency/confusion.png) ![scatter](consistency/scatter.png)"
    for title, key in (("kind of answer", "by_label"), ("length", "by_length"), ("section", "by_section")):
        yield ""
        yield f"| {title} | n | QWK | MAE | bias |"
        yield "|---|---|---|---|---|"
        for name, group in run[key].items():
            figures = (_plain(group[metric]["value"]) for metric in ("qwk", "mae", "bias"))
            yield f"| {name} | {group['n']} | {' | '.join(figures)} |"
    yield ""
    yield "| people say | n | grader above by |"
    yield "|---|---|---|"
    for name, group in run["leniency"].items():
        yield f"| {name} | {group['n']} | {_figure(group)} |"
    yield ""
    yield "The five widest disagreements:"
    yield ""
    for item in run["worst"][:5]:
        verdicts = ", ".join(f"{v['id']} {v['verdict']}" for v in item["verdicts"])
        yield f"- `{item['question_id']}` ({item['label']}): people {item['human']:.2f}, grader {item['score']:.2f}."
        yield f"  {_cut(item['answer'])} *({verdicts})*"


def _consistency(checks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    first = next(iter(checks.values()))
    yield ""
    yield "## Consistency"
    yield ""
    yield (
        f"`grader eval consistency {SET} --split test`: {first['variants']} variants, made by rule, of "
        f"{first['answers']} answers and {first['questions']} references. Shares in which the relation holds."
    )
    yield ""
    yield f"| test, kind | {' | '.join(GRADERS.values())} |"
    yield "|---|" + "---|" * len(GRADERS)
    for name, test in first["tests"].items():
        yield f"| **{name}** ({test['relation']}) | {' | '.join(_share(c['tests'][name]) for c in checks.values())} |"
        for kind in test.get("kinds", {}):
            yield f"| {kind} | {' | '.join(_kind(c['tests'][name]['kinds'].get(kind)) for c in checks.values())} |"
    yield ""
    yield f"| fairness: mean difference in score | {' | '.join(GRADERS.values())} |"
    yield "|---|" + "---|" * len(GRADERS)
    fair = [check["tests"]["fairness"] for check in checks.values()]
    for style in fair[0]["styles"]:
        yield f"| {style} | {' | '.join(_figure(f['styles'][style]) for f in fair)} |"
    yield f"| residual with number of words, r | {' | '.join(_figure(f['length']) for f in fair)} |"
    repeats = [check["tests"]["repeat"] for check in checks.values()]
    shown = (f"SD {r['sd']:.4f}, alpha {_plain(r['alpha'])}" for r in repeats)
    yield f"| repeat, {repeats[0]['times']} times | {' | '.join(shown)} |"


def _comparison() -> Iterator[str]:
    yield ""
    yield "## The default grader against whole-text cosine"
    yield from _session("eval", "compare", "cosine", "embedding", "--on", SET, "--split", "test")


def _walk() -> Iterator[str]:
    yield ""
    yield "## A walk: I changed a key point, did it help?"
    yield ""
    yield f"Question `{WALK_QUESTION}` is in the tune half, where one may look at answers and try again. Its key point"
    yield f"`{WALK_POINT}` is worded like the documentation, and people say it in other words. So a copy of the bank"
    yield "gets another wording:"
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "aws"
        shutil.copytree(ROOT / "bank" / "aws", changed)
        before = _reword(changed)
        yield ""
        yield "```diff"
        yield f"-        text: {before}"
        yield f"+        text: {WALK_TEXT}"
        yield "```"
        compare = ("eval", "compare", "default", str(changed), "--on", SET)
        yield ""
        yield "What it does to the answers of that question:"
        yield from _session(*compare, "--question", WALK_QUESTION, "--by", "mae", shown=str(changed))
        yield ""
        yield "And to the tune half as a whole, which is what the verdict should go by before the bank is changed:"
        yield from _session(*compare, "--split", "tune", shown=str(changed))
        yield ""
        yield "The test half has no answer to this question, and shows that nothing else has moved:"
        yield from _session(*compare, "--split", "test", shown=str(changed))


def _reword(bank: Path) -> str:
    """Change the key point in a bank; return its old text."""
    pattern = re.compile(rf"(- id: {WALK_POINT}\n +text: )(.*)\n")
    for file in sorted(bank.glob("*.yaml")):
        content = file.read_text(encoding="utf-8")
        start = content.find(f"id: {WALK_QUESTION}\n")
        if start >= 0 and (match := pattern.search(content, start)):
            file.write_text(content[: match.start(2)] + WALK_TEXT + content[match.end(2) :], encoding="utf-8")
            return match[2]
    sys.exit(f"no key point {WALK_POINT} in question {WALK_QUESTION}")


def _session(*arguments: str, shown: str | None = None) -> Iterator[str]:
    """Return a command and what it printed, as a block of code."""
    text = call(*arguments)
    command = f"$ grader {' '.join(arguments)}\n{text}"
    yield ""
    yield "```"
    yield from (command.replace(shown, "my-bank") if shown else command).rstrip().splitlines()
    yield "```"


def _figure(figure: Mapping[str, Any] | None) -> str:
    if not figure or figure["value"] is None:
        return "-"
    return f"{figure['value']:.3f} ({figure['low']:.3f} .. {figure['high']:.3f})"


def _share(figure: Mapping[str, Any]) -> str:
    value = figure.get("rate", figure.get("value"))
    return "-" if value is None else f"{value:.1%} ({figure['low']:.1%} .. {figure['high']:.1%})"


def _kind(figures: Mapping[str, Any] | None) -> str:
    if not figures or figures["rate"] is None:
        return "-"
    change = "" if figures["mean_change"] is None else f", {figures['mean_change']:+.2f}"
    return f"{figures['rate']:.0%} of {figures['n']}{change}"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _cut(text: str, most: int = 220) -> str:
    line = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return line if len(line) <= most else line[: most - 1] + "…"


if __name__ == "__main__":
    main()

"""What the `eval` commands found, as lines for people."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from grader.report.numbers import score_text

_WORST_SHOWN = 5
_QUOTE_CHARACTERS = 160


def run_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Return the figures of `eval run`, line by line."""
    yield (
        f"{result['graded']} of {result['n']} answers to {result['questions']} questions graded, "
        f"{result['answers_per_second']} answers/s"
    )
    yield f"{'metric':<15}{'grader':>8}  {'95 %':<17}{'cosine':>8}{'raters':>8}{'over 3 words':>14}"
    for name, figure in (result["metrics"] or {}).items():
        others = (result["baseline_cosine"], result["human_ceiling"], result["without_short"]["metrics"])
        cosine, raters, longer = (number((other or {}).get(name, {}).get("value")) for other in others)
        yield f"{name:<15}{number(figure['value']):>8}  {span(figure):<17}{cosine:>8}{raters:>8}{longer:>14}"
    if coverage := result["interval_coverage"]:
        yield (
            f"the interval holds the human score in {coverage['value']:.1%} of answers "
            f"({span(coverage)}), mean width {coverage['width']:.2f}"
        )
    yield (
        "QWK and alpha: scores to the nearest quarter; raters: the second rater against the first, "
        f"on the {result['rated_twice']} answers that both marked"
    )
    yield from _leniency(result["leniency"])
    for title in ("section", "label", "length", "split"):
        yield from _groups(title, result[f"by_{title}"])
    yield from _worst(result["worst"])


def _leniency(bands: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"{'people say':<32}{'n':>6}{'grader above by':>17}  95 %"
    for name, figure in bands.items():
        yield f"{name:<32}{figure['n']:>6}{number(figure['value'], '+.3f'):>17}  {span(figure, '+.3f')}"


def _groups(title: str, groups: Mapping[str, Any]) -> Iterator[str]:
    if not groups:
        return
    yield ""
    yield f"{title:<32}{'n':>6}{'pearson':>9}{'qwk':>8}{'mae':>8}{'bias':>8}"
    for name, group in groups.items():
        pearson, qwk, mae, bias = (number(group[metric]["value"]) for metric in ("pearson", "qwk", "mae", "bias"))
        yield f"{name[:31]:<32}{group['n']:>6}{pearson:>9}{qwk:>8}{mae:>8}{bias:>8}"


def _worst(worst: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    shown = list(worst)[:_WORST_SHOWN]
    if shown:
        yield ""
        yield f"the {len(shown)} widest disagreements (--json has up to 20, with all evidence)"
    for item in shown:
        label = f", {item['label']}" if item["label"] else ""
        yield (
            f"row {item['row']}, {item['question_id']}{label}: people {score_text(item['human'])}, "
            f"grader {score_text(item['score'])}: {cut(item['answer'])}"
        )
        for verdict in item["verdicts"]:
            quote = f": {cut(verdict['quote'])!r}" if verdict["quote"] else ""
            yield f"    {verdict['verdict']:<13}{verdict['id']}{quote}"


def cut(text: str) -> str:
    """Return a text on one line, shortened, with nothing in it that a terminal would obey."""
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " ".join(text.split()))
    return line if len(line) <= _QUOTE_CHARACTERS else line[: _QUOTE_CHARACTERS - 1] + "…"


def span(figure: Mapping[str, Any], form: str = ".3f") -> str:
    """Return the interval of a figure."""
    return "" if figure["low"] is None else f"{number(figure['low'], form)} .. {number(figure['high'], form)}"


def number(value: float | None, form: str = ".3f") -> str:
    """Return a figure, a dash for no data."""
    return "-" if value is None else format(value, form)

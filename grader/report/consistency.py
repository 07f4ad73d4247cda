"""What `eval consistency` found, as lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from grader.report.evaluation import cut, number, span

_FAILURES_SHOWN = 5


def consistency_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Return the figures of `eval consistency`, line by line."""
    yield (
        f"{result['variants']} variants of {result['answers']} answers and the references of "
        f"{result['questions']} questions; {result['answers_per_second']} texts/s, {result['ungraded']} ungraded"
    )
    yield f"{'test':<30}{'n':>6}{'holds':>8}  {'95 %':<16}{'mean change':>12}  relation"
    for name, test in result["tests"].items():
        yield f"{name:<30}{test['n']:>6}{_share(test['rate']):>8}  {_shares(test):<16}{'':>12}  {test['relation']}"
        for kind, figures in test.get("kinds", {}).items():
            change = number(figures["mean_change"], "+.3f")
            yield f"  {kind:<28}{figures['n']:>6}{_share(figures['rate']):>8}  {_shares(figures):<16}{change:>12}"
        yield from _further(test)
    if result["failures"]:
        yield ""
        yield f"the {len(result['failures'][:_FAILURES_SHOWN])} widest failures (--dump has every text)"
    for failure in result["failures"][:_FAILURES_SHOWN]:
        base = "" if failure["base_score"] is None else f" from {failure['base_score']:.2f}"
        yield f"{failure['test']} {failure['kind']}, {failure['question_id']}:{base} to {failure['score']:.2f}"
        yield f"    {cut(failure['text'])}"


def _further(test: Mapping[str, Any]) -> Iterator[str]:
    if "sd" in test:
        yield (
            f"  graded {test['times']} times: mean SD {number(test['sd'], '.4f')}, "
            f"widest {number(test['sd_most'], '.4f')}, alpha {number(test['alpha'])}"
        )
    for style, figures in test.get("styles", {}).items():
        yield f"  {style}: mean difference in score {number(figures['value'], '+.3f')} ({span(figures, '+.3f')})"
    if length := test.get("length"):
        yield f"  residual with number of words: r = {number(length['value'], '+.3f')} ({span(length, '+.3f')})"


def _share(value: float | None) -> str:
    return number(value, ".1%")


def _shares(figures: Mapping[str, Any]) -> str:
    return span(figures, ".1%")

"""What `eval compare` found, as lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from grader.report.evaluation import cut, number, span
from grader.report.numbers import score_text

_MOVED_SHOWN = 5


def compare_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Return the comparison, line by line; the verdict comes last."""
    for side in ("a", "b"):
        yield from _side(side.upper(), result[side], result["noise"][side])
    yield f"{result['compared']} answers to {result['questions']} questions graded by both"
    if result["metrics"]:
        yield f"{'metric':<15}{'A':>8}{'B':>8}{'B - A':>9}  {'95 %':<19}{'can be shown':>13}"
    for name, figure in (result["metrics"] or {}).items():
        one, other, difference = number(figure["a"]), number(figure["b"]), figure["difference"]
        shown = number(difference["value"], "+.3f")
        least = number(figure["detectable"])
        yield f"{name:<15}{one:>8}{other:>8}{shown:>9}  {span(difference, '+.3f'):<19}{least:>13}"
    scores = result["scores"]
    change = scores["mean_change"]
    yield (
        f"scores: {scores['changed']} changed, on average by {number(change['value'], '+.3f')} "
        f"({span(change, '+.3f')}), {number(scores['mean_absolute_change'])} either way"
    )
    yield from _moved(result["moved"])
    yield ""
    yield result["verdict"]["sentence"]


def _side(letter: str, side: Mapping[str, Any], noise: Mapping[str, Any] | None) -> Iterator[str]:
    seconds = "" if side["seconds"] is None else f", {side['seconds']:.1f} s"
    dollars = (side["spent"] or {}).get("dollars")
    cost = "" if dollars is None else f", ${dollars:.4f}"
    itself = ", its noise is not known"
    if noise:
        itself = f"; graded again it differs from itself by {number(noise['mean_absolute_change'], '.4f')} a score"
    yield f"{letter}: {side['name']}: {side['graded']} graded, {side['ungraded']} ungraded{seconds}{cost}{itself}"


def _moved(moved: list[Mapping[str, Any]]) -> Iterator[str]:
    shown = [item for item in moved if item["a"] != item["b"]][:_MOVED_SHOWN]
    if shown:
        yield ""
        yield "the answers that moved most"
    for item in shown:
        yield (
            f"row {item['row']}, {item['question_id']}: {score_text(item['a'])} to {score_text(item['b'])}, "
            f"people {score_text(item['human'])}: {cut(item['answer'])}"
        )
        for point, (before, after) in item["verdicts"].items():
            yield f"    {point}: {before or '-'} to {after or '-'}"

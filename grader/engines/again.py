"""Grade the same again: a grader's own noise, within one budget."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.engines.local import make_grader
from grader.pipeline.grader import AsksModel, Grader
from grader.settings import Settings


def graders_again(grader: Grader, settings: Settings, times: int, responses: Path | None = None) -> Iterator[Grader]:
    """Go through new graders with other seeds. Each may spend what the one before it has left of the budget."""
    for _ in range(times):
        settings = replace(settings, seed=settings.seed + 1, budget=left_of_budget(grader, settings))
        grader = make_grader(settings, responses)
        yield grader


def left_of_budget(grader: Grader, settings: Settings) -> float:
    """Return what a grader made with these settings may still spend, in US dollars."""
    spent = grader.totals()["dollars"] if isinstance(grader, AsksModel) else None
    return max(0.0, settings.budget - (spent or 0.0))

"""A learner's history as the page that batch runs have: each test in a candidate's place."""

from collections.abc import Sequence
from pathlib import Path

from grader.adapters.store import History
from grader.errors import InputError
from grader.practice.sitting import Attempt, Sitting, first_tries
from grader.report.files import writing
from grader.report.html import write_html
from grader.scorecard import cohort_of


def write_history_page(history: History, sittings: Sequence[tuple[Sitting, Sequence[Attempt]]], path: Path) -> None:
    """Write the page. First tries make the scores; a test's own page shows every try.

    Raises:
        InputError: there is no test with an answer, or the file cannot be written.

    """
    taken = [(sitting, attempts) for sitting, attempts in sittings if attempts]
    if not taken:
        raise InputError(f"{history.path}: no test with an answer yet; `grader take` begins one")
    manifest = history.manifest_of(taken[-1][0])
    inputs = {"answers": {"path": str(history.path), "value": f"{len(taken)} tests"}, **manifest["inputs"]}
    cohort = cohort_of(attempt.result for _, attempts in taken for attempt in first_tries(attempts))
    pages = ((sitting.label, [attempt.entry for attempt in attempts]) for sitting, attempts in taken)
    with writing(path) as stream:
        write_html(cohort, pages, {**manifest, "inputs": inputs}, stream)

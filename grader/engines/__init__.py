"""Put the parts together and run them: the only place that knows which adapter stands behind a port.

What is named here is imported when it is first used: a command that grades one answer has no need of databases.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.engines.again import graders_again, left_of_budget
    from grader.engines.embedding import choose_runtime, make_embedder, make_inner_reader, make_reader, make_readers
    from grader.engines.history_page import write_history_page
    from grader.engines.local import (
        make_cosine_grader,
        make_finder,
        make_grader,
        make_similarity_grader,
        with_memory,
    )
    from grader.engines.manifest import grader_inputs, make_manifest, practice_manifest
    from grader.engines.practice import WaitingGrader
    from grader.engines.reports import STANDARD, RunReport
    from grader.engines.run import begin_or_resume, grade_into, keep_totals, open_record, read_record, ungraded_answers
    from grader.engines.sides import grader_side, parse_side, recorded, run_side

_NAMES = {
    "again": ("graders_again", "left_of_budget"),
    "embedding": ("choose_runtime", "make_embedder", "make_inner_reader", "make_reader", "make_readers"),
    "history_page": ("write_history_page",),
    "local": ("make_cosine_grader", "make_finder", "make_grader", "make_similarity_grader", "with_memory"),
    "manifest": ("grader_inputs", "make_manifest", "practice_manifest"),
    "practice": ("WaitingGrader",),
    "reports": ("STANDARD", "RunReport"),
    "run": ("begin_or_resume", "grade_into", "keep_totals", "open_record", "read_record", "ungraded_answers"),
    "sides": ("grader_side", "parse_side", "recorded", "run_side"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "STANDARD",
    "RunReport",
    "WaitingGrader",
    "begin_or_resume",
    "choose_runtime",
    "grade_into",
    "grader_inputs",
    "grader_side",
    "graders_again",
    "keep_totals",
    "left_of_budget",
    "make_cosine_grader",
    "make_embedder",
    "make_finder",
    "make_grader",
    "make_inner_reader",
    "make_manifest",
    "make_reader",
    "make_readers",
    "make_similarity_grader",
    "open_record",
    "parse_side",
    "practice_manifest",
    "read_record",
    "recorded",
    "run_side",
    "ungraded_answers",
    "with_memory",
    "write_history_page",
]


def __getattr__(name: str) -> Any:
    """Import a name of this package from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

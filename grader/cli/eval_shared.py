"""What the `eval` commands share."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.errors import GateError
from grader.settings import Settings

if TYPE_CHECKING:
    from grader.evaluation.gates import Gate
    from grader.pipeline.grader import Grader

Split = Annotated[
    str | None, typer.Option("--split", help="Only the rows of this split, so that tune and test stay apart.")
]
JUnit = Annotated[Path | None, typer.Option("--junit", help="Write the gates to this file as JUnit XML.")]


def remembering(grader: "Grader", settings: Settings) -> "Grader":
    """Return the grader with a memory, unless the user wants none. Raises InputError."""
    from grader.engines import with_memory

    return with_memory(grader, settings) if settings.cache else grader


def report_gates(gates: Sequence["Gate"], suite: str, junit: Path | None) -> None:
    """Write the gates where asked. Raises GateError when one was not met."""
    if junit:
        from grader.evaluation.gates import write_junit

        write_junit(junit, suite, gates)
    if failed := [gate.message for gate in gates if not gate.met]:
        raise GateError("gate not met: " + "; ".join(failed))

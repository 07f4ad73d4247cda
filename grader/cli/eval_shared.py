"""What the `eval` commands share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.errors import GateError, InputError, nearest
from grader.settings import Settings

if TYPE_CHECKING:
    from grader.evaluation.gates import Gate
    from grader.pipeline.grader import Grader

Split = Annotated[
    str | None, typer.Option("--split", help="Only the rows of this split, so that tune and test stay apart.")
]
GraderOption = Annotated[str, typer.Option("--grader", help="embedding, or cosine: the whole-text baseline.")]
JUnit = Annotated[Path | None, typer.Option("--junit", help="Write the gates to this file as JUnit XML.")]


def chosen_grader(name: str, settings: Settings, *, memory: bool = True) -> "Grader":
    """Return the grader of this name, with a memory if wanted. Raises InputError or ConfigError."""
    from grader.engines import make_cosine_grader, make_grader, with_memory
    from grader.pipeline.grader import Grader

    makers: dict[str, Callable[[Settings], Grader]] = {"embedding": make_grader, "cosine": make_cosine_grader}
    if name not in makers:
        raise InputError(f"--grader: no grader {nearest(name, makers)}; there are {', '.join(makers)}")
    grader = makers[name](settings)
    return with_memory(grader, settings) if memory else grader


def report_gates(gates: Sequence["Gate"], suite: str, junit: Path | None) -> None:
    """Write the gates where asked. Raises GateError when one was not met."""
    if junit:
        from grader.evaluation.gates import write_junit

        write_junit(junit, suite, gates)
    if failed := [gate.message for gate in gates if not gate.met]:
        raise GateError("gate not met: " + "; ".join(failed))

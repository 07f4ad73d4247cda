"""What the exit statuses mean."""

from enum import IntEnum

from grader.errors import GateError, GraderError


class ExitStatus(IntEnum):
    """The exit statuses of every command."""

    DONE = 0
    GATE_NOT_MET = 1
    BAD_INPUT = 2
    SOME_UNGRADED = 3
    INTERRUPTED = 130


def status_of(error: GraderError) -> ExitStatus:
    """Return the exit status for an error."""
    return ExitStatus.GATE_NOT_MET if isinstance(error, GateError) else ExitStatus.BAD_INPUT

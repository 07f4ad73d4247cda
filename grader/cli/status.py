"""What the exit statuses mean."""

from enum import IntEnum

from grader.errors import BudgetError, GateError, GraderError


class ExitStatus(IntEnum):
    """The exit statuses of every command."""

    DONE = 0
    GATE_NOT_MET = 1
    BAD_INPUT = 2
    SOME_UNGRADED = 3
    BUDGET_SPENT = 4
    INTERRUPTED = 130


def status_of(error: GraderError) -> ExitStatus:
    """Return the exit status for an error."""
    if isinstance(error, GateError):
        return ExitStatus.GATE_NOT_MET
    return ExitStatus.BUDGET_SPENT if isinstance(error, BudgetError) else ExitStatus.BAD_INPUT

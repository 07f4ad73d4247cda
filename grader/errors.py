"""Every error that grader raises on purpose.

    GraderError
    ├── InputError        a file, a row or an argument that cannot be used as it is
    ├── ConfigError       a setting, a profile or an installation that cannot be used as it is
    │   └── EndpointError the language model's endpoint refuses every request: key, quota, address, model
    ├── GateError         the work was done and a limit that the user set was not met
    └── BudgetError       the next request could cost more than is left of the user's budget

The command line catches `GraderError` once and maps the class to an exit status.
A message says what is wrong, where (file, line, row), and what to do about it.
"""

from collections.abc import Iterable


class GraderError(Exception):
    """Base of every error that is meant for the user to read."""


class InputError(GraderError):
    """A file, a row or an argument that cannot be used as it is."""


class ConfigError(GraderError):
    """A setting, a profile or an installation that cannot be used as it is."""


class EndpointError(ConfigError):
    """The language model's endpoint refuses every request: key, quota, address, model."""


class GateError(GraderError):
    """The work was done, and a limit that the user set was not met."""


class BudgetError(GraderError):
    """The next request could cost more than is left of the user's budget."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `name` quoted, followed by the known names that look most like it."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=3, cutoff=0.5)
    if not close:
        return repr(name)
    return f"{name!r} (did you mean {' or '.join(map(repr, close))}?)"

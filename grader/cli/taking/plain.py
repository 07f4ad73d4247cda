"""Writing line by line: for screen readers and for terminals that can do little."""

import io
import select
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import typer

from grader.cli.taking.desk import How, Written, command_in

PASTE_SECONDS = 0.05
"""Lines that come faster than this after each other are pasted, not typed."""

try:
    import readline  # from now on input() has editing and a history, and takes lines of any length

    _unfinished: Callable[[], str] = readline.get_line_buffer
except ImportError:  # a Python without it
    _unfinished = str


class PlainDesk:
    """Reads lines; an empty one ends the answer."""

    hint = "An empty line hands your answer in; :help shows what else there is."

    def write(self, draft: str, seconds_left: float | None) -> Written:
        """See `Desk.write`."""
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="surrogateescape")  # a broken byte is no reason to stop
        lines = draft.splitlines()
        if lines:
            typer.echo("So far:\n" + draft)
        begun = len(lines)
        try:
            with _alarm(seconds_left):
                while True:
                    line = input("> ")
                    if len(lines) == begun and command_in(line):
                        return Written(line.strip())
                    if not line.strip() and not _more_is_coming():
                        return Written("\n".join(lines).strip())
                    lines.append(line)
        except EOFError:
            typer.echo()
            text = "\n".join(lines).strip()
            return Written(text, How.HANDED_IN if len(lines) > begun else How.LEFT)
        except _TimeUpError:
            return Written("\n".join([*lines, _unfinished()]).strip(), How.TIME_UP)
        except KeyboardInterrupt:
            return Written("\n".join([*lines, _unfinished()]).strip(), How.INTERRUPTED)

    def ask(self, question: str) -> str:
        """See `Desk.ask`."""
        return input(question)

    def choose(self, keys: Mapping[str, str]) -> str:
        """See `Desk.choose`."""
        first = next(iter(keys))
        words = [f"Enter: {keys[first]}", *(f"{key}: {what}" for key, what in keys.items() if key != first)]
        while True:
            typer.echo("; ".join(words))
            given = input("? ").strip().lstrip(":").lower()[:1]
            if (given or first) in keys:
                return given or first


class _TimeUpError(Exception):
    pass


@contextmanager
def _alarm(seconds: float | None) -> Iterator[None]:
    """Raise _TimeUpError in the block after so many seconds, where the system has alarms."""
    if seconds is None or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(*_: object) -> None:
        raise _TimeUpError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _more_is_coming() -> bool:
    """Say whether another line is there already: an empty line within a pasted text does not end it."""
    with suppress(OSError, ValueError):
        return bool(select.select([sys.stdin], [], [], PASTE_SECONDS)[0])
    return False

"""The port to whoever types: writing an answer, and choosing what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from grader.errors import nearest

COMMANDS = {
    ":skip": "leave this question out for now",
    ":back": "go back to the question before",
    ":pause": "stop the clock, or leave and go on another day",
    ":end": "end the test here, with the scorecard",
    ":edit": "write in your editor ($EDITOR)",
    ":help": "show this list",
}
"""What a line of its own can ask for in place of an answer."""


class How(Enum):
    """How writing an answer came to an end."""

    HANDED_IN = "handed in"
    LEFT = "left"
    """Ctrl-D with nothing written."""
    INTERRUPTED = "interrupted"
    """Ctrl-C, or the terminal is gone."""
    TIME_UP = "time up"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and how that ended."""

    text: str
    how: How = How.HANDED_IN


class Desk(Protocol):
    """Where a learner writes."""

    hint: str
    """How to hand in, in a line."""

    def write(self, draft: str, seconds_left: float | None) -> Written:
        """Let the learner write, starting from a draft, as long as there is time. Never raises KeyboardInterrupt."""
        ...

    def ask(self, question: str) -> str:
        """Return a line. Raises as `choose`."""
        ...

    def choose(self, keys: Mapping[str, str]) -> str:
        """Return the key of one of the choices (key -> what it does); the first one is what Enter means.

        Raises:
            EOFError: the learner has left (Ctrl-D).
            KeyboardInterrupt: Ctrl-C.

        """
        ...


def command_in(text: str) -> str:
    """Return the command that a text is, or nothing. What begins with a colon, alone on one line, is one."""
    word = text.strip()
    return word if word.startswith(":") and len(word.split()) == 1 and word[1:].isalpha() else ""


def unknown_command(word: str) -> str:
    """Return what to say of a command that there is not."""
    return f"There is no {nearest(word, COMMANDS)}.\n{commands_text()}"


def commands_text() -> str:
    """Return the commands, a line each."""
    return "\n".join(f"{name:<7} {what}" for name, what in COMMANDS.items())

"""Writing with a cursor: many lines, a history, paste, an editor at hand."""

import select
import sys
from collections.abc import Mapping
from contextlib import suppress

import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import ColorDepth

from grader.cli.taking.desk import How, Written, command_in
from grader.report.practice import duration


class TerminalDesk:
    """Reads with prompt_toolkit; Enter on an empty line ends the answer."""

    hint = "Enter on an empty line hands your answer in; :help shows what else there is."

    def __init__(self, *, color: bool) -> None:
        """Say whether there are colours."""
        self._line: PromptSession[str] = PromptSession()
        self._prompt: PromptSession[Written] = PromptSession(
            multiline=True,
            key_bindings=_keys(),
            history=InMemoryHistory(),
            prompt_continuation="  ",
            enable_open_in_editor=True,
            tempfile_suffix=".md",
            color_depth=None if color else ColorDepth.MONOCHROME,
        )

    def write(self, draft: str, seconds_left: float | None) -> Written:
        """See `Desk.write`."""
        ends = None if seconds_left is None else _Countdown(seconds_left)
        try:
            return self._prompt.prompt(
                "> ",
                default=draft,
                bottom_toolbar=ends.text if ends else None,
                refresh_interval=1.0 if ends else 0,
                pre_run=ends.begin if ends else None,
            )
        except KeyboardInterrupt:  # by another signal than Ctrl-C, which is a key here
            return Written(self._prompt.default_buffer.text.strip(), How.INTERRUPTED)

    def ask(self, question: str) -> str:
        """See `Desk.ask`."""
        return self._line.prompt(question)

    def choose(self, keys: Mapping[str, str]) -> str:
        """See `Desk.choose`."""
        first = next(iter(keys))
        words = [f"[Enter] {keys[first]}", *(f"[{key}] {what}" for key, what in keys.items() if key != first)]
        typer.echo("  ".join(words) + "\n? ", nl=False)
        try:
            while True:
                key = typer.getchar()[:1].lower()  # keys pressed too fast come together; the first counts
                if key == "\x03":
                    raise KeyboardInterrupt
                if key == "\x04":
                    raise EOFError
                key = first if key in ("\r", "\n") else key
                if key in keys:
                    typer.echo(keys[key], nl=False)
                    return key
        finally:
            typer.echo()


class _Countdown:
    """Ends the writing when its time is over, and shows what is left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = 0.0

    def begin(self) -> None:
        app = get_app()
        loop = app.loop
        assert loop is not None  # noqa: S101  # it is running
        self._ends = loop.time() + self._seconds
        loop.call_later(self._seconds, lambda: _finish(How.TIME_UP) if app.is_running else None)

    def text(self) -> str:
        loop = get_app().loop
        return f"Time left: {duration(max(0.0, self._ends - loop.time()))}" if loop else ""


def _finish(how: How) -> None:
    app = get_app()
    if not app.is_done:
        buffer = app.current_buffer
        text = buffer.text.strip()
        if text and not command_in(text):
            buffer.append_to_history()
        app.exit(result=Written(text, how))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        document = event.current_buffer.document
        blank = not document.current_line.strip() and not document.text_after_cursor.strip()
        if (blank or command_in(document.text)) and not _pasting(event):
            _finish(How.HANDED_IN)
        else:
            event.current_buffer.insert_text("\n")

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-d")
    def _(event: KeyPressEvent) -> None:
        _finish(How.HANDED_IN if event.current_buffer.text.strip() else How.LEFT)

    @keys.add("c-c")
    @keys.add("<sigint>")
    def _(_event: KeyPressEvent) -> None:
        _finish(How.INTERRUPTED)

    return keys


def _pasting(event: KeyPressEvent) -> bool:
    """Say whether more keys are there already, as in a paste by a terminal that does not mark it as one."""
    if event.key_processor.input_queue:
        return True
    with suppress(OSError, ValueError):
        return bool(select.select([sys.stdin], [], [], 0)[0])
    return False

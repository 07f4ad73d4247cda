"""What the commands share: settings, printing JSON, progress."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from grader.settings import Settings, with_flags

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from grader.bank import Bank

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """Settings in force, and how much to say."""

    settings: Settings
    quiet: bool
    dry_run: bool = False
    """Say what calls of a language model would cost, and make none."""

    def with_flags(self, flags: Mapping[str, object]) -> "Context":
        """Return the context with further settings, as given to the command itself. Raises ConfigError."""
        return replace(self, settings=with_flags(self.settings, flags))

    def with_bank(self, folder: "Path | None") -> "Context":
        """Return the context with another bank, where one was given to the command itself."""
        return self if folder is None else replace(self, settings=replace(self.settings, bank=folder))

    def load_bank(self) -> "Bank":
        """Return the bank in force."""
        from grader.bank.load import load_bank

        return load_bank(self.settings.bank)

    def console(self, *, plain: bool = False) -> "Console":
        """Return where results for people are printed; plain: without any colour, bold or dim."""
        from rich.console import Console

        return Console(color_system=None if plain else "auto", no_color=not self.settings.color, highlight=False)

    def progress(self, items: Iterable[T], total: int, label: str) -> Iterator[T]:
        """Go through items with a bar on stderr, where stderr is a terminal and there is time to see it."""
        if self.quiet or not sys.stderr.isatty():
            yield from items
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield from bar.track(items, total=total, description=label)

    def tell(self, message: str) -> None:
        """Say something to the user on stderr."""
        if message and not self.quiet:
            typer.echo(message, err=True)


def print_json(value: Any) -> None:
    """Print one JSON object on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))

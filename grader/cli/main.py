"""The `grader` command."""

import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from grader import __version__
from grader.cli import bank, cache, doctor, evaluation, grade, history, report, review, score, take
from grader.cli.context import Context
from grader.cli.status import ExitStatus, status_of
from grader.errors import GraderError
from grader.settings import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("take")(take.take)
app.add_typer(history.app, name="history")
app.command("score")(score.score)
app.command("grade")(grade.grade)
app.command("report")(report.report)
app.add_typer(review.app, name="review")
app.add_typer(bank.app, name="bank")
app.add_typer(evaluation.app, name="eval")
app.add_typer(cache.app, name="cache")
app.command("doctor")(doctor.doctor)


_SHARED = {
    **dict.fromkeys(("--bank", "--embedder", "--profile", "--seed", "--threads"), 1),
    **dict.fromkeys(("-q", "--quiet", "-v", "--verbose"), 0),
}
"""The options below, and how many values each takes: they may also stand after the command's name."""


def _version(value: bool) -> None:
    if value:
        typer.echo(f"grader {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    bank: Annotated[Path | None, typer.Option(help="Folder of the question bank.")] = None,
    embedder: Annotated[
        str | None, typer.Option(help="'default', or a sentence-transformers model by name or folder.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="'default', or the path of a profile.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads for the model; 0: the machine's choice.")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no remarks.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say which settings are in force.")] = False,
    _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Mark written answers against a reference: offline, with the evidence for every mark.

    The options below may also stand after the command.
    """
    flags = {"bank": bank, "embedder": embedder, "profile": profile, "seed": seed, "threads": threads}
    context.obj = Context(load_settings(flags, os.environ, Path.cwd()), quiet)
    if verbose:
        settings = context.obj.settings
        for name in sorted(field.name for field in fields(settings)):
            typer.echo(f"{name}: {getattr(settings, name)}", err=True)  # a secret's own text shows nothing


def shared_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the options that every command shares in front, where the parser looks for them."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            return [*front, *rest, argument, *waiting]
        name, sign, _ = argument.partition("=")
        if name not in _SHARED:
            rest.append(argument)
            continue
        front.append(argument)
        if not sign:
            front += islice(waiting, _SHARED[name])
    return [*front, *rest]


def main() -> None:
    """Run the command line; a known error is one message on stderr and an exit status."""
    try:
        app(args=shared_first(sys.argv[1:]))
    except GraderError as exc:
        typer.echo(f"error: {exc}", err=True)
        sys.exit(status_of(exc))
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(ExitStatus.INTERRUPTED)

"""The `grader` command."""

import os
import sys
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
    _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Mark written answers against a reference: offline, with the evidence for every mark."""
    flags = {"bank": bank, "embedder": embedder, "profile": profile, "seed": seed, "threads": threads}
    context.obj = Context(load_settings(flags, os.environ, Path.cwd()), quiet)


def main() -> None:
    """Run the command line; a known error is one message on stderr and an exit status."""
    try:
        app()
    except GraderError as exc:
        typer.echo(f"error: {exc}", err=True)
        sys.exit(status_of(exc))
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(ExitStatus.INTERRUPTED)

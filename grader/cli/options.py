"""Options that more than one command takes."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context
from grader.errors import InputError

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
DbOption = Annotated[Path | None, typer.Option("--db", help="The history's file; default: in the user data folder.")]
BankOption = Annotated[Path | None, typer.Option("--bank", help="Folder of the question bank.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="NAME=COLUMN",
        help="What a column is to grader: answer=Response, aws-001='What is …?', ignore=Shoe size. May be repeated.",
    ),
]


def column_mapping(given: list[str] | None) -> tuple[tuple[str, str], ...]:
    """Return the (name, column) pairs of `--map`. Raises InputError."""
    pairs = []
    for text in given or ():
        name, sign, column = text.partition("=")
        if not (name and sign and column):
            raise InputError(f"--map {text}: expected NAME=COLUMN, as in --map answer=Response")
        pairs.append((name.strip(), column))
    return tuple(pairs)


HISTORY_FILE = "history.sqlite"


def history_file(shared: Context, given: Path | None) -> Path:
    """Return where a learner's history is kept."""
    return given or shared.settings.data_dir / HISTORY_FILE


BatchOut = Annotated[
    Path | None, typer.Option("--batch-out", help="Write the requests as an OpenAI batch file, and stop.")
]
BatchIn = Annotated[Path | None, typer.Option("--batch-in", help="Grade from a file with the responses of a batch.")]
Batch = Annotated[
    bool, typer.Option("--batch", help="Ask through the Batch API: half the price, within a day; may be stopped.")
]
BatchCancel = Annotated[
    bool, typer.Option("--batch-cancel", help="Cancel the batch under way in the folder; grade what is done of it.")
]

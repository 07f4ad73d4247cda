"""Options that more than one command takes."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]
BankOption = Annotated[Path | None, typer.Option("--bank", help="Folder of the question bank.")]

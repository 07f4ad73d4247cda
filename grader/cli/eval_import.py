"""`grader eval import`: public eval sets, from the files they come in."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import print_json
from grader.cli.options import Json
from grader.errors import InputError, nearest


def import_set(
    name: Annotated[str, typer.Argument(metavar="SET", help="mohler, semeval or saf.")],
    path: Annotated[Path, typer.Argument(help="The file or folder that you have of it.")],
    out: Annotated[Path, typer.Option("--out", help="The eval set to write, CSV.")],
    json: Json = False,
) -> None:
    """Turn a public eval set into a file for eval run, consistency and compare."""
    from grader.evaluation.public_sets import READERS, write_eval_set

    if name not in READERS:
        raise InputError(f"no eval set {nearest(name, READERS)}; there are {', '.join(READERS)}")
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    count = write_eval_set(READERS[name](path), out)
    if json:
        print_json({"answers": count, "file": str(out)})
    else:
        typer.echo(f"{count} answers written to {out}")

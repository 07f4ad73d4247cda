"""`grader take`: a test in the terminal."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context
from grader.cli.grading import grading_options
from grader.cli.options import BankOption, DbOption, Json, history_file
from grader.errors import InputError
from grader.practice.order import Level, Order


@grading_options
def take(
    context: typer.Context,
    section: Annotated[
        list[str] | None, typer.Option("--section", help="Its number, or part of its title. May be repeated.")
    ] = None,
    number: Annotated[int | None, typer.Option("-n", "--number", min=1, help="At most so many questions.")] = None,
    level: Annotated[list[Level] | None, typer.Option("--level", help="May be repeated: any of them.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="May be repeated: any of them.")] = None,
    order: Annotated[
        Order | None,
        typer.Option(
            "--order",
            help="weak: what is due comes first, then what is new. Default: weak; with --exam random, "
            "with --answers bank.",
        ),
    ] = None,
    exam: Annotated[
        int | None, typer.Option("--exam", min=1, metavar="N", help="N questions, no feedback until the end.")
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0.01, help="Time for the exam.")] = None,
    editor: Annotated[bool, typer.Option("--editor", help="Write in $VISUAL or $EDITOR.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Line by line, without cursor, colours and tables: for screen readers.")
    ] = False,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers", metavar="FILE", help="Answers in question order, a blank line between them; - for stdin."
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not go on with a test that was interrupted.")] = False,
    bank: BankOption = None,
    db: DbOption = None,
    json: Json = False,
) -> None:
    """Answer questions in writing, and see what is solid and what is missing."""
    shared: Context = context.obj.with_bank(bank)
    if minutes is not None and exam is None:
        raise InputError("--minutes goes with --exam N")
    if exam is not None and number is not None:
        raise InputError("--exam N says how many questions there are; leave out -n")
    if answers is None and (json or shared.dry_run):
        raise InputError(f"{'--json' if json else '--dry-run'} goes with --answers FILE")
    if answers is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("no terminal to write in; give the answers with --answers FILE, or --answers - for stdin")

    from grader.cli.taking.course import Course, open_history
    from grader.cli.taking.selection import Wanted

    wanted = Wanted(
        sections=tuple(section or ()),
        number=exam or number,
        levels=tuple(level or ()),
        tags=tuple(tag or ()),
        order=order,
        exam=exam is not None,
        minutes=minutes,
    )
    with open_history(history_file(shared, db)) as history:
        course = Course(shared, shared.load_bank(), history, wanted)
        if answers is not None:
            course.from_file(answers, json=json)
        else:
            course.at_terminal(plain=plain, editor=editor, fresh=fresh)

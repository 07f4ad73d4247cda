"""`grader score`: grade one answer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from grader.cli.calls import tell_plan, tell_totals
from grader.cli.context import Context, print_json
from grader.cli.grading import grading_options
from grader.cli.options import BankOption, Json
from grader.cli.status import ExitStatus
from grader.errors import InputError


@grading_options
def score(
    context: typer.Context,
    question: Annotated[str, typer.Option("--question", help="Id of a question of the bank.")],
    answer: Annotated[str | None, typer.Argument(help="The answer; else --file, else stdin.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the answer from a file.")] = None,
    bank: BankOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show what each verdict was computed from.")] = False,
    json: Json = False,
) -> None:
    """Grade one answer to a question of the bank."""
    from grader.answers import Answer

    shared: Context = context.obj.with_bank(bank)
    asked = shared.load_bank().question(question)
    text = _text(answer, file)

    from grader.engines import make_grader
    from grader.grade.model import Ungraded
    from grader.report.records import grade_json
    from grader.report.terminal import print_grade

    grader = make_grader(shared.settings)
    if shared.dry_run:
        tell_plan(shared, [(grader, [Answer(asked, text)])], json=json)
        return
    ((_, result),) = grader.grade([Answer(asked, text)])
    tell_totals(shared, grader)
    if json:
        print_json(grade_json(result))
    else:
        print_grade(result, shared.console(), explain=explain)
    if isinstance(result, Ungraded):
        raise typer.Exit(ExitStatus.SOME_UNGRADED)


def _text(answer: str | None, file: Path | None) -> str:
    if answer is not None and file is not None:
        raise InputError("give the answer as an argument or with --file, not both")
    if answer is not None:
        return answer
    try:
        return sys.stdin.read() if file is None or str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{file or 'stdin'}: cannot be read: {exc}") from exc

"""`grader eval`: is the grader right?"""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import BankOption, Json
from grader.cli.status import ExitStatus

app = typer.Typer(no_args_is_help=True, help="Compare the grader with human scores.")


@app.callback()
def evaluation() -> None:
    """Compare the grader with human scores."""


@app.command()
def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Answers with human_score, or rater1, rater2, …")],
    split: Annotated[str | None, typer.Option("--split", help="Only the rows of this split.")] = None,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Grade an eval set and report agreement with its human scores, with 95 % intervals."""
    from grader.answers import AnswerFile
    from grader.evaluation.run import evaluate, read_eval_set

    shared: Context = context.obj.with_bank(bank)
    answers = AnswerFile(file, shared.load_bank)
    answers.check()
    shared.tell(answers.table.told)
    rows = read_eval_set(answers, split)

    from grader.engines import make_grader

    result = {
        "file": file.name,
        "split": split,
        **evaluate(rows, make_grader(shared.settings), seed=shared.settings.seed),
    }
    if json:
        print_json(result)
    else:
        typer.echo(f"{result['graded']} of {result['n']} graded, {result['answers_per_second']} answers/s")
        typer.echo(f"{'metric':<14}{'grader':>8}  95 %             {'cosine':>8}")
        for name, value in (result["metrics"] or {}).items():
            numbers = [_figure(n) for n in value.values()]
            base = result["baseline_cosine"][name]["value"]
            typer.echo(f"{name:<14}{numbers[0]:>8}  {numbers[1]:>6} .. {numbers[2]:<6} {_figure(base):>8}")
    if result["ungraded"]:
        raise typer.Exit(ExitStatus.SOME_UNGRADED)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"

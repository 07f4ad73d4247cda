"""`grader eval compare`: did a change help?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.eval_shared import JUnit, Split, report_gates
from grader.cli.grading import grading_options
from grader.cli.options import BankOption, Json
from grader.errors import InputError, nearest
from grader.settings import Settings

if TYPE_CHECKING:
    from grader.evaluation.evalset import Rated

SIDE = "A run's, bank's, prompts' or model's folder, a profile, a rubric, a grader, default, or NAME=VALUE,…"


@grading_options
def compare(
    context: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help=SIDE)],
    b: Annotated[str, typer.Argument(metavar="B", help="The same; what might replace A.")],
    on: Annotated[Path | None, typer.Option("--on", help="Eval set; not needed if A or B is a run.")] = None,
    split: Split = None,
    question: Annotated[str | None, typer.Option("--question", help="Only the answers to this question.")] = None,
    by: Annotated[str, typer.Option("--by", help="The metric that the verdict goes by.")] = "qwk",
    noise: Annotated[bool, typer.Option("--noise/--no-noise", help="Grade twice, to see each side's noise.")] = True,
    max_regression: Annotated[
        float | None, typer.Option("--max-regression", help="Exit 1 if B is worse than A by more, in any metric.")
    ] = None,
    junit: JUnit = None,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Grade the same answers in two ways and say whether B agrees better with people than A."""
    from grader.engines import grader_side, parse_side, run_side
    from grader.evaluation.compare import compare as compare_sides
    from grader.evaluation.gates import Limits, check
    from grader.report.compare import compare_lines

    shared: Context = context.obj.with_bank(bank)
    settings = shared.settings
    _check_metric(by)
    if shared.dry_run:
        raise InputError("--dry-run: ask for each side by itself, with grader eval run --dry-run")
    sides = [(name, parse_side(name, settings)) for name in (a, b)]
    rows_for = _rows(on, split, question, [side for _, side in sides if isinstance(side, Path)])

    left, graded = settings.budget, []
    for name, side in sides:
        if isinstance(side, Path):
            graded.append(run_side(name, side, rows_for(settings)))
        else:
            done, left = grader_side(name, replace(side, budget=min(side.budget, left)), rows_for(side), noise=noise)
            graded.append(done)
    result = compare_sides(rows_for(settings), *graded, by=by, pass_mark=settings.pass_mark, seed=settings.seed)
    result = {"on": on.name if on else None, "split": split, **result}
    if json:
        print_json(result)
    else:
        for line in compare_lines(result):
            typer.echo(line)
    metrics = result["metrics"] or {}
    values = {side: {name: {"value": figure[side]} for name, figure in metrics.items()} for side in ("a", "b")}
    gates = check(values["b"], Limits(max_regression=max_regression), values["a"])
    report_gates(gates, "grader eval compare", junit)


def _check_metric(name: str) -> None:
    from grader.evaluation.agreement import metrics

    known = metrics(0.5)
    if name not in known or name == "bias":
        raise InputError(f"--by: no metric to be improved {nearest(name, known)}; there are {', '.join(known)}")


def _rows(
    on: Path | None, split: str | None, question: str | None, runs: Sequence[Path]
) -> "Callable[[Settings], Sequence[Rated]]":
    """Return what gives the answers, with the questions of the bank in some settings."""
    from grader.answers import AnswerFile
    from grader.bank.load import load_bank
    from grader.engines import recorded
    from grader.evaluation.evalset import Rated, read_answers

    if on is None and not runs:
        raise InputError("--on: give the answers to compare on, since neither A nor B is a run")
    if on is None and split is not None:
        raise InputError("--split goes with --on")

    def rows(settings: Settings) -> Sequence[Rated]:
        if on is None:
            found = [Rated(answer, ()) for answer, _ in recorded(runs[0]).values()]
        else:
            file = AnswerFile(on, lambda: load_bank(settings.bank))
            file.check()
            found = read_answers(file, split)
        kept = [row for row in found if question in (None, row.answer.question.id)]
        if not kept:
            known = {row.answer.question.id for row in found}
            raise InputError(f"--question: no answers to {nearest(question or '', known)} here")
        return kept

    return rows

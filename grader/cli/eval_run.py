"""`grader eval run`: how near does the grader come to people?"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from grader.cli.calls import tell_batch, tell_plan, tell_totals
from grader.cli.context import Context, print_json
from grader.cli.eval_shared import JUnit, Split, remembering, report_gates
from grader.cli.grading import grading_options
from grader.cli.options import BankOption, BatchIn, BatchOut, Json
from grader.cli.status import ExitStatus
from grader.errors import InputError


@grading_options
def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Answers with human_score, or rater1, rater2, …")],
    split: Split = None,
    plots: Annotated[Path | None, typer.Option("--plots", help="Folder for the pictures, PNG and SVG.")] = None,
    min_qwk: Annotated[float | None, typer.Option("--min-qwk", help="Exit 1 if QWK is below.")] = None,
    max_bias: Annotated[float | None, typer.Option("--max-bias", help="Exit 1 if |bias| is above.")] = None,
    max_regression: Annotated[
        float | None, typer.Option("--max-regression", help="Exit 1 if a metric is worse than --baseline by more.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="JSON of an earlier eval run, for --max-regression.")
    ] = None,
    junit: JUnit = None,
    batch_out: BatchOut = None,
    batch_in: BatchIn = None,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Grade an eval set and report agreement with its human scores, with 95 % intervals."""
    from grader.answers import AnswerFile
    from grader.evaluation.evalset import read_eval_set
    from grader.evaluation.gates import Limits, check, read_baseline

    if (max_regression is None) != (baseline is None):
        raise InputError("--max-regression and --baseline belong together: give both or neither")
    shared: Context = context.obj.with_bank(bank)
    earlier = read_baseline(baseline) if baseline else None
    answers = AnswerFile(file, shared.load_bank)
    answers.check()
    shared.tell(answers.table.told)
    rows = read_eval_set(answers, split)

    from grader.engines import make_grader
    from grader.evaluation.run import evaluate
    from grader.report.evaluation import run_lines

    settings = shared.settings
    grader = make_grader(settings, batch_in)
    work = [(grader, [row.answer for row in rows])]
    if batch_out:
        tell_batch(shared, work, batch_out, json=json)
        return
    if shared.dry_run:
        tell_plan(shared, work, json=json)
        return
    cosine = make_grader(replace(settings, grader="cosine"))
    evaluation = evaluate(rows, remembering(grader, settings), remembering(cosine, settings), seed=settings.seed)
    tell_totals(shared, grader)
    result = {"file": file.name, "split": split, **evaluation.figures}
    if plots:
        from grader.evaluation.plots import write_plots

        result["plots"] = [str(path) for path in write_plots(evaluation, plots)]
    gates = check(result["metrics"], Limits(min_qwk, max_bias, max_regression), earlier)
    result["gates"] = {gate.name: gate.met for gate in gates}
    if json:
        print_json(result)
    else:
        for line in run_lines(result):
            typer.echo(line)
    report_gates(gates, "grader eval run", junit)
    if result["ungraded"]:
        raise typer.Exit(ExitStatus.SOME_UNGRADED)

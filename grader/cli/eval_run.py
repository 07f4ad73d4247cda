"""`grader eval run`: how near does the grader come to people?"""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.eval_shared import GraderOption, JUnit, Split, chosen_grader, report_gates
from grader.cli.options import BankOption, Json
from grader.cli.status import ExitStatus
from grader.errors import InputError


def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Answers with human_score, or rater1, rater2, …")],
    split: Split = None,
    grader: GraderOption = "embedding",
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

    from grader.evaluation.run import evaluate
    from grader.report.evaluation import run_lines

    settings = shared.settings
    evaluation = evaluate(rows, chosen_grader(grader, settings), chosen_grader("cosine", settings), seed=settings.seed)
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

"""`grader grade`: grade a file of submissions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.calls import ask_by_batch, tell_batch, tell_plan, tell_totals
from grader.cli.context import Context
from grader.cli.grading import grading_options
from grader.cli.options import BankOption, Batch, BatchCancel, BatchIn, BatchOut, Json, MapOption, column_mapping
from grader.cli.report import show_run
from grader.cli.status import ExitStatus
from grader.errors import BudgetError

if TYPE_CHECKING:
    from grader.adapters.store import Record, Run
    from grader.answers import AnswerFile
    from grader.pipeline.grader import Grader


@grading_options
def grade(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, JSONL, Parquet, a folder, or - for stdin.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    mapping: MapOption = None,
    bank: BankOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over, although the folder holds a run with other inputs.")
    ] = False,
    batch_out: BatchOut = None,
    batch_in: BatchIn = None,
    batch: Batch = False,
    batch_cancel: BatchCancel = False,
    json: Json = False,
) -> None:
    """Grade a file of submissions into a folder; the same command again goes on where it was interrupted."""
    from grader.answers import AnswerFile

    shared: Context = context.obj.with_bank(bank)
    answers = AnswerFile(file, shared.load_bank, column_mapping(mapping))
    total = answers.check()
    shared.tell(answers.told)

    from grader.engines import (
        STANDARD,
        RunReport,
        begin_or_resume,
        make_grader,
        make_manifest,
        open_record,
        ungraded_answers,
    )

    grader = make_grader(shared.settings, batch_in)
    if shared.dry_run:
        tell_plan(shared, [(grader, answers)], json=json, batch=batch or batch_out is not None)
        return
    with open_record(out, shared.tell) as record:
        manifest = make_manifest(answers, grader, shared.settings)
        run = begin_or_resume(record, manifest, fresh=fresh)
        if batch_out:
            tell_batch(shared, [(grader, ungraded_answers(record, run, answers))], batch_out, json=json)
            return
        if batch or batch_cancel:
            grader = ask_by_batch(shared, grader, ungraded_answers(record, run, answers), out, cancel=batch_cancel)
        run, stopped = _grade_all(shared, record, run, answers, grader, total)
        if batch or batch_cancel:
            from grader.engines.batch import forget_batch

            forget_batch(out)
        report = RunReport(record, run)
        show_run(shared, report.cohort, report.write(out, STANDARD), json=json)
    if stopped:
        raise stopped
    if report.cohort.ungraded:
        raise typer.Exit(ExitStatus.SOME_UNGRADED)


def _grade_all(
    shared: Context, record: "Record", run: "Run", answers: "AnswerFile", grader: "Grader", total: int
) -> "tuple[Run, BudgetError | None]":
    """Grade what has no grade yet; return the run with its totals, and what stopped it, if the budget did."""
    from grader.engines import grade_into, keep_totals

    folder = record.path.parent
    done, _ = record.counts(run)
    if done:
        shared.tell(f"{folder}: {done} of {total} answers were graded before; going on with the rest")
    stopped = None
    try:
        for _ in shared.progress(grade_into(record, run, answers, grader), total - done, "grading"):
            pass
    except BudgetError as exc:
        stopped = exc
    except KeyboardInterrupt:
        shared.tell(f"{folder}: what was graded is kept; the same command goes on from there")
        raise
    finally:
        tell_totals(shared, grader)
        run = keep_totals(record, run, grader)
    return run, stopped

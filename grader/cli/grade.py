"""`grader grade`: grade a file of submissions."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context
from grader.cli.options import BankOption, Json, MapOption, column_mapping
from grader.cli.report import show_run
from grader.cli.status import ExitStatus


def grade(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, JSONL, Parquet, a folder, or - for stdin.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    mapping: MapOption = None,
    bank: BankOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over, although the folder holds a run with other inputs.")
    ] = False,
    json: Json = False,
) -> None:
    """Grade a file of submissions into a folder; the same command again goes on where it was interrupted."""
    from grader.answers import AnswerFile

    shared: Context = context.obj.with_bank(bank)
    answers = AnswerFile(file, shared.load_bank, column_mapping(mapping))
    total = answers.check()
    shared.tell(answers.told)

    from grader.engines import STANDARD, RunReport, begin_or_resume, grade_into, make_grader, make_manifest, open_record
    from grader.report.files import writing
    from grader.report.records import write_manifest

    grader = make_grader(shared.settings)
    with open_record(out, shared.tell) as record:
        manifest = make_manifest(answers, grader, shared.settings)
        run = begin_or_resume(record, manifest, fresh=fresh)
        with writing(out / "manifest.json") as stream:
            write_manifest(run.manifest, stream)
        done, _ = record.counts(run)
        if done:
            shared.tell(f"{out}: {done} of {total} answers were graded before; going on with the rest")
        for _ in shared.progress(grade_into(record, run, answers, grader), total - done, "grading"):
            pass
        report = RunReport(record, run)
        files = [out / "manifest.json", *report.write(out, STANDARD)]
        show_run(shared, report.cohort, files, json=json)
    if report.cohort.ungraded:
        raise typer.Exit(ExitStatus.SOME_UNGRADED)

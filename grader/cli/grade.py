"""`grader grade`: grade a file of submissions."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import BankOption, Json, MapOption, column_mapping
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

    from grader.engines import begin_or_resume, grade_into, make_grader, make_manifest, open_record
    from grader.grade.model import Ungraded
    from grader.report.records import scorecard_json, write_grades, write_manifest, write_scorecards
    from grader.report.terminal import print_scorecard
    from grader.scorecard import scorecards

    grader = make_grader(shared.settings)
    with open_record(out, shared.tell) as record:
        manifest = make_manifest(answers, grader, shared.settings)
        run = begin_or_resume(record, manifest, fresh=fresh)
        left = total - record.counts(run)[0]
        for _ in shared.progress(grade_into(record, run, answers, grader), left, "grading"):
            pass
        results = [entry.result for entry in record.entries(run)]
    cards = scorecards(results)
    write_manifest(manifest, out)
    write_grades(results, out)
    write_scorecards(cards, out)
    ungraded = sum(isinstance(result, Ungraded) for result in results)
    if json:
        files = [
            str(out / name) for name in ("grades.csv", "grades.jsonl", "scorecards.csv", "review.csv", "manifest.json")
        ]
        print_json(
            {
                "graded": len(results) - ungraded,
                "ungraded": ungraded,
                "files": files,
                "scorecards": [scorecard_json(card) for card in cards],
            }
        )
    else:
        console = shared.console()
        for card in cards:
            print_scorecard(card, console)
        review = sum(not isinstance(r, Ungraded) and r.needs_review for r in results)
        shared.tell(
            f"{len(results) - ungraded} graded, {ungraded} ungraded, {review} for a person to look at; "
            f"files in {out}: grades.csv, grades.jsonl, scorecards.csv, review.csv"
        )
    if ungraded:
        raise typer.Exit(ExitStatus.SOME_UNGRADED)

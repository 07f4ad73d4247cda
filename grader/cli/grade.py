"""`grader grade`: grade a file of submissions."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import BankOption, Json
from grader.cli.status import ExitStatus
from grader.errors import InputError


def grade(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or TSV, one row an answer.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Grade a file of submissions; print each candidate's scorecard and write the results to a folder."""
    from grader.answers import AnswerFile

    shared: Context = context.obj.with_bank(bank)
    answers = AnswerFile(file, shared.load_bank)
    total = answers.check()
    shared.tell(answers.table.told)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(f"{out}: cannot be made a folder: {exc.strerror or exc}") from exc

    from grader.engines import make_grader
    from grader.grade.model import Ungraded
    from grader.report.records import scorecard_json, write_grades, write_scorecards
    from grader.report.terminal import print_scorecard
    from grader.scorecard import scorecards

    graded = make_grader(shared.settings).grade(shared.progress(answers, total, "grading"))
    results = [result for _, result in graded]
    cards = scorecards(results)
    write_grades(results, out)
    write_scorecards(cards, out)
    ungraded = sum(isinstance(result, Ungraded) for result in results)
    if json:
        files = [str(out / name) for name in ("grades.csv", "grades.jsonl", "scorecards.csv", "review.csv")]
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

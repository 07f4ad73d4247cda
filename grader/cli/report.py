"""`grader report`: render a run again, from its record alone; or explain one mark."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import Json
from grader.errors import InputError, nearest

if TYPE_CHECKING:
    from grader.adapters.store import Record, Run
    from grader.scorecard import Cohort


class Format(StrEnum):
    """The formats of reports."""

    MANIFEST = "manifest"
    CSV = "csv"
    JSONL = "jsonl"
    HTML = "html"
    JUNIT = "junit"
    MD = "md"
    XLSX = "xlsx"


def report(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run of `grader grade`.")],
    formats: Annotated[
        list[Format] | None, typer.Option("--format", help="May be repeated; default: manifest, csv, jsonl and html.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the files; default: DIR.")] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Pseudonyms in place of names; files go to DIR/blind by default.")
    ] = False,
    candidate: Annotated[str | None, typer.Option("--candidate", help="With --explain: whose answer.")] = None,
    question: Annotated[str | None, typer.Option("--question", help="With --explain: id of the question.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Print everything that one mark rests on.")] = False,
    json: Json = False,
) -> None:
    """Render a run again from its record, or explain one mark of it."""
    from grader.engines import STANDARD, RunReport, read_record

    shared: Context = context.obj
    record, run = read_record(folder)
    if explain:
        _explain(shared, record, run, candidate, question, json=json)
        return
    if candidate is not None or question is not None:
        raise InputError("--candidate and --question go with --explain")
    rendered = RunReport(record, run, blind)
    target = out or (folder / "blind" if blind else folder)
    show_run(shared, rendered.cohort, rendered.write(target, formats or STANDARD), json=json)


def show_run(shared: Context, cohort: "Cohort", files: list[Path], *, json: bool) -> None:
    """Print what came of a run: the scorecards, or all as JSON."""
    from grader.report.records import scorecard_json
    from grader.report.terminal import print_cohort

    if json:
        print_json(
            {
                "graded": cohort.graded,
                "ungraded": cohort.ungraded,
                "to_review": cohort.to_review,
                "files": [str(file) for file in files],
                "scorecards": [
                    {**scorecard_json(s.card), "rank": s.rank, "rank_band": s.rank_band} for s in cohort.standings
                ],
            }
        )
        return
    print_cohort(cohort, shared.console())
    shared.tell(
        f"{cohort.graded} graded, {cohort.ungraded} ungraded, {cohort.to_review} for a person to look at; "
        f"files in {files[0].parent}: {', '.join(file.name for file in files)}"
    )


def _explain(
    shared: Context, record: "Record", run: "Run", candidate: str | None, question: str | None, *, json: bool
) -> None:
    from grader.engines import RunReport
    from grader.report.explain import explanation_json, print_explanation

    if question is None:
        raise InputError("--explain needs --question, and --candidate where the answers have one")
    if question not in (known := record.questions(run)):
        raise InputError(f"no answer to {nearest(question, known)} in this run")
    if (candidate or "") not in (names := record.candidates(run)):
        raise InputError(
            f"no answer of candidate {nearest(candidate or '', names)} in this run; name one by --candidate"
        )
    shown = list(RunReport(record, run).explain(candidate or "", question))
    if not shown:
        raise InputError(f"candidate {candidate!r} has no answer to {question!r} in this run")
    for entry, pairs in shown:
        if json:
            print_json(explanation_json(entry, pairs, run.manifest))
        else:
            print_explanation(entry, pairs, run.manifest, shared.console())

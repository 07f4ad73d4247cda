"""`grader review`: the answers a person should look at, and what people decide about them."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from grader.cli.context import Context, print_json
from grader.cli.options import Json
from grader.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from grader.engines import RunReport
    from grader.grade.entry import Entry

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run of `grader grade`.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides; default: GRADER_REVIEWER, else the user's name.")]
KEYS = "[a]ccept  [v]erdicts  [s]core  [n]ext  [p]revious  [q]uit"


class _OneByOne(TyperGroup):
    """`grader review DIR` is short for `grader review one-by-one DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["one-by-one", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_OneByOne,
    no_args_is_help=True,
    help="Look at the answers that need a person (grader review DIR), and keep what people decide.",
)


@app.command("one-by-one")
def one_by_one(context: typer.Context, folder: Folder, by: By = None, json: Json = False) -> None:
    """Show the answers that need a person, the most doubtful first, and take decisions by key."""
    from grader.report.explain import review_json

    shared: Context = context.obj
    report = _open(folder)
    if json:
        print_json({"to_review": [review_json(entry, report.pass_mark) for entry in report.doubtful()]})
        return
    positions = [entry.answer.position for entry in report.doubtful()]
    console = shared.console()
    decided, place = 0, 0
    while 0 <= place < len(positions):
        (entry,) = report.entries([positions[place]])
        _show(entry, report.pass_mark, f"{place + 1} of {len(positions)}", console)
        key = _key(console)
        if key == "q":
            break
        if key == "p":
            place = max(0, place - 1)
            continue
        if key in ("a", "v", "s"):
            if not _decide(report, entry, key, by or shared.settings.reviewer, console):
                continue
            decided += 1
        place += 1
    if not positions:
        shared.tell("no answer needs a person")
    _rewrite(shared, report, folder, decided)


@app.command("export")
def export(
    context: typer.Context,
    folder: Folder,
    out: Annotated[Path | None, typer.Option("--out", help="Default: DIR/review.csv.")] = None,
) -> None:
    """Write the answers that need a person as a CSV to fill in: accept, new_score, new_verdicts, reason."""
    from grader.report.files import writing
    from grader.report.records import write_rows
    from grader.report.review import review_rows

    report = _open(folder)
    target = out or folder / "review.csv"
    with writing(target) as stream:
        write_rows(review_rows(report.doubtful(), report.pass_mark), stream)
    context.obj.tell(
        f"{target}: fill in accept, or new_score or new_verdicts with a reason; then `grader review import`"
    )


@app.command("import")
def import_decisions(
    context: typer.Context,
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sheet of `grader review export`, filled in.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Take in a filled-in sheet (CSV or XLSX): all of it, or nothing when a row has a fault."""
    from grader.answers.table import open_table
    from grader.report.review import read_decisions

    shared: Context = context.obj
    report = _open(folder)
    table = open_table(file, str(file))
    shared.tell(table.told)
    decisions = read_decisions(table, str(file), report.one, by or shared.settings.reviewer, _now())
    report.record.override(report.run, decisions)
    _rewrite(shared, report, folder, len(decisions))
    if json:
        print_json({"decisions": len(decisions)})


@app.command("to-eval")
def to_eval(
    context: typer.Context,
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", help="The eval set to write.")],
) -> None:
    """Turn what people decided into an eval set: answers with human_score."""
    from grader.report.files import writing
    from grader.report.records import write_rows
    from grader.report.review import eval_rows

    report = _open(folder)
    header, *rows = eval_rows(report.entries())
    if not rows:
        raise InputError(f"{folder}: nobody has decided about a grade yet; see `grader review {folder}`")
    with writing(out) as stream:
        write_rows([header, *rows], stream)
    context.obj.tell(
        f"{out}: {len(rows)} rows with human_score; `grader eval run {out}` checks the grader against them"
    )


def _open(folder: Path) -> "RunReport":
    from grader.engines import RunReport, read_record

    return RunReport(*read_record(folder))


def _show(entry: "Entry", pass_mark: float, place: str, console: "Console") -> None:
    from grader.grade.doubt import reasons
    from grader.report.terminal import print_grade, safe

    answer = entry.answer
    console.rule(f"{place}: {safe(answer.candidate or 'no name')}, {safe(answer.question.id)}")
    for reason in reasons(entry.result, pass_mark) or ["a person has decided about it"]:
        console.print(f"[bold]?[/] {safe(reason)}", soft_wrap=True)
    console.print(f"\n[dim]{safe(answer.question.prompt)}[/]\n\n{safe(answer.text)}\n", soft_wrap=True)
    print_grade(entry.result, console)


def _key(console: "Console") -> str:
    """Return the key that was pressed; from a pipe, the first letter of the next line; `q` at its end."""
    console.print(f"\n[bold]{KEYS.replace('[', chr(92) + '[')}[/] ", end="")
    key = typer.getchar() if sys.stdin.isatty() else sys.stdin.readline()[:1] or "q"
    console.print(key.strip())
    if key == "\x03":
        raise KeyboardInterrupt
    return key.lower()


def _decide(report: "RunReport", entry: "Entry", key: str, who: str, console: "Console") -> bool:
    """Ask for what the key needs and keep the decision; say whether there is one now."""
    from grader.report.review import DECISIONS, decision_of
    from grader.report.terminal import safe

    filled = dict.fromkeys(DECISIONS, "")
    if key == "a":
        filled["accept"] = "yes"
    elif key == "s":
        filled["new_score"] = _ask(console, "score, 0 to 1")
    else:
        filled["new_verdicts"] = _ask(console, "verdicts, as key-point=met; other=missing")
    if key != "a":
        filled["reason"] = _ask(console, "reason")
    try:
        report.record.override(report.run, [(entry.answer.position, decision_of(entry, filled, who, _now()))])
    except InputError as exc:
        console.print(f"[bold]not kept:[/] {safe(str(exc))}", soft_wrap=True)
        return False
    return True


def _ask(console: "Console", what: str) -> str:
    console.print(f"{what}: ", end="")
    return sys.stdin.readline().strip()


def _rewrite(shared: Context, report: "RunReport", folder: Path, decided: int) -> None:
    """Let the decisions flow into the reports of the folder."""
    from grader.engines import STANDARD, RunReport

    if decided:
        RunReport(report.record, report.run).write(folder, STANDARD)
        shared.tell(f"{decided} decisions kept; the reports in {folder} were written again")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

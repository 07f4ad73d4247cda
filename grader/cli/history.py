"""`grader history`: a learner's own attempts over time."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import DbOption, Json, history_file
from grader.errors import InputError

if TYPE_CHECKING:
    from grader.adapters.store import History


class ExportFormat(StrEnum):
    """What a history can be exported to."""

    CSV = "csv"
    ANKI = "anki"


app = typer.Typer(help="Your own attempts over time; `grader history export` writes them to files.")


@app.callback(invoke_without_command=True)
def history(
    context: typer.Context,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the scorecards page.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Sentences in place of tables and bars.")] = False,
    db: DbOption = None,
    json: Json = False,
) -> None:
    """Show the tests taken, how each section came along, and what is due."""
    if context.invoked_subcommand:
        return
    from datetime import UTC, datetime

    from grader.practice.progress import trends
    from grader.practice.schedule import schedule
    from grader.report.practice import Page, print_history
    from grader.report.practice_records import history_json

    shared: Context = context.obj
    found = _open(shared, db)
    sittings = list(found.all_attempts())
    now = datetime.now(UTC).astimezone()
    due = schedule((attempt for _, attempts in sittings for attempt in attempts), now)
    if html is not None:
        from grader.engines import write_history_page

        write_history_page(found, sittings, html)
        shared.tell(f"{html}: {len(sittings)} tests")
    if json:
        print_json(history_json(sittings, trends(sittings), due))
        return
    plain = plain or not shared.console().is_terminal
    page = Page(shared.console(plain=plain), plain)
    if not sittings:
        page.say(f"No test was taken yet ({found.path}); `grader take` begins one.")
        return
    print_history(sittings, trends(sittings), sum(one.by(now) for one in due.values()), page)


@app.command("export")
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    kind: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format", help="csv: every attempt. anki: a deck of missed key points. Default: by FILE's ending."
        ),
    ] = None,
    db: DbOption = None,
) -> None:
    """Write every attempt as CSV, or the key points that were missed as a deck that Anki imports."""
    from grader.report.files import writing
    from grader.report.practice_records import attempt_rows, card_rows, write_cards
    from grader.report.records import write_rows

    shared: Context = context.obj
    outer = context.parent.params["db"] if context.parent else None
    if kind is None:
        kind = {".csv": ExportFormat.CSV, ".txt": ExportFormat.ANKI}.get(out.suffix.lower())
    if kind is None:
        raise InputError(f"{out}: expected a name in .csv (attempts) or .txt (an Anki deck), or --format csv or anki")
    sittings = list(_open(shared, db or outer).all_attempts())
    with writing(out) as stream:
        if kind is ExportFormat.CSV:
            write_rows(attempt_rows(sittings), stream)
            shared.tell(f"{out}: {sum(len(attempts) for _, attempts in sittings)} attempts")
            return
        cards = write_cards(card_rows(attempt for _, attempts in sittings for attempt in attempts), stream)
    shared.tell(f"{out}: {cards} cards; in Anki: File, Import")


def _open(shared: Context, db: Path | None) -> "History":
    from grader.adapters.store import History

    path = history_file(shared, db)
    if db is not None and not path.is_file():
        raise InputError(f"{path}: no such history; `grader take --db {path}` makes one")
    return History(path)

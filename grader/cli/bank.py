"""`grader bank`: look at a bank, check it, draft one from a document, write it out."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import BankOption, Json
from grader.errors import GateError, InputError

if TYPE_CHECKING:
    from grader.bank import Bank

FormatName = Literal["md", "csv", "gift", "moodle-xml"]

app = typer.Typer(
    no_args_is_help=True, help="Look at a question bank, check it, draft one from a document, write it out."
)


@app.command("list")
def list_questions(
    context: typer.Context,
    section: Annotated[str | None, typer.Option("--section", help="Only sections whose title holds this.")] = None,
    stats: Annotated[bool, typer.Option("--stats", help="A table of how much each section holds instead.")] = False,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """List the sections and questions of the bank."""
    shared: Context = context.obj.with_bank(bank)
    loaded = shared.load_bank()
    if stats:
        _print_stats(loaded, json=json)
        return
    wanted = [s for s in loaded.sections if section is None or section.lower() in s.title.lower()]
    if json:
        questions = [
            {"id": q.id, "number": q.number, "section": s.title, "prompt": q.prompt, "level": q.level}
            for s in wanted
            for q in s.questions
        ]
        print_json({"bank": loaded.name, "sections": [s.title for s in wanted], "questions": questions})
        return
    for s in wanted:
        typer.echo(f"{s.title} ({len(s.questions)} questions)")
        for q in s.questions:
            typer.echo(f"  {q.id}  {q.prompt}")


@app.command()
def show(
    context: typer.Context,
    question_id: Annotated[str, typer.Argument(metavar="ID")],
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Show one question with its reference and key points."""
    shared: Context = context.obj.with_bank(bank)
    question = shared.load_bank().question(question_id)
    if json:
        print_json(asdict(question))
        return
    typer.echo(f"{question.id}  {question.section}  ({question.level})\n\n{question.prompt}\n\n{question.reference}\n")
    for point in question.key_points:
        typer.echo(f"  [{point.weight:g}] {point.id}: {point.text}")
        for text in point.contrary:
            typer.echo(f"        not: {text}")
    for misconception in question.misconceptions:
        typer.echo(f"  misconception {misconception.id}: {misconception.text}")
    if question.note:
        typer.echo(f"\n{question.note}")


@app.command()
def lint(
    context: typer.Context,
    bank: BankOption = None,
    source: Annotated[
        Path | None,
        typer.Option("--source", help="The document that the bank goes back to: copied words and moved questions."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only what can be told without grading: seconds.")] = False,
    json: Json = False,
) -> None:
    """Check that the bank can be graded: exit status 1 if not, each finding with file and line."""
    from grader.evaluation.lint import grade_own_texts, lint_form, lint_scores
    from grader.evaluation.source import compare_with_source
    from grader.exchange.document import read_text

    shared: Context = context.obj.with_bank(bank)
    loaded = shared.load_bank()
    findings = lint_form(loaded)
    if source:
        findings += compare_with_source(loaded, read_text(source), str(source))
    if not quick:
        from grader.engines import make_similarity_grader

        graded = grade_own_texts(loaded, make_similarity_grader(shared.settings))
        findings += lint_scores(loaded, shared.progress(graded, len(loaded), "linting"))
    findings.sort()
    if json:
        print_json({"questions": len(loaded), "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            typer.echo(str(finding))
        typer.echo(f"questions: {len(loaded)}, findings: {len(findings)}")
    if findings:
        raise GateError(f"findings in {shared.settings.bank}: {len(findings)}")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Markdown, CSV, Moodle GIFT or Moodle XML.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the bank: a new one, or one without a bank.")],
    format: Annotated[FormatName | None, typer.Option("--format", help="If the file's ending does not tell.")] = None,
    json: Json = False,
) -> None:
    """Draft a bank from a question document, for a person to edit."""
    from grader.exchange import format_of, read_document
    from grader.exchange.bank_files import check_folder, write_sections
    from grader.exchange.draft import HEADER, draft_sections

    shared: Context = context.obj
    check_folder(out)
    document = read_document(file, format or format_of(file))
    shared.tell(document.told)
    for reason in document.left_out:
        shared.tell(f"left out: {reason}")
    sections = draft_sections(document, out.resolve().name)
    paths = write_sections(sections, out, HEADER.format(file=file.name))
    count = len(document.questions)
    if json:
        left_out = list(document.left_out)
        files = list(map(str, paths))
        print_json({"questions": count, "sections": len(sections), "left_out": left_out, "files": files})
    else:
        typer.echo(f"{out}: questions drafted: {count}, sections: {len(sections)}, left out: {len(document.left_out)}")


@app.command()
def export(
    context: typer.Context,
    format: Annotated[FormatName, typer.Option("--format", help="What to write.")],
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; else stdout.")] = None,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Write the bank as a book (Markdown), a table (CSV) or for Moodle (GIFT, Moodle XML)."""
    from grader.exchange import write_document

    loaded = context.obj.with_bank(bank).load_bank()
    text = write_document(loaded, format)
    result = {"format": format, "sections": len(loaded.sections), "questions": len(loaded)}
    if out is None:
        if json:
            print_json({**result, "text": text})
        else:
            typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise InputError(f"{out}: cannot be written: {exc.strerror or exc}") from exc
    if json:
        print_json({**result, "file": str(out)})
    else:
        typer.echo(f"{out}: questions written: {len(loaded)}, sections: {len(loaded.sections)}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a section file, for editors."""
    from grader.bank.schema import json_schema

    print_json(json_schema())


def _print_stats(bank: "Bank", *, json: bool) -> None:
    from grader.bank.stats import bank_stats, stats_table

    rows = bank_stats(bank)
    if json:
        sections = [asdict(row) for row in rows]
        print_json({"bank": bank.name, "sections": sections[:-1], "total": sections[-1]})
    else:
        typer.echo(stats_table(rows))

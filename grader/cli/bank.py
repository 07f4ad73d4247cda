"""`grader bank`: look at a bank, and check it."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import BankOption, Json
from grader.errors import GateError

app = typer.Typer(no_args_is_help=True, help="Look at a question bank, and check it.")


@app.command("list")
def list_questions(
    context: typer.Context,
    section: Annotated[str | None, typer.Option("--section", help="Only sections whose title holds this.")] = None,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """List the sections and questions of the bank."""
    shared: Context = context.obj.with_bank(bank)
    loaded = shared.load_bank()
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
    from dataclasses import asdict

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
        Path | None, typer.Option("--source", help="A text that must not be copied: runs of 8 words are found.")
    ] = None,
    json: Json = False,
) -> None:
    """Check that the bank can be graded: exit status 1 if not, each finding with file and line."""
    shared: Context = context.obj.with_bank(bank)
    loaded = shared.load_bank()
    text = source.read_text(encoding="utf-8") if source else None

    from grader.engines import make_grader
    from grader.evaluation.lint import lint_bank

    findings = lint_bank(loaded, make_grader(shared.settings), text)
    if json:
        print_json({"questions": len(loaded), "findings": [{"where": f.where, "message": f.message} for f in findings]})
    else:
        for finding in findings:
            typer.echo(f"{finding.where}: {finding.message}")
        typer.echo(f"{len(loaded)} questions, {len(findings)} findings")
    if findings:
        raise GateError(f"{len(findings)} findings in {shared.settings.bank}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a section file, for editors."""
    from grader.bank.schema import json_schema

    print_json(json_schema())

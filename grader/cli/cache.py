"""`grader cache`: the replies of language models that are kept."""

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="The replies of language models that are kept.")


@app.callback()
def cache() -> None:
    """Show or clear the replies of language models that are kept."""


@app.command()
def info(context: typer.Context, json: Json = False) -> None:
    """Say how many replies are kept, of which models, and where."""
    from grader.engines.llm import kept_replies

    shared: Context = context.obj
    found = kept_replies(shared.settings)
    if json:
        print_json(found)
        return
    typer.echo(f"{found['file']}: {found['replies']} replies, {found['bytes']} bytes")
    for row in found["by_model"]:
        tokens = f"{row['input_tokens']} input and {row['output_tokens']} output tokens"
        typer.echo(
            f"  {row['model']} at {row['endpoint']}: {row['replies']}, {tokens}, {row['oldest']} .. {row['newest']}"
        )


@app.command()
def clear(context: typer.Context, json: Json = False) -> None:
    """Delete every kept reply; the next run asks anew."""
    from grader.engines.llm import forget_replies

    shared: Context = context.obj
    deleted = forget_replies(shared.settings)
    if json:
        print_json({"deleted": deleted})
    else:
        typer.echo(f"{deleted} replies deleted")

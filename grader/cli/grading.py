"""The options that choose and steer the grader, for every command that grades."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from grader.settings import GRADERS


def _option(kind: type, *names: str, help: str) -> Any:
    return Annotated[kind | None, typer.Option(*names, help=help)]


_GRADING = {
    "grader": _option(str, "--grader", help=f"{', '.join(GRADERS)} (default: embedding)."),
    "model": _option(str, "--model", help="The language model, by its endpoint's name for it."),
    "base_url": _option(str, "--base-url", help="Any OpenAI-compatible endpoint."),
    "max_concurrency": _option(int, "-j", "--max-concurrency", help="Requests under way at once."),
    "samples": _option(int, "--samples", help="Ask this often about each answer; the verdicts vote."),
    "budget": _option(float, "--budget", help="US dollars that this command may spend."),
    "price": _option(str, "--price", help="US dollars per million tokens: input,output[,cached input]."),
    "requests_per_minute": _option(float, "--requests-per-minute", help="Limit of the endpoint."),
    "tokens_per_minute": _option(float, "--tokens-per-minute", help="Limit of the endpoint."),
    "timeout": _option(float, "--timeout", help="Seconds of silence after which a request is given up."),
    "rubric": _option(str, "--rubric", help="Prompt template: rubric/v1, or the path of a .md.j2 file."),
    "prompts": _option(Path, "--prompts", help="Folder of prompt templates."),
    "cache": Annotated[bool | None, typer.Option("--cache/--no-cache", help="Keep and reuse replies.")],
    "log_replies": Annotated[bool | None, typer.Option("--log-replies", help="Keep raw exchanges.")],
}
_DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Say how many calls, tokens and dollars, and call nobody."),
]


def grading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose and steer the grader.

    The command finds them in `context.obj`: `settings`, and `dry_run`.
    """

    @functools.wraps(command)
    def with_options(context: typer.Context, *, dry_run: bool = False, **given: Any) -> None:
        flags = {name: given.pop(name) for name in _GRADING}
        context.obj = replace(context.obj.with_flags(flags), dry_run=dry_run)
        command(context, **given)

    added = {**_GRADING, "dry_run": _DryRun}
    signature = inspect.signature(command)
    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=False if name == "dry_run" else None, annotation=kind
        )
        for name, kind in added.items()
    ]
    given = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values()]
    with_options.__signature__ = signature.replace(parameters=[*given, *parameters])  # type: ignore[attr-defined]
    with_options.__annotations__ = {**command.__annotations__, **added}
    return with_options

"""What commands say of the calls of a language model: before, with --dry-run, and after."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from grader.cli.context import Context, print_json
from grader.errors import InputError

if TYPE_CHECKING:
    from grader.answers import Answer
    from grader.pipeline.grader import Grader
    from grader.rubric.chat import ChatRequest


Work = Sequence[tuple["Grader", "Iterable[Answer]"]]
"""Who is to grade what."""


def tell_plan(shared: Context, work: Work, *, json: bool, batch: bool = False) -> None:
    """Print what this work would take, at the price of batches if it goes by batch, and send nothing."""
    from grader.engines.llm import plan_calls
    from grader.pipeline.grader import AsksModel

    plan = plan_calls(_requests(work), shared.settings, batch=batch)
    asking = [grader for grader, _ in work if isinstance(grader, AsksModel)]
    if asking:
        plan["calls_saved_by_cascade"] = sum(g.totals().get("calls_saved_by_cascade", 0) for g in asking)
    if json:
        print_json(plan)
        return
    counted = plan["input_tokens_counted_by"]
    how = f"counted by {counted}" if counted else "estimated, 3.5 characters a token: no tokenizer is known"
    typer.echo(f"{plan['calls']} calls of {plan['model']}, {plan['calls_saved_by_cache']} more are in the cache")
    typer.echo(f"input: {plan['input_tokens']} tokens ({how})")
    typer.echo(f"output: about {plan['output_tokens_expected']} tokens, at most {plan['output_tokens_at_most']}")
    if plan["dollars_expected"] is None:
        typer.echo("dollars: no price is known for this model; --price gives one")
    else:
        typer.echo(f"dollars: about {plan['dollars_expected']:.4f}, at most {plan['dollars_at_most']:.4f}")
    typer.echo("Nothing was sent.")


def tell_batch(shared: Context, work: Work, path: Path, *, json: bool) -> None:
    """Write the requests for this work to a batch file, and say so. Raises InputError."""
    from grader.engines.llm import write_batch
    from grader.pipeline.grader import AsksModel

    if not all(isinstance(grader, AsksModel) for grader, _ in work):
        raise InputError("--batch-out: this grader sends no requests; choose one with --grader llm, hybrid or cascade")
    count = write_batch(_requests(work), shared.settings, path)
    if json:
        print_json({"requests": count, "file": str(path)})
    else:
        typer.echo(f"{path}: {count} requests; grade with the same command and --batch-in once the responses are there")


def ask_by_batch(
    shared: Context, grader: "Grader", answers: "Iterable[Answer]", folder: Path, *, cancel: bool
) -> "Grader":
    """Send the requests for these answers as a batch, wait for it, and return the grader that has its replies.

    Raises:
        InputError: this grader sends no requests, or there is no batch to cancel.
        EndpointError, BudgetError: as `run_batch`.

    """
    from grader.engines import make_grader
    from grader.engines.batch import batch_api, cancel_batch, run_batch
    from grader.pipeline.grader import AsksModel

    if not isinstance(grader, AsksModel):
        raise InputError("--batch: this grader sends no requests; choose one with --grader llm, hybrid or cascade")
    api = batch_api(shared.settings)
    if cancel:
        cancel_batch(api, folder)
    responses = run_batch(api, grader.requests(answers), shared.settings, folder, shared.tell)
    return make_grader(shared.settings, responses) if responses else grader


def _requests(work: Work) -> "Iterator[ChatRequest]":
    from grader.pipeline.grader import AsksModel

    for grader, answers in work:
        if isinstance(grader, AsksModel):
            yield from grader.requests(answers)


def tell_totals(shared: Context, grader: "Grader") -> None:
    """Say on stderr what was spent and what was saved, where a language model was asked."""
    from grader.pipeline.grader import AsksModel

    if isinstance(grader, AsksModel):
        shared.tell(totals_text(grader.totals()))


def totals_text(totals: Mapping[str, Any]) -> str:
    """Return what was spent and saved, for people."""
    text = (
        f"{totals['calls']} calls: {totals['input_tokens']} input tokens ({totals['cached_input_tokens']} from the "
        f"provider's prefix cache), {totals['output_tokens']} output tokens"
    )
    if totals["dollars"] is not None:
        text += f", ${totals['dollars']:.4f}"
    if totals["calls_saved_by_cache"]:
        saved = totals["dollars_saved_by_cache"]
        text += f"; the cache saved {totals['calls_saved_by_cache']} calls" + (
            "" if saved is None else f", ${saved:.4f}"
        )
    if totals.get("calls_saved_by_cascade"):
        text += f"; the similarity grader was sure without {totals['calls_saved_by_cascade']} calls"
    return text

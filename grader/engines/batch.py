"""A batch from beginning to end, across as many starts of the command as it takes."""

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from grader.adapters.batch_files import write_requests
from grader.adapters.openai_batch import BatchApi
from grader.engines.llm import plan_calls, unkept
from grader.errors import BudgetError, EndpointError, InputError
from grader.rubric.chat import ChatRequest
from grader.settings import Settings

STATE_FILE, REQUESTS_FILE, RESPONSES_FILE = "batch.json", "requests.jsonl", "responses.jsonl"
MOST_REQUESTS = 50_000
"""Of one batch, by the API's limits."""
FIRST_POLL, LONGEST_POLL = 1.0, 60.0
"""Seconds between two questions how far a batch is; each time longer by half."""


def batch_api(settings: Settings) -> BatchApi:
    """Return the batches of the endpoint in force."""
    return BatchApi(settings.base_url, settings.api_key, settings.timeout)


def run_batch(
    api: BatchApi,
    requests: Iterable[ChatRequest],
    settings: Settings,
    folder: Path,
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Path | None:
    """Return a file with the responses to these requests, once the batch has ended; None where none is needed.

    A batch that an earlier start of the command has begun in the folder is waited for, and no other is begun. It
    is remembered there until `forget_batch`.

    Raises:
        EndpointError: the endpoint refuses, or the batch as a whole failed.
        BudgetError: the batch could cost more than the budget; nothing was sent.
        InputError: there are too many requests for one batch, or a file cannot be written.

    """
    state = folder / STATE_FILE
    if not state.is_file():
        left = list(unkept(requests, settings))
        if not left:
            return None
        _check(left, settings)
        write_requests(left, folder / REQUESTS_FILE)
        batch = api.submit(folder / REQUESTS_FILE)
        state.write_text(json.dumps({"id": batch, "endpoint": api.base_url}) + "\n", encoding="utf-8")
        tell(f"batch {batch}: {len(left)} requests sent; if this command is stopped, the same one goes on")
    return _collect(api, _begun(state), folder, tell, sleep)


def _check(requests: Sequence[ChatRequest], settings: Settings) -> None:
    """Raise InputError or BudgetError where this must not be sent."""
    if len(requests) > MOST_REQUESTS:
        raise InputError(f"{len(requests)} requests are more than one batch holds ({MOST_REQUESTS}); cut the file")
    most = plan_calls(requests, settings, batch=True)["dollars_at_most"]
    if settings.budget < (math.inf if most is None else most):
        raise BudgetError(f"the batch may cost up to ${most}, and the budget is ${settings.budget:g}: nothing was sent")


def cancel_batch(api: BatchApi, folder: Path) -> None:
    """Ask to end the batch that was begun in the folder. Raises InputError when there is none, EndpointError."""
    state = folder / STATE_FILE
    if not state.is_file():
        raise InputError(f"{folder}: no batch is under way here")
    batch = _begun(state)
    if not api.status(batch).ended:
        api.cancel(batch)


def forget_batch(folder: Path) -> None:
    """Forget the batch of the folder, once its responses have been graded."""
    (folder / STATE_FILE).unlink(missing_ok=True)


def _begun(state: Path) -> str:
    try:
        return str(json.loads(state.read_text(encoding="utf-8"))["id"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise InputError(f"{state}: cannot be read; remove it to begin another batch") from exc


def _collect(
    api: BatchApi, batch: str, folder: Path, tell: Callable[[str], None], sleep: Callable[[float], None]
) -> Path:
    pause, told = FIRST_POLL, ""
    while not (status := api.status(batch)).ended:
        line = f"batch {batch}: {status.state}, {status.completed} of {status.total} done, {status.failed} failed"
        if line != told:
            tell(line)
            told = line
        sleep(pause)
        pause = min(pause * 1.5, LONGEST_POLL)
    tell(f"batch {batch}: {status.state}, {status.completed} of {status.total} done, {status.failed} failed")
    if status.state == "failed" and not status.files:
        forget_batch(folder)
        raise EndpointError(f"batch {batch} failed: {'; '.join(status.faults) or 'the endpoint does not say why'}")
    responses = folder / RESPONSES_FILE
    responses.write_text("".join(api.download(name) for name in status.files), encoding="utf-8")
    return responses

"""A batch from beginning to end, with an API that a reader can run in his head."""

import json

import pytest

from grader.adapters.batch_files import read_responses
from grader.adapters.openai_batch import BatchStatus
from grader.engines.batch import FIRST_POLL, LONGEST_POLL, cancel_batch, forget_batch, run_batch
from grader.errors import BudgetError, EndpointError, InputError
from grader.rubric.chat import ChatReply, ChatRequest, Message, Unanswered
from grader.settings import load_settings

SCHEMA = {"properties": {"key_points": {"properties": {"a": {}}}}}
REQUESTS = [ChatRequest("gpt-4o", (Message("user", text),), SCHEMA, 0, 0, 100) for text in ("one", "two")]


class Batches:
    """Gives the states one after the other; the results are what was uploaded, in reverse order."""

    base_url = "http://127.0.0.1/v1"

    def __init__(self, *states, faults=()):
        self.states = list(states)
        self.faults = faults
        self.sent = []
        self.cancelled = []

    def submit(self, requests):
        self.sent.append([json.loads(line) for line in requests.read_text(encoding="utf-8").splitlines()])
        return f"batch_{len(self.sent)}"

    def status(self, _):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return BatchStatus(
            state, 1, 0, 2, ("out", "errors") if state in ("completed", "cancelled") else (), self.faults
        )

    def download(self, name):
        lines = [{"custom_id": line["custom_id"], **_outcome(name)} for line in reversed(self.sent[-1])]
        return "".join(json.dumps(line) + "\n" for line in (lines[:1] if name == "out" else lines[1:]))

    def cancel(self, batch):
        self.cancelled.append(batch)


def _outcome(name):
    if name == "errors":
        return {"response": {"status_code": 400, "body": {"error": {"message": "too long"}}}, "error": None}
    body = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}
    return {"response": {"status_code": 200, "body": body}, "error": None}


@pytest.fixture
def settings(tmp_path):
    return load_settings({"model": "gpt-4o", "reply_tokens": 100}, {"GRADER_CACHE_DIR": str(tmp_path / "c")}, tmp_path)


@pytest.fixture
def go(settings, tmp_path):
    told, slept = [], []

    def run(api, requests=REQUESTS, sleep=slept.append, settings=settings):
        return run_batch(api, requests, settings, tmp_path, told.append, sleep)

    run.told, run.slept = told, slept
    return run


def test_results_come_in_any_order_with_errors_as_reasons(go):
    replies = read_responses(go(Batches("validating", "in_progress", "completed")))
    assert [type(reply) for reply in replies.values()] == [ChatReply, Unanswered]
    assert next(reversed(replies.values())).reason == "the batch answers 400: too long"
    assert go.slept == [FIRST_POLL, FIRST_POLL * 1.5]
    assert [line.split(": ", 1)[1] for line in go.told[1:]] == [
        "validating, 1 of 2 done, 0 failed",
        "in_progress, 1 of 2 done, 0 failed",
        "completed, 1 of 2 done, 0 failed",
    ]


def test_the_wait_grows_to_a_limit_and_nothing_is_told_twice(go):
    go(Batches(*["in_progress"] * 20, "completed"))
    assert max(go.slept) == LONGEST_POLL
    assert len(go.told) == 3


def test_stopped_in_between_it_goes_on_with_the_same_batch(go, tmp_path):
    def interrupted(_):
        raise KeyboardInterrupt

    api = Batches("in_progress", "completed")
    with pytest.raises(KeyboardInterrupt):
        go(api, sleep=interrupted)
    first = go(api)
    assert go(api) == first  # not graded yet, so not forgotten
    assert len(api.sent) == 1
    forget_batch(tmp_path)
    go(api)
    assert len(api.sent) == 2


def test_a_cancelled_batch_leaves_what_was_done(go, tmp_path):
    with pytest.raises(InputError, match="no batch is under way"):
        cancel_batch(Batches("in_progress"), tmp_path)
    (tmp_path / "batch.json").write_text('{"id": "batch_1"}', encoding="utf-8")
    api = Batches("in_progress", "cancelling", "cancelled")
    api.sent.append([{"custom_id": "x"}, {"custom_id": "y"}])
    cancel_batch(api, tmp_path)
    assert api.cancelled == ["batch_1"]
    assert isinstance(read_responses(go(api))["y"], ChatReply)


def test_a_batch_that_fails_as_a_whole_is_told_and_can_be_begun_again(go):
    api = Batches("failed", faults=("no such model",))
    with pytest.raises(EndpointError, match="batch batch_1 failed: no such model"):
        go(api)
    with pytest.raises(EndpointError, match="batch batch_2"):
        go(api)


def test_nothing_is_sent_that_may_cost_more_than_the_budget_or_that_is_not_needed(go, tmp_path):
    api = Batches("completed")
    poor = load_settings({"model": "gpt-4o", "budget": 1e-6}, {"GRADER_CACHE_DIR": str(tmp_path)}, tmp_path)
    with pytest.raises(BudgetError, match="nothing was sent"):
        go(api, settings=poor)
    assert go(api, requests=[]) is None
    assert api.sent == []


def test_a_broken_note_of_a_batch_is_told(go, tmp_path):
    (tmp_path / "batch.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"batch\.json: cannot be read"):
        go(Batches("completed"))

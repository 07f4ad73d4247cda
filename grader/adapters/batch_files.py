"""Requests and responses as files in the OpenAI Batch format: JSON lines, matched by `custom_id`."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from grader.adapters.dialect import Dialect, read_completion
from grader.errors import InputError
from grader.rubric.chat import ChatReply, ChatRequest, Unanswered, Usage

URL: Final = "/v1/chat/completions"
ID_CHARACTERS = 40


def custom_id(request: ChatRequest) -> str:
    """Return the id by which a response finds its request: a digest that tells nothing of who wrote the answer."""
    return request.digest[:ID_CHARACTERS]


def request_line(request: ChatRequest) -> str:
    """Return the line of a batch file for one request."""
    line = {"custom_id": custom_id(request), "method": "POST", "url": URL, "body": Dialect().body(request)}
    return json.dumps(line, ensure_ascii=False) + "\n"


def write_requests(requests: Iterable[ChatRequest], path: Path) -> int:
    """Write a batch file; return how many requests it holds. Raises InputError."""
    count = 0
    try:
        with path.open("w", encoding="utf-8") as stream:
            for request in requests:
                stream.write(request_line(request))
                count += 1
    except OSError as exc:
        raise InputError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
    return count


class BatchReplies:
    """The language model of a run whose replies have come in a file."""

    def __init__(self, path: Path, book: Callable[[Usage], None]) -> None:
        """Read the responses; `book` is told the tokens of each that is used. Raises InputError."""
        self._replies = read_responses(path)
        self._name = path.name
        self._book = book

    def reply(self, request: ChatRequest) -> ChatReply | Unanswered:
        """Return the response to the request, if it has come."""
        reply = self._replies.get(custom_id(request), Unanswered(f"no response in {self._name}"))
        if isinstance(reply, ChatReply):
            self._book(reply.usage)
        return reply


def read_responses(path: Path) -> dict[str, ChatReply | Unanswered]:
    """Return the responses of a batch by custom id: in any order, errors as reasons.

    Of several responses to one request the last one that is no error counts.

    Raises:
        InputError: the file cannot be read, or a line is no batch response: file and line.

    """
    replies: dict[str, ChatReply | Unanswered] = {}
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                try:
                    response = _Response.model_validate_json(line)
                except ValidationError as exc:
                    fault = exc.errors()[0]
                    where = ".".join(map(str, fault["loc"])) or "line"
                    raise InputError(f"{path}: line {number}: {where}: {fault['msg']}") from exc
                outcome = response.outcome()
                if isinstance(outcome, ChatReply) or response.custom_id not in replies:
                    replies[response.custom_id] = outcome
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path}: cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc
    return replies


class _Body(BaseModel):
    status_code: int = 200
    body: Any = None


class _Response(BaseModel):
    custom_id: str
    response: _Body | None = None
    error: Any = None

    def outcome(self) -> ChatReply | Unanswered:
        if self.response is None or self.response.status_code >= 400 or self.error:
            status = f"{self.response.status_code}: " if self.response else ""
            return Unanswered(f"the batch answers {status}{self._told()}")
        try:
            return read_completion(json.dumps(self.response.body))
        except ValueError as exc:
            return Unanswered(f"the batch's response is {exc}")

    def _told(self) -> str:
        error = self.error or (
            self.response and isinstance(self.response.body, dict) and self.response.body.get("error")
        )
        if isinstance(error, dict):
            return str(error.get("message") or error.get("code") or "an error")[:200]
        return str(error or "nothing")[:200]

"""A language model behind any endpoint that speaks the OpenAI chat completions protocol."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from threading import Lock, local
from typing import Any

import httpx2
import openai

from grader.adapters.dialect import Dialect, read_completion
from grader.adapters.exchanges import ExchangeLog
from grader.adapters.pace import Pace
from grader.adapters.spending import Ledger
from grader.adapters.tokens import TokenCounter
from grader.errors import EndpointError
from grader.rubric.chat import ChatReply, ChatRequest, Unanswered, Usage
from grader.settings import Secret

ATTEMPTS = 5
FIRST_BACKOFF = 0.5
"""Seconds; doubled at each further attempt."""
LONGEST_WAIT = 120.0
"""Seconds. An endpoint that asks for more is given up for this answer."""
CONNECT_SECONDS = 10.0
SHOWN_CHARACTERS = 300
"""Of what an endpoint says, in messages."""
OFFICIAL = "api.openai.com"

_REFUSED = {
    401: "the key is not accepted; check OPENAI_API_KEY",
    402: "the account has no credit",
    403: "the key may not use this model or endpoint",
    404: "there is no such model or address; check --model and --base-url",
}
_NOT_UNDERSTOOD = (400, 422, 500, 501)
"""What endpoints answer to a parameter that they do not know; the message has to name it, too."""
_TOO_MUCH = ("context_length_exceeded", "string_above_max_length")
_FILTERED = ("content_filter", "content_policy_violation")
_NO_QUOTA = ("insufficient_quota", "billing_hard_limit_reached")


class OpenAIChat:
    """Sends requests, retries what may pass, and turns everything else into a reason or an end of the run."""

    def __init__(
        self,
        base_url: str,
        key: Secret,
        *,
        pace: Pace,
        ledger: Ledger,
        counter: TokenCounter,
        log: ExchangeLog,
        timeout: float,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the endpoint and the key for it, and what all requests share."""
        self.base_url = base_url
        self.ledger = ledger
        self._key = key
        self._pace = pace
        self._counter = counter
        self._log = log
        self._attempts_each = attempts
        self._sleep = sleep
        self._dialect = Dialect()
        self._answered = False
        self._lock = Lock()
        self._jitter = random.Random(0)
        self._timeout = openai.Timeout(timeout, connect=CONNECT_SECONDS)
        self._certificates = httpx2.create_ssl_context()
        self._of_thread = local()

    @property
    def _client(self) -> openai.OpenAI:
        """A client for each thread: one for all goes through every connection, under a lock, for every request."""
        client: openai.OpenAI | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = self._of_thread.client = openai.OpenAI(
                base_url=self.base_url,
                api_key=self._key.reveal() or "none",
                max_retries=0,  # one pause for all workers needs the retries in one place: here
                timeout=self._timeout,
                http_client=openai.DefaultHttpxClient(timeout=self._timeout, verify=self._certificates),
            )
        return client

    def reply(self, request: ChatRequest) -> ChatReply | Unanswered:
        """Return the reply, after as many attempts as it takes; see `ChatModel.reply`."""
        if not self._key.reveal() and OFFICIAL in self.base_url:
            raise EndpointError("OPENAI_API_KEY is not set; set it, or name another endpoint with --base-url")
        tokens = self._counter.count_messages(request.messages)
        # Some endpoints bill the schema as input, too.
        most = tokens + self._counter.count(json.dumps(request.schema))
        reserved = self.ledger.reserve(Usage(most, 0, request.max_tokens))
        reply: ChatReply | Unanswered | None = None
        try:
            reply = self._attempts(request, tokens)
        finally:
            self.ledger.settle(reserved, reply.usage if isinstance(reply, ChatReply) else None)
        return reply

    def _attempts(self, request: ChatRequest, tokens: int) -> ChatReply | Unanswered:
        again = _Again("")
        for attempt in range(self._attempts_each):
            if attempt:
                self._back_off(again, attempt)
            self._pace.wait(tokens + request.max_tokens)
            result = self._once(request, tokens)
            if not isinstance(result, _Again):
                return result
            again = result
            if again.after is not None and again.after > LONGEST_WAIT:
                return Unanswered(f"{again.reason}; the endpoint asks to wait {again.after:.0f} s")
        reason = f"{again.reason}, after {self._attempts_each} attempts"
        if again.unreachable and not self._answered:
            raise EndpointError(f"{self.base_url}: {reason}; check --base-url, and that something listens there")
        return Unanswered(reason)

    def _back_off(self, again: "_Again", attempt: int) -> None:
        backoff = FIRST_BACKOFF * 2 ** (attempt - 1) * (1 + self._jitter.random() / 4)
        if again.everybody:
            self._pace.pause(backoff if again.after is None else again.after)
        else:
            self._sleep(backoff)

    def _once(self, request: ChatRequest, tokens: int) -> "ChatReply | Unanswered | _Again":
        while True:
            dialect = self._dialect
            try:
                return self._send(dialect.body(request), tokens)
            except openai.APIStatusError as exc:
                lesser = dialect.without(endpoint_message(exc)) if exc.status_code in _NOT_UNDERSTOOD else None
                if lesser is None:
                    return self._refused(exc)
                with self._lock:
                    if self._dialect is dialect:  # another worker may have found out before
                        self._dialect = lesser
            except openai.APITimeoutError:
                return _Again("no reply within the time limit")
            except (openai.OpenAIError, OSError) as exc:
                reason = self._key.redact(f"no connection: {exc.__cause__ or exc}")
                return _Again(reason, unreachable=isinstance(exc.__cause__, httpx2.ConnectError))

    def _send(self, body: Mapping[str, Any], tokens: int) -> "ChatReply | _Again":
        text = ""
        try:
            # What is JSON already is sent, and comes back, as it is: `chat.completions.create` would go through both
            # part by part, which takes a millisecond.
            response = self._client.post("/chat/completions", cast_to=httpx2.Response, body=body)
            text = self._key.redact(response.text)
            reply = read_completion(text)
        # What the library trips over in a malformed 200 need not be an OpenAIError: bad JSON, bytes, lengths.
        except ValueError as exc:
            self._log.write(body, 200, text)
            return _Again(f"the endpoint's reply is malformed: {exc}")
        self._log.write(body, 200, text)
        self._answered = True
        if reply.usage == Usage():
            reply = replace(reply, usage=Usage(tokens, 0, self._counter.count(reply.text)))
        return reply

    def _refused(self, exc: openai.APIStatusError) -> "ChatReply | Unanswered | _Again":
        """Return what to make of an error status. Raises EndpointError when no request can pass."""
        status, kinds = exc.status_code, {str(exc.code), str(exc.type)}
        said = self._key.redact(endpoint_message(exc))[:SHOWN_CHARACTERS]
        self._log.write({}, status, said)
        if status in _REFUSED or kinds & set(_NO_QUOTA):
            why = _REFUSED.get(status, "the account's quota is used up")
            raise EndpointError(f"{self.base_url}: {status}: {why} (it says: {said})")
        if status in (408, 409, 429) or status >= 500:
            after = retry_after(exc.response.headers, time.time())
            return _Again(f"the endpoint answers {status}", after, everybody=status == 429 or after is not None)
        if kinds & set(_FILTERED):
            return ChatReply("", finish="content_filter")
        if self._answered or kinds & set(_TOO_MUCH):
            return Unanswered(f"the endpoint answers {status}: {said}")
        raise EndpointError(f"{self.base_url}: {status}: it refuses the request (it says: {said})")


def endpoint_message(exc: openai.APIStatusError) -> str:
    """Return what the endpoint says, without what the library says around it."""
    body = exc.body
    told = (body.get("message") or body.get("detail")) if isinstance(body, dict) else body
    return str(told or exc.message)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that an endpoint asks to wait (RFC 9110, 10.2.3: seconds or a date), if it does."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            return max(0.0, float(value) / unit)
        except ValueError:
            continue
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Again:
    """A failure that may pass."""

    reason: str
    after: float | None = None
    """Seconds that the endpoint asks to wait."""
    everybody: bool = False
    """Whether all workers are to wait."""
    unreachable: bool = False
    """Whether nothing listens at the address."""

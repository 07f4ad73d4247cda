"""What goes to a language model and comes back, and the ports to whatever stands at the other end."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal, Protocol

from grader.bank.model import fingerprint

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True)
class ChatRequest:
    """One request, with everything that shapes its reply but the endpoint."""

    model: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any]
    """The JSON Schema of the reply."""
    temperature: float
    seed: int
    max_tokens: int
    """Of the reply."""
    sample: int = 0
    """Which of several equal requests this is; each has its own reply."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it, in hex."""
        content = {part.name: getattr(self, part.name) for part in fields(self)}
        return fingerprint({**content, "messages": [{"role": m.role, "content": m.content} for m in self.messages]})

    def followed_by(self, *messages: Message) -> "ChatRequest":
        """Return the request with further messages."""
        return replace(self, messages=(*self.messages, *messages))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, or of many."""

    input: int = 0
    cached: int = 0
    """Of the input, what the provider had in its prefix cache."""
    output: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum."""
        return Usage(self.input + other.input, self.cached + other.cached, self.output + other.output)


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What a model replied."""

    text: str
    finish: str = "stop"
    """Why it ended: stop, length, content_filter, …"""
    refusal: str = ""
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No usable reply was to be had, and why."""

    reason: str


class ChatModel(Protocol):
    """A language model behind some endpoint."""

    def reply(self, request: ChatRequest) -> ChatReply | Unanswered:
        """Return the reply. Called from many threads at once.

        Raises:
            EndpointError: no request will be answered; the run ends here.
            BudgetError: this request could cost more than is left.

        """
        ...


class ReplyCache(Protocol):
    """Good replies, by the SHA-256 of everything that shaped them."""

    def get(self, request: ChatRequest) -> ChatReply | None:
        """Return the good reply to this request, if one is kept."""
        ...

    def holds(self, request: ChatRequest) -> bool:
        """Say whether a good reply to this request is kept."""
        ...

    def keep(self, request: ChatRequest, reply: ChatReply) -> None:
        """Keep a good reply."""
        ...

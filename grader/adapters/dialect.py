"""Chat completions as endpoints speak them: requests out, completions in."""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from grader.rubric.chat import ChatReply, ChatRequest, Usage


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an endpoint understands. Begins with everything, and steps down by what the endpoint refuses."""

    reply_format: str = "json_schema"
    """json_schema, json_object or text."""
    token_limit: str = "max_completion_tokens"  # noqa: S105  # the name of a parameter
    temperature: bool = True
    seed: bool = True

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """Return the request as the endpoint understands it."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            self.token_limit: request.max_tokens,
        }
        if self.temperature:
            body["temperature"] = request.temperature
        if self.seed:
            body["seed"] = request.seed
        if self.reply_format == "json_schema":
            schema = {"name": "judgement", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.reply_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def without(self, refusal: str) -> "Dialect | None":
        """Return the dialect without what a refusal complains of; None if it complains of something else."""
        refusal = refusal.lower()
        lower = {"json_schema": "json_object", "json_object": "text"}
        if "temperature" in refusal and self.temperature:
            return replace(self, temperature=False)
        if "seed" in refusal and self.seed:
            return replace(self, seed=False)
        if self.token_limit in refusal and self.token_limit == "max_completion_tokens":  # noqa: S105
            return replace(self, token_limit="max_tokens")  # noqa: S106
        if self.reply_format != "text" and any(
            word in refusal for word in ("response_format", "json_schema", "json_object", "structured", "schema")
        ):
            return replace(self, reply_format=lower[self.reply_format])
        return None


def read_completion(text: str) -> ChatReply:
    """Return the reply in the JSON text of a chat completion; its usage is empty where none is told.

    Raises:
        ValueError: it is no JSON, or no chat completion.

    """
    try:
        completion = _Completion.model_validate_json(text)
    except ValidationError as exc:
        kind = "not valid JSON" if exc.errors()[0]["type"] == "json_invalid" else "not a chat completion"
        raise ValueError(kind) from exc
    choice = completion.choices[0]
    return ChatReply(
        text=choice.message.content or "",
        finish=choice.finish_reason or "stop",
        refusal=choice.message.refusal or "",
        usage=completion.usage.plain() if completion.usage else Usage(),
    )


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None

    def plain(self) -> Usage:
        cached = self.prompt_tokens_details and self.prompt_tokens_details.cached_tokens
        return Usage(self.prompt_tokens or 0, cached or 0, self.completion_tokens or 0)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """Of a chat completion, what is needed; endpoints differ in the rest."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None

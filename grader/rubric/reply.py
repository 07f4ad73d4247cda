"""The reply to a rubric prompt: its schema, and reading one. What breaks the schema is named, never mended."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticSerializationError

from grader.bank import Question
from grader.bank.model import KeyPoint, VerdictLabel
from grader.rubric.chat import ChatReply

_TEXT = {"type": "string"}
_SHOWN_FAULTS = 6
_THOUGHTS = re.compile(r"\s*<think>.*?</think>", re.DOTALL)


class Judged(BaseModel):
    """A verdict on one key point, and what it rests on."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    quote: str
    reason: str
    verdict: VerdictLabel


class Stated(BaseModel):
    """A misconception that the answer states."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    quote: str


class Judgement(BaseModel):
    """One sample's reply."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key_points: dict[str, Judged]
    misconceptions: tuple[Stated, ...] = Field(default=(), strict=False)
    feedback: str


class ReplyError(Exception):
    """A reply that cannot be used, and why: for the model, which gets to try again, and for the record."""


def reply_schema(question: Question, key_points: Sequence[KeyPoint]) -> dict[str, Any]:
    """Return the JSON Schema of a reply, as strict structured output wants it: every key named and required."""
    judged = _object(quote=_TEXT, reason=_TEXT, verdict={"type": "string", "enum": list(get_args(VerdictLabel))})
    stated = _object(id={"type": "string", "enum": [m.id for m in question.misconceptions]}, quote=_TEXT)
    parts = {"key_points": _object(**{point.id: judged for point in key_points})}
    if question.misconceptions:
        parts["misconceptions"] = {"type": "array", "items": stated}
    return _object(**parts, feedback=_TEXT)


def read_reply(reply: ChatReply, schema: Mapping[str, Any]) -> Judgement:
    """Return what the reply says.

    Raises:
        ReplyError: it is a refusal, was cut off or filtered, holds no or more than one JSON object, or breaks the
            schema: unknown or missing ids, unknown labels, a key twice, no text in Unicode.

    """
    if reply.refusal:
        raise ReplyError(f"the model refused: {reply.refusal[:200]}")
    if reply.finish == "content_filter":
        raise ReplyError("a content filter stopped the reply")
    if reply.finish == "length":
        raise ReplyError("the reply was cut off at the token limit")
    content = _single_object(reply.text)
    try:
        judgement = Judgement.model_validate(content)
        judgement.model_dump_json()  # Python's JSON lets through what can never be written down
    except PydanticSerializationError as exc:
        raise ReplyError("half of a surrogate pair, which is no character") from exc
    except ValidationError as exc:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in exc.errors()]
        raise ReplyError("; ".join(faults[:_SHOWN_FAULTS])) from exc
    if faults := list(_wrong_ids(judgement, schema["properties"])):
        raise ReplyError("; ".join(faults[:_SHOWN_FAULTS]))
    return judgement


def _wrong_ids(judgement: Judgement, properties: dict[str, Any]) -> Iterator[str]:
    expected = properties["key_points"]["properties"]
    yield from (f"unknown key point {name!r}" for name in judgement.key_points if name not in expected)
    yield from (f"key point {name!r} is missing" for name in expected if name not in judgement.key_points)
    known = properties.get("misconceptions", {}).get("items", {}).get("properties", {}).get("id", {}).get("enum", ())
    yield from (f"unknown misconception {stated.id!r}" for stated in judgement.misconceptions if stated.id not in known)


def _single_object(text: str) -> Any:
    """Return the one JSON object in a text, with or without words and code fences around it.

    What a model thought aloud before, as some do where no format is enforced, is not its reply.
    """
    text = _THOUGHTS.sub("", text)
    decoder = json.JSONDecoder(object_pairs_hook=_without_duplicates)
    found, position = [], text.find("{")
    while position >= 0:
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as exc:
            raise ReplyError(f"broken JSON: {exc.msg} at character {exc.pos}") from exc
        except ValueError as exc:  # a number of thousands of digits
            raise ReplyError(f"broken JSON: {exc}") from exc
        except RecursionError as exc:
            raise ReplyError("broken JSON: nested too deep") from exc
        found.append(value)
        position = text.find("{", position)
    if len(found) != 1:
        raise ReplyError(f"expected one JSON object, found {len(found) or 'none'}")
    return found[0]


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ReplyError(f"a key stands twice in one object: {', '.join(name for name, _ in pairs)}")
    return result


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }

"""Good replies of language models, kept under the SHA-256 of everything that shaped them."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, String, Table, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from grader.adapters.store.database import metadata, open_database
from grader.bank.model import fingerprint
from grader.errors import InputError
from grader.rubric.chat import ChatReply, ChatRequest, Usage

REPLIES = Table(
    "replies",
    metadata,
    Column("key", String, primary_key=True),
    Column("endpoint", String, nullable=False),
    Column("model", String, nullable=False),
    Column("text", String, nullable=False),
    Column("input", Integer, nullable=False),
    Column("cached", Integer, nullable=False),
    Column("output", Integer, nullable=False),
    Column("made", String, nullable=False),
)

_BY_KEY = select(REPLIES).where(REPLIES.c.key == bindparam("key"))

_KEEP = insert(REPLIES).on_conflict_do_nothing()


class StoredReplies:
    """The replies of one endpoint, in a database that all commands share."""

    def __init__(self, path: Path, endpoint: str, on_hit: Callable[[Usage], None]) -> None:
        """Take the file, the endpoint, and whom to tell of each reply that saved a call. Raises InputError."""
        self.path = path
        self.endpoint = endpoint
        self._on_hit = on_hit
        self._engine = open_database(path)
        self._writer = ThreadPoolExecutor(1)  # waiting writers sleep in SQLite, longer each time: threads need not

    def get(self, request: ChatRequest) -> ChatReply | None:
        """Return the good reply to this request, if one is kept."""
        try:
            with self._engine.connect() as connection:
                row = connection.execute(_BY_KEY, {"key": self._key(request)}).first()
        except DBAPIError as exc:
            raise InputError(f"{self.path}: cannot be read: {exc.orig}; --no-cache does without it") from exc
        if row is None:
            return None
        reply = ChatReply(row.text, usage=Usage(row.input, row.cached, row.output))
        self._on_hit(reply.usage)
        return reply

    def holds(self, request: ChatRequest) -> bool:
        """Say whether a good reply to this request is kept."""
        with self._engine.connect() as connection:
            return connection.execute(_BY_KEY, {"key": self._key(request)}).first() is not None

    def keep(self, request: ChatRequest, reply: ChatReply) -> None:
        """Keep a good reply."""
        values = {
            "key": self._key(request),
            "endpoint": self.endpoint,
            "model": request.model,
            "text": reply.text,
            "input": reply.usage.input,
            "cached": reply.usage.cached,
            "output": reply.usage.output,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            self._writer.submit(self._write, values).result()
        except DBAPIError as exc:
            raise InputError(f"{self.path}: cannot be written: {exc.orig}; --no-cache does without it") from exc

    def _write(self, values: Mapping[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(_KEEP, values)

    def _key(self, request: ChatRequest) -> str:
        return fingerprint([self.endpoint, request.digest])


class NoReplies:
    """A cache that keeps nothing."""

    def get(self, request: ChatRequest) -> ChatReply | None:  # noqa: ARG002
        """Return None."""
        return None

    def holds(self, request: ChatRequest) -> bool:  # noqa: ARG002
        """Return False."""
        return False

    def keep(self, request: ChatRequest, reply: ChatReply) -> None:
        """Do nothing."""


def replies_info(path: Path) -> Mapping[str, Any]:
    """Return what a file of replies holds: how many, their tokens, by endpoint and model; as JSON."""
    counted = select(
        REPLIES.c.endpoint,
        REPLIES.c.model,
        func.count().label("replies"),
        func.sum(REPLIES.c.input).label("input_tokens"),
        func.sum(REPLIES.c.output).label("output_tokens"),
        func.min(REPLIES.c.made).label("oldest"),
        func.max(REPLIES.c.made).label("newest"),
    ).group_by(REPLIES.c.endpoint, REPLIES.c.model)
    if not path.is_file():
        return {"file": str(path), "bytes": 0, "replies": 0, "by_model": []}
    with open_database(path).connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(counted.order_by(REPLIES.c.model))]  # noqa: SLF001  # its public name
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "replies": sum(row["replies"] for row in rows),
        "by_model": rows,
    }


def clear_replies(path: Path) -> int:
    """Delete every reply in a file; return how many there were."""
    if not path.is_file():
        return 0
    engine = open_database(path)
    with engine.begin() as connection:
        count = connection.execute(delete(REPLIES)).rowcount
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM")
    return count

"""An `Embedder` that remembers: what was embedded once, in any process, is read from a file of the user cache.

The file is a plain SQLite table of its own, read with the standard library: it holds nothing that cannot be made
again, and one answer is graded before SQLAlchemy would have been imported.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import numpy as np

from grader.similarity.embedder import Embedder, TokenEmbedding

BUSY_SECONDS = 30
"""How long a process waits for another one that is writing."""
_AT_ONCE = 500
"""Rows asked for in one query."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"


class RememberingEmbedder:
    """Embeds each text once for each model, whatever the run."""

    def __init__(self, embedder: Embedder, path: Path, megabytes: int) -> None:
        """Take the model, the file, and how large the file may grow before what was used least lately goes."""
        self._embedder = embedder
        self._path = path
        self._limit = megabytes * 1_000_000

    @property
    def name(self) -> str:
        """The model's own."""
        return self._embedder.name

    @property
    def fingerprint(self) -> str:
        """The model's own: the embeddings are the same."""
        return self._embedder.fingerprint

    def embed(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Return one embedding for each text; only those that were never seen reach the model."""
        keys = [_key(self.fingerprint, text) for text in texts]
        known = self._read(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            made = dict(zip(new, self._embedder.embed(list(new.values())), strict=True))
            self._write(made)
            known |= made
        return [known[key] for key in keys]

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, TokenEmbedding]:
        if not self._path.is_file():
            return {}
        today = date.today().toordinal()  # noqa: DTZ011  # a day more or less does not matter here
        found: dict[bytes, TokenEmbedding] = {}
        try:
            with closing(self._open()) as database, database:
                for some in _parts(list(dict.fromkeys(keys))):
                    marks = ",".join("?" * len(some))
                    rows = database.execute(
                        f"SELECT key, used, value FROM embeddings WHERE key IN ({marks})",  # noqa: S608  # marks only
                        some,
                    ).fetchall()
                    found |= {key: _unpack(value) for key, _, value in rows}
                    stale = [(today, key) for key, used, _ in rows if used != today]
                    database.executemany("UPDATE embeddings SET used = ? WHERE key = ?", stale)
        except sqlite3.Error:
            pass  # a cache that cannot be used costs time, nothing more
        return found

    def _write(self, made: dict[bytes, TokenEmbedding]) -> None:
        today = date.today().toordinal()  # noqa: DTZ011
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as database, database:
                database.execute(_SCHEMA)
                rows = ((key, today, _pack(embedding)) for key, embedding in made.items())
                database.executemany("INSERT OR IGNORE INTO embeddings VALUES (?, ?, ?)", rows)
                self._make_room(database)
        except (sqlite3.Error, OSError):
            pass  # the same

    def _make_room(self, database: sqlite3.Connection) -> None:
        """Drop the quarter that was used least lately when the file has outgrown its limit; its pages are reused."""
        pages, free, size = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size > self._limit:
            database.execute(
                "DELETE FROM embeddings WHERE rowid IN (SELECT rowid FROM embeddings ORDER BY used, rowid"
                " LIMIT (SELECT COUNT(*) / 4 + 1 FROM embeddings))"
            )

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
        with suppress(sqlite3.OperationalError):  # another process is changing it right now
            database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        return database


def _key(model: str, text: str) -> bytes:
    return hashlib.sha256(f"{model}\0{text}".encode("utf-8", "surrogatepass")).digest()[:16]


def _parts(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))


def _pack(embedding: TokenEmbedding) -> bytes:
    """Return the embedding as bytes: its sizes, then its arrays one after the other."""
    sizes = np.array(embedding.vectors.shape, np.int32)
    arrays = (
        sizes,
        embedding.ids.astype(np.int32),
        embedding.offsets.astype(np.int32),
        embedding.weights.astype(np.float32),
        embedding.pooled.astype(np.float32),
        embedding.vectors.astype(np.float16),
    )
    return b"".join(array.tobytes() for array in arrays)


def _unpack(value: bytes) -> TokenEmbedding:
    count, width = (int(size) for size in np.frombuffer(value, np.int32, 2))
    whole = np.frombuffer(value, np.int32, 2 + 4 * count + width)[2:]
    ids, offsets, weights, pooled = np.split(whole, np.cumsum([count, 2 * count, count]))
    return TokenEmbedding(
        ids=ids,
        offsets=offsets.reshape(-1, 2),
        weights=weights.view(np.float32),
        vectors=np.frombuffer(value, np.float16, offset=4 * (2 + 4 * count + width)).reshape(count, width),
        pooled=pooled.view(np.float32),
    )

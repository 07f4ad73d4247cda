"""Models that remember: what was embedded or read once, in any process, comes from a file of the user cache.

The file is a plain SQLite table of its own, read with the standard library: it holds nothing that cannot be made
again, and one answer is graded before SQLAlchemy would have been imported.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np

from grader.similarity.embedder import Embedder, Floats, TokenEmbedding
from grader.similarity.reader import Pair, PairReader

BUSY_SECONDS = 30
"""How long a process waits for another one that is writing."""
_NEVER = 0
"""The day of what was not read since it was kept: it goes first, so that a flood of answers leaves the bank's texts."""
_AT_ONCE = 500
"""Rows asked for in one query, or written in one transaction."""
_PAGE_BYTES = 16384
"""An embedding takes some 40,000 bytes: in SQLite's 4,096 at a time, writing them takes twice the system's time."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS embeddings (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"


class RememberingEmbedder:
    """Embeds each text once for each model, whatever the run."""

    def __init__(self, embedder: Embedder, path: Path, megabytes: int) -> None:
        """Take the model, the file, and how large the file may grow before what was used least lately goes."""
        self._embedder = embedder
        self._file = _File(path, megabytes)

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
        known = {key: _unpack(value) for key, value in self._file.read(keys).items()}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            made = dict(zip(new, self._embedder.embed(list(new.values())), strict=True))
            self._file.write((key, _pack(embedding)) for key, embedding in made.items())
            known |= made
        return [known[key] for key in keys]


class RememberingReader:
    """Reads each pair of texts once for each model, whatever the run."""

    def __init__(self, reader: PairReader, path: Path, megabytes: int) -> None:
        """Take the model, the file, and how large the file may grow, all as `RememberingEmbedder`."""
        self._reader = reader
        self._file = _File(path, megabytes)

    @property
    def fingerprint(self) -> str:
        """The model's own: the probabilities are the same."""
        return self._reader.fingerprint

    def read(self, pairs: Sequence[Pair]) -> Floats:
        """Return (n, 2) probabilities, one row for each pair; only pairs that were never seen reach the model."""
        keys = [_key(self.fingerprint, expected.text, said.text) for expected, said in pairs]
        known = {key: np.frombuffer(value, np.float32) for key, value in self._file.read(keys).items()}
        new = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
        if new:
            made = dict(zip(new, self._reader.read(list(new.values())), strict=True))
            self._file.write((key, row.tobytes()) for key, row in made.items())
            known |= made
        return np.array([known[key] for key in keys], np.float32).reshape(-1, 2)


class _File:
    """Bytes under keys, in an SQLite file that processes share."""

    _writer: ClassVar = ThreadPoolExecutor(1)
    _written: ClassVar[dict[Path, Future[None]]] = {}
    """The last that was to be written to each file: a process finds what it has kept."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self._path = path
        self._limit = megabytes * 1_000_000

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return what is there under these keys, and note that it was used today."""
        if written := self._written.pop(self._path, None):
            written.result()
        if not self._path.is_file():
            return {}
        today = date.today().toordinal()  # noqa: DTZ011  # a day more or less does not matter here
        found: dict[bytes, bytes] = {}
        stale: list[tuple[int, bytes]] = []
        try:
            with closing(self._open()) as database, database:
                for some in _parts(list(dict.fromkeys(keys))):
                    marks = ",".join("?" * len(some))
                    rows = database.execute(
                        f"SELECT key, used, value FROM embeddings WHERE key IN ({marks})",  # noqa: S608  # marks only
                        some,
                    ).fetchall()
                    found |= {key: value for key, _, value in rows}
                    stale += [(today, key) for key, used, _ in rows if used != today]
                database.executemany("UPDATE embeddings SET used = ? WHERE key = ?", stale)
        except sqlite3.Error:
            pass  # a cache that cannot be used costs time, nothing more
        return found

    def write(self, made: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep these values under their keys, while the caller goes on; the process does not end before."""
        self._written[self._path] = self._writer.submit(self._write, made)

    def _write(self, made: Iterable[tuple[bytes, bytes]]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as database, database:
                database.execute(_SCHEMA)
                values = iter(made)
                while rows := [(key, _NEVER, value) for key, value in islice(values, _AT_ONCE)]:
                    database.executemany("INSERT OR IGNORE INTO embeddings VALUES (?, ?, ?)", rows)
                    database.commit()  # others need not wait until all is packed
                self._make_room(database)
        except (sqlite3.Error, OSError):
            pass  # the same

    def _make_room(self, database: sqlite3.Connection) -> None:
        """Drop the quarter that was used least lately while the file is above its limit; its pages are reused."""

        def taken() -> int:
            names = ("page_count", "freelist_count", "page_size")
            pages, free, size = (int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in names)
            return (pages - free) * size

        forget = (
            "DELETE FROM embeddings WHERE rowid IN (SELECT rowid FROM embeddings ORDER BY used, rowid"
            " LIMIT (SELECT COUNT(*) / 4 + 1 FROM embeddings))"
        )
        while taken() > self._limit and database.execute(forget).rowcount:
            pass

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS)
        database.execute("PRAGMA synchronous = OFF")
        database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")  # of a new file
        return database


def _key(model: str, *texts: str) -> bytes:
    whole = "\0".join([model, *texts])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()[:16]


def _parts(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))


def _pack(embedding: TokenEmbedding) -> bytes:
    """Return the embedding as bytes: its sizes, then its arrays one after the other."""
    inner = np.zeros((0, 0), np.float16) if embedding.inner is None else embedding.inner
    sizes = np.array([*embedding.vectors.shape, *inner.shape], np.int32)
    arrays = (
        (sizes, np.int32),
        (embedding.ids, np.int32),
        (embedding.offsets, np.int32),
        (embedding.weights, np.float32),
        (embedding.pooled, np.float32),
        (embedding.vectors, np.float16),
        (inner, np.float16),
    )
    return b"".join(np.ascontiguousarray(array, kind).data for array, kind in arrays)


def _unpack(value: bytes) -> TokenEmbedding:
    count, width, *inner_shape = (int(size) for size in np.frombuffer(value, np.int32, 4))
    whole = np.frombuffer(value, np.int32, 4 + 4 * count + width)[4:]
    ids, offsets, weights, pooled = np.split(whole, np.cumsum([count, 2 * count, count]))
    halves = np.frombuffer(value, np.float16, offset=4 * (4 + 4 * count + width))
    vectors, inner = np.split(halves, [count * width])
    return TokenEmbedding(
        ids=ids,
        offsets=offsets.reshape(-1, 2),
        weights=weights.view(np.float32),
        vectors=vectors.reshape(count, width),
        pooled=pooled.view(np.float32),
        inner=inner.reshape(inner_shape) if len(inner) else None,
    )

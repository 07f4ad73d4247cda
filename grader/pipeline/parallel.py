"""Do many slow calls at once."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2
"""Items taken for each worker: one under way, one waiting, so that no worker ever waits for the next."""
TURN = 0.0003
"""Seconds for which a thread may compute while others wait to go on, in place of Python's 0.005: a call gives its turn
away some six times, whenever it sends or receives, and would wait for one that computes each time."""


def in_parallel(function: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[tuple[T, R]]:
    """Go through (item, function(item)) as the calls end, with so many of them under way at once.

    Items are taken only as they are needed. When a call raises, no further item is begun, those under way are
    waited for and yielded, and then the error is raised. When the caller stops early, or is interrupted, nothing is
    waited for: the threads end with their call, or with the process.
    """
    pool = _Pool(function, workers)
    stream = iter(items)
    error: BaseException | None = None
    turn = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        while True:
            if error is None:
                pool.begin(islice(stream, AHEAD * workers - pool.pending))
            if not pool.pending:
                break
            try:
                yield pool.next_ended()
            except _FailedError as exc:
                error = error or exc.cause
                pool.drop_waiting()
    finally:
        sys.setswitchinterval(turn)
        pool.drop_waiting()
        pool.end()
    if error is not None:
        raise error


class _FailedError(Exception):
    """A call raised."""

    def __init__(self, cause: BaseException) -> None:
        self.cause = cause


class _Pool(Generic[T, R]):
    """Threads that do calls."""

    def __init__(self, function: Callable[[T], R], workers: int) -> None:
        self.pending = 0
        self._function = function
        self._workers = workers
        self._threads: list[Thread] = []
        self._todo: SimpleQueue[tuple[T] | None] = SimpleQueue()
        self._ended: SimpleQueue[tuple[T, R] | _FailedError] = SimpleQueue()

    def begin(self, items: Iterable[T]) -> None:
        for item in items:
            self._todo.put((item,))
            self.pending += 1
            if len(self._threads) < min(self.pending, self._workers):
                self._threads.append(Thread(target=self._work, daemon=True))
                self._threads[-1].start()

    def next_ended(self) -> tuple[T, R]:
        ended = self._ended.get()
        self.pending -= 1
        if isinstance(ended, _FailedError):
            raise ended
        return ended

    def drop_waiting(self) -> None:
        with suppress(Empty):
            while True:
                self._todo.get_nowait()
                self.pending -= 1

    def end(self) -> None:
        for _ in self._threads:
            self._todo.put(None)

    def _work(self) -> None:
        while (job := self._todo.get()) is not None:
            try:
                self._ended.put((job[0], self._function(job[0])))
            except BaseException as exc:
                self._ended.put(_FailedError(exc))

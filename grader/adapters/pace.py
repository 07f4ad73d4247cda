"""How fast requests may go: limits per minute, and one pause for everybody when the endpoint asks for it."""

import math
import time
from collections.abc import Callable
from threading import Lock


class Pace:
    """Spaces requests evenly, so that no minute ever holds more than its limits. Shared by all workers."""

    def __init__(
        self,
        requests_per_minute: float = math.inf,
        tokens_per_minute: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the limits, and a clock and a way to sleep."""
        self._requests = requests_per_minute
        self._tokens = tokens_per_minute
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._free = -math.inf
        self._paused_until = -math.inf

    def wait(self, tokens: int) -> None:
        """Return when a request of so many tokens may go."""
        with self._lock:
            start = max(self._free, self._clock())
            self._free = start + max(60 / self._requests, tokens * 60 / self._tokens)
        while (left := max(start, self._paused_until) - self._clock()) > 0:
            self._sleep(left)

    def pause(self, seconds: float) -> None:
        """Let no request go for so long."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

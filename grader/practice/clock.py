"""How long a sitting has lasted, and what is left of it."""

from collections.abc import Callable


class Stopwatch:
    """Counts the seconds at work; stands still while paused."""

    def __init__(self, clock: Callable[[], float], seconds: float = 0.0, limit: float | None = None) -> None:
        """Take a clock that never goes back, the seconds counted before, and how many there may be."""
        self._clock = clock
        self._before = seconds
        self._since: float | None = clock()
        self._limit = limit

    @property
    def seconds(self) -> float:
        """Seconds at work so far."""
        return self._before + (0.0 if self._since is None else self._clock() - self._since)

    @property
    def left(self) -> float | None:
        """Seconds left, 0 or more; None without a limit."""
        return None if self._limit is None else max(0.0, self._limit - self.seconds)

    def pause(self) -> None:
        """Stand still."""
        self._before, self._since = self.seconds, None

    def go_on(self) -> None:
        """Count again."""
        self._before, self._since = self.seconds, self._clock()

"""Raw exchanges with a language model, kept only where the user asks for it."""

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from grader.errors import InputError


class ExchangeLog:
    """A file of JSON lines, one an exchange; no file, no log. Headers, and with them the key, are never written."""

    def __init__(self, path: Path | None) -> None:
        """Take the file to add to, or None."""
        self.path = path
        self._lock = Lock()

    def write(self, request: Mapping[str, Any], status: int, response: str) -> None:
        """Add one exchange. Raises InputError if that cannot be done."""
        if self.path is None:
            return
        line = json.dumps({"request": request, "status": status, "response": response}, ensure_ascii=False)
        try:
            with self._lock:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")
        except OSError as exc:
            raise InputError(f"{self.path}: replies cannot be logged: {exc.strerror or exc}") from exc

"""Files that are whole or not there: written beside their place and moved into it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from grader.errors import InputError


@contextmanager
def writing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Give a stream whose content becomes the file when the block ends well; else the file stays as it was.

    Raises:
        InputError: it cannot be written (a full disk, no permission).

    """
    draft = path.with_name(f".{path.name}.tmp")
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open(mode, **text) as stream:  # type: ignore[call-overload]  # mode is "w" or "wb"
            yield stream
        draft.replace(path)
    except OSError as exc:
        raise InputError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)

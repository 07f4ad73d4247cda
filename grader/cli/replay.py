"""What a command printed is printed again, as long as nothing has changed that it was made from.

Importing what parses a command line and reads a bank takes many times as long as Python takes to start.
"""

import io
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from importlib.util import find_spec
from pathlib import Path

from grader.errors import GraderError
from grader.settings import PACKAGE, Settings, load_settings


def replay(arguments: Sequence[str], command: Callable[[], None]) -> None:
    """Print what the command would; run it only if that is not known.

    Args:
        arguments: the command line. The command must print nothing that does not come from the program, the settings
            or the bank.
        command: runs it.

    """
    try:
        settings = load_settings({}, os.environ, Path.cwd())
    except GraderError:
        command()  # it tells the error
        return
    kept = settings.cache_dir / "printed" / f"{zlib.crc32(json.dumps(arguments).encode()):08x}.json"
    made_from = [*arguments, _columns(os.environ), *_stamps(settings)]
    text, status = _read(kept, made_from), None
    if text is None:
        text, status = _run(command)
        if not status:
            _keep(kept, {"made_from": made_from, "text": text})
    _print(text)
    sys.exit(status)


def _run(command: Callable[[], None]) -> tuple[str, str | int | None]:
    """Return what the command prints, and its exit status."""
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            command()
    except SystemExit as exc:
        return output.getvalue(), exc.code
    return output.getvalue(), None


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # as `grader bank list | head` has it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _stamps(settings: Settings) -> Iterator[object]:
    """Go through the program's files, what it is installed beside, and the bank's files, each with size and time."""
    yield sys.version
    yield str(settings.bank)
    library = find_spec("typer")
    beside = Path(library.origin).parents[1] if library and library.origin else PACKAGE
    for path in (beside, *sorted(PACKAGE.rglob("*.py")), *sorted(settings.bank.glob("*"))):
        with suppress(OSError):
            status = path.stat()
            yield from (str(path), status.st_mtime_ns, status.st_size)


def _columns(environ: Mapping[str, str]) -> object:
    """Return what help is wrapped to."""
    with suppress(OSError, ValueError, AttributeError):
        return environ.get("COLUMNS") or os.get_terminal_size(sys.stdout.fileno()).columns
    return None


def _read(kept: Path, made_from: Sequence[object]) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        record = json.loads(kept.read_text(encoding="utf-8"))
        return str(record["text"]) if record["made_from"] == made_from else None
    return None


def _keep(kept: Path, record: Mapping[str, object]) -> None:
    with suppress(OSError):  # then it is made again
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(record), encoding="utf-8")
        unfinished.replace(kept)

"""Grade a stream of answers into a record: every grade is kept as it is made, none is made twice."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from grader.adapters.store import Record, Run
from grader.answers import Answer
from grader.engines.manifest import check_same_inputs
from grader.errors import InputError
from grader.grade.model import Grade, Ungraded
from grader.pipeline.grader import AsksModel, Grader

RECORD_FILE = "run.sqlite"
LOCK_FILE = ".run.lock"


@contextmanager
def open_record(folder: Path, tell: Callable[[str], None]) -> Iterator[Record]:
    """Give the record of a run folder, made if need be, to this process alone.

    While another process grades into the folder, say so and wait. The lock ends with the process that holds it,
    however that ends.

    Raises:
        InputError: the folder cannot be made or written, or its record cannot be used.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK_FILE)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            tell(f"{folder}: another process is grading into this folder; waiting until it is done")
            lock.acquire()
    except OSError as exc:
        raise InputError(f"{folder}: cannot be used as a folder for results: {exc.strerror or exc}") from exc
    try:
        record = Record(folder / RECORD_FILE)
        try:
            yield record
        finally:
            record.close()
    finally:
        lock.release()


def read_record(folder: Path) -> tuple[Record, Run]:
    """Return the record in a run folder and its last run. Raises InputError when there is none."""
    path = folder / RECORD_FILE
    if not path.is_file():
        raise InputError(f"{folder}: no {RECORD_FILE} here; `grader grade FILE --out {folder}` makes one")
    record = Record(path)
    run = record.latest("grade")
    if run is None:
        raise InputError(f"{path}: holds no run of `grader grade`")
    return record, run


def begin_or_resume(record: Record, manifest: Mapping[str, Any], *, fresh: bool) -> Run:
    """Return the run to grade into: the one begun with these inputs, or a new one.

    Raises:
        InputError: the folder's run was begun with other inputs, and `fresh` was not asked for.

    """
    run = None if fresh else record.latest("grade")
    if run is None:
        return record.begin("grade", manifest)
    check_same_inputs(run.manifest, manifest, str(record.path.parent))
    return run


def grade_into(
    record: Record, run: Run, answers: Iterable[Answer], grader: Grader
) -> Iterator[tuple[Answer, Grade | Ungraded]]:
    """Grade the answers that have no grade yet; yield each with its result once that is kept."""
    for answer, result in grader.grade(ungraded_answers(record, run, answers)):
        record.add(run, answer, result, grader.fingerprint)
        yield answer, result


def ungraded_answers(record: Record, run: Run, answers: Iterable[Answer]) -> Iterator[Answer]:
    """Go through the answers that have no grade yet."""
    done = record.graded(run)
    return (answer for answer in answers if answer.position not in done)


def keep_totals(record: Record, run: Run, grader: Grader) -> Run:
    """Return the run with what its grader has just spent, if it asks a model, added to the totals of its manifest."""
    if not isinstance(grader, AsksModel):
        return run
    before, now = run.manifest.get("totals", {}), grader.totals()
    totals = {name: _sum(before.get(name), value) for name, value in now.items()}
    return record.describe(run, {**run.manifest, "totals": totals})


def _sum(before: Any, now: Any) -> Any:
    numbers = isinstance(before, int | float) and isinstance(now, int | float)
    return before + now if numbers else before if now is None else now

"""A memory of grades: what was graded once, by the same grader and the same program, is not graded again."""

import hashlib
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import Column, Float, String, Table, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from grader.adapters.store.database import metadata, open_database
from grader.answers import Answer
from grader.bank import Question
from grader.bank.model import fingerprint, question_fingerprint
from grader.errors import InputError
from grader.grade.model import Grade, Ungraded
from grader.pipeline.grader import Grader
from grader.settings import PACKAGE

REMEMBERED = Table(
    "remembered",
    metadata,
    Column("key", String, primary_key=True),
    Column("grade", String, nullable=False),
    Column("seconds", Float, nullable=False),
)
CHUNK = 256
"""Answers looked up, and given to the grader, together: a grader may embed all of them before the first grade."""
KEEP_EVERY = 1.0
"""Seconds of work that the end of the process at any moment may cost."""
_KEYS_AT_ONCE = 500
_GRADE = TypeAdapter(Grade)


class RememberingGrader:
    """A grader that keeps what another one makes, and does not ask it twice. Failures are not kept."""

    def __init__(self, grader: Grader, path: Path) -> None:
        """Take the grader, and the database file to keep its grades in. Raises InputError."""
        self._grader = grader
        self._path = path
        self._engine = open_database(path)
        self._questions: dict[Question, str] = {}
        self.remembered = 0
        self.saved_seconds = 0.0

    @property
    def fingerprint(self) -> str:
        """The grader's own."""
        return self._grader.fingerprint

    @property
    def parts(self) -> Mapping[str, str]:
        """The grader's own."""
        return self._grader.parts

    @property
    def pass_mark(self) -> float:
        """The grader's own."""
        return self._grader.pass_mark

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade; an answer that comes twice is graded once."""
        stream = iter(answers)
        while chunk := list(islice(stream, CHUNK)):
            keys = [self._key(answer) for answer in chunk]
            known = self._look_up(keys)
            new = {key: answer for key, answer in zip(keys, chunk, strict=True) if key not in known}
            results: dict[str, Grade | Ungraded] = {key: grade for key, (grade, _) in known.items()}
            self.remembered += sum(key in known for key in keys)
            self.saved_seconds += sum(seconds for _, seconds in known.values())
            with closing(self._make(new)) as fresh:
                for key, answer in zip(keys, chunk, strict=True):
                    while key not in results:
                        made, result = next(fresh)
                        results[made] = result
                    yield answer, replace(results[key], candidate=answer.candidate)

    def _make(self, new: dict[str, Answer]) -> Generator[tuple[str, Grade | Ungraded]]:
        """Grade the answers; keep the grades every so often, and whenever the reader stops."""
        unkept: list[dict[str, object]] = []
        last_kept = before = time.monotonic()
        graded = self._grader.grade(new.values())
        try:
            for key, (_, result) in zip(new, graded, strict=True):
                now = time.monotonic()
                if isinstance(result, Grade):
                    unkept.append(
                        {"key": key, "grade": _GRADE.dump_json(result).decode(), "seconds": round(now - before, 6)}
                    )
                if now - last_kept > KEEP_EVERY:
                    self._keep(unkept)
                    unkept, last_kept = [], now
                yield key, result
                before = time.monotonic()
        finally:
            self._keep(unkept)

    def _key(self, answer: Answer) -> str:
        question = self._questions.get(answer.question)
        if question is None:
            question = self._questions[answer.question] = question_fingerprint(answer.question)
        return fingerprint([_program(), self._grader.fingerprint, question, answer.text])

    def _look_up(self, keys: Sequence[str]) -> dict[str, tuple[Grade, float]]:
        found = {}
        try:
            with self._engine.connect() as connection:
                for start in range(0, len(keys), _KEYS_AT_ONCE):
                    query = select(REMEMBERED).where(REMEMBERED.c.key.in_(keys[start : start + _KEYS_AT_ONCE]))
                    for row in connection.execute(query):
                        found[row.key] = (_GRADE.validate_json(row.grade), row.seconds)
        except DBAPIError as exc:
            raise InputError(f"{self._path}: cannot be read: {exc.orig}") from exc
        return found

    def _keep(self, rows: list[dict[str, object]]) -> None:
        if not rows:
            return
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(REMEMBERED).on_conflict_do_nothing(), rows)
        except DBAPIError as exc:
            raise InputError(f"{self._path}: cannot be written: {exc.orig}; what was kept before stays kept") from exc


@cache
def _program() -> str:
    """Return a digest of the package's code: another version of it may grade otherwise."""
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()

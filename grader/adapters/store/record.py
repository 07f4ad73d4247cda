"""The record of a run: every grade with its answer, committed as it is made, and what people decided since."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from grader.adapters.store.database import metadata, open_database
from grader.answers import Answer
from grader.bank import Question
from grader.bank.model import fingerprint
from grader.errors import InputError
from grader.grade.entry import Entry, Override
from grader.grade.model import Grade, Ungraded

RUNS = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("started", String, nullable=False),
    Column("manifest", String, nullable=False),
    Column("secret", String, nullable=False),
)
QUESTIONS = Table(
    "questions",
    metadata,
    Column("key", String, primary_key=True),
    Column("content", String, nullable=False),
)
GRADES = Table(
    "grades",
    metadata,
    Column("run_id", ForeignKey(RUNS.c.id), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("row", Integer, nullable=False),
    Column("candidate", String, nullable=False),
    Column("question_id", String, nullable=False),
    Column("question_key", ForeignKey(QUESTIONS.c.key), nullable=False),
    Column("answer", String, nullable=False),
    Column("graded", Boolean, nullable=False),
    Column("result", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("made", String, nullable=False),
)
OVERRIDES = Table(
    "overrides",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("content", String, nullable=False),
    ForeignKeyConstraint(["run_id", "position"], [GRADES.c.run_id, GRADES.c.position]),
    Index("overrides_of_grade", "run_id", "position"),
)
_PAGE = 500
"""Rows fetched at a time, so that a run of any length is read in bounded memory."""

_GRADE, _UNGRADED = TypeAdapter(Grade), TypeAdapter(Ungraded)
_QUESTION, _OVERRIDE = TypeAdapter(Question), TypeAdapter(Override)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a record."""

    id: int
    kind: str
    started: str
    """UTC, ISO 8601."""
    manifest: Mapping[str, Any]
    secret: str
    """Random, and in no report: what pseudonyms are made with."""


class Record:
    """The runs kept in one database file. Every method that writes has committed when it returns.

    All methods raise InputError when the file cannot be read or written (a full disk, say).
    """

    def __init__(self, path: Path) -> None:
        """Open the record, or make it."""
        self.path = path
        self.engine = open_database(path)
        self._kept: dict[int, tuple[str, Question]] = {}
        self._asked: dict[str, Question] = {}

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    def begin(self, kind: str, manifest: Mapping[str, Any]) -> Run:
        """Start a run. Earlier ones stay in the record."""
        values = {"kind": kind, "started": _now(), "secret": secrets.token_hex(16)}
        with self._writing() as connection:
            content = json.dumps(manifest, ensure_ascii=False)
            run_id = connection.execute(insert(RUNS).values(**values, manifest=content)).inserted_primary_key
        assert run_id is not None  # noqa: S101  # a single-row insert has one
        return Run(run_id[0], manifest=manifest, **values)

    def describe(self, run: Run, manifest: Mapping[str, Any]) -> Run:
        """Give a run another manifest."""
        content = json.dumps(manifest, ensure_ascii=False)
        with self._writing() as connection:
            connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(manifest=content))
        return replace(run, manifest=manifest)

    def latest(self, kind: str) -> Run | None:
        """Return the run of this kind that was started last."""
        return next(iter(self.runs(kind)), None)

    def runs(self, kind: str) -> list[Run]:
        """Return all runs of this kind, the latest first."""
        query = select(RUNS).where(RUNS.c.kind == kind).order_by(RUNS.c.id.desc())
        return [_run(row) for row in self._read(query)]

    def run(self, run_id: int) -> Run:
        """Return one run, of any kind."""
        (row,) = self._read(select(RUNS).where(RUNS.c.id == run_id))
        return _run(row)

    def add(self, run: Run, answer: Answer, result: Grade | Ungraded, fingerprint: str) -> None:
        """Keep a result. It replaces an ungraded one at the same position, and never a grade."""
        with self._writing() as connection:
            self._add(connection, run.id, answer, result, fingerprint)

    def _add(
        self, connection: Connection, run_id: int, answer: Answer, result: Grade | Ungraded, fingerprint: str
    ) -> None:
        graded = isinstance(result, Grade)
        values = {
            "run_id": run_id,
            "position": answer.position,
            "row": answer.row,
            "candidate": answer.candidate,
            "question_id": answer.question.id,
            "answer": answer.text,
            "graded": graded,
            "result": (_GRADE if graded else _UNGRADED).dump_json(result).decode(),  # type: ignore[arg-type]
            "fingerprint": fingerprint,
            "question_key": self._keep_question(connection, answer.question),
            "made": _now(),
        }
        connection.execute(_ADD, values)

    def graded(self, run: Run) -> set[int]:
        """Return the positions that have a grade."""
        query = select(GRADES.c.position).where(GRADES.c.run_id == run.id, GRADES.c.graded)
        return {row.position for row in self._read(query)}

    def counts(self, run: Run) -> tuple[int, int]:
        """Return how many answers are (graded, ungraded)."""
        query = select(GRADES.c.graded, func.count().label("n")).where(GRADES.c.run_id == run.id)
        found = {row.graded: row.n for row in self._read(query.group_by(GRADES.c.graded))}
        return found.get(True, 0), found.get(False, 0)

    def candidates(self, run: Run) -> list[str]:
        """Return the candidates in order of first appearance."""
        query = select(GRADES.c.candidate).where(GRADES.c.run_id == run.id).group_by(GRADES.c.candidate)
        return [row.candidate for row in self._read(query.order_by(func.min(GRADES.c.position)))]

    def questions(self, run: Run) -> list[str]:
        """Return the ids of the questions in order of first appearance."""
        query = select(GRADES.c.question_id).where(GRADES.c.run_id == run.id).group_by(GRADES.c.question_id)
        return [row.question_id for row in self._read(query.order_by(func.min(GRADES.c.position)))]

    def entries(
        self,
        run: Run,
        *,
        candidate: str | None = None,
        question: str | None = None,
        positions: Sequence[int] | None = None,
    ) -> Iterator[Entry]:
        """Go through the entries in order of position: all, or those of a candidate, of a question, at positions.

        Those at positions come in the order of the positions given.
        """
        query = select(GRADES).where(GRADES.c.run_id == run.id).order_by(GRADES.c.position)
        for column, value in (("candidate", candidate), ("question_id", question)):
            if value is not None:
                query = query.where(GRADES.c[column] == value)
        overrides = self._overrides(run)
        if positions is None:
            yield from self._entries(query, overrides)
            return
        for start in range(0, len(positions), _PAGE):
            page = positions[start : start + _PAGE]
            found = self._entries(query.where(GRADES.c.position.in_(page)), overrides)
            by_position = {entry.answer.position: entry for entry in found}
            yield from (by_position[position] for position in page if position in by_position)

    def by_candidate(self, run: Run) -> Iterator[tuple[str, list[Entry]]]:
        """Go through the candidates in order of first appearance, each with the entries in order of position."""
        entries = self._entries(self._grouped(run, "candidate", GRADES), self._overrides(run))
        for candidate, own in groupby(entries, key=lambda entry: entry.answer.candidate):
            yield candidate, list(own)

    def by_question(self, run: Run) -> Iterator[list[Answer]]:
        """Go through the questions in order of first appearance: the answers to each, in order of position."""
        columns = (GRADES.c[name] for name in ("question_id", "question_key", "answer", "candidate", "row", "position"))
        rows = self._read(self._grouped(run, "question_id", *columns))
        for _, own in groupby(rows, key=lambda row: row.question_id):
            yield [self._answer(row) for row in own]

    def override(self, run: Run, decisions: Iterable[tuple[int, Override]]) -> None:
        """Keep what people decided about the grades at positions: all of it, or nothing."""
        with self._writing() as connection:
            for position, decision in decisions:
                values = {"run_id": run.id, "position": position, "content": _OVERRIDE.dump_json(decision).decode()}
                connection.execute(insert(OVERRIDES).values(values))

    def _entries(self, query: Select[Any], overrides: Mapping[int, Sequence[Override]]) -> Iterator[Entry]:
        for row in self._read(query):
            machine = (_GRADE if row.graded else _UNGRADED).validate_json(row.result)
            yield Entry(self._answer(row), machine, row.fingerprint, tuple(overrides.get(row.position, ())))

    def _answer(self, row: Row[Any]) -> Answer:
        return Answer(self._question(row.question_key), row.answer, row.candidate, row.row, row.position)

    def _grouped(self, run: Run, column: str, *selected: Any) -> Select[Any]:
        """Return a query for the grades that equal in a column one after another, in order of first appearance."""
        first = (
            select(GRADES.c[column], func.min(GRADES.c.position).label("first"))
            .where(GRADES.c.run_id == run.id)
            .group_by(GRADES.c[column])
            .subquery()
        )
        query = select(*selected).join(first, GRADES.c[column] == first.c[column]).where(GRADES.c.run_id == run.id)
        return query.order_by(first.c.first, GRADES.c.position)

    def _overrides(self, run: Run) -> dict[int, list[Override]]:
        found: dict[int, list[Override]] = {}
        query = select(OVERRIDES).where(OVERRIDES.c.run_id == run.id).order_by(OVERRIDES.c.id)
        for row in self._read(query):
            found.setdefault(row.position, []).append(_OVERRIDE.validate_json(row.content))
        return found

    def _question(self, key: str) -> Question:
        if key not in self._asked:
            (row,) = self._read(select(QUESTIONS).where(QUESTIONS.c.key == key))
            self._asked[key] = _QUESTION.validate_json(row.content)
        return self._asked[key]

    def _keep_question(self, connection: Connection, question: Question) -> str:
        if self._kept.get(id(question), ("", None))[1] is not question:
            content = _QUESTION.dump_json(question).decode()
            key = fingerprint(content)
            connection.execute(insert(QUESTIONS).values(key=key, content=content).on_conflict_do_nothing())
            self._kept[id(question)] = key, question
        return self._kept[id(question)][0]

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                yield connection
        except DBAPIError as exc:
            raise InputError(
                f"{self.path}: cannot be written: {exc.orig}; what was kept before stays kept: "
                "put that right and give the same command again"
            ) from exc

    def _read(self, query: Select[Any]) -> Iterator[Row[Any]]:
        try:
            with self.engine.connect().execution_options(yield_per=_PAGE) as connection:
                yield from connection.execute(query)
        except DBAPIError as exc:
            raise InputError(f"{self.path}: cannot be read: {exc.orig}") from exc


_INSERT = insert(GRADES)
_ADD = _INSERT.on_conflict_do_update(
    index_elements=["run_id", "position"],
    set_={name: _INSERT.excluded[name] for name in ("graded", "result", "fingerprint", "made")},
    where=~GRADES.c.graded,
)


def _run(row: Row[Any]) -> Run:
    return Run(row.id, row.kind, row.started, json.loads(row.manifest), row.secret)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""A learner's history: sittings and attempts, beside the grades that they lead to."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from grader.adapters.store.database import metadata
from grader.adapters.store.record import GRADES, RUNS, Record, Run
from grader.answers import Answer
from grader.bank import Question
from grader.grade.entry import Entry
from grader.grade.model import Grade, Ungraded
from grader.practice.sitting import NOT_YET, Attempt, Plan, Sitting

KIND = "take"
"""The kind of run that a sitting is."""

SITTINGS = Table(
    "sittings",
    metadata,
    Column("run_id", ForeignKey(RUNS.c.id), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("draft", String, nullable=False),
    Column("ended", Boolean, nullable=False),
)
ATTEMPTS = Table(
    "attempts",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("reference_seen", Boolean, nullable=False),
    Column("made", String, nullable=False),
    ForeignKeyConstraint(["run_id", "position"], [GRADES.c.run_id, GRADES.c.position]),
)
REFERENCES_SHOWN = Table(
    "references_shown",
    metadata,
    Column("run_id", ForeignKey(SITTINGS.c.run_id), primary_key=True),
    Column("place", Integer, primary_key=True),
)


class History(Record):
    """The record of what a learner has answered. Every method that writes has committed when it returns.

    A sitting is a run of the kind `take`; an attempt is an entry of it. Raises as `Record`.
    """

    def begin_sitting(self, plan: Plan, manifest: Mapping[str, Any], started: datetime) -> Sitting:
        """Start a sitting.

        Args:
            plan: what it asks.
            manifest: what its grades depend on.
            started: UTC.

        """
        run = self.begin(KIND, {"plan": asdict(plan), "started": started.isoformat(), **manifest})
        sitting = _sitting(run)
        values = {name: getattr(sitting, name) for name in ("place", "seconds", "draft", "ended")}
        with self._writing() as connection:
            connection.execute(insert(SITTINGS).values(run_id=run.id, **values))
        return sitting

    def keep_sitting(self, sitting: Sitting) -> None:
        """Keep how far a sitting has come."""
        values = {name: getattr(sitting, name) for name in ("place", "seconds", "draft", "ended")}
        with self._writing() as connection:
            connection.execute(update(SITTINGS).where(SITTINGS.c.run_id == sitting.id).values(values))

    def sittings(self) -> list[Sitting]:
        """Return all sittings, the oldest first."""
        rows = {row.run_id: row for row in self._read(select(SITTINGS))}
        return [
            replace(_sitting(run), place=row.place, seconds=row.seconds, draft=row.draft, ended=row.ended)
            for run in reversed(self.runs(KIND))
            if (row := rows.get(run.id)) is not None  # else its process ended before it had begun
        ]

    def manifest_of(self, sitting: Sitting) -> Mapping[str, Any]:
        """Return what the grades of a sitting depend on."""
        return self.run(sitting.id).manifest

    def add_inputs(self, sitting: Sitting, inputs: Mapping[str, Any]) -> None:
        """Keep more of what the grades of a sitting depend on."""
        run = self.run(sitting.id)
        self.describe(run, {**run.manifest, "inputs": {**run.manifest["inputs"], **inputs}})

    def hand_in(
        self,
        sitting: Sitting,
        question: Question,
        text: str,
        made: datetime,
        *,
        number: int = 1,
        seconds: float = 0.0,
        reference_seen: bool = False,
    ) -> Attempt:
        """Keep what was written for the question at the sitting's place. It waits for its grade."""
        query = select(func.max(GRADES.c.position).label("last")).where(GRADES.c.run_id == sitting.id)
        (row,) = self._read(query)
        position = 0 if row.last is None else row.last + 1
        answer = Answer(question, text, sitting.label, 0, position)
        waiting = Ungraded(sitting.label, question.id, question.section, NOT_YET)
        attempt = Attempt(Entry(answer, waiting, ""), sitting.place, number, seconds, reference_seen, made)
        values = {
            "run_id": sitting.id,
            "position": position,
            "place": sitting.place,
            "number": number,
            "seconds": seconds,
            "reference_seen": reference_seen,
            "made": made.isoformat(),
        }
        with self._writing() as connection:
            self._add(connection, sitting.id, answer, waiting, "")
            connection.execute(insert(ATTEMPTS).values(values))
        return attempt

    def keep_result(self, sitting: Sitting, attempt: Attempt, result: Grade | Ungraded, fingerprint: str) -> Attempt:
        """Keep what was made of an attempt; return it with that."""
        self.add(self.run(sitting.id), attempt.entry.answer, result, fingerprint)
        return replace(attempt, entry=replace(attempt.entry, machine=result, fingerprint=fingerprint))

    def show_reference(self, sitting: Sitting) -> None:
        """Keep that the reference of the question at the sitting's place is shown: a later try may lean on it."""
        with self._writing() as connection:
            values = {"run_id": sitting.id, "place": sitting.place}
            connection.execute(insert(REFERENCES_SHOWN).values(values).on_conflict_do_nothing())

    def references_shown(self, sitting: Sitting) -> set[int]:
        """Return the places of the questions whose reference was shown."""
        query = select(REFERENCES_SHOWN.c.place).where(REFERENCES_SHOWN.c.run_id == sitting.id)
        return {row.place for row in self._read(query)}

    def withdraw(self, sitting: Sitting, attempt: Attempt) -> None:
        """Forget an attempt that has no grade: another one takes its place."""
        position = attempt.entry.answer.position
        with self._writing() as connection:
            for table in (ATTEMPTS, GRADES):
                here = (table.c.run_id == sitting.id) & (table.c.position == position)
                connection.execute(delete(table).where(here))

    def attempts(self, sitting: Sitting) -> list[Attempt]:
        """Return the attempts of a sitting in the order in which they were made."""
        entries = {entry.answer.position: entry for entry in self.entries(self.run(sitting.id))}
        return [
            Attempt(
                entries[row.position],
                row.place,
                row.number,
                row.seconds,
                row.reference_seen,
                datetime.fromisoformat(row.made),
            )
            for row in self._read(select(ATTEMPTS).where(ATTEMPTS.c.run_id == sitting.id).order_by(ATTEMPTS.c.position))
        ]

    def all_attempts(self) -> Iterator[tuple[Sitting, list[Attempt]]]:
        """Go through the sittings, the oldest first, each with its attempts."""
        for sitting in self.sittings():
            yield sitting, self.attempts(sitting)


def _sitting(run: Run) -> Sitting:
    plan = {**run.manifest["plan"]}
    plan["questions"] = tuple(plan["questions"])
    started = datetime.fromisoformat(run.manifest["started"]).astimezone(UTC)
    return Sitting(run.id, started, Plan(**plan))

"""Open a SQLite file that holds grader's tables."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from grader.errors import InputError

SCHEMA_VERSION = 1
BUSY_SECONDS = 60
"""How long a process waits for another one that is writing."""

metadata = MetaData()
"""Every table of the project. A module of this package that needs a table declares it here."""


def open_database(path: Path) -> Engine:
    """Return the database in the file, made with all tables if it is new.

    Write-ahead logging: what was committed survives the end of the process at any moment, and other processes
    may read and write meanwhile.

    Raises:
        InputError: the file cannot be opened, is no database, or was written by a later version of grader.

    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _configure)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            version = connection.execute(text("PRAGMA user_version")).scalar_one()
            if version > SCHEMA_VERSION:
                raise InputError(f"{path}: written by a later version of grader (schema {version}); upgrade grader")
            metadata.create_all(connection)
            connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))
    except DBAPIError as exc:
        raise InputError(f"{path}: not a usable database: {exc.orig}; move it away or name another") from exc
    except OSError as exc:
        raise InputError(f"{path}: cannot be opened: {exc.strerror or exc}") from exc
    return engine


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()

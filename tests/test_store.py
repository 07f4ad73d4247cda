import sqlite3

import pytest
from sqlalchemy import text

from grader.adapters.store import open_database
from grader.errors import InputError


def test_a_database_is_made_and_opened_again(tmp_path):
    path = tmp_path / "deep" / "run.sqlite"
    for _ in range(2):
        with open_database(path).connect() as connection:
            assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "run.sqlite"
    path.write_text("candidate,answer\n" * 100, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.sqlite: not a usable database"):
        open_database(path)


def test_a_later_schema_is_refused(tmp_path):
    path = tmp_path / "run.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="later version"):
        open_database(path)

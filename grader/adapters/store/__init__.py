"""What is kept between commands, in SQLite: one schema for every store in the project."""

from grader.adapters.store.database import metadata, open_database
from grader.adapters.store.history import History
from grader.adapters.store.record import Record, Run

__all__ = ["History", "Record", "Run", "metadata", "open_database"]

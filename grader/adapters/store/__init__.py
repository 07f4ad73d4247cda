"""What is kept between commands, in SQLite: one schema for every store in the project."""

from grader.adapters.store.database import metadata, open_database

__all__ = ["metadata", "open_database"]

"""Question banks in other formats: read into drafts of bank files, and written for other programs and for people."""

from grader.exchange.formats import FORMATS, format_of, read_document, write_document

__all__ = ["FORMATS", "format_of", "read_document", "write_document"]

"""Statements: the pieces of a text that are matched with key points, one sentence or list item each."""

import re

MAX_CHARACTERS = 320
"""A longer statement is cut into windows, so that no model ever cuts it silently (256 tokens are its limit)."""

_LINE = re.compile(r"[^\n]+")
_BULLET = re.compile(r"\s*(?:[-*\u2022\u25cf\u25aa\u00b7>#]+\s+|\(?(?:\d{1,2}|[a-zA-Z])[.)]\s+)*")
_SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*\s+|;\s+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|no|fig|incl|resp|cf|mr|mrs|dr|st|[a-z])|(?:^|[:;.!?]\s|\()\d{1,2})\.\s+$",
    re.IGNORECASE,
)
"""What ends in a full stop, but ends no sentence; a number only where a list item begins, not in "port 22. Then"."""
_LONGEST_ABBREVIATION = 12
"""Characters before the end in which one is sought, with the blanks around it."""
_CLAUSE_END = re.compile(r"(?:[,:]|\s-)\s+|\s(?=(?:and|but|or|which|because|while|whereas|so)\s)")


def split_statements(text: str) -> list[tuple[int, int]]:
    """Return the spans of the statements of a normalised text, in order, without bullets and end spaces.

    Sentences end at `.`, `!`, `?` or `;` before white space, and at line breaks. A statement longer than
    `MAX_CHARACTERS` is cut where a clause ends, else between words, else anywhere: all text is in some span.
    """
    spans: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        start, end = line.span()
        bullet = _BULLET.match(text, start, end)
        # A line of nothing but list markers is text after all ("C)" may be the whole answer).
        if bullet and text[bullet.end() : end].strip():
            start = bullet.end()
        for begin, finish in _sentences(text, start, end):
            spans.extend(_windows(text, begin, finish))
    return spans


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    begin = start
    for mark in _SENTENCE_END.finditer(text, start, end):
        if _ABBREVIATION.search(text[max(begin, mark.end() - _LONGEST_ABBREVIATION) : mark.end()]):
            continue
        spans.append((begin, mark.end()))
        begin = mark.end()
    spans.append((begin, end))
    return [trimmed for span in spans if (trimmed := _trim(text, *span))]


def _windows(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    while end - start > MAX_CHARACTERS:
        cut = _last_cut(text, start, start + MAX_CHARACTERS)
        if trimmed := _trim(text, start, cut):
            spans.append(trimmed)
        start = cut
    if trimmed := _trim(text, start, end):
        spans.append(trimmed)
    return spans


def _last_cut(text: str, start: int, limit: int) -> int:
    clauses = [mark.end() for mark in _CLAUSE_END.finditer(text, start + MAX_CHARACTERS // 2, limit)]
    if clauses:
        return clauses[-1]
    space = text.rfind(" ", start + 1, limit)
    return space + 1 if space > start else limit


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None

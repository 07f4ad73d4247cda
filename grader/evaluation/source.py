"""Does a bank keep to the document it goes back to: its outline, and none of its sentences?"""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.bank import Bank, Question
from grader.bank.load import Places
from grader.evaluation.lint import Finding, finding_at
from grader.exchange.markdown import read_markdown

COPIED_RUN = 8
"""So many words in a row that are the document's count as copied."""
_WORD = re.compile(r"[a-z0-9]+")


def compare_with_source(bank: Bank, text: str, file: str) -> list[Finding]:
    """Return every text of the bank that copies the document, and every question that the bank lacks or moved.

    Args:
        bank: its texts are looked at one by one, all of them.
        text: the document. Where it holds numbered questions under headings, they are the outline.
        file: what the document is called in findings.

    """
    return [*_copies(bank, text), *_moved(bank, text, file)]


def _copies(bank: Bank, text: str) -> Iterator[Finding]:
    places = Places(bank)
    source = set(_runs(text))
    for question in bank:
        for location, ours in question.texts():
            if copied := next((run for run in _runs(ours) if run in source), None):
                yield finding_at(places, question, location, f"copied from the source: {' '.join(copied)!r}")


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return zip(*(words[start:] for start in range(COPIED_RUN)), strict=False)


def _moved(bank: Bank, text: str, file: str) -> Iterator[Finding]:
    ours = {question.number: _place(question) for question in bank}
    sections = {section.title for section in bank.sections}
    missing: set[str] = set()
    for question in read_markdown(text, Path(file)).questions:
        if question.section not in sections:
            if question.section not in missing:
                yield _at(question, "section", f"the bank has no section {question.section!r}")
            missing.add(question.section)
        elif question.number not in ours:
            yield _at(question, "number", f"the bank has no question {question.number}")
        elif (place := _place(question)) != ours[question.number]:
            message = (
                f"question {question.number} stands under {place!r} here and under {ours[question.number]!r} there"
            )
            yield _at(question, "subsection", message)


def _place(question: Question) -> str:
    return " / ".join(filter(None, (question.section, question.subsection)))


def _at(question: Question, field: str, message: str) -> Finding:
    file, _, line = question.source.rpartition(":")
    return Finding(file, int(line), "", field, message)

"""Make sections of a bank out of a document: what the document does not say is drafted, for a person to edit."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from grader.bank import KeyPoint, Question, Section
from grader.exchange.document import Document
from grader.text.normalise import normalise
from grader.text.statements import split_statements

HEADER = """\
DRAFT, imported from {file} by `grader bank import`. A person has to edit it before it grades anyone:
prompts and references stand as they were there; key points were drafted from bullets and sentences, all weigh 1
where the document did not say, and have no contraries. docs/bank-authoring.md says what a good one is, and
`grader bank lint` what is missing. Delete this comment when done.
"""
SLUG_WORDS = 5
_BULLET = re.compile(r"\s*(?:[-*+\u2022]|\d{1,2}[.)])\s+(.+)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_MARKUP = re.compile(r"(\*\*|__|`)(.+?)\1")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def draft_sections(document: Document, bank: str) -> tuple[Section, ...]:
    """Return the sections of a document in order, each question complete enough for a bank file.

    Args:
        document: its numbers are kept where all are given and rise, its ids where they are unique; otherwise
            questions are numbered from 1, and named after the bank and their number.
        bank: the name of the bank.

    """
    by_section: dict[str, list[Question]] = {}
    for question in document.questions:
        by_section.setdefault(question.section, []).append(question)
    ordered = [question for questions in by_section.values() for question in questions]
    numbers = [question.number or 0 for question in ordered]
    if not all(before < after for before, after in pairwise([0, *numbers])):
        numbers = list(range(1, len(ordered) + 1))
    ids = _unique(
        q.id if _SLUG.fullmatch(q.id) else f"{slug(bank, 'bank')}-{number:03}"
        for q, number in zip(ordered, numbers, strict=True)
    )
    drafted = iter([_complete(*given) for given in zip(ordered, ids, numbers, strict=True)])
    return tuple(Section(title, tuple(next(drafted) for _ in questions)) for title, questions in by_section.items())


def slug(text: str, otherwise: str) -> str:
    """Return the first words of a text in kebab-case; `otherwise` when it holds no letters that ASCII has."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", letters)[:SLUG_WORDS]) or otherwise


def draft_key_points(reference: str) -> tuple[str, ...]:
    """Return the statements that a reference makes: its bullets, or its sentences where it has none.

    Text in code fences is none; bold, italics and code marks are taken off.
    """
    lines, in_code = [], False
    for line in reference.split("\n"):
        in_code ^= bool(_FENCE.match(line))
        if not in_code and not _FENCE.match(line):
            lines.append(_MARKUP.sub(r"\2", line))
    bullets = [" ".join(bullet[1].split()).rstrip(".") for line in lines if (bullet := _BULLET.match(line))]
    if any(bullets):
        return tuple(dict.fromkeys(filter(None, bullets)))
    text = normalise("\n".join(lines)).text
    statements = [text[start:end].rstrip(".") for start, end in split_statements(text)]
    return tuple(dict.fromkeys(filter(None, statements))) or (reference,)


def _complete(question: Question, id: str, number: int) -> Question:
    points = question.key_points or tuple(KeyPoint("", text) for text in draft_key_points(question.reference))
    wrong = question.misconceptions
    ids = _unique(
        [point.id or slug(point.text, "point") for point in points] + [m.id or slug(m.text, "wrong") for m in wrong]
    )
    tags = dict.fromkeys(slug(tag, "") for tag in question.tags)
    return replace(
        question,
        id=id,
        number=number,
        level=question.level or "intermediate",
        tags=tuple(tag for tag in tags if tag),
        key_points=tuple(replace(point, id=next(ids)) for point in points),
        misconceptions=tuple(replace(m, id=next(ids)) for m in wrong),
    )


def _unique(names: Iterable[str]) -> Iterator[str]:
    """Go through the names; one that was there before gets a number."""
    taken: set[str] = set()
    for name in names:
        count, unique = 1, name
        while unique in taken:
            count += 1
            unique = f"{name}-{count}"
        taken.add(unique)
        yield unique

"""Which questions a test asks, in which order."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from grader.bank import Bank, Question
from grader.bank.model import Section
from grader.errors import InputError, nearest
from grader.practice.order import Order
from grader.practice.schedule import Due


def find_sections(bank: Bank, wanted: Iterable[str]) -> list[Section]:
    """Return the sections that are meant: each by its number from 1, its title, or a part of one title.

    Raises:
        InputError: none is meant, or more than one.

    """
    return [_find_section(bank, text) for text in wanted]


def _find_section(bank: Bank, text: str) -> Section:
    if text.strip().isdecimal():
        number = int(text)
        if not 1 <= number <= len(bank.sections):
            raise InputError(f"section {number}: the bank {bank.name!r} has sections 1 to {len(bank.sections)}")
        return bank.sections[number - 1]
    asked = text.strip().casefold()
    titles = {section.title.casefold(): section for section in bank.sections}
    # "S3" is a word of one title, and "s3" is also within others: whole words come first.
    words = [s for title, s in titles.items() if asked in title.replace("(", " ").replace(")", " ").split()]
    parts = [s for title, s in titles.items() if asked and asked in title]
    for found in ([titles[asked]] if asked in titles else [], words, parts):
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"section {text!r} may be {' or '.join(repr(s.title) for s in found)}; say more of it")
    known = nearest(text, [section.title for section in bank.sections])
    raise InputError(f"the bank {bank.name!r} has no section {known}; `grader bank list` shows all")


def choose(
    bank: Bank,
    *,
    sections: Sequence[Section] = (),
    levels: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> list[Question]:
    """Return the questions, in the bank's order, that are in one of the sections, of a level and with a tag.

    What is left empty does not narrow the choice.

    Raises:
        InputError: a tag is unknown, or no question is left.

    """
    known = {tag for question in bank for tag in question.tags}
    for tag in tags:
        if tag not in known:
            raise InputError(f"the bank {bank.name!r} has no tag {nearest(tag, known)}")
    titles = {section.title for section in sections}
    found = [
        question
        for question in bank
        if (not titles or question.section in titles)
        and (not levels or question.level in levels)
        and (not tags or set(tags) & set(question.tags))
    ]
    if not found:
        asked = [*(repr(title) for title in titles), *levels, *tags]
        raise InputError(f"no question of the bank {bank.name!r} is all of this: {', '.join(asked)}")
    return found


def put_in_order(
    questions: Sequence[Question], order: Order, due: Mapping[str, Due], now: datetime, seed: str
) -> list[Question]:
    """Return the questions in order.

    `weak`: first those that are due today, the least remembered first; then those never answered, in the bank's
    order; then the rest, by when they are due.
    """
    if order is Order.BANK:
        return list(questions)
    if order is Order.RANDOM:
        return random.Random(seed).sample(questions, len(questions))

    def rank(question: Question) -> tuple[float, ...]:
        known = due.get(question.id)
        if known is None:
            return (1,)
        return (0, known.memory, known.score) if known.by(now) else (2, known.when.timestamp())

    return sorted(questions, key=rank)

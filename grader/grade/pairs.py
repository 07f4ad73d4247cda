"""Pairs of answers that share their wording: told and looked at, never scored."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from grader.answers import Answer
from grader.answers.copies import Span, find_copies
from grader.grade.entry import Entry

NEAR_IDENTICAL = "near_identical"
"""The flag of an answer that shares its wording with another candidate's."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to a question, or an answer and a reference, that share their wording."""

    question_id: str
    candidate: str
    position: int
    other: str | None
    """The other candidate; None for a reference."""
    other_position: int | None
    share: float
    """0..1: how much of the shorter text's wording is in the other."""
    spans: tuple[Span, ...]
    """Where, in the first answer."""
    other_spans: tuple[Span, ...]
    words: str
    """The longest stretch that they share."""


def pairs_of(answers: Sequence[Answer]) -> Iterator[Pair]:
    """Go through the near-identical pairs among the answers to one question, and with its references."""
    question = answers[0].question
    texts = [*(answer.text for answer in answers), question.reference, *question.alternatives]
    for copy in find_copies(texts, question.prompt):
        if copy.first >= len(answers):  # two references of the question
            continue
        first = answers[copy.first]
        second = answers[copy.second] if copy.second < len(answers) else None
        yield Pair(
            question_id=question.id,
            candidate=first.candidate,
            position=first.position,
            other=second.candidate if second else None,
            other_position=second.position if second else None,
            share=copy.share,
            spans=copy.spans,
            other_spans=copy.second_spans,
            words=max((first.text[slice(*span)] for span in copy.spans), key=len),
        )


def flagged_positions(pairs: Iterable[Pair]) -> frozenset[int]:
    """Return the positions of the answers that are near-identical to another candidate's."""
    between = [pair for pair in pairs if pair.other_position is not None]
    return frozenset(p for pair in between for p in (pair.position, pair.other_position) if p is not None)


def with_flags(entries: Iterable[Entry], positions: frozenset[int]) -> Iterator[Entry]:
    """Go through the entries, those at the positions with the flag `near_identical`."""
    for entry in entries:
        yield replace(entry, flags=(NEAR_IDENTICAL,)) if entry.answer.position in positions else entry

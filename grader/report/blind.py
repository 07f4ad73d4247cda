"""Reports without names: each candidate under a pseudonym that stays the same within a run."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from grader.grade.entry import Entry
from grader.grade.pairs import Pair

Naming = Callable[[str], str]


def pseudonyms(key: str) -> Naming:
    """Return a function from a candidate to a pseudonym, which only who knows the key can work out from the name."""

    def name(candidate: str) -> str:
        if not candidate:
            return ""
        return "candidate-" + hashlib.blake2b(candidate.encode(), key=key.encode()[:64], digest_size=5).hexdigest()

    return name


def blind_entry(entry: Entry, name: Naming) -> Entry:
    """Return the entry under the candidate's pseudonym."""
    candidate = name(entry.answer.candidate)
    return replace(
        entry,
        answer=replace(entry.answer, candidate=candidate),
        machine=replace(entry.machine, candidate=candidate),
    )


def blind_pair(pair: Pair, name: Naming) -> Pair:
    """Return the pair under the candidates' pseudonyms."""
    return replace(pair, candidate=name(pair.candidate), other=None if pair.other is None else name(pair.other))

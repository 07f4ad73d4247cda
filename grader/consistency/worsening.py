"""Rules that make a text say less, or something wrong.

They look at words alone, not at what some grader found, so that every grader gets the same texts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.bank import Question
from grader.consistency.wording import join, statements, swap
from grader.consistency.words import Words
from grader.text.words import FUNCTION_WORDS, content_stems
from grader.text.words import words as words_of

LEAST_SHARED = 2
LEAST_SHARE = 0.3
"""A statement speaks to a key point if it has this share, and this number, of the words that tell."""
_NOT = re.compile(r"\s(?:not|never)\b|(?<=\bcan)not\b|n't\b", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|can|could|will|would|should|must|may|does|do|has to|have to)\b", re.IGNORECASE
)
_EARLY = 60
"""Characters within which the verb of a statement is sought: further on, another clause may have begun."""


@dataclass(frozen=True, slots=True)
class Support:
    """The statement of a text that speaks to one of the question's key points more than any other does."""

    index: int
    statement: str
    key_point: str
    contraries: tuple[str, ...]


def best_supported(text: str, question: Question) -> Support | None:
    """Return the statement that says most of a key point, by shared words; None if none says enough."""
    points = [(point.text, point.contrary) for point in question.key_points]
    points = points or [(part, ()) for part in statements(question.reference)]
    known = _said(question.prompt)
    best: tuple[float, Support] | None = None
    for index, statement in enumerate(statements(text)):
        for point, contraries in points:
            wanted = _said(point) - known
            shared = wanted & _said(statement)
            share = len(shared) / max(1, len(wanted))
            enough = len(shared) >= LEAST_SHARED and share >= LEAST_SHARE
            if enough and (best is None or share > best[0]):
                best = share, Support(index, statement, point, contraries)
    return None if best is None else best[1]


def worsened(text: str, question: Question, words: Words) -> dict[str, str]:
    """Return the text made worse, by kind: dropped, negated, contrary, contradicted; those that apply."""
    support = best_supported(text, question)
    if support is None:
        return {}
    parts = statements(text)
    negated = negate(support.statement, words)
    wrong = f"{support.contraries[0]}." if support.contraries else negated
    made = {
        "dropped": _replaced(parts, support.index),
        "negated": _replaced(parts, support.index, negated),
        "contradicted": join([*parts, wrong]),
    }
    if support.contraries:
        made["contrary"] = _replaced(parts, support.index, wrong)
    return {kind: new for kind, new in made.items() if new}


def negate(statement: str, words: Words) -> str:
    """Return the opposite: a word for its opposite where nothing is denied, else the statement denied."""
    for pair in () if _NOT.search(statement) else words.opposites:
        turned = [new for old, other in (pair, pair[::-1]) if (new := swap(statement, [(old, other)]))]
        if len(turned) == 1:  # a statement with both words is not turned round by exchanging them
            return turned[0]
    return deny(statement)


def deny(statement: str) -> str:
    """Return the statement denied: one `not` less, one `not` more, or "It is not true that …"."""
    if _NOT.search(statement):
        return _NOT.sub("", statement, count=1)
    if verb := _AUXILIARY.search(statement, 0, _EARLY):
        return statement[: verb.start()] + _with_not(verb.group()) + statement[verb.end() :]
    return f"It is not true that {statement[0].lower() if statement[1:2].islower() else statement[0]}{statement[1:]}"


def _with_not(verb: str) -> str:
    if " " in verb:  # has to, have to
        return {"has to": "does not have to", "have to": "do not have to"}[verb.lower()]
    return "cannot" if verb.lower() == "can" else f"{verb} not"


def telling_words(texts: Iterable[str]) -> list[str]:
    """Return the words that tell something, each once, in order."""
    return [word for word in dict.fromkeys(words_of(" ".join(texts))) if word not in FUNCTION_WORDS]


def _replaced(parts: Sequence[str], index: int, *new: str) -> str:
    return join([*parts[:index], *new, *parts[index + 1 :]])


def _said(text: str) -> frozenset[str]:
    return frozenset(content_stems(words_of(text)))

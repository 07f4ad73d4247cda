"""Variants: the texts of each test, made by rule from a question and its answers."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.answers import Answer
from grader.bank import Question
from grader.consistency.gaming import attempts
from grader.consistency.wording import INVARIANT, STYLES, Rule
from grader.consistency.words import Words
from grader.consistency.worsening import worsened
from grader.evaluation.evalset import Rated

CHANGE_MOST = 0.05
"""What a rewording may change, and what an attempt may add to an answer."""
STYLE_MOST = 0.1
"""What another style of writing may change."""
LOWER_LEAST = 0.01
CEILING_LEAST = 0.9
FLOOR_MOST = 0.1
"""What a text that says nothing may score, and so what an attempt may score by itself."""
RIGHT_LEAST = 0.5
"""A human score from which an answer has something to lose."""
BASE_WORDS = 5
"""An answer of fewer words has nothing to reword."""
_GIBBERISH_WORDS = 40


@dataclass(frozen=True, slots=True)
class Variant:
    """One text whose score must keep a relation to that of the text it was made from."""

    test: str
    kind: str
    answer: Answer
    base: Answer | None
    """What it was made from; None where the relation is to a fixed score."""


@dataclass(frozen=True, slots=True)
class Bases:
    """The texts of one question that variants are made from."""

    question: Question
    rows: Sequence[Rated]
    reference: Answer
    other: Question | None
    """Another question, whose reference is no answer to this one."""

    @property
    def answers(self) -> list[Answer]:
        """The reference and the answers."""
        return [self.reference, *(row.answer for row in self.rows)]

    @property
    def right(self) -> list[Answer]:
        """The reference, and the answers that people found at least half right, or did not score."""
        good = [row.answer for row in self.rows if not row.ratings or row.human >= RIGHT_LEAST]
        return [self.reference, *good]

    @property
    def weakest(self) -> Answer | None:
        """The answer that people scored lowest, or the first."""
        return min(self.rows, key=lambda row: row.human if row.ratings else 1.0).answer if self.rows else None


def choose_bases(rows: Sequence[Rated], *, questions: int | None, answers: int, seed: int) -> list[Bases]:
    """Return, for the first `questions` questions of the rows (None: all), up to `answers` answers chosen at random."""
    by_question: dict[str, list[Rated]] = {}
    for row in rows:
        by_question.setdefault(row.answer.question.id, []).append(row)
    kept = list(by_question.values())[:questions]
    asked = [group[0].answer.question for group in kept]
    result = []
    for index, group in enumerate(kept):
        question = asked[index]
        long = [row for row in group if row.words >= BASE_WORDS]
        chosen = long if len(long) <= answers else _rng(seed, question.id).sample(long, answers)
        others = [q for q in asked[index + 1 :] + asked[:index] if q.reference != question.reference]
        elsewhere = [q for q in others if q.section != question.section]
        reference = Answer(question, question.reference)
        result.append(Bases(question, tuple(chosen), reference, next(iter([*elsewhere, *others]), None)))
    return result


def make_variants(bases: Sequence[Bases], tests: Sequence[str], words: Words, *, seed: int) -> list[Variant]:
    """Return the variants of the tests, question by question. The same seed gives the same texts."""
    return [
        variant for base in bases for test in tests if test in MAKERS for variant in MAKERS[test](base, words, seed)
    ]


def _invariant(bases: Bases, words: Words, seed: int) -> Iterator[Variant]:
    return _rewritten("invariant", INVARIANT, bases, words, seed)


def _fairness(bases: Bases, words: Words, seed: int) -> Iterator[Variant]:
    return _rewritten("fairness", STYLES, bases, words, seed)


def _rewritten(test: str, rules: Mapping[str, Rule], bases: Bases, words: Words, seed: int) -> Iterator[Variant]:
    for base in bases.answers:
        for kind, rule in rules.items():
            text = rule(base.text, _rng(seed, base.question.id, kind, base.text), words)
            if text is not None:
                yield Variant(test, kind, Answer(bases.question, text), base)


def _lower(bases: Bases, words: Words, _seed: int) -> Iterator[Variant]:
    for base in bases.right:
        for kind, text in worsened(base.text, bases.question, words).items():
            yield Variant("lower", kind, Answer(bases.question, text), base)


def _no_gain(bases: Bases, words: Words, _seed: int) -> Iterator[Variant]:
    weakest = bases.weakest
    for kind, text in attempts(bases.question, words).items():
        if text.strip():
            yield Variant("no_gain", kind, Answer(bases.question, text), None)
            if weakest:
                yield Variant("no_gain", kind, Answer(bases.question, f"{weakest.text}\n{text}"), weakest)


def _ceiling(bases: Bases, _words: Words, _seed: int) -> Iterator[Variant]:
    yield Variant("ceiling", "reference", bases.reference, None)
    for text in bases.question.alternatives:
        yield Variant("ceiling", "alternative", Answer(bases.question, text), None)


def _floor(bases: Bases, _words: Words, seed: int) -> Iterator[Variant]:
    yield Variant("floor", "empty", Answer(bases.question, ""), None)
    gibberish = _gibberish(_rng(seed, bases.question.id, "gibberish"))
    yield Variant("floor", "gibberish", Answer(bases.question, gibberish), None)
    if bases.other:
        yield Variant("floor", "other_question", Answer(bases.question, bases.other.reference), None)


MAKERS: Mapping[str, Callable[[Bases, Words, int], Iterator[Variant]]] = {
    "invariant": _invariant,
    "lower": _lower,
    "no_gain": _no_gain,
    "ceiling": _ceiling,
    "floor": _floor,
    "fairness": _fairness,
}
TESTS = ("repeat", *MAKERS)


def _gibberish(rng: random.Random) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ("".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(_GIBBERISH_WORDS))
    return " ".join(words).capitalize() + "."


def _rng(seed: int, *what: str) -> random.Random:
    return random.Random("\x00".join((str(seed), *what)))

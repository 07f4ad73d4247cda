"""Finding: what answers say about their questions, as features that a profile can weigh."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.pipeline.guards import Guarded, guard
from grader.similarity.embedder import Embedder, Floats, Ints
from grader.similarity.features import (
    Alignment,
    KeyPointEvidence,
    add_readings,
    add_reference_readings,
    align,
    best_statement,
    key_point_evidence,
    readings_of,
    reference_features,
)
from grader.similarity.passage import Passage, embed_passages
from grader.similarity.profile import Profile
from grader.similarity.reader import READS_REFERENCE_TOKENS, READS_TOKENS, Pair, Piece, Readers
from grader.similarity.target import Criteria, Reference, Target
from grader.text.words import repeats

READ_FROM = 0.2
"""Support of a key point from which it is read beside the statement that speaks to it."""
SAID = 0.0
"""What a statement must say of a key point, less what it denies, for no other to be read beside it."""
AS_WELL = 0.8
"""Share of the first statement's recall from which the second speaks to a key point as well, and may contradict it."""
LEAST_RECALL = 1e-3
READ_REFERENCES = 2
"""Of more accepted references those are read of which the answer says most."""
REPEATED = np.array([1, 0], np.float32)
"""The reading of a statement that is the key point word for word: no reader has to be asked, and none can err."""
MOST_CONTEXT = 320
"""Characters of two statements that are read together."""

_Texts = tuple[str, str]


class Asked(NamedTuple):
    """What a pair reader is asked: a key point, or a statement of a reference, beside a statement of the answer.

    A short reference is read as a whole beside the answer: both numbers are `WHOLE`.
    """

    reference: int
    """0 for authored key points."""
    point: int
    statement: int

    @property
    def whole(self) -> bool:
        """Whether the reference is read as a whole."""
        return self.point == WHOLE


WHOLE = -1


@dataclass(frozen=True, slots=True)
class Found:
    """What one answer holds."""

    answer: Answer
    target: Target
    passage: Passage
    guarded: Guarded
    evidence: KeyPointEvidence | None
    """Where the question has authored key points, and the answer any word."""
    features: Floats
    """(r, f) `REFERENCE_FEATURES` for each accepted reference, where the question has no key points."""
    read: tuple[bool, ...]
    """(r,) whether the reference is short enough to be read as a whole; others are read statement by statement."""
    aligned: Mapping[int, Alignment]
    """How what is read statement by statement is aligned, by reference; 0 for authored key points."""
    stated: tuple[KeyPoint, ...]
    """The misconceptions that the answer states."""
    told: dict[int, Floats] = field(default_factory=dict)
    """(k, 3) `readings_of` the statements of each long reference that was read."""


class Finder:
    """Finds what answers say, embedding and reading them many at a time. Questions are made ready once."""

    def __init__(self, embedder: Embedder, readers: Readers, profile: Profile) -> None:
        """Take the models, and the profile that says what is worth looking for."""
        self.embedder = embedder
        self.readers = readers
        self._profile = profile
        self._reads = {key_points: profile.reads(key_points=key_points) for key_points in (True, False)}
        self._targets: dict[int, Target] = {}
        self._questions: list[Question] = []

    def find(self, answers: Sequence[Answer]) -> list[Found]:
        """Return what each answer holds, in order."""
        with _collecting_nothing():
            return self._find_all(answers)

    def _find_all(self, answers: Sequence[Answer]) -> list[Found]:
        new = {id(a.question): a.question for a in answers if id(a.question) not in self._targets}
        texts = [text for question in new.values() for text in Target.texts(question)]
        passages = embed_passages([*texts, *(a.text for a in answers)], self.embedder)
        for key, question in new.items():
            self._targets[key] = Target(question, passages)
            self._questions.append(question)  # keeps the object, and so its id, alive
        # a question at a time, so that its numbers stay near the processor
        by_question = sorted(enumerate(answers), key=lambda one: id(one[1].question))
        found = {index: self._find(answer, passages[answer.text]) for index, answer in by_question}
        return self._read([found[index] for index in range(len(answers))])

    def _find(self, answer: Answer, passage: Passage) -> Found:
        target = self._targets[id(answer.question)]
        guarded = guard(passage, target, self._profile.off_topic)
        read = tuple(len(r.passage.ids) <= READS_REFERENCE_TOKENS for r in target.reference_sets)
        evidence, features = None, np.zeros((0, 0), np.float32)
        aligned: dict[int, Alignment] = {}
        if len(passage.ids) and target.key_points:
            evidence = key_point_evidence(target.key_points, passage)
            aligned[0] = evidence.aligned
        elif len(passage.ids) and target.reference_sets:
            features = np.stack([reference_features(r, passage, target.prompt) for r in target.reference_sets])
            for index in _nearest(features):
                if not read[index]:
                    aligned[index] = align(target.reference_sets[index].statements, passage)
        stated = self._stated(target, passage)
        return Found(answer, target, passage, guarded, evidence, features, read, aligned, stated)

    def _stated(self, target: Target, passage: Passage) -> tuple[KeyPoint, ...]:
        criteria = target.misconceptions
        if not criteria.points or not len(passage.ids):
            return ()
        recalls = align(criteria, passage).recall
        pairs = zip(criteria.points, recalls, strict=True)
        return tuple(point for point, recall in pairs if recall >= self._profile.misconception_recall)

    def _read(self, found: list[Found]) -> list[Found]:
        """Fill in the features of the pair reader; every distinct pair is read once, in two calls."""
        first = [self._pairs(one) for one in found]
        readings = self._readings(first)
        told = [_told(readings, asked) for asked in first]
        again = [_pairs_again(one, by_key) for one, by_key in zip(found, told, strict=True)]
        readings = self._readings(again)
        for one, by_key, further in zip(found, told, again, strict=True):
            _fill_in(one, by_key | _told(readings, further))
        return found

    def _readings(self, asked: Sequence[Mapping[Asked, Pair]]) -> dict[tuple[bool, _Texts], Floats]:
        """Return what the readers find, by whether a short reference is read, and the texts of the pair."""
        readings: dict[tuple[bool, _Texts], Floats] = {}
        for whole, read in ((False, self.readers.statements.read), (True, self.readers.read_answers)):
            pairs = {_texts(pair): pair for by_key in asked for key, pair in by_key.items() if key.whole == whole}
            for texts in [texts for texts in pairs if repeats(*texts)]:
                readings[whole, texts] = REPEATED
                del pairs[texts]
            if pairs:
                found = zip(pairs, read(list(pairs.values())), strict=True)
                readings.update(((whole, texts), reading) for texts, reading in found)
        return readings

    def _pairs(self, found: Found) -> dict[Asked, Pair]:
        """Return what is to be read first: what speaks most to each key point or reference."""
        if found.guarded.worthless or not self._reads[found.evidence is not None]:
            return {}
        pairs: dict[Asked, Pair] = {}
        for index in _nearest(found.features) if found.evidence is None else ():
            if found.read[index]:
                reference = found.target.reference_sets[index]
                pairs[Asked(index, WHOLE, WHOLE)] = reference.passage.piece, _to_read(reference, found.passage)
        for index, aligned in found.aligned.items():
            supports = aligned.supports
            for point, statement in enumerate(aligned.statement):
                if supports[point, statement] >= READ_FROM:
                    key = Asked(index, point, int(statement))
                    pairs[key] = _pair(found, key)
        return pairs


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Keep Python's collector of garbage away: all that is made is kept, and looking for what is not takes a tenth."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _fill_in(found: Found, readings: Mapping[Asked, Floats]) -> None:
    """Fill in the features of the pair reader."""
    by_point: dict[int, dict[int, dict[int, Floats]]] = {}
    for key, reading in readings.items():
        by_point.setdefault(key.reference, {}).setdefault(key.point, {})[key.statement] = reading
    for index, told in by_point.items():
        if found.evidence is not None:
            add_readings(found.evidence, told)
        elif index in found.aligned:
            statements = found.target.reference_sets[index].statements
            found.told[index] = readings_of(len(statements.points), told)
            add_reference_readings(found.features[index], statements, found.aligned[index], found.told[index])
        else:
            found.features[index, -2:] = told[WHOLE][WHOLE]


def _pairs_again(found: Found, readings: Mapping[Asked, Floats]) -> dict[Asked, Pair]:
    """Return what is to be read besides: the second statement for what the first does not say, or speaks to as well."""
    if len(found.passage.first) < 2:  # there is no second
        return {}
    seconds = {index: _seconds(aligned) for index, aligned in found.aligned.items()}
    pairs: dict[Asked, Pair] = {}
    for key, (says, denies) in readings.items():
        if key.whole:
            continue
        second, supports, recalls = (values[key.point] for values in seconds[key.reference])
        if (says - denies < SAID and supports >= READ_FROM) or recalls >= AS_WELL:
            further = key._replace(statement=int(second))
            pairs[further] = _pair(found, further)
    return pairs


def _seconds(aligned: Alignment) -> tuple[Ints, Floats, Floats]:
    """Return (k,) the statement that speaks to each key point next to the first, its support and share of recall."""
    points = np.arange(len(aligned.statement))
    others = aligned.told.copy()
    others[points, aligned.statement] = -np.inf
    second = others.argmax(axis=1)
    first = np.maximum(aligned.told[points, aligned.statement], LEAST_RECALL)
    return second, aligned.supports[points, second], aligned.told[points, second] / first


def _pair(found: Found, key: Asked) -> Pair:
    return _criteria(found, key.reference).pieces[key.point], found.passage.statement_piece(key.statement)


def _texts(pair: Pair) -> _Texts:
    expected, said = pair
    return expected.text, said.text


def _told(readings: Mapping[tuple[bool, _Texts], Floats], asked: Mapping[Asked, Pair]) -> dict[Asked, Floats]:
    """Return the readings of what was asked."""
    return {key: readings[key.whole, _texts(pair)] for key, pair in asked.items()}


def _criteria(found: Found, reference: int) -> Criteria:
    """Return what the answer is aligned with."""
    target = found.target
    return target.key_points or target.reference_sets[reference].statements


def _nearest(features: Floats) -> list[int]:
    """Return the references of which the answer says most."""
    order = np.argsort(-features[:, 0], kind="stable") if len(features) else ()
    return [int(index) for index in order[:READ_REFERENCES]]


def _with_context(answer: Passage, statement: int) -> Piece:
    """Return a statement and the one before it, to which its pronouns may point, as far as a reader takes both."""
    texts = answer.statement_texts[max(0, statement - 1) : statement + 1]
    if len(texts) > 1 and sum(map(len, texts)) <= MOST_CONTEXT:
        return Piece(" ".join(texts))
    return answer.statement_piece(statement)


def _to_read(reference: Reference, answer: Passage) -> Piece:
    """Return the answer, or, where a reader cannot take both whole, the part of it that says most of the reference."""
    if len(reference.passage.ids) + len(answer.ids) <= READS_TOKENS:
        return answer.piece
    return _with_context(answer, best_statement(reference, answer))

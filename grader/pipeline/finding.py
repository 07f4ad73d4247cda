"""Finding: what answers say about their questions, as features that a profile can weigh."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.pipeline.guards import Guarded, guard
from grader.similarity.embedder import Embedder, Floats
from grader.similarity.features import (
    KeyPointEvidence,
    add_readings,
    align,
    best_statement,
    key_point_evidence,
    reference_features,
)
from grader.similarity.passage import Passage, embed_passages
from grader.similarity.profile import Profile
from grader.similarity.reader import READS_REFERENCE_TOKENS, READS_TOKENS, PairReader
from grader.similarity.target import Reference, Target

READ_FROM = 0.2
"""Support of a key point from which it is read beside the statement that speaks to it."""
READ_REFERENCES = 2
"""Of more accepted references those are read of which the answer says most."""
MOST_CONTEXT = 320
"""Characters of two statements that are read together."""

_Pair = tuple[str, str]


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
    """(r,) whether the reference is short enough to be read beside the answer, or the best part of it."""
    stated: tuple[KeyPoint, ...]
    """The misconceptions that the answer states."""


class Finder:
    """Finds what answers say, embedding and reading them many at a time. Questions are made ready once."""

    def __init__(self, embedder: Embedder, reader: PairReader, profile: Profile) -> None:
        """Take the models, and the profile that says what is worth looking for."""
        self.embedder = embedder
        self.reader = reader
        self._profile = profile
        self._targets: dict[int, Target] = {}
        self._questions: list[Question] = []

    def find(self, answers: Sequence[Answer]) -> list[Found]:
        """Return what each answer holds, in order."""
        new = {id(a.question): a.question for a in answers if id(a.question) not in self._targets}
        texts = [text for question in new.values() for text in Target.texts(question)]
        passages = embed_passages([*texts, *(a.text for a in answers)], self.embedder)
        for key, question in new.items():
            self._targets[key] = Target(question, passages)
            self._questions.append(question)  # keeps the object, and so its id, alive
        return self._read([self._find(answer, passages[answer.text]) for answer in answers])

    def _find(self, answer: Answer, passage: Passage) -> Found:
        target = self._targets[id(answer.question)]
        guarded = guard(passage, target, self._profile.off_topic)
        evidence, features = None, np.zeros((0, 0), np.float32)
        if len(passage.ids) and target.key_points:
            evidence = key_point_evidence(target.key_points, passage)
        elif len(passage.ids) and target.reference_sets:
            features = np.stack([reference_features(r, passage, target.prompt) for r in target.reference_sets])
        read = tuple(len(r.passage.ids) <= READS_REFERENCE_TOKENS for r in target.reference_sets)
        return Found(answer, target, passage, guarded, evidence, features, read, self._stated(target, passage))

    def _stated(self, target: Target, passage: Passage) -> tuple[KeyPoint, ...]:
        criteria = target.misconceptions
        if not criteria.points or not len(passage.ids):
            return ()
        recalls = align(criteria, passage).recall
        pairs = zip(criteria.points, recalls, strict=True)
        return tuple(point for point, recall in pairs if recall >= self._profile.misconception_recall)

    def _read(self, found: list[Found]) -> list[Found]:
        """Fill in the features of the pair reader; every distinct pair is read once, in one call."""
        asked = [self.pairs(one) for one in found]
        pairs = list(dict.fromkeys(pair for by_index in asked for pair in by_index.values()))
        if not pairs:
            return found
        readings = dict(zip(pairs, self.reader.read(pairs), strict=True))
        for one, by_index in zip(found, asked, strict=True):
            told = {index: readings[pair] for index, pair in by_index.items()}
            if one.evidence is not None:
                add_readings(one.evidence, told)
            for index, reading in told.items() if one.evidence is None else ():
                one.features[index, -len(reading) :] = reading
        return found

    def pairs(self, found: Found) -> dict[int, _Pair]:
        """Return what is to be read, by key point or reference."""
        if found.guarded.worthless:
            return {}
        if found.evidence is None:
            references = found.target.reference_sets
            short = [index for index, fitting in enumerate(found.read) if fitting]
            nearest = sorted(short, key=lambda index: -float(found.features[index, 0]))[:READ_REFERENCES]
            return {i: (references[i].passage.text.text, _to_read(references[i], found.passage)) for i in nearest}
        if not self._profile.reads_key_points:
            return {}
        points = found.target.key_points.points if found.target.key_points else ()
        return {
            i: (point.text, _with_context(found.passage, found.evidence.statement[i]))
            for i, point in enumerate(points)
            if found.evidence.features[i, 0] >= READ_FROM
        }


def _with_context(answer: Passage, statement: int) -> str:
    """Return a statement and the one before it, to which its pronouns may point, as far as a reader takes both."""
    texts = answer.statement_texts[max(0, statement - 1) : statement + 1]
    return " ".join(texts) if sum(map(len, texts)) <= MOST_CONTEXT else texts[-1]


def _to_read(reference: Reference, answer: Passage) -> str:
    """Return the answer, or, where a reader cannot take both whole, the part of it that says most of the reference."""
    if len(reference.passage.ids) + len(answer.ids) <= READS_TOKENS:
        return answer.text.text
    return _with_context(answer, best_statement(reference, answer))

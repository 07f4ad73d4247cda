"""Features: the few numbers in which an answer and a key point, or a whole reference, are compared.

Every feature can be read by a person, and most lie in 0..1. A profile weighs them; what each adds explains a score.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.similarity.embedder import Floats, Ints
from grader.similarity.passage import Passage
from grader.similarity.target import Criteria, Reference, trigrams
from grader.text.polarity import Polarity, denies_outright, mismatch
from grader.text.words import function_word_share

SUPPORT = (0.25, 0.65)
"""Recall of a key point in one statement at which it has no support, and full support."""
REACH = (0.3, 0.65)
"""The same for the recall in the whole answer."""
CONTRAST_SCALE = 0.15
"""A contrast of this size is clear: it is passed through tanh(contrast / scale)."""
FUNCTION_WORDS = (0.03, 0.14)
"""Share of function words at which a text is a list of keywords, and at which it is connected text."""
LIST_WORDS = 8
"""Words from which a text can be told to be a list."""
SPEAKS = 0.5
"""Support from which a statement speaks to a key point, and so may deny it."""

KEY_POINT_FEATURES = (
    "support",
    "reach",
    "contrast",
    "contrast_anywhere",
    "direction",
    "wording",
    "keywords",
    "negation",
    "opposite",
    "number",
    "denied",
    "says",
    "denies",
    "denies_too",
    "denies_others",
)
"""The last four are a pair reader's, the others alignment's; every one but `says` is multiplied by the support."""
REFERENCE_FEATURES = (
    "recall",
    "recall_with_question",
    "best_statement",
    "precision",
    "new",
    "cosine",
    "stems",
    "stem_precision",
    "trigrams",
    "order",
    "negation",
    "opposite",
    "number",
    "shorter",
    "longer",
    "choices",
    "says",
    "denies",
)
"""`says` and `denies` are a pair reader's: the probabilities that the answer says the reference, and denies it."""
READ = frozenset({"says", "denies", "denies_too", "denies_others"})
"""The features that are 0 until a pair reader has read, or a statement repeats what it should say."""


@dataclass(frozen=True, slots=True)
class KeyPointEvidence:
    """What one answer says about each of k key points."""

    aligned: "Alignment"
    statement: list[int]
    """(k,) the statement that speaks to it."""
    contrary: Sequence[int]
    """(k,) the contrary that is nearest to what the answer says; -1 where there is none."""
    features: Floats
    """(k, f) `KEY_POINT_FEATURES`."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """How k key points, of t tokens in all, are aligned with the s statements of an answer."""

    by_statement: Floats
    """(t, s) the best cosine of each token in each statement."""
    best: Floats
    """(t,) the best in the whole answer."""
    told: Floats
    """(k, s) recall of each key point in each statement."""
    recall: Floats
    """(k,) and in the whole answer, 0..1: the weighted share of the key point's tokens that the answer says."""
    statement: Ints
    """(k,) the statement that speaks to it most."""
    supports: Floats
    """(k, s) how much each statement speaks to each key point, 0..1."""


def align(criteria: Criteria, answer: Passage) -> Alignment:
    """Align key points with an answer that has at least one token."""
    by_statement = np.maximum.reduceat(criteria.vectors @ answer.vectors.T, answer.first, axis=1)
    best = by_statement.max(axis=1)
    told = criteria.weights @ by_statement
    return Alignment(by_statement, best, told, criteria.weights @ best, told.argmax(axis=1), ramp(told, SUPPORT))


def key_point_evidence(criteria: Criteria, answer: Passage) -> KeyPointEvidence:
    """Return what an answer with at least one token says about each key point."""
    aligned = align(criteria, answer)
    recall, statement = aligned.recall, aligned.statement
    rows = np.arange(len(recall))
    supports = aligned.supports
    support = supports[rows, statement]
    polarities = answer.polarities
    faces = [mismatch(ours, polarities[index]) for ours, index in zip(criteria.polarities, statement, strict=True)]
    contrast = _contrasts(criteria, answer, aligned, supports)
    plain = {
        "support": np.ones_like(support),
        "reach": ramp(recall, REACH),
        "contrast": contrast.contrast,
        "contrast_anywhere": contrast.anywhere,
        "direction": contrast.direction,
        "wording": contrast.wording,
        "keywords": _keyword_likeness(answer)[statement],
        "negation": np.array([face.negation for face in faces], np.float32),
        "opposite": np.array([min(1.0, 3 * face.opposite) for face in faces], np.float32),
        "number": np.array([face.number for face in faces], np.float32),
        "denied": contrast.denied,
        **dict.fromkeys(READ, np.zeros_like(support)),
    }
    features = np.stack([support * plain[name] for name in KEY_POINT_FEATURES], axis=1).astype(np.float32)
    return KeyPointEvidence(aligned, [int(i) for i in statement], [int(i) for i in contrast.contrary], features)


def _keyword_likeness(answer: Passage) -> Floats:
    """Return (s,) how much each statement, or the whole answer, looks like a list of keywords, 0..1."""
    whole = function_word_share(answer.words) if len(answer.words) >= LIST_WORDS else 1.0
    shares = [min(whole, function_word_share(w)) if len(w) >= LIST_WORDS else whole for w in answer.statement_words]
    return 1 - ramp(np.array(shares, np.float32), FUNCTION_WORDS)


Readings = Mapping[int, Floats]
"""(says, denies) by statement: what a pair reader found in those that it read beside a key point."""


def readings_of(count: int, readings: Mapping[int, Readings]) -> Floats:
    """Return (count, 3), by key point: says and denies of the kindest statement, and how much more another denies."""
    told = np.zeros((count, 3), np.float32)
    for index, by_statement in readings.items():
        says, denies = max(by_statement.values(), key=_net)
        told[index] = says, denies, max(float(reading[1]) for reading in by_statement.values()) - denies
    return told


def _net(reading: Floats) -> float:
    return float(reading[0] - reading[1])


def add_readings(evidence: KeyPointEvidence, readings: Mapping[int, Readings]) -> None:
    """Fill in what a pair reader found, by key point; those that were not read stay at 0.

    What a reader finds said counts whole, however few of the words are those of the key point: alignment knows its own
    words only. But a list of keywords says nothing. An answer that denies some key points has probably got the others
    wrong too: `denies_others` is the mean of what is denied of them.
    """
    for index, by_statement in readings.items():  # what says or denies it most clearly is shown
        evidence.statement[index] = max(by_statement, key=lambda statement: abs(_net(by_statement[statement])))
    support, keywords = evidence.features[:, 0], evidence.features[:, KEY_POINT_FEATURES.index("keywords")]
    says, denies, denies_too = readings_of(len(support), readings).T
    says = says * (1 - np.divide(keywords, support, out=np.zeros_like(support), where=support > 0))
    denial = support * (denies + denies_too)
    others = (denial.sum() - denial) / max(len(support) - 1, 1)
    evidence.features[:, -4:] = np.column_stack([says, support * denies, support * denies_too, support * others])


def add_reference_readings(features: Floats, statements: Criteria, aligned: Alignment, told: Floats) -> None:
    """Fill in, in the (f,) features of a reference, the weighted means of what was found for its statements."""
    weights = np.array([point.weight for point in statements.points], np.float32)
    said, denied, denied_too = (weights * aligned.supports.max(axis=1) / weights.sum()) @ told
    features[-2:] = said, denied + denied_too


@dataclass(frozen=True, slots=True)
class _Contrasts:
    """(k,) arrays: by how much an answer says a key point rather than its nearest contrary, -1..1."""

    contrary: Floats
    contrast: Floats
    anywhere: Floats
    direction: Floats
    wording: Floats
    denied: Floats


def _contrasts(criteria: Criteria, answer: Passage, aligned: Alignment, supports: Floats) -> _Contrasts:
    count = len(criteria.points)
    none = np.zeros(count, np.float32)
    if not len(criteria.owners):
        return _Contrasts(np.full(count, -1), none, none, none, none, none)
    owners = criteria.owners
    at = aligned.statement[owners]
    pairs = np.arange(len(owners))
    tokens = np.tanh(criteria.contrast @ aligned.by_statement / CONTRAST_SCALE)  # (c, s)
    anywhere = np.tanh(criteria.contrast @ aligned.best / CONTRAST_SCALE)
    direction = np.clip(criteria.direction @ answer.pooled.T, -1, 1)  # (c, s)
    stems = answer.stems
    wording = np.array([_wording(criteria.wording[pair], stems[at[pair]]) for pair in pairs], np.float32)
    strength = tokens[pairs, at] + direction[pairs, at] + wording
    against = np.where(supports[owners] >= SPEAKS, np.clip(-(tokens + direction) / 2, 0, 1), 0).max(axis=1)
    denied = none.copy()
    np.maximum.at(denied, owners, against)
    nearest_last = np.argsort(-strength, kind="stable")
    contrary = np.full(count, -1)
    contrary[owners[nearest_last]] = nearest_last
    has = contrary >= 0

    def of_nearest(values: Floats) -> Floats:
        return np.where(has, values[contrary], none)

    return _Contrasts(
        contrary=contrary,
        contrast=of_nearest(tokens[pairs, at]),
        anywhere=of_nearest(anywhere),
        direction=of_nearest(direction[pairs, at]),
        wording=of_nearest(wording),
        denied=denied,
    )


def _wording(differing: tuple[frozenset[str], frozenset[str]], said: frozenset[str]) -> float:
    """Return, -1..1, whether a statement uses the words of the key point or those of the contrary."""
    ours, theirs = differing
    mine = len(said & ours) / len(ours) if ours else 0.0
    other = len(said & theirs) / len(theirs) if theirs else 0.0
    return mine - other


def ramp(value: Floats, bounds: tuple[float, float]) -> Floats:
    """Return 0 at and below the first bound, 1 at and above the second, linear between."""
    least, most = bounds
    ramp: Floats = np.minimum(np.maximum((value - least) / (most - least), 0), 1)
    return ramp


def reference_features(reference: Reference, answer: Passage, prompt: Passage) -> Floats:
    """Return the `REFERENCE_FEATURES` of an answer with at least one token."""
    similarity = reference.vectors @ answer.vectors.T
    best, nearest = similarity.max(axis=1), similarity.max(axis=0)
    by_statement = np.maximum.reduceat(similarity, answer.first, axis=1)
    own = np.where(answer.shared_with(prompt), np.float32(0), answer.weights)
    total, told = float(own.sum()), float(answer.weights.sum())
    said = answer.stem_list
    stems = frozenset(said)
    fresh = stems - reference.prompt_stems
    near = {pair for first, second in ((0, 1), (0, 2)) for pair in zip(said[first:], said[second:], strict=False)}
    bigrams = set(pairwise(reference.passage.stem_list))
    face = mismatch(reference.passage.polarity, answer.polarity)
    denied = denied_outright(reference.statements.polarities, answer)
    weights = np.array([point.weight for point in reference.statements.points])
    length = math.log((len(said) + 1) / (len(reference.passage.stem_list) + 1))
    values = {
        "recall": reference.weights @ best,
        "recall_with_question": reference.all_weights @ best,
        "best_statement": (reference.weights @ by_statement).max(),
        "precision": own @ nearest / total if total else 0.0,
        "new": total / told if told else 0.0,
        "cosine": float(reference.passage.whole @ answer.whole),
        "stems": _share(reference.stems, stems),
        "stem_precision": _share(fresh, frozenset(reference.passage.stem_list)),
        "trigrams": _share(reference.trigrams, trigrams(stems)),
        "order": _share(frozenset(bigrams), frozenset(near)),
        "negation": denied @ weights / weights.sum(),
        "opposite": face.opposite,
        "number": face.number,
        "shorter": min(length, 0.0),
        "longer": max(length, 0.0),
        "choices": reference.choices,
        "says": 0.0,
        "denies": 0.0,
    }
    return np.array([values[name] for name in REFERENCE_FEATURES], np.float32)


def denied_outright(polarities: Sequence[Polarity], answer: Passage) -> NDArray[np.bool_]:
    """Return (k,) whether a statement of the answer is one of these denied."""
    others = {negated: [one for one in answer.polarities if one.negated != negated] for negated in (True, False)}
    return np.array([any(denies_outright(one, said) for said in others[one.negated]) for one in polarities], np.bool_)


def best_statement(reference: Reference, answer: Passage) -> int:
    """Return the index of the statement that says most of the reference."""
    similarity = reference.vectors @ answer.vectors.T
    return int((reference.weights @ np.maximum.reduceat(similarity, answer.first, axis=1)).argmax())


def _share(ours: frozenset[Any], theirs: frozenset[Any]) -> float:
    return len(ours & theirs) / len(ours) if ours else 0.0

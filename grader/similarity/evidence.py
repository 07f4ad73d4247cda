"""Evidence: for each key point, the span of the answer that speaks to it, and how strongly.

A key point's tokens are aligned with the answer's: each takes its best cosine (Zhang et al., BERTScore,
ICLR 2020, recall side), weighted by how much the token tells. Tokens that the question already says count for
nothing (question demoting: Mohler et al., ACL 2011), so repeating the question earns nothing. A key point and
its contraries compete on the tokens in which they differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.bank import KeyPoint, Question
from grader.similarity.embedder import Floats
from grader.similarity.passage import Passage

ORDER_SHARE = 0.2
"""What the order of the words adds to the contrast, beside which words they are."""
LEAST_DISTANCE = 0.02
"""Cosine distance below which two statements are one to the model."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one answer says about one key point."""

    key_point: KeyPoint
    recall: float
    """0..1: the weighted share of the key point's tokens that the answer says."""
    span: tuple[int, int] | None
    """Start and end, in the answer as it was written, of the statement that speaks to it most."""
    contrast: float | None
    """-1..1: how much more the answer says the key point than its strongest contrary; None without contraries."""
    contrary: str | None
    """The contrary that the contrast was measured against."""


@dataclass(frozen=True, slots=True)
class _Criterion:
    key_point: KeyPoint
    passage: Passage
    weights: Floats
    contraries: tuple[tuple[str, Passage, Floats, Floats], ...]
    """(text, its passage, weights of the key point's differing tokens, weights of the contrary's own)."""


class Target:
    """A question made ready: the sets of key points that answers are aligned with.

    A question with authored key points has one set. Without, each accepted reference is a set, its statements
    being the key points, weighted by how much they tell.
    """

    def __init__(self, question: Question, passages: Mapping[str, Passage]) -> None:
        """Align the key points with their contraries and with the question. Takes the texts' passages."""
        self.question = question
        self.prompt = passages[question.prompt]
        self.references = tuple(passages[text] for text in (question.reference, *question.alternatives))
        self.sets: tuple[tuple[_Criterion, ...], ...]
        if question.key_points:
            self.sets = (tuple(self._criterion(point, passages) for point in question.key_points),)
        else:
            self.sets = tuple(self._statements(reference) for reference in self.references)
        self.misconceptions = tuple(
            self._criterion(KeyPoint(m.id, m.text, m.weight), passages) for m in question.misconceptions
        )

    @staticmethod
    def texts(question: Question) -> list[str]:
        """Return every text of the question that has to be embedded."""
        return [
            question.prompt,
            question.reference,
            *question.alternatives,
            *(point.text for point in question.key_points),
            *(text for point in question.key_points for text in point.contrary),
            *(misconception.text for misconception in question.misconceptions),
        ]

    def _statements(self, reference: Passage) -> tuple[_Criterion, ...]:
        """Return the statements of a reference as key points, each weighing as much as it tells."""
        criteria = []
        for index in range(len(reference.statements)):
            statement = reference.statement(index)
            if statement.weights.sum() <= 0:  # nothing but punctuation
                continue
            weights = self._weights(statement)
            told = float(self._demoted(statement).sum()) or 1e-3 * float(weights.sum())
            quote = reference.text.quote(*reference.statements[index])
            criteria.append(_Criterion(KeyPoint(f"s{index + 1}", quote, told), statement, weights, ()))
        return tuple(criteria)

    def _criterion(self, point: KeyPoint, passages: Mapping[str, Passage]) -> _Criterion:
        passage = passages[point.text]
        weights = self._weights(passage)
        contraries = []
        for text in point.contrary:
            other = passages[text]
            similarity = passage.vectors @ other.vectors.T
            ours = weights * (1 - similarity.max(axis=1)).clip(0)
            theirs = self._weights(other) * (1 - similarity.max(axis=0)).clip(0)
            if ours.sum() > 0 and theirs.sum() > 0:
                contraries.append((text, other, ours, theirs))
        return _Criterion(point, passage, weights, tuple(contraries))

    def _weights(self, passage: Passage) -> Floats:
        told = self._demoted(passage)
        if told.sum() <= 0:  # everything is in the question: then everything counts again
            told = passage.weights
        return told if told.sum() > 0 else np.ones_like(passage.weights)

    def _demoted(self, passage: Passage) -> Floats:
        told: Floats = np.where(np.isin(passage.ids, self.prompt.ids), np.float32(0), passage.weights)
        return told


def find_evidence(criteria: Sequence[_Criterion], answer: Passage) -> list[Evidence]:
    """Return what an answer says about each key point of one set."""
    return [_evidence(criterion, answer) for criterion in criteria]


def whole_text_cosine(target: Target, answer: Passage) -> float:
    """Return the cosine of the whole answer with the nearest accepted reference: the usual baseline."""
    if not len(answer.ids):
        return 0.0
    whole = answer.whole
    return max((float(reference.whole @ whole) for reference in target.references if len(reference.ids)), default=0.0)


def _evidence(criterion: _Criterion, answer: Passage) -> Evidence:
    if not len(answer.ids) or not len(criterion.passage.ids):
        return Evidence(criterion.key_point, 0.0, None, None, None)
    by_statement, best = _align(criterion.passage, answer)
    total = criterion.weights.sum()
    recall = float(criterion.weights @ best / total)
    told = criterion.weights @ by_statement / total
    statement = int(told.argmax())
    contrast, contrary = None, None
    for text, other, ours, theirs in criterion.contraries:
        _, said = _align(other, answer)
        difference = float(ours @ best / ours.sum() - theirs @ said / theirs.sum())
        difference += ORDER_SHARE * _order_contrast(criterion.passage.whole, other.whole, answer.pooled[statement])
        if contrast is None or difference < contrast:
            contrast, contrary = difference, text
    return Evidence(criterion.key_point, recall, answer.text.span(*answer.statements[statement]), contrast, contrary)


def _order_contrast(ours: Floats, theirs: Floats, statement: Floats) -> float:
    """Return, -1..1, how much nearer a statement is to the key point than to the contrary, as a whole.

    A contrary may say the same words in another order ("A holds B" for "B holds A"), which tokens cannot tell.
    """
    apart = max(1 - float(ours @ theirs), LEAST_DISTANCE)
    return float(np.clip((float(ours @ statement) - float(theirs @ statement)) / apart, -1, 1))


def _align(passage: Passage, answer: Passage) -> tuple[Floats, Floats]:
    """Return, for each token of `passage`, its best cosine in each statement (n, s) and in the answer (n,)."""
    similarity = passage.vectors @ answer.vectors.T
    by_statement: Floats = np.maximum.reduceat(similarity, answer.first, axis=1)
    return by_statement, by_statement.max(axis=1)

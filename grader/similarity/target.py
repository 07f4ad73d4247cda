"""Targets: a question made ready, so that answers can be compared with it by a few products of matrices.

A key point's tokens are aligned with the answer's: each takes its best cosine (Zhang et al., BERTScore,
ICLR 2020, recall side), weighted by the square of how much the token tells. Tokens that the question already says
count for nothing, and those near to its words for little (question demoting: Mohler et al., ACL 2011), so repeating
the question earns nothing. A key point and its contraries compete on the tokens in which they differ.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.bank import KeyPoint, Question
from grader.similarity.embedder import Floats, Ints
from grader.similarity.passage import Passage
from grader.similarity.reader import Piece
from grader.text.polarity import Polarity

LEAST_DISTANCE = 0.02
"""Cosine distance below which two statements are one to the model."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """k key points and their c contraries, in d dimensions, and of their tokens the t that tell anything."""

    points: tuple[KeyPoint, ...]
    vectors: Floats
    """(t, d) tokens of the key points, then of the contraries."""
    weights: Floats
    """(k, t) how much each token tells of each key point; rows of sum 1, zero outside the key point's own tokens."""
    pieces: tuple[Piece, ...]
    """(k,) the key points, to be read."""
    polarities: tuple[Polarity, ...]
    """(k,) what each key point affirms and denies."""
    owners: Ints
    """(c,) the key point that each contrary belongs to."""
    contraries: tuple[str, ...]
    contrast: Floats
    """(c, t) the key point's differing tokens (sum 1) less the contrary's (sum 1)."""
    direction: Floats
    """(c, d) from the contrary to the key point, so long that from one to the other is a step of 1."""
    wording: tuple[tuple[frozenset[str], frozenset[str]], ...]
    """(c,) the stems that only the key point has, and those that only the contrary has."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An accepted answer made ready to be compared as a whole."""

    passage: Passage
    vectors: Floats
    """(t, d) its tokens."""
    weights: Floats
    """(t,) what each token tells that the question does not say; sum 1."""
    all_weights: Floats
    """(t,) what each token tells; sum 1."""
    stems: frozenset[str]
    """Stems that the question does not have; all stems where it has every one."""
    trigrams: frozenset[str]
    prompt_stems: frozenset[str]
    choices: float
    """The logarithm of how many references are accepted: the best of many fits an answer better by chance."""
    statements: Criteria
    """Its statements as key points, weighted by how much they tell."""


class Target:
    """A question made ready: its key points where a person wrote any, else its accepted references."""

    def __init__(self, question: Question, passages: Mapping[str, Passage]) -> None:
        """Align the key points with their contraries and with the question. Takes the texts' passages."""
        self.question = question
        self.prompt = passages[question.prompt]
        self._prompt_vectors = self.prompt.vectors  # put together once for all texts of the question
        self.references = tuple(passages[text] for text in (question.reference, *question.alternatives))
        wrong = [KeyPoint(m.id, m.text, m.weight) for m in question.misconceptions]
        self.misconceptions = self._criteria(wrong, passages)
        self.key_points = self._criteria(question.key_points, passages) if question.key_points else None
        sets = () if question.key_points else map(self._reference, self.references)
        self.reference_sets = tuple(reference for reference in sets if reference.statements.points)

    def cosine(self, answer: Passage) -> float:
        """Return the cosine of the whole answer with the nearest accepted reference: the usual baseline."""
        if not len(answer.ids):
            return 0.0
        told = (float(reference.whole @ answer.whole) for reference in self.references if len(reference.ids))
        return max(told, default=0.0)

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

    def _criteria(self, points: Sequence[KeyPoint], passages: Mapping[str, Passage]) -> Criteria:
        own = [passages[point.text] for point in points]
        contraries = []
        for owner, point in enumerate(points):
            for text in point.contrary:
                difference = _difference(own[owner], passages[text], self._plain_weights)
                if difference is not None:
                    contraries.append((owner, text, passages[text], *difference))
        return _assemble(points, own, [self._weights(passage) for passage in own], contraries)

    def _reference(self, passage: Passage) -> Reference:
        """Return a reference, its statements being key points that weigh as much as they tell."""
        weights, all_weights = self._weights(passage), _told(passage.weights**2)
        points, own = [], []
        for index, (start, end) in enumerate(passage.statements):
            statement = passage.statement(index)
            if statement.weights.sum() <= 0:  # nothing but punctuation
                continue
            told = float(self._demoted(statement).sum()) or 1e-3 * float((statement.weights**2).sum())
            points.append(KeyPoint(f"s{index + 1}", passage.text.quote(start, end), told))
            own.append(statement)
        prompt_stems = frozenset(self.prompt.stem_list)
        stems = frozenset(passage.stem_list) - prompt_stems or frozenset(passage.stem_list)
        return Reference(
            passage=passage,
            vectors=passage.vectors,
            weights=weights,
            all_weights=all_weights,
            stems=stems,
            trigrams=trigrams(stems),
            prompt_stems=prompt_stems,
            choices=math.log(len(self.references)),
            statements=_assemble(points, own, [self._weights(statement) for statement in own], ()),
        )

    def _weights(self, passage: Passage) -> Floats:
        """Return what each token tells that the question does not, of sum 1; where it says all, what each tells."""
        demoted = self._demoted(passage)
        return _told(demoted if demoted.sum() > 0 else passage.weights**2)

    def _plain_weights(self, passage: Passage) -> Floats:
        """Return what each token tells, nothing if the question has it: where few differ, each of them matters."""
        told = np.where(passage.shared_with(self.prompt), np.float32(0), passage.weights)
        return told if told.sum() > 0 else passage.weights

    def _demoted(self, passage: Passage) -> Floats:
        """Return what each token tells, the less the nearer the question comes to it, and nothing if it has it."""
        told = passage.weights**2
        if not len(self.prompt.ids):
            return told
        near = (passage.vectors @ self._prompt_vectors.T).max(axis=1).clip(0, 1)
        return np.where(passage.shared_with(self.prompt), np.float32(0), told * (1 - near))


def trigrams(stems: frozenset[str]) -> frozenset[str]:
    """Return the character trigrams of words, their ends marked: what a typing error leaves of a word."""
    marked = (f"^{word}$" for word in stems)
    return frozenset(word[i : i + 3] for word in marked for i in range(len(word) - 2))


def _told(weights: Floats) -> Floats:
    total = weights.sum()
    told: Floats = weights / total if total > 0 else np.full_like(weights, 1 / max(len(weights), 1))
    return told


_Contrary = tuple[int, str, Passage, Floats, Floats]
"""(owner, text, passage, weights of the key point's differing tokens, weights of its own)."""


def _difference(point: Passage, contrary: Passage, weigh: Callable[[Passage], Floats]) -> tuple[Floats, Floats] | None:
    """Return the weights, each of sum 1, of the tokens in which the two differ; None where they do not."""
    if not len(point.ids) or not len(contrary.ids):
        return None
    similarity = point.vectors @ contrary.vectors.T
    ours = weigh(point) * (1 - similarity.max(axis=1)).clip(0)
    theirs = weigh(contrary) * (1 - similarity.max(axis=0)).clip(0)
    return (ours / ours.sum(), theirs / theirs.sum()) if ours.sum() > 0 and theirs.sum() > 0 else None


def _assemble(
    points: Sequence[KeyPoint], own: Sequence[Passage], weights: Sequence[Floats], contraries: Sequence[_Contrary]
) -> Criteria:
    passages = [*own, *(passage for _, _, passage, _, _ in contraries)]
    ends = np.cumsum([0, *(len(passage.ids) for passage in passages)])
    vectors = np.concatenate([passage.vectors for passage in passages]) if passages else np.zeros((0, 1), np.float32)
    size, width = vectors.shape
    block = np.zeros((len(points), size), np.float32)
    for row, told in enumerate(weights):
        block[row, ends[row] : ends[row + 1]] = told
    contrast = np.zeros((len(contraries), size), np.float32)
    direction = np.zeros((len(contraries), width), np.float32)
    wording = []
    for row, (owner, _, passage, ours, theirs) in enumerate(contraries):
        start = len(points) + row
        contrast[row, ends[owner] : ends[owner + 1]] = ours
        contrast[row, ends[start] : ends[start + 1]] = -theirs
        apart = own[owner].whole - passage.whole
        direction[row] = apart / max(1 - float(own[owner].whole @ passage.whole), LEAST_DISTANCE)
        mine, other = frozenset(own[owner].stem_list), frozenset(passage.stem_list)
        wording.append((mine - other, other - mine))
    telling = block.any(axis=0) | contrast.any(axis=0)
    return Criteria(
        points=tuple(points),
        vectors=vectors[telling],
        weights=block[:, telling],
        pieces=tuple(passage.piece._replace(text=point.text) for point, passage in zip(points, own, strict=True)),
        polarities=tuple(passage.polarity for passage in own),
        owners=np.array([owner for owner, *_ in contraries], np.int32),
        contraries=tuple(text for _, text, *_ in contraries),
        contrast=contrast[:, telling],
        direction=direction,
        wording=tuple(wording),
    )

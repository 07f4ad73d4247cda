"""A passage: a text as its statements, and all their tokens in one matrix."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from grader.similarity.embedder import Embedder, Floats, Halves, Ints, TokenEmbedding
from grader.similarity.reader import Piece
from grader.text.normalise import Normalised, normalise
from grader.text.polarity import Polarity, polarity
from grader.text.statements import split_statements
from grader.text.words import content_stems, word_triples, words


@dataclass(frozen=True, eq=False)
class Passage:
    """A text of s statements with n tokens in all, in d dimensions."""

    text: Normalised
    statements: tuple[tuple[int, int], ...]
    """(start, end) of each statement in the normalised text."""
    first: Ints
    """(s,) index of the first token of each statement that has any token."""
    ids: Ints
    """(n,) token ids."""
    offsets: Ints
    """(n, 2) start and end of each token in the normalised text."""
    weights: Floats
    """(n,) how much each token tells by itself."""
    states: tuple[Halves, ...]
    """(s,) the vectors of each statement's tokens: rows of length 1, as the embedder gave them, not copied."""
    pooled: Floats
    """(s, d) one row of length 1 for each statement."""
    inner: tuple[Halves, ...] = ()
    """(s,) what an inner layer made of the tokens of each statement, where the embedder tells."""

    @property
    def vectors(self) -> Floats:
        """(n, d) rows of length 1."""
        return _put_together(self)

    @cached_property
    def id_set(self) -> frozenset[int]:
        """Its distinct token ids."""
        return frozenset(self.ids.tolist())

    def shared_with(self, other: "Passage") -> NDArray[np.bool_]:
        """Return (n,) whether `other` has each token, too."""
        known = other.id_set
        return np.fromiter((token in known for token in self.ids.tolist()), np.bool_, len(self.ids))

    @cached_property
    def whole(self) -> Floats:
        """(d,) the direction of the whole text: its statements' embeddings weighted by their tokens."""
        counts = np.diff(np.append(self.first, len(self.ids)))
        total: Floats = counts.astype(np.float32) @ self.pooled
        return total / max(float(np.linalg.norm(total)), 1e-12)

    @cached_property
    def statement_texts(self) -> tuple[str, ...]:
        """(s,) the statements themselves, normalised."""
        return tuple(self.text.text[start:end] for start, end in self.statements)

    @property
    def piece(self) -> Piece:
        """The whole text, to be read; of several statements, each was embedded alone, so it has to be embedded anew."""
        return self.statement_piece(0) if len(self.statements) == 1 else Piece(self.text.text)

    def statement_piece(self, index: int) -> Piece:
        """Return one statement, to be read."""
        return Piece(self.statement_texts[index], self.inner[index] if self.inner else None)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the whole text, in lower case, in order."""
        return tuple(words(self.text.text))

    @cached_property
    def statement_words(self) -> tuple[tuple[str, ...], ...]:
        """(s,) the words of each statement."""
        return tuple(tuple(words(statement)) for statement in self.statement_texts)

    @cached_property
    def triples(self) -> frozenset[tuple[str, str, str]]:
        """Its runs of three words."""
        return frozenset(word_triples(self.words))

    @cached_property
    def stem_list(self) -> tuple[str, ...]:
        """The stems of the content words of all statements, in order."""
        return tuple(stem for stems in self.stem_lists for stem in stems)

    @cached_property
    def stem_lists(self) -> tuple[tuple[str, ...], ...]:
        """(s,) the stems of the content words of each statement, in order."""
        return tuple(tuple(content_stems(said)) for said in self.statement_words)

    @cached_property
    def stems(self) -> tuple[frozenset[str], ...]:
        """(s,) the same as sets."""
        return tuple(map(frozenset, self.stem_lists))

    @cached_property
    def polarities(self) -> tuple[Polarity, ...]:
        """(s,) what each statement affirms and denies."""
        return tuple(map(polarity, self.statement_texts))

    @cached_property
    def polarity(self) -> Polarity:
        """What all statements affirm and deny."""
        return polarity("\n".join(self.statement_texts))

    def statement(self, index: int) -> "Passage":
        """Return one statement as a passage of its own; its offsets still point into the whole text."""
        end = self.first[index + 1] if index + 1 < len(self.first) else len(self.ids)
        tokens = slice(self.first[index], end)
        return Passage(
            text=self.text,
            statements=self.statements[index : index + 1],
            first=np.zeros(1, np.int32),
            ids=self.ids[tokens],
            offsets=self.offsets[tokens],
            weights=self.weights[tokens],
            states=self.states[index : index + 1],
            pooled=self.pooled[index : index + 1],
            inner=self.inner[index : index + 1],
        )


@lru_cache(maxsize=1)
def _put_together(passage: Passage) -> Floats:
    """Return a passage's vectors, those of the last one at once: of a thousand they would take too much room."""
    return np.concatenate(passage.states, dtype=np.float32) if passage.states else np.zeros((0, 1), np.float32)


def embed_passages(texts: Iterable[str], embedder: Embedder) -> dict[str, Passage]:
    """Return the passage of each distinct text; every distinct statement is embedded once, in one call."""
    plans = {text: _plan(text) for text in dict.fromkeys(texts)}
    statements = dict.fromkeys(piece for _, spans, pieces in plans.values() for piece in pieces)
    embeddings = dict(zip(statements, embedder.embed(list(statements)), strict=True))
    return {
        text: _passage(normal, spans, [embeddings[piece] for piece in pieces])
        for text, (normal, spans, pieces) in plans.items()
    }


def _plan(text: str) -> tuple[Normalised, list[tuple[int, int]], list[str]]:
    normal = normalise(text)
    spans = split_statements(normal.text)
    return normal, spans, [normal.text[start:end] for start, end in spans]


def _passage(normal: Normalised, spans: Sequence[tuple[int, int]], embeddings: Sequence[TokenEmbedding]) -> Passage:
    kept = [(span, e) for span, e in zip(spans, embeddings, strict=True) if len(e.ids)]
    if not kept:
        none = np.zeros((0, 1), np.float32)
        empty = np.zeros(0, np.int32)
        return Passage(normal, (), empty, empty, np.zeros((0, 2), np.int32), none[:, 0], (), none)
    counts = [len(e.ids) for _, e in kept]
    return Passage(
        text=normal,
        statements=tuple(span for span, _ in kept),
        first=np.cumsum([0, *counts[:-1]], dtype=np.int32),
        ids=np.concatenate([e.ids for _, e in kept]),
        offsets=np.concatenate([e.offsets + span[0] for span, e in kept]),
        weights=np.concatenate([e.weights for _, e in kept]),
        states=tuple(e.vectors for _, e in kept),
        pooled=np.stack([e.pooled for _, e in kept]),
        inner=tuple(e.inner for _, e in kept if e.inner is not None),
    )

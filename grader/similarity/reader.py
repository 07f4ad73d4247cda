"""The port for reading two texts together: the same model with a small adapter, as a cross-encoder.

Alignment compares texts that were embedded apart. A pair reader attends from one to the other, and so sees what
alignment cannot: roles exchanged, a negation that turns the whole.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from grader.similarity.embedder import Floats, Halves

READS_TOKENS, READS_REFERENCE_TOKENS = 125, 48
"""Tokens of both texts together, and of the reference alone, that a reader is given: it was trained on no longer
pairs, and a reference that makes several statements is neither said nor denied as a whole."""


class Piece(NamedTuple):
    """A text to be read."""

    text: str
    inner: Halves | None = None
    """(n, e) what an inner layer of the packaged model made of its tokens, special ones too, if the embedder told."""


Pair = tuple[Piece, Piece]
"""What should be said, and what is said."""


class PairReader(Protocol):
    """Reads pairs; the result for a pair does not depend on its neighbours."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the readings may."""
        ...

    def read(self, pairs: Sequence[Pair]) -> Floats:
        """Return (n, 2) probabilities: that the second text says the first, and that it denies it."""
        ...


class Readers(NamedTuple):
    """Two readers: one adapter learned both worse than each learns one of them."""

    statements: PairReader
    """Reads a key point, or a statement of a long reference, beside a statement of the answer. It was taught about many
    subjects, by machine-made texts."""
    answers: PairReader
    """Reads a short reference beside the whole answer. It was taught by answers that people marked, to few subjects."""

    def read_answers(self, pairs: Sequence[Pair]) -> Floats:
        """Return what both find, on average, in answers beside a short reference."""
        both: Floats = np.mean([reader.read(pairs) for reader in self], axis=0, dtype=np.float32)
        return both

    @property
    def fingerprint(self) -> str:
        """Changes whenever the readings of either may."""
        return f"{self.statements.fingerprint} {self.answers.fingerprint}"

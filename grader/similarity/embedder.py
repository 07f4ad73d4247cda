"""The port that the similarity stage needs: something that turns texts into token embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]
Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TokenEmbedding:
    """One text as n tokens in d dimensions, special tokens left out."""

    ids: Ints
    """(n,) token ids."""
    offsets: Ints
    """(n, 2) start and end of each token in the text."""
    weights: Floats
    """(n,) how much a token tells by itself, 0 (punctuation) to 1 (a rare word)."""
    vectors: Halves
    """(n, d) rows of length 1, in half precision: their cosines keep 4 digits, and memory is halved."""
    pooled: Floats
    """(d,) the embedding of the whole text, of length 1."""
    inner: Halves | None = None
    """(n + 2, e) what an inner layer of the packaged model makes of all tokens, the special ones at both ends too: a
    pair reader goes on from there."""


class Embedder(Protocol):
    """Turns texts into token embeddings; the result for a text does not depend on its neighbours."""

    @property
    def name(self) -> str:
        """What a user would call it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the embeddings may."""
        ...

    def embed(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Return one embedding for each text, in the order given. A text must fit the model's window."""
        ...

"""How much a token tells by itself, from the order of a model's own vocabulary.

Vocabularies list their pieces by falling frequency, and by Zipf's law (frequency ~ 1/rank) the inverse
document frequency of the piece of rank r is close to log r. So no corpus has to be shipped, and the weights
fit any field. Reference: G. K. Zipf, Human Behavior and the Principle of Least Effort, 1949.
"""

from collections.abc import Mapping

import numpy as np

from grader.similarity.embedder import Floats

_PIECE_MARKS = "#\u0120\u2581"
_CHARACTER = 0.6
"""For a single letter or digit: vocabularies list these first, whatever their frequency."""
_ONE_LETTER_WORDS = {"a", "i"}


def salience(vocabulary: Mapping[str, int]) -> Floats:
    """Return for each token id a weight from 0 (punctuation, special tokens) to 1 (the rarest piece)."""
    weights = np.zeros(max(vocabulary.values()) + 1, np.float32)
    words = [(index, token.strip(_PIECE_MARKS)) for token, index in vocabulary.items()]
    ranked = sorted(index for index, word in words if len(word) > 1 and _is_word(word))
    size = np.log1p(len(ranked))
    for rank, index in enumerate(ranked, 1):
        weights[index] = np.log1p(rank) / size
    for index, word in words:
        if len(word) == 1 and word.isalnum():
            weights[index] = 0.1 if word in _ONE_LETTER_WORDS else _CHARACTER
    return weights


def _is_word(word: str) -> bool:
    return word[0] not in "[<" and any(char.isalnum() for char in word)

"""Reads pairs of texts in ONNX Runtime: the packaged model with an adapter merged in, and its head.

`OnnxPairReader` sends both texts through all layers together. `OnnxInnerReader` lets each go through the first layers
alone, where the embedder has been already, and only the last ones read both: a quarter of the work.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grader.adapters.batches import batches
from grader.adapters.onnx.model_file import ModelFile, join_pairs
from grader.adapters.onnx.names import IDS, INNER, LOGITS, PARTS
from grader.adapters.onnx.session import cores, in_threads, load_session
from grader.adapters.onnx.tokenizer import load_tokenizer
from grader.bank.model import fingerprint
from grader.similarity.embedder import Embedder, Floats, Halves
from grader.similarity.reader import Pair, Piece

_HEADS = 2


class OnnxPairReader:
    """Reads pairs without torch. Nothing is loaded before it is needed."""

    def __init__(self, weights: Path, files: ModelFile, *, threads: int = 0) -> None:
        """Take the folder of the model as its package has it, for the tokenizer, and the file made by `reader_file`."""
        self.fingerprint = files.key
        self._weights = weights
        self._files = files
        self.threads = threads or cores()

    def read(self, pairs: Sequence[Pair]) -> Floats:
        """Return (n, 2) probabilities, one row for each pair, computed in batches of pairs of one length."""
        logits = np.zeros((len(pairs), _HEADS), np.float32)
        encoded = self._tokenizer.encode_batch([(expected.text, said.text) for expected, said in pairs])
        session = self._session

        def read(batch: Sequence[int]) -> None:
            ids = np.array([encoded[index].ids for index in batch], np.int32)
            parts = np.array([encoded[index].type_ids for index in batch], np.int32)
            (logits[batch],) = session.run([LOGITS], {IDS: ids, PARTS: parts})

        in_threads(read, batches([len(encoding.ids) for encoding in encoded]), self.threads)
        return _probabilities(logits)

    @cached_property
    def _session(self) -> Any:
        return load_session(self._files.model)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._weights)


class OnnxInnerReader:
    """Reads pairs from where an inner layer left each of the two texts. Nothing is loaded before it is needed."""

    def __init__(self, embedder: Embedder, files: ModelFile, *, threads: int = 0) -> None:
        """Take the packaged model, for pieces without inner states, and the file made by `reader_file`."""
        self.fingerprint = fingerprint([files.key, embedder.fingerprint])
        self._embedder = embedder
        self._files = files
        self.threads = threads or cores()

    def read(self, pairs: Sequence[Pair]) -> Floats:
        """Return (n, 2) probabilities, one row for each pair, computed in batches of pairs of one length."""
        logits = np.zeros((len(pairs), _HEADS), np.float32)
        states, session = self._states(pairs), self._session

        def read(batch: Sequence[int]) -> None:
            inner, parts = join_pairs([states[index] for index in batch])
            (logits[batch],) = session.run([LOGITS], {INNER: inner, PARTS: parts})

        in_threads(read, batches([len(expected) + len(said) - 1 for expected, said in states]), self.threads)
        return _probabilities(logits)

    def _states(self, pairs: Sequence[Pair]) -> list[tuple[Halves, Halves]]:
        """Return what the inner layer makes of both texts of each pair."""
        missing = list(dict.fromkeys(piece.text for pair in pairs for piece in pair if piece.inner is None))
        made = {text: embedding.inner for text, embedding in zip(missing, self._embedder.embed(missing), strict=True)}

        def inner(piece: Piece) -> Halves:
            states = made[piece.text] if piece.inner is None else piece.inner
            if states is None:
                raise TypeError(f"{self._embedder.name} tells no inner states")
            return states

        return [(inner(expected), inner(said)) for expected, said in pairs]

    @cached_property
    def _session(self) -> Any:
        return load_session(self._files.model)


def _probabilities(logits: Floats) -> Floats:
    """Return the logistic function of logits: each column is a question of its own."""
    probabilities: Floats = np.reciprocal(1 + np.exp(-logits))
    return probabilities

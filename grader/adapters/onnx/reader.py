"""Reads pairs of texts in ONNX Runtime: the packaged model with an adapter merged in, and its head."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grader.adapters.batches import batches
from grader.adapters.onnx.model_file import ModelFile
from grader.adapters.onnx.names import IDS, LOGITS, PARTS
from grader.adapters.onnx.session import cores, load_session
from grader.adapters.onnx.tokenizer import load_tokenizer
from grader.similarity.embedder import Floats

_HEADS = 2


class OnnxPairReader:
    """Reads pairs without torch. Nothing is loaded before it is needed."""

    def __init__(self, weights: Path, files: ModelFile, *, threads: int = 0) -> None:
        """Take the folder of the model as its package has it, for the tokenizer, and the file made by `reader_file`."""
        self.fingerprint = files.key
        self._weights = weights
        self._files = files
        self.threads = threads or cores()

    def read(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return (n, 2) probabilities, one row for each pair, computed in batches of pairs of one length.

        Each column is a question of its own: the logistic function of its logit.
        """
        logits = np.zeros((len(pairs), _HEADS), np.float32)
        encoded = self._tokenizer.encode_batch(list(pairs))
        for batch in batches([len(encoding.ids) for encoding in encoded]):
            ids = np.array([encoded[index].ids for index in batch], np.int32)
            parts = np.array([encoded[index].type_ids for index in batch], np.int32)
            (logits[batch],) = self._session.run([LOGITS], {IDS: ids, PARTS: parts})
        probabilities: Floats = np.reciprocal(1 + np.exp(-logits))
        return probabilities

    @cached_property
    def _session(self) -> Any:
        return load_session(self._files.model, self.threads)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._weights)

"""The `Embedder` port over ONNX Runtime, for the packaged model."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grader.adapters.batches import batches
from grader.adapters.onnx.model_file import ModelFile
from grader.adapters.onnx.names import DIRECTIONS, IDS, INNER, STATES
from grader.adapters.onnx.session import cores, in_threads, load_session
from grader.adapters.onnx.tokenizer import load_tokenizer
from grader.similarity.embedder import TokenEmbedding


class OnnxEmbedder:
    """Token embeddings of the packaged model, computed without torch. Nothing is loaded before it is needed."""

    def __init__(self, weights: Path, files: ModelFile, *, name: str, threads: int = 0) -> None:
        """Take the folder of the model as its package has it, for the tokenizer, and the files made from it."""
        self.name = name
        self.fingerprint = files.key
        self._weights = weights
        self._files = files
        self.threads = threads or cores()

    def embed(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Return one embedding for each text, computed in batches of texts of one length."""
        encoded = self._tokenizer.encode_batch(list(texts))
        results: list[Any] = [None] * len(texts)
        session, salience, specials = self._session, self._salience, self._special

        def embed(batch: Sequence[int]) -> None:
            ids = np.array([encoded[index].ids for index in batch], np.int32)
            states, directions, inner = session.run([STATES, DIRECTIONS, INNER], {IDS: ids})
            pooled = states.mean(axis=1)
            pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
            special = np.isin(ids, specials)
            for row, index in enumerate(batch):
                kept = ~special[row]
                results[index] = TokenEmbedding(
                    ids=ids[row, kept],
                    offsets=np.array(encoded[index].offsets, np.int32)[kept],
                    weights=salience[ids[row, kept]],
                    vectors=directions[row, kept],
                    pooled=pooled[row],
                    inner=inner[row],
                )

        in_threads(embed, batches([len(encoding.ids) for encoding in encoded]), self.threads)
        return results

    @cached_property
    def _session(self) -> Any:
        return load_session(self._files.model)

    @cached_property
    def _salience(self) -> Any:
        return self._files.salience

    @cached_property
    def _special(self) -> list[int]:
        return [index for index, token in self._tokenizer.get_added_tokens_decoder().items() if token.special]

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._weights)

"""The `Embedder` port over sentence-transformers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.adapters.batches import batches
from grader.adapters.salience import salience
from grader.bank.model import fingerprint
from grader.errors import ConfigError
from grader.similarity.embedder import TokenEmbedding


class SentenceTransformerEmbedder:
    """Token embeddings of any sentence-transformers model whose tokenizer is a fast one."""

    def __init__(self, model: str | Path, *, name: str, threads: int = 0) -> None:
        """Load the model from a folder, or by name from the local Hugging Face cache; never from a hub.

        Raises:
            ConfigError: there is no such model here, or it gives no token embeddings.

        """
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        if threads:
            torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(str(model), local_files_only=True)
        except Exception as exc:  # whatever it is, the user has to hear which model failed
            raise ConfigError(
                f"embedder {name!r}: not a sentence-transformers model on this machine: "
                f"{type(exc).__name__}: {str(exc).splitlines()[0] if str(exc) else ''}"
            ) from exc
        self._torch = torch
        self._tokenizer: Any = self._model.tokenizer
        if not getattr(self._tokenizer, "is_fast", False):
            raise ConfigError(f"embedder {name!r}: its tokenizer gives no offsets, so no evidence can be shown")
        self._salience = salience(self._tokenizer.get_vocab())
        self._special = np.array(self._tokenizer.all_special_ids, np.int64)
        self._name = name

    @property
    def name(self) -> str:
        """What the user called it."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Changes with the model and with the versions of the libraries that run it."""
        from sentence_transformers import __version__

        with self._torch.no_grad():
            first = next(iter(self._model.parameters())).flatten()[:4096].cpu().numpy()
        return fingerprint([self._name, __version__, self._torch.__version__, first.tobytes().hex()])

    @property
    def device(self) -> str:
        """Where the model runs."""
        return str(self._model.device)

    def embed(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Return one embedding for each text, computed in batches of texts of like length."""
        if not texts:
            return []
        limit = self._model.get_max_seq_length() or 512
        encoded = self._tokenizer(
            list(texts), truncation=True, max_length=limit, return_offsets_mapping=True, return_token_type_ids=False
        )
        results: list[Any] = [None] * len(texts)
        for batch in batches([len(ids) for ids in encoded["input_ids"]]):
            for index, embedding in zip(batch, self._forward(encoded, batch), strict=True):
                results[index] = embedding
        return results

    def _forward(self, encoded: Any, batch: Sequence[int]) -> list[TokenEmbedding]:
        ids = np.array([encoded["input_ids"][index] for index in batch])
        tensor = self._torch.from_numpy(ids).to(self._model.device)
        with self._torch.inference_mode():
            output = self._model({"input_ids": tensor, "attention_mask": self._torch.ones_like(tensor)})
        vectors = output["token_embeddings"].float().cpu().numpy()
        vectors = (vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-12)).astype(np.float16)
        pooled = output["sentence_embedding"].float().cpu().numpy()
        pooled = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        special = np.isin(ids, self._special)
        return [
            TokenEmbedding(
                ids=ids[row, kept].astype(np.int32),
                offsets=np.array(encoded["offset_mapping"][index], np.int32)[kept],
                weights=self._salience[ids[row, kept]],
                vectors=vectors[row, kept],
                pooled=pooled[row],
            )
            for row, (index, kept) in enumerate(zip(batch, ~special, strict=True))
        ]

"""The `Embedder` port over sentence-transformers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.adapters.salience import salience
from grader.bank.model import fingerprint
from grader.errors import ConfigError
from grader.similarity.embedder import TokenEmbedding

BATCH_TOKENS = 4096
"""Padded tokens in one forward pass: enough to keep the cores busy, few enough to stay in cache."""


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

    def embed(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Return one embedding for each text, computed in batches of texts of like length."""
        if not texts:
            return []
        limit = self._model.get_max_seq_length() or 512
        encoded = self._tokenizer(
            list(texts), truncation=True, max_length=limit, return_offsets_mapping=True, return_token_type_ids=False
        )
        lengths = np.array([len(ids) for ids in encoded["input_ids"]])
        order = np.argsort(-lengths, kind="stable")
        results: list[TokenEmbedding | None] = [None] * len(texts)
        start = 0
        while start < len(order):
            size = max(1, BATCH_TOKENS // int(lengths[order[start]]))
            batch = order[start : start + size]
            for index, embedding in zip(batch, self._forward(encoded, batch), strict=True):
                results[index] = embedding
            start += size
        return [result for result in results if result is not None]

    def _forward(self, encoded: Any, batch: Any) -> list[TokenEmbedding]:
        padded = self._tokenizer.pad(
            {key: [encoded[key][i] for i in batch] for key in ("input_ids", "attention_mask")}, return_tensors="pt"
        )
        padded = {key: value.to(self._model.device) for key, value in padded.items()}
        with self._torch.inference_mode():
            output = self._model(padded)
        vectors = output["token_embeddings"].float().cpu().numpy()
        pooled = output["sentence_embedding"].float().cpu().numpy()
        embeddings = []
        for row, index in enumerate(batch):
            ids = np.asarray(encoded["input_ids"][index])
            kept = np.flatnonzero(~np.isin(ids, self._special))
            rows = vectors[row, kept]
            embeddings.append(
                TokenEmbedding(
                    ids=ids[kept].astype(np.int32),
                    offsets=np.asarray(encoded["offset_mapping"][index], np.int32)[kept].reshape(-1, 2),
                    weights=self._salience[ids[kept]],
                    vectors=rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12),
                    pooled=pooled[row] / max(float(np.linalg.norm(pooled[row])), 1e-12),
                )
            )
        return embeddings

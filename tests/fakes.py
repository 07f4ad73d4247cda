"""A small embedder whose output a reader can check in his head."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from grader.similarity.embedder import TokenEmbedding


class WordEmbedder:
    """Each word is one token, a direction of its own: the same word has cosine 1, two different ones about 0."""

    name = "words"
    fingerprint = "words-1"

    def embed(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> TokenEmbedding:
        words = list(re.finditer(r"\w+", text))
        seeds = [int.from_bytes(hashlib.sha256(w.group().lower().encode()).digest()[:4]) for w in words]
        vectors = np.array([np.random.default_rng(seed).normal(size=256) for seed in seeds]).reshape(-1, 256)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        total = vectors.sum(axis=0) if words else np.zeros(256)
        return TokenEmbedding(
            ids=np.array([seed % 2**31 for seed in seeds], np.int32),
            offsets=np.array([w.span() for w in words], np.int32).reshape(-1, 2),
            weights=np.array([min(1.0, len(w.group()) / 6) for w in words], np.float32),
            vectors=vectors.astype(np.float32),
            pooled=(total / max(np.linalg.norm(total), 1e-12)).astype(np.float32),
        )

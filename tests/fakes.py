"""Small embedders and graders whose output a reader can check in his head."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from grader.answers import Answer
from grader.grade.model import Grade, Ungraded, band
from grader.similarity.embedder import TokenEmbedding
from grader.similarity.profile import Doubt, Profile, Route
from grader.similarity.reader import Pair, Readers

PLAIN_DOUBT = Doubt(edges=[], below=[0.5], above=[0.5])
PLAIN_PROFILE = Profile(
    name="plain",
    fitted_on="nothing",
    date="2026-01-01",
    held_out={},
    key_points=Route(weights={"support": 1, "denied": -1.5}, scale=[(0, 0), (1, 1)], doubt=PLAIN_DOUBT),
    references=Route(weights={"recall": 1}, scale=[(0, 0), (1, 1)], doubt=PLAIN_DOUBT),
    reading=Route(weights={"recall": 1}, scale=[(0, 0), (1, 1)], doubt=PLAIN_DOUBT),
    statement_recall=(0.2, 0.7),
    misconception_recall=0.85,
    off_topic=0.1,
)
"""What is said is earned, and what denies a key point costs it."""


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


class WordReader:
    """Takes a text to deny another if it alone has "not", else to say it as far as it has its words."""

    fingerprint = "word-reader-1"

    def read(self, pairs: Sequence[Pair]) -> np.ndarray:
        return np.array([self._read(expected.text, said.text) for expected, said in pairs], np.float32).reshape(-1, 2)

    def _read(self, expected: str, said: str) -> tuple[float, float]:
        ours, theirs = (set(re.findall(r"\w+", text.lower())) for text in (expected, said))
        return (0.0, 1.0) if "not" in theirs - ours else (len(ours & theirs) / max(1, len(ours)), 0.0)


WORD_READERS = Readers(WordReader(), WordReader())


class FixedGrader:
    """Scores a text by a function of it; None is ungraded."""

    fingerprint = "fixed"
    parts: Mapping[str, str] = MappingProxyType({})
    pass_mark = 0.6

    def __init__(self, score: Callable[[str], float | None]) -> None:
        self.score = score

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        for answer in answers:
            score, question = self.score(answer.text), answer.question
            if score is None:
                yield answer, Ungraded(answer.candidate, question.id, question.section, "no idea")
            else:
                yield (
                    answer,
                    Grade(
                        candidate=answer.candidate,
                        question_id=question.id,
                        section=question.section,
                        score=score,
                        low=score,
                        high=score,
                        band=band(score),
                        graded_by="fixed",
                        similarity=None,
                        verdicts=(),
                        flags=(),
                        needs_review=False,
                        feedback="",
                    ),
                )

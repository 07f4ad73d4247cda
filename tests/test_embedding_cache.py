from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from grader.adapters.embedding_cache import RememberingEmbedder, RememberingReader
from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.pipeline.finding import Finder
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.similarity.embedder import TokenEmbedding
from grader.similarity.profile import load_profile
from grader.similarity.reader import Piece
from tests.fakes import WORD_READERS, WordEmbedder


class CountingEmbedder:
    """One token a letter, its vector the letter's number; remembers what it was asked."""

    name = "letters"

    def __init__(self, fingerprint="letters-1", *, tells_inner=True):
        self.fingerprint = fingerprint
        self.tells_inner = tells_inner
        self.asked = []

    def embed(self, texts):
        self.asked += texts
        return [self.one(text) for text in texts]

    def one(self, text):
        ids = np.array([ord(char) for char in text], np.int32)
        return TokenEmbedding(
            ids=ids,
            offsets=np.array([(i, i + 1) for i in range(len(text))], np.int32).reshape(-1, 2),
            weights=ids.astype(np.float32) / 7,
            vectors=np.stack([ids, -ids, ids / 3], axis=1).astype(np.float16),
            pooled=np.array([len(text), 0.1, -1], np.float32),
            inner=np.ones((len(ids) + 2, 2), np.float16) if self.tells_inner else None,
        )


def equal(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("ids", "offsets", "weights", "vectors", "pooled", "inner")
    )


@pytest.mark.parametrize("tells_inner", [True, False])
def test_nothing_is_embedded_twice_not_even_in_another_run(tmp_path, tells_inner):
    first, second = CountingEmbedder(tells_inner=tells_inner), CountingEmbedder(tells_inner=tells_inner)
    texts = ["ab", "c", "ab", "", "\ud800"]
    made = RememberingEmbedder(first, tmp_path / "new" / "e.sqlite", 10).embed(texts)
    read = RememberingEmbedder(second, tmp_path / "new" / "e.sqlite", 10).embed(texts)
    assert first.asked == ["ab", "c", "", "\ud800"]
    assert second.asked == []
    expected = [first.one(text) for text in texts]
    assert all(map(equal, made, expected))
    assert all(map(equal, read, expected))


class CountingReader:
    """The lengths of the two texts; remembers what it was asked."""

    fingerprint = "lengths-1"

    def __init__(self):
        self.asked = []

    def read(self, pairs):
        self.asked += pairs
        return np.array([(len(one.text), len(other.text)) for one, other in pairs], np.float32).reshape(-1, 2)


def test_no_pair_is_read_twice_not_even_in_another_run(tmp_path):
    first, second = CountingReader(), CountingReader()
    pairs = [(Piece(a), Piece(b)) for a, b in (("ab", "c"), ("a", "bc"), ("ab", "c"), ("c", "ab"), ("", ""))]
    for reader in (first, second):
        found = RememberingReader(reader, tmp_path / "e.sqlite", 10).read(pairs)
        assert found.dtype == np.float32
        assert found.tolist() == [[2, 1], [1, 2], [2, 1], [1, 2], [0, 0]]
    assert first.asked == [pairs[0], pairs[1], pairs[3], pairs[4]]
    assert second.asked == []
    assert RememberingReader(second, tmp_path / "e.sqlite", 10).read([]).shape == (0, 2)


class CountingWords(WordEmbedder):
    """Remembers which texts it was given."""

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked += texts
        return super().embed(texts)


def graded(path, question, profile, texts):
    """Grade answers with a model that remembers; return what reached the model, and the scores."""
    words = CountingWords()
    finder = Finder(RememberingEmbedder(words, path, 100), WORD_READERS, profile)
    grader = SimilarityGrader(finder, profile, pass_mark=0.6)
    answers = [Answer(question, text, f"c{i}", i, i) for i, text in enumerate(texts)]
    return words.asked, [grade.score for _, grade in grader.grade(answers)]


def test_grading_again_with_other_weights_and_another_profile_embeds_nothing(tmp_path):
    texts = ["Turn off idle machines. Buy less.", "Buy less.", "Turn off idle machines. Buy less.", "Turn it off"]
    profile = load_profile("default")
    points = (KeyPoint("off", "Turn off idle machines", 1), KeyPoint("less", "Buy less", 1))
    question = Question("q", "How do you save money?", "Turn off idle machines. Buy less.", points)
    asked, scores = graded(tmp_path / "e.sqlite", question, profile, texts)
    assert len(asked) == len(set(asked)) > 4
    heavier = replace(question, key_points=(replace(points[0], weight=5), points[1]))
    other = profile.model_copy(update={"name": "other", "off_topic": 0.0})
    asked, changed = graded(tmp_path / "e.sqlite", heavier, other, texts)
    assert asked == []
    assert changed != scores
    assert graded(tmp_path / "e.sqlite", question, profile, ["A new one"])[0] == ["A new one"]


def test_models_are_told_apart(tmp_path):
    other = CountingEmbedder("letters-2")
    for embedder in (CountingEmbedder(), other):
        RememberingEmbedder(embedder, tmp_path / "e.sqlite", 10).embed(["ab"])
    assert other.asked == ["ab"]


def test_a_full_file_forgets_the_oldest(tmp_path):
    texts = [f"{i:0500}" for i in range(400)]
    path = tmp_path / "e.sqlite"
    for start in range(0, 400, 50):
        RememberingEmbedder(CountingEmbedder(), path, 1).embed(texts[start : start + 50])
    assert path.stat().st_size < 2_500_000
    again = CountingEmbedder()
    RememberingEmbedder(again, path, 10).embed(texts)
    assert texts[0] in again.asked
    assert texts[-1] not in again.asked


def test_what_was_read_again_outlives_a_flood_of_what_was_not(tmp_path):
    path = tmp_path / "e.sqlite"
    for _ in range(2):
        RememberingEmbedder(CountingEmbedder(), path, 1).embed(["of the bank"])
    for start in range(0, 400, 50):
        RememberingEmbedder(CountingEmbedder(), path, 1).embed([f"{i:0500}" for i in range(start, start + 50)])
    again = CountingEmbedder()
    RememberingEmbedder(again, path, 1).embed(["of the bank", f"{0:0500}"])
    assert again.asked == [f"{0:0500}"]


@pytest.mark.parametrize("content", [b"", b"no database" * 100])
def test_a_file_that_cannot_be_used_costs_only_time(tmp_path, content):
    (tmp_path / "e.sqlite").write_bytes(content)
    (found,) = RememberingEmbedder(CountingEmbedder(), tmp_path / "e.sqlite", 10).embed(["ab"])
    assert equal(found, CountingEmbedder().one("ab"))


def test_two_may_write_at_once(tmp_path):
    def work(start):
        embedder = RememberingEmbedder(CountingEmbedder(), tmp_path / "e.sqlite", 10)
        for i in range(start, start + 30):
            embedder.embed([f"text {i}"])

    with ThreadPoolExecutor() as pool:
        list(pool.map(work, [0, 15]))
    last = CountingEmbedder()
    RememberingEmbedder(last, tmp_path / "e.sqlite", 10).embed([f"text {i}" for i in range(45)])
    assert last.asked == []

import numpy as np
import pytest

from grader.engines import choose_runtime
from grader.settings import load_settings
from tests.conftest import ROOT

TEXTS = [
    "Security groups are stateful.",
    "Network ACLs are stateless, so replies need a rule of their own.",
    "Water evaporates faster from the warm puddle \u2014 its surface is larger.",
    "no",
    "",
    "!?",
    "caf\u00e9 \u65e5\u672c [MASK] \U0001f600",
    "word " * 400,
    "S3 keeps objects in buckets; a bucket lies in one region.",
]


def settings(**flags):
    return load_settings(flags, {}, ROOT)


@pytest.fixture(scope="module")
def float32():
    return choose_runtime(settings(embedder="minilm-float32", threads=2)).embedder


@pytest.fixture(scope="module")
def without_cache(tmp_path_factory):
    """The runtime where the cache folder cannot be made."""
    file = tmp_path_factory.mktemp("no") / "file"
    file.write_text("", encoding="utf-8")
    return choose_runtime(settings(cache_dir=file / "cache"))


def test_onnx_equals_sentence_transformers(float32, without_cache):
    for ours, theirs in zip(float32.embed(TEXTS), without_cache.embedder.embed(TEXTS), strict=True):
        assert ours.ids.tolist() == theirs.ids.tolist()
        assert ours.offsets.tolist() == theirs.offsets.tolist()
        assert ours.weights.tolist() == theirs.weights.tolist()
        np.testing.assert_allclose(ours.vectors, theirs.vectors, atol=1e-3)
        np.testing.assert_allclose(ours.pooled, theirs.pooled, atol=1e-5)


def test_without_a_cache_sentence_transformers_is_used_and_told(without_cache):
    assert without_cache.what.startswith("sentence-transformers")
    assert "the ONNX model cannot be made" in without_cache.why


def test_int8_is_near_float32(float32):
    int8 = choose_runtime(settings(embedder="minilm-int8", threads=2)).embedder
    pairs = zip(int8.embed(TEXTS), float32.embed(TEXTS), strict=True)
    cosines = [float(near.pooled @ exact.pooled) for near, exact in pairs]
    assert min(cosines) > 0.95
    assert np.mean(cosines) > 0.98


@pytest.mark.parametrize("name", ["minilm-float32", "minilm-int8"])
def test_a_text_is_the_same_to_the_bit_in_any_company_order_and_number_of_threads(name):
    texts = [*TEXTS, *(text.upper() for text in TEXTS), *(text[::-1] for text in TEXTS)]
    two = choose_runtime(settings(embedder=name, threads=2)).embedder
    one = choose_runtime(settings(embedder=name, threads=1)).embedder
    together = two.embed(texts)
    backwards = one.embed(texts[::-1])[::-1]
    for text, first, second in zip(texts, together, backwards, strict=True):
        (alone,) = one.embed([text])
        for other in (first, second):
            assert np.array_equal(alone.vectors, other.vectors)
            assert np.array_equal(alone.pooled, other.pooled)


def test_precisions_are_told_apart(float32):
    assert choose_runtime(settings(embedder="minilm-int8")).embedder.fingerprint != float32.fingerprint


def test_a_damaged_file_is_told(run, tmp_path):
    assert run("doctor", GRADER_CACHE_DIR=tmp_path / "cache").returncode == 0
    for model in (tmp_path / "cache").glob("onnx/*/model.onnx"):
        model.write_bytes(b"not a model")
    result = run("score", "--question", "aws-001", "never seen before", GRADER_CACHE_DIR=tmp_path / "cache")
    assert result.returncode == 2
    assert "delete the folder" in result.stderr

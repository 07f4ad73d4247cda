import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from grader.adapters.minilm import minilm_folder
from grader.adapters.onnx.graph import INNER_LAYERS
from grader.engines import make_embedder, make_inner_reader, make_reader
from grader.errors import ConfigError
from grader.settings import load_settings
from grader.similarity.reader import Piece
from tests.conftest import ROOT

LAYERS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
LOWER = tuple(f"encoder.layer.{number}." for number in range(INNER_LAYERS))
RANK, WIDTH, RAISED = 16, 384, 1536
SCALE = 0.5
TEXTS = [
    ("Security groups are stateful.", "Replies are allowed back in automatically."),
    ("Security groups are stateful.", "Security groups are stateless."),
    ("", "Replies are allowed back in automatically."),
    ("a bucket", ""),
    ("word " * 300, "other " * 5),
    ("word " * 300, "other " * 300),
    ("café \u65e5\u672c", "!?"),
    ("a b", "c d"),
    ("c d", "a b"),
]
PAIRS = [(Piece(expected), Piece(said)) for expected, said in TEXTS]


def tensors():
    """An adapter with random weights, large enough to change everything."""
    draw = np.random.default_rng(5)
    made = {}
    for number in range(6):
        for layer in LAYERS:
            name = f"encoder.layer.{number}.{layer}"
            out, into = (RAISED if layer == kind else WIDTH for kind in ("intermediate.dense", "output.dense"))
            made[f"{name}.lora_A"] = draw.normal(0, 0.05, (RANK, into)).astype(np.float32)
            made[f"{name}.lora_B"] = draw.normal(0, 0.05, (out, RANK)).astype(np.float32)
    made["head.weight"] = draw.normal(0, 0.2, (2, WIDTH)).astype(np.float32)
    made["head.bias"] = np.array([0.3, -0.2], np.float32)
    return made


def inner_tensors():
    """The same for a reader that goes on from an inner layer."""
    made = {name: tensor for name, tensor in tensors().items() if not name.startswith(LOWER)}
    made["parts"] = np.random.default_rng(6).normal(0, 0.3, (2, WIDTH)).astype(np.float32)
    return made


def settings(cache_dir, embedder="minilm-float32"):
    flags = {"threads": 2, "embedding_cache_mb": 0, "cache_dir": cache_dir, "embedder": embedder}
    return load_settings(flags, {}, ROOT)


def reader(path, given, cache_dir, embedder="minilm-float32"):
    save_file(given, path, {"scale": str(SCALE)})
    make = make_inner_reader if "parts" in given else make_reader
    return make(settings(cache_dir, embedder), path)


@pytest.fixture(scope="module", params=[tensors, inner_tensors], ids=["whole", "inner"])
def given(request):
    return request.param()


@pytest.fixture(scope="module")
def onnx(tmp_path_factory, given):
    folder = tmp_path_factory.mktemp("reader")
    return reader(folder / "adapter.safetensors", given, folder / "cache")


def torch_probabilities(tensors):
    """The same with transformers: the weights merged in torch, one pair at a time."""
    import torch
    from transformers import AutoTokenizer, BertModel

    folder = minilm_folder(load_settings({}, {}, ROOT).cache_dir)
    model = BertModel.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given = {name: torch.from_numpy(value) for name, value in tensors.items()}

    def first_token(one, other):
        if "parts" not in given:
            inputs = tokenizer([one], [other], truncation="longest_first", max_length=256, return_tensors="pt")
            return model(**inputs).last_hidden_state[0, 0]
        inner = []
        for text in (one, other):
            inputs = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
            inner.append(model(**inputs, output_hidden_states=True).hidden_states[INNER_LAYERS])
        value = torch.cat([inner[0] + given["parts"][0], inner[1][:, 1:] + given["parts"][1]], dim=1)
        for layer in model.encoder.layer[INNER_LAYERS:]:
            value = layer(value)
        return value[0, 0]

    rows = []
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            layer = name.removesuffix(".weight")
            if f"{layer}.lora_A" in given:
                parameter.add_(SCALE * given[f"{layer}.lora_B"] @ given[f"{layer}.lora_A"])
        for one, other in TEXTS:
            logits = given["head.weight"] @ first_token(one, other) + given["head.bias"]
            rows.append(torch.sigmoid(logits).numpy())
    return np.stack(rows)


def test_the_reader_equals_torch(onnx, given):
    found = onnx.read(PAIRS)
    assert found.dtype == np.float32
    tolerance = 1e-3 if "parts" in given else 1e-5  # inner states are kept in half precision
    np.testing.assert_allclose(found, torch_probabilities(given), atol=tolerance)
    assert np.ptp(found, axis=0).min() > 0.05  # the pairs are told apart, and by order too
    assert abs(found[-1] - found[-2]).max() > 1e-3


def test_a_reader_goes_on_from_what_the_embedder_told(tmp_path):
    inner = reader(tmp_path / "adapter.safetensors", inner_tensors(), tmp_path / "cache")
    texts = list(dict.fromkeys(text for pair in TEXTS for text in pair))
    embeddings = make_embedder(settings(tmp_path / "cache")).embed(texts)
    pieces = {text: Piece(text, embedding.inner) for text, embedding in zip(texts, embeddings, strict=True)}
    told = [(pieces[expected], pieces[said]) for expected, said in TEXTS]
    assert np.array_equal(inner.read(told), inner.read(PAIRS))
    assert not np.array_equal(
        inner.read([(pieces["a b"], pieces["a bucket"])]), inner.read([(pieces["a b"], pieces["c d"])])
    )


def test_a_pair_does_not_depend_on_its_neighbours(onnx):
    pairs = [*PAIRS, *((b, a) for a, b in PAIRS), *((Piece(a.text.upper()), b) for a, b in PAIRS)]
    together, backwards = onnx.read(pairs), onnx.read(pairs[::-1])[::-1]
    alone = np.concatenate([onnx.read([pair]) for pair in pairs])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(backwards, alone, atol=1e-6)


def test_int8_is_near_float32_and_no_pair_depends_on_its_neighbours(onnx, given, tmp_path):
    int8 = reader(tmp_path / "adapter.safetensors", given, tmp_path / "cache", "minilm-int8")
    exact, near = onnx.read(PAIRS), int8.read(PAIRS)
    assert int8.fingerprint != onnx.fingerprint
    assert abs(exact - near).max() < 0.15
    assert abs(exact - near).mean() < 0.05
    np.testing.assert_allclose(np.concatenate([int8.read([pair]) for pair in PAIRS]), near, atol=1e-6)


def test_no_pairs(onnx):
    assert onnx.read([]).shape == (0, 2)


def test_another_adapter_is_another_reader(onnx, given, tmp_path):
    other = given | {"head.bias": given["head.bias"] + 1}
    changed = reader(tmp_path / "other.safetensors", other, tmp_path / "cache")
    assert changed.fingerprint != onnx.fingerprint
    assert (changed.read(PAIRS[:2]) > onnx.read(PAIRS[:2])).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("head.bias"), "there is no head.bias"),
        (lambda t: t.pop("encoder.layer.0.output.dense.lora_B"), "expected both .lora_A and .lora_B"),
        (lambda t: t.update({"encoder.layer.9.output.dense.lora_A": t["head.weight"]}), "the model has no layer"),
        (lambda t: t.update({"encoder.layer.0.output.dense.lora_A": t["head.weight"]}), "do not fit (384, 1536)"),
        (lambda t: t.update({"head.weight": t["head.weight"][:, :9].copy()}), "expected (2, 384)"),
        (lambda t: t.update({"parts": np.zeros((3, WIDTH), np.float32)}), "parts is (3, 384), expected (2, 384)"),
    ],
)
def test_an_adapter_that_does_not_fit_is_told(tmp_path, change, message):
    given = tensors()
    change(given)
    with pytest.raises(ConfigError, match=r"adapter\.safetensors") as raised:
        reader(tmp_path / "adapter.safetensors", given, tmp_path / "cache")
    assert message in str(raised.value)


def test_an_adapter_that_cannot_be_read_is_told(tmp_path):
    chosen = settings(tmp_path)
    (tmp_path / "text").write_text(json.dumps({}), encoding="utf-8")
    for name, message in (("none", "cannot be read"), ("text", "cannot be read as safetensors")):
        with pytest.raises(ConfigError, match=message):
            make_reader(chosen, tmp_path / name)
    save_file(tensors(), tmp_path / "bare")
    with pytest.raises(ConfigError, match="no number `scale`"):
        make_reader(chosen, tmp_path / "bare")

"""The model file that ONNX Runtime loads: made once from the verified weights, then kept in the user cache."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from grader.adapters.minilm import WEIGHTS_SHA256
from grader.adapters.onnx.names import IDS, INNER, OBSERVED, PARTS
from grader.adapters.onnx.session import cores, open_session
from grader.adapters.onnx.tokenizer import load_tokenizer
from grader.adapters.salience import salience
from grader.bank.model import fingerprint
from grader.errors import ConfigError
from grader.similarity.embedder import Floats, Halves, Ints

Precision = Literal["float32", "int8"]

_HERE = Path(__file__).parent
_CALIBRATION = _HERE / "calibration.txt"
"""Statements that int8 scales are fitted on, one a line; machine-made, of many subjects."""
_RECIPE = (_HERE / "graph.py", _CALIBRATION, _HERE.parent / "salience.py")
_READER_RECIPE = (_HERE / "graph.py", _HERE / "adapter.py", _CALIBRATION)
_LIBRARIES = ("onnx", "onnxruntime", "tokenizers")
_MODEL, _WEIGHTS, _SALIENCE = "model.onnx", "weights.bin", "salience.npy"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """Where the files of a model lie, and what they were made from."""

    folder: Path
    key: str
    """SHA-256 of what they were made from: weights, code and data, precision or adapter, versions of libraries."""

    @property
    def model(self) -> Path:
        """The ONNX model."""
        return self.folder / _MODEL

    @property
    def salience(self) -> Floats:
        """How much each token of the vocabulary tells."""
        weights: Floats = np.load(self.folder / _SALIENCE)
        return weights


def model_file(weights: Path, cache_dir: Path, precision: Precision) -> ModelFile:
    """Return the files of the packaged model, made now unless the cache has them.

    Args:
        weights: the folder of the model as its package has it, verified.
        cache_dir: the user cache; the files lie in a folder of it that is named by their key.
        precision: what the products with the weights are computed in.

    Raises:
        ConfigError: a library that is needed is not installed, or the cache cannot be written.

    """
    key = _key(_RECIPE, precision)
    return _kept(cache_dir, key, lambda folder: _write(weights, folder, precision))


def reader_file(weights: Path, adapter: Path, cache_dir: Path, precision: Precision) -> ModelFile:
    """Return the file of the packaged model as a reader of pairs, made now unless the cache has it.

    Args:
        weights: the folder of the model as its package has it, verified.
        adapter: see `grader.adapters.onnx.adapter`.
        cache_dir: the user cache.
        precision: as for `model_file`.

    Raises:
        ConfigError: as `model_file`; or the adapter cannot be read, or does not fit.

    """
    try:
        digest = hashlib.sha256(adapter.read_bytes()).hexdigest()
    except OSError as exc:
        raise ConfigError(f"{adapter}: cannot be read: {exc.strerror or exc}") from exc
    key = _key(_READER_RECIPE, f"{digest} {precision}")
    return _kept(cache_dir, key, lambda folder: _write_reader(weights, folder, adapter, precision))


def _kept(cache_dir: Path, key: str, write: Callable[[Path], None]) -> ModelFile:
    folder = cache_dir / "onnx" / key[:32]
    if not folder.is_dir():
        try:
            _make(folder, write)
        except (OSError, ImportError) as exc:
            raise ConfigError(f"{folder}: the ONNX model cannot be made: {exc}") from exc
    return ModelFile(folder, key)


def _key(recipe: Sequence[Path], variant: str) -> str:
    try:
        versions = {name: version(name) for name in _LIBRARIES}
    except PackageNotFoundError as exc:
        raise ConfigError(f"the package {exc.name} is not installed") from exc
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in recipe]
    return fingerprint([WEIGHTS_SHA256, variant, digests, versions])


def _make(folder: Path, write: Callable[[Path], None]) -> None:
    """Make the files in a folder beside, then rename it: another process sees all of them or none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        write(unfinished)
        unfinished.replace(folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, and its files are as good
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(weights: Path, folder: Path, precision: Precision) -> None:
    from grader.adapters.onnx.graph import bert_graph

    tensors, config = _load(weights)
    tokenizer = load_tokenizer(weights)
    ranges = None
    if precision == "int8":
        texts = [{IDS: _row(encoding.ids)} for encoding in tokenizer.encode_batch(_statements())]
        ranges = _ranges(bert_graph(tensors, config, observed=True), texts)
    _save(bert_graph(tensors, config, ranges), folder)
    np.save(folder / _SALIENCE, salience(tokenizer.get_vocab()))


def _write_reader(weights: Path, folder: Path, adapter: Path, precision: Precision) -> None:
    from grader.adapters.onnx.adapter import merge
    from grader.adapters.onnx.graph import inner_reader_graph, reader_graph

    tensors, config = _load(weights)
    merged, head, parts = merge(tensors, adapter)
    graph: Callable[..., Any] = partial(reader_graph, merged, config, head)
    if parts is not None:
        graph = partial(inner_reader_graph, merged, config, head, parts)
    ranges = None
    if precision == "int8":
        examples = _whole_pairs(weights) if parts is None else _inner_pairs(weights, tensors, config)
        ranges = _ranges(graph(observed=True), examples)
    _save(graph(ranges=ranges), folder)


def _example_pairs(statements: Sequence[str]) -> list[tuple[str, str]]:
    """Return each statement with the next one, and with itself."""
    return [*pairwise(statements), *((text, text) for text in statements)]


def _whole_pairs(weights: Path) -> list[dict[str, Any]]:
    """Return pairs as a reader of texts takes them."""
    encoded = load_tokenizer(weights).encode_batch(_example_pairs(_statements()))
    return [{IDS: _row(encoding.ids), PARTS: _row(encoding.type_ids)} for encoding in encoded]


def _inner_pairs(weights: Path, tensors: Mapping[str, Floats], config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return pairs as a reader takes them that goes on from an inner layer."""
    from grader.adapters.onnx.graph import bert_graph

    session = open_session(bert_graph(tensors, config).SerializeToString(), cores())
    statements = _statements()
    encoded = zip(statements, load_tokenizer(weights).encode_batch(statements), strict=True)
    inner = {text: session.run([INNER], {IDS: _row(encoding.ids)})[0][0] for text, encoding in encoded}
    joined = (join_pairs([(inner[expected], inner[said])]) for expected, said in _example_pairs(statements))
    return [{INNER: inner, PARTS: parts} for inner, parts in joined]


def join_pairs(pairs: Sequence[tuple[Halves, Halves]]) -> tuple[Halves, Ints]:
    """Return n pairs of equal length as a reader takes them that goes on from an inner layer.

    Returns (n, length, width) the tokens of both, the second without its first one, and (n, length) 0 for the tokens of
    the first text, 1 for those of the second.
    """
    inner = np.stack([np.concatenate([expected, said[1:]]) for expected, said in pairs])
    lengths = np.array([len(expected) for expected, _ in pairs])
    parts = np.arange(inner.shape[1]) >= lengths[:, None]
    return inner, parts.astype(np.int32)


def _save(model: Any, folder: Path) -> None:
    """Write the weights to a file of their own: it is mapped, not read, and all processes share its memory."""
    import onnx

    onnx.save_model(model, folder / _MODEL, save_as_external_data=True, location=_WEIGHTS)


def _load(weights: Path) -> tuple[Mapping[str, Floats], Mapping[str, Any]]:
    from safetensors.numpy import load_file

    config = json.loads((weights / "config.json").read_text(encoding="utf-8"))
    return load_file(weights / "model.safetensors"), config


def _statements() -> list[str]:
    return _CALIBRATION.read_text(encoding="utf-8").splitlines()


def _row(numbers: Sequence[int]) -> Any:
    return np.array([numbers], np.int32)


def _ranges(observed: Any, texts: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Floats, Floats]]:
    """Return what the input of each product ranges over, channel by channel, in these texts."""
    session = open_session(observed.SerializeToString(), cores())
    outputs = [output.name for output in session.get_outputs() if output.name.endswith(OBSERVED)]
    ranges: dict[str, tuple[Floats, Floats]] = {}
    for text in texts:
        for output, values in zip(outputs, session.run(outputs, text), strict=True):
            rows, name = values.reshape(-1, values.shape[-1]), output.removesuffix(OBSERVED)
            least, greatest = rows.min(axis=0), rows.max(axis=0)
            if name in ranges:
                least, greatest = np.minimum(least, ranges[name][0]), np.maximum(greatest, ranges[name][1])
            ranges[name] = (least, greatest)
    return ranges

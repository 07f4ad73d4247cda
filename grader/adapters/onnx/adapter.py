"""A low-rank adapter of the packaged model: what turns the encoder of single texts into a reader of pairs.

The file (safetensors) holds, for the linear layers of a `BertModel`, two thin matrices each, and a linear layer for
the first token. LoRA: Hu et al., ICLR 2022. Merged into the weights, it costs nothing at run time. The file of a reader
that goes on from an inner layer also holds what tells the parts of a pair apart there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grader.errors import ConfigError, nearest
from grader.similarity.embedder import Floats

_A, _B = ".lora_A", ".lora_B"
_HEAD = ("head.weight", "head.bias")
_PARTS, _COUNT = "parts", 2


class Adapted(NamedTuple):
    """The weights of an encoder with an adapter merged in, and the head that reads its first token."""

    weights: Mapping[str, Floats]
    head: tuple[Floats, Floats]
    """(heads, width) weight and (heads,) bias."""
    parts: Floats | None
    """(2, width) what is added to the tokens of either text, in a reader that goes on from an inner layer."""


def merge(weights: Mapping[str, Floats], adapter: Path) -> Adapted:
    """Return the weights with the adapter in them: W + scale B A for every layer that it names.

    Its tensors are `NAME.lora_A` (rank, in) and `NAME.lora_B` (out, rank), with `NAME.weight` a (out, in) tensor of
    `weights`, `head.weight`, `head.bias` and, it may be, `parts`; its metadata has `scale`.

    Raises:
        ConfigError: the file cannot be read, or does not fit the weights.

    """
    metadata, tensors = _read(adapter)
    try:
        scale = np.float32(metadata["scale"])
    except (KeyError, ValueError) as exc:
        raise ConfigError(f"{adapter}: its metadata has no number `scale`") from exc
    if missing := [name for name in _HEAD if name not in tensors]:
        raise ConfigError(f"{adapter}: there is no {missing[0]}")
    head_weight, head_bias = (tensors.pop(name) for name in _HEAD)
    parts = tensors.pop(_PARTS, None)
    merged = dict(weights)
    for name in {key.removesuffix(_A).removesuffix(_B) for key in tensors}:
        weight = weights.get(f"{name}.weight")
        if weight is None:
            known = [key.removesuffix(".weight") for key in weights if key.endswith("weight")]
            raise ConfigError(f"{adapter}: the model has no layer {nearest(name, known)}")
        down, up = tensors.get(name + _A), tensors.get(name + _B)
        if down is None or up is None:
            raise ConfigError(f"{adapter}: {name}: expected both {_A} and {_B}")
        if (len(up), *down.shape[1:]) != weight.shape or up.shape[1:] != down.shape[:1]:
            raise ConfigError(f"{adapter}: {name}: {up.shape} x {down.shape} do not fit {weight.shape}")
        merged[f"{name}.weight"] = weight + scale * (up @ down)
    width = len(weights["embeddings.LayerNorm.bias"])
    if head_weight.shape != (len(head_bias), width):
        raise ConfigError(f"{adapter}: head.weight is {head_weight.shape}, expected ({len(head_bias)}, {width})")
    if parts is not None and parts.shape != (_COUNT, width):
        raise ConfigError(f"{adapter}: parts is {parts.shape}, expected ({_COUNT}, {width})")
    return Adapted(merged, (head_weight, head_bias), parts)


def _read(adapter: Path) -> tuple[Mapping[str, str], dict[str, Floats]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(adapter, framework="numpy") as file:
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118  # no dict
            return file.metadata() or {}, tensors
    except (OSError, SafetensorError) as exc:
        raise ConfigError(f"{adapter}: cannot be read as safetensors: {exc}") from exc

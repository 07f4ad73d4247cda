"""The graph of a BERT encoder in ONNX, written straight from its weights: neither torch nor a tracer is needed.

It takes texts of one length only, so it has no attention mask and no padding: whatever else is in a batch, the
tokens of a text go through the same arithmetic. Operators of the domain com.microsoft are ONNX Runtime's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper

from grader.adapters.onnx.names import DIRECTIONS, IDS, LOGITS, PARTS, STATES
from grader.similarity.embedder import Floats

RUNTIME = "com.microsoft"
OPSETS = {"": 21, RUNTIME: 1}
IR_VERSION = 10

BALANCE = 0.75
"""How far the range of an activation is moved into the weights (alpha of SmoothQuant)."""
WEIGHT_STEPS = 63
"""Weights take 7 bits: with 8, CPUs without VNNI overflow their 16-bit sums, and grades would differ by CPU."""
ACTIVATION_STEPS = 255

Ranges = Mapping[str, tuple[Floats, Floats]]
"""For each product of the graph, the least and the greatest value that each channel of its input took."""


@dataclass
class _Graph:
    """Nodes and constants, as they are added."""

    ranges: Ranges | None
    nodes: list[Any] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)
    products: dict[str, str] = field(default_factory=dict)
    """For each product the name of its input."""

    def model(self, inputs: Sequence[str], outputs: Sequence[ValueInfoProto]) -> ModelProto:
        """Return the model: its inputs are (texts, length) int32."""
        given = [helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "length"]) for name in inputs]
        return helper.make_model(
            helper.make_graph(self.nodes, "bert", given, outputs, self.constants),
            opset_imports=[helper.make_opsetid(domain, version) for domain, version in OPSETS.items()],
            ir_version=IR_VERSION,
        )

    def observed(self, products: Sequence[str]) -> list[ValueInfoProto]:
        """Return the inputs of these products, to be given out."""
        return [helper.make_tensor_value_info(self.products[name], TensorProto.FLOAT, None) for name in products]

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, domain: str = RUNTIME, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def product(self, name: str, value: str, weight: Floats) -> str:
        """Multiply `value` by a (channels, width) weight: in float32, or in integers where ranges are known."""
        self.products[name] = value
        if self.ranges is None:
            return self.node("MatMul", [value, self.constant(f"{name}.weight", weight)], name, "")
        return self._integer_product(name, value, weight, *self.ranges[name])

    def _integer_product(self, name: str, value: str, weight: Floats, least: Floats, greatest: Floats) -> str:
        """Quantise with scales fixed beforehand, so that a text never depends on its neighbours.

        The channels of the activation are first brought to like ranges, at the expense of the weights
        (SmoothQuant: Xiao et al., ICML 2023). Weights are symmetric, one scale a column.
        """
        reach = np.maximum(np.maximum(-least, greatest), 1e-6)
        balance = reach**BALANCE / np.maximum(np.abs(weight).max(axis=1), 1e-6) ** (1 - BALANCE)
        low = min(float((least / balance).min()), 0.0)
        high = max(float((greatest / balance).max()), 0.0)
        step = np.array((high - low) / ACTIVATION_STEPS, np.float32)
        zero = np.array(round(-low / float(step)), np.uint8)
        weight = weight * balance[:, None]
        steps = np.abs(weight).max(axis=0) / WEIGHT_STEPS
        balanced = self.node("Mul", [value, self.constant(f"{name}.balance", 1 / balance)], f"{name}.balanced", "")
        scale, origin = self.constant(f"{name}.step", step), self.constant(f"{name}.zero", zero)
        quantised = self.node("QuantizeLinear", [balanced, scale, origin], f"{name}.quantised", "")
        integers = self.constant(f"{name}.weight", np.rint(weight / steps).astype(np.int8))
        return self.node(
            "MatMulIntegerToFloat",
            [quantised, integers, scale, self.constant(f"{name}.steps", steps), origin, ""],
            name,
        )


def bert_graph(
    weights: Mapping[str, Floats], config: Mapping[str, Any], ranges: Ranges | None = None, *, observed: bool = False
) -> ModelProto:
    """Return the encoder of a `BertModel` as an ONNX model, in float32, or in int8 where `ranges` are given.

    With `observed` the model gives, after its own outputs, the input of each of `products(config)` too.
    """
    graph = _Graph(ranges)
    value = _layers(graph, weights, config, _embeddings(graph, weights, config))
    outputs = _outputs(graph, value, config["hidden_size"])
    return graph.model([IDS], [*outputs, *(graph.observed(products(config)) if observed else ())])


def reader_graph(
    weights: Mapping[str, Floats],
    config: Mapping[str, Any],
    head: tuple[Floats, Floats],
    ranges: Ranges | None = None,
    *,
    observed: bool = False,
) -> ModelProto:
    """Return a model that reads pairs of texts: a `BertModel` and, on the first token, a linear layer.

    It takes the ids and which text of the pair each token is of, both (pairs, length), and gives (pairs, k) logits.
    `head` is the (k, width) weight and the (k,) bias of the linear layer; the rest is as in `bert_graph`.
    """
    graph = _Graph(ranges)
    embedded = _embeddings(graph, weights, config, pairs=True)
    first = _layers(graph, weights, config, embedded, first_only=True)
    weight, bias = head
    inputs = [first, graph.constant("head.weight", weight), graph.constant("head.bias", bias)]
    graph.node("Gemm", inputs, LOGITS, "", transB=1)
    logits = helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["texts", len(bias)])
    return graph.model([IDS, PARTS], [logits, *(graph.observed(products(config)) if observed else ())])


def products(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the products with weights, in the order in which an observed model gives their inputs."""
    kinds = ("attention", "attended", "raised", "lowered")
    return [f"{layer}.{kind}" for layer in range(config["num_hidden_layers"]) for kind in kinds]


def _embeddings(graph: _Graph, weights: Mapping[str, Floats], config: Mapping[str, Any], *, pairs: bool = False) -> str:
    """Add words, positions and, where pairs are read, which text of the pair a token is of; single ones are all 0."""
    parts = weights["embeddings.token_type_embeddings.weight"]
    positions = weights["embeddings.position_embeddings.weight"]
    inputs = [
        IDS,
        PARTS if pairs else "",
        graph.constant("words", weights["embeddings.word_embeddings.weight"]),
        graph.constant("positions", positions if pairs else positions + parts[0]),
        graph.constant("parts.weight", parts) if pairs else "",
        graph.constant("norm.weight", weights["embeddings.LayerNorm.weight"]),
        graph.constant("norm.bias", weights["embeddings.LayerNorm.bias"]),
    ]
    epsilon = config["layer_norm_eps"]
    graph.nodes.append(
        helper.make_node("EmbedLayerNormalization", inputs, ["embedded", "unused"], domain=RUNTIME, epsilon=epsilon)
    )
    return "embedded"


def _layers(
    graph: _Graph, weights: Mapping[str, Floats], config: Mapping[str, Any], value: str, *, first_only: bool = False
) -> str:
    """Add all layers; with `first_only`, the last one goes on with the first token alone, as (texts, width)."""
    last = config["num_hidden_layers"] - 1
    for layer in range(last + 1):
        parameters = {
            name.removeprefix(f"encoder.layer.{layer}."): tensor
            for name, tensor in weights.items()
            if name.startswith(f"encoder.layer.{layer}.")
        }
        value = _layer(graph, f"{layer}", value, parameters, config, first_only=first_only and layer == last)
    return value


def _outputs(graph: _Graph, value: str, width: int) -> list[ValueInfoProto]:
    """Add what is given out. (ReduceMean would pool in an order that depends on the batch; numpy does not.)"""
    graph.node("Identity", [value], STATES, "")
    normalised = graph.node("LpNormalization", [value], "normalised", "", axis=2, p=2)
    graph.node("Cast", [normalised], DIRECTIONS, "", to=TensorProto.FLOAT16)
    shape: list[str | int | None] = ["texts", "length", width]
    return [
        helper.make_tensor_value_info(STATES, TensorProto.FLOAT, shape),
        helper.make_tensor_value_info(DIRECTIONS, TensorProto.FLOAT16, shape),
    ]


def _layer(
    graph: _Graph,
    prefix: str,
    value: str,
    parameters: Mapping[str, Floats],
    config: Mapping[str, Any],
    *,
    first_only: bool,
) -> str:
    """Add one layer: attention, then the two dense products, each added to its input and normalised."""
    heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]

    def normalised(output: str, dense: str, beside: str) -> str:
        names = (f"{dense}.LayerNorm.weight", f"{dense}.LayerNorm.bias", f"{dense}.dense.bias")
        constants = [graph.constant(f"{prefix}.{name}", parameters[name]) for name in names]
        product = f"{prefix}.attended" if dense == "attention.output" else f"{prefix}.lowered"
        return graph.node("SkipLayerNormalization", [product, beside, *constants], output, epsilon=epsilon)

    parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
    joint = np.concatenate([parameters[f"{part}.weight"] for part in parts]).T
    graph.product(f"{prefix}.attention", value, joint)
    split = [f"{prefix}.{part}" for part in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [f"{prefix}.attention"], split, axis=2, num_outputs=3))
    bias = graph.constant(f"{prefix}.bias", np.concatenate([parameters[f"{part}.bias"] for part in parts]))
    context = graph.node("MultiHeadAttention", [*split, bias], f"{prefix}.context", num_heads=heads)
    if first_only:
        index = graph.constant(f"{prefix}.first", np.array(0, np.int64))
        context = graph.node("Gather", [context, index], f"{prefix}.context.first", "", axis=1)
        value = graph.node("Gather", [value, index], f"{prefix}.beside.first", "", axis=1)
    graph.product(f"{prefix}.attended", context, parameters["attention.output.dense.weight"].T)
    middle = normalised(f"{prefix}.middle", "attention.output", value)
    raised = graph.product(f"{prefix}.raised", middle, parameters["intermediate.dense.weight"].T)
    bias = graph.constant(f"{prefix}.raised.bias", parameters["intermediate.dense.bias"])
    active = graph.node("BiasGelu", [raised, bias], f"{prefix}.active")
    graph.product(f"{prefix}.lowered", active, parameters["output.dense.weight"].T)
    return normalised(f"{prefix}.out", "output", middle)

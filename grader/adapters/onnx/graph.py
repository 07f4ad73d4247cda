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

from grader.adapters.onnx.names import DIRECTIONS, IDS, INNER, LOGITS, OBSERVED, PARTS, STATES
from grader.similarity.embedder import Floats

RUNTIME = "com.microsoft"
OPSETS = {"": 21, RUNTIME: 1}
IR_VERSION = 10

BALANCE = 0.75
"""How far the range of an activation is moved into the weights (alpha of SmoothQuant)."""
WEIGHT_STEPS = 63
"""Weights take 7 bits: with 8, CPUs without VNNI overflow their 16-bit sums, and grades would differ by CPU."""
ACTIVATION_STEPS = 255

INNER_LAYERS = 4
"""Layers that read each text alone, before a reader of `inner_reader_graph` goes on with both of a pair."""

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

    def model(self, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]) -> ModelProto:
        """Return the model."""
        return helper.make_model(
            helper.make_graph(self.nodes, "bert", inputs, outputs, self.constants),
            opset_imports=[helper.make_opsetid(domain, version) for domain, version in OPSETS.items()],
            ir_version=IR_VERSION,
        )

    def observed(self) -> list[ValueInfoProto]:
        """Give out the inputs of all products too."""
        given = [self.node("Identity", [value], f"{name}{OBSERVED}", "") for name, value in self.products.items()]
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in given]

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, domain: str = RUNTIME, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def product(self, name: str, value: str, weight: Floats, bias: Floats) -> str:
        """Multiply `value` by a (channels, width) weight, in integers where ranges are known, and add the bias."""
        self.products[name] = value
        added = self.constant(f"{name}.bias", bias)
        if self.ranges is None:
            product = self.node("MatMul", [value, self.constant(f"{name}.weight", weight)], f"{name}.product", "")
            return self.node("Add", [product, added], name, "")
        return self._integer_product(name, value, weight, added, *self.ranges[name])

    def _integer_product(
        self, name: str, value: str, weight: Floats, bias: str, least: Floats, greatest: Floats
    ) -> str:
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
            [quantised, integers, scale, self.constant(f"{name}.steps", steps), origin, "", bias],
            name,
        )


def bert_graph(
    weights: Mapping[str, Floats], config: Mapping[str, Any], ranges: Ranges | None = None, *, observed: bool = False
) -> ModelProto:
    """Return the encoder of a `BertModel` as an ONNX model, in float32, or in int8 where `ranges` are given.

    With `observed` the model gives the input of every product with weights too, under its name and `OBSERVED`.
    """
    graph = _Graph(ranges)
    layers = config["num_hidden_layers"]
    inner = _layers(graph, weights, config, _embeddings(graph, weights, config), range(INNER_LAYERS))
    value = _layers(graph, weights, config, inner, range(INNER_LAYERS, layers))
    outputs = _outputs(graph, inner, value, config["hidden_size"])
    return graph.model([_tokens(IDS)], [*outputs, *(graph.observed() if observed else ())])


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
    layers = range(config["num_hidden_layers"])
    embedded = _embeddings(graph, weights, config, pairs=True)
    logits = _logits(graph, _layers(graph, weights, config, embedded, layers, first_only=True), head)
    outputs = [logits, *(graph.observed() if observed else ())]
    return graph.model([_tokens(IDS), _tokens(PARTS)], outputs)


def inner_reader_graph(
    weights: Mapping[str, Floats],
    config: Mapping[str, Any],
    head: tuple[Floats, Floats],
    parts: Floats,
    ranges: Ranges | None = None,
    *,
    observed: bool = False,
) -> ModelProto:
    """Return a model that reads pairs of texts from where `bert_graph` gives `INNER`: its last layers and the head.

    It takes what the inner layer made of the tokens of both texts, (pairs, length, width), and which text each token
    is of; `parts` (2, width) is added accordingly. The rest is as in `reader_graph`.
    """
    graph = _Graph(ranges)
    layers = range(INNER_LAYERS, config["num_hidden_layers"])
    exact = graph.node("Cast", [INNER], "inner.exact", "", to=TensorProto.FLOAT)
    told = graph.node("Gather", [graph.constant("parts.weight", parts), PARTS], "told", "")
    value = graph.node("Add", [exact, told], "joined", "")
    logits = _logits(graph, _layers(graph, weights, config, value, layers, first_only=True), head)
    outputs = [logits, *(graph.observed() if observed else ())]
    given = helper.make_tensor_value_info(INNER, TensorProto.FLOAT16, ["texts", "length", config["hidden_size"]])
    return graph.model([given, _tokens(PARTS)], outputs)


def _tokens(name: str) -> ValueInfoProto:
    """Return an input of one whole number a token."""
    return helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "length"])


def _logits(graph: _Graph, first: str, head: tuple[Floats, Floats]) -> ValueInfoProto:
    """Add the linear layer on the first token."""
    weight, bias = head
    inputs = [first, graph.constant("head.weight", weight), graph.constant("head.bias", bias)]
    graph.node("Gemm", inputs, LOGITS, "", transB=1)
    return helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["texts", len(bias)])


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
    graph: _Graph,
    weights: Mapping[str, Floats],
    config: Mapping[str, Any],
    value: str,
    layers: range,
    *,
    first_only: bool = False,
) -> str:
    """Add these layers; with `first_only`, the last one goes on with the first token alone, as (texts, width)."""
    for layer in layers:
        parameters = {
            name.removeprefix(f"encoder.layer.{layer}."): tensor
            for name, tensor in weights.items()
            if name.startswith(f"encoder.layer.{layer}.")
        }
        value = _layer(graph, f"{layer}", value, parameters, config, first_only=first_only and layer == layers[-1])
    return value


def _outputs(graph: _Graph, inner: str, value: str, width: int) -> list[ValueInfoProto]:
    """Add what is given out. (ReduceMean would pool in an order that depends on the batch; numpy does not.)"""
    graph.node("Identity", [value], STATES, "")
    normalised = graph.node("LpNormalization", [value], "normalised", "", axis=2, p=2)
    graph.node("Cast", [normalised], DIRECTIONS, "", to=TensorProto.FLOAT16)
    graph.node("Cast", [inner], INNER, "", to=TensorProto.FLOAT16)
    shape: list[str | int | None] = ["texts", "length", width]
    return [
        helper.make_tensor_value_info(STATES, TensorProto.FLOAT, shape),
        helper.make_tensor_value_info(DIRECTIONS, TensorProto.FLOAT16, shape),
        helper.make_tensor_value_info(INNER, TensorProto.FLOAT16, shape),
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

    def normalised(output: str, dense: str, product: str, beside: str) -> str:
        added = graph.node("Add", [product, beside], f"{output}.added", "")
        names = (f"{dense}.LayerNorm.weight", f"{dense}.LayerNorm.bias")
        constants = [graph.constant(f"{prefix}.{name}", parameters[name]) for name in names]
        return graph.node("LayerNormalization", [added, *constants], output, "", axis=-1, epsilon=epsilon)

    def dense(name: str, of: str, value: str) -> str:
        return graph.product(f"{prefix}.{name}", value, parameters[f"{of}.weight"].T, parameters[f"{of}.bias"])

    parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
    weight, bias = (np.concatenate([parameters[f"{part}.{kind}"] for part in parts]) for kind in ("weight", "bias"))
    graph.product(f"{prefix}.attention", value, weight.T, bias)
    split = [f"{prefix}.{part}" for part in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [f"{prefix}.attention"], split, axis=2, num_outputs=3))
    context = graph.node("MultiHeadAttention", split, f"{prefix}.context", num_heads=heads)
    if first_only:
        index = graph.constant(f"{prefix}.first", np.array(0, np.int64))
        context = graph.node("Gather", [context, index], f"{prefix}.context.first", "", axis=1)
        value = graph.node("Gather", [value, index], f"{prefix}.beside.first", "", axis=1)
    attended = dense("attended", "attention.output.dense", context)
    middle = normalised(f"{prefix}.middle", "attention.output", attended, value)
    raised = dense("raised", "intermediate.dense", middle)
    active = graph.node("Gelu", [raised], f"{prefix}.active", "")
    lowered = dense("lowered", "output.dense", active)
    return normalised(f"{prefix}.out", "output", lowered, middle)

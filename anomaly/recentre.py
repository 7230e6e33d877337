"""Moves the centre of a model's file to where a plant now is when all is well: its scale and its threshold stay.

A plant drifts: water grows warm, a roll wears, a recipe is trimmed. A model of deviations then cries at what has become
normal. The file alone is needed: the constant that the graph takes off its signals is moved, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from anomaly.graph import with_golden
from connectors.errors import InputError
from connectors.texts import say
from edge.card import Card, unpack
from edge.session import CARD_KEY

KINDS = ("convae", "mspc", "subsequence", "var-residual")  # whose graph takes a centre off and divides by a scale
KEY = "recentred"  # of the card: a list, the latest last


def check_kind(card: Card, name: str) -> None:
    """Raises InputError for a model that has no centre."""
    if card.kind not in KINDS or not card.inputs or not card.inputs[0].channels:
        raise InputError(
            say("{name} is of kind {kind}, which has no centre to move. Models of {known} have.",
                name=name, kind=card.kind, known=", ".join(KINDS))
        )  # fmt: skip


def centre(data: bytes, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Centre and one over the scale of each channel, two of (k,); the latter is 0 where a channel never moved.

    Raises InputError if the graph has none.
    """
    graph = onnx.load_from_string(data).graph
    off, over = _found(graph, k)
    return _array(off)[:k], _array(over)[:k]


def moved(data: bytes, by: np.ndarray, card: Mapping[str, Any]) -> bytes:
    """The file with its centre moved `by` (k,) in the tags' units, another card, and golden pairs made anew."""
    model = onnx.load_from_string(data)
    off, _ = _found(model.graph, len(by))
    values = _array(off)
    shifted = values + np.tile(by, len(values) // len(by))  # mspc: values, then their moving averages
    shape = numpy_helper.to_array(off).shape
    off.CopyFrom(numpy_helper.from_array(shifted.astype(np.float32).reshape(shape), off.name))
    inputs = [{name: unpack(held) for name, held in pair["inputs"].items()} for pair in card.get("golden", ())]
    bare = {key: value for key, value in card.items() if key != "golden"}
    props = {entry.key: entry.value for entry in model.metadata_props}
    helper.set_model_props(model, {**props, CARD_KEY: json.dumps(bare, sort_keys=True)})
    return with_golden(model.SerializeToString(deterministic=True), inputs)


def _array(tensor: onnx.TensorProto) -> np.ndarray:
    return numpy_helper.to_array(tensor).astype(np.float64).reshape(-1)


def _found(graph: onnx.GraphProto, k: int) -> tuple[onnx.TensorProto, onnx.TensorProto]:
    """The constants of the first difference that is scaled at once: what is taken off, and what it is multiplied by."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Sub" and node.input[1] in constants:
            for after in graph.node:
                if after.op_type == "Mul" and node.output[0] in after.input:
                    off, over = constants[node.input[1]], constants.get(after.input[1])
                    if over is not None and list(off.dims) == list(over.dims) and _array(off).size in (k, 2 * k):
                        return off, over
    raise InputError(say("This file's graph takes no centre off its {n} channels: it cannot be moved.", n=k))

"""Writes ONNX graphs by hand: nodes, constants, a card; the same bytes for the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edge.card import FORMAT, pack
from edge.session import CARD_KEY, Session

OPSET = 17  # every operator used here exists in it, and every ONNX Runtime since 1.12 knows it
IR_VERSION = 8


class Graph:
    """A graph under construction. Every method adds one node and returns the name of its output.

    Values are float32 unless said otherwise.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))
        return name

    def pixels(self, name: str, shape: Sequence[int | str]) -> str:
        """An input of uint8 pictures, as float32."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.UINT8, list(shape)))
        return self.add("Cast", name, to=TensorProto.FLOAT)

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> str:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))
        return name

    def constant(self, value: np.ndarray | float) -> str:
        return self._constant(np.asarray(value, np.float32))

    def half(self, value: np.ndarray) -> str:
        """A constant that the file keeps in half precision, as float32."""
        return self.add("Cast", self._constant(np.asarray(value, np.float16)), to=TensorProto.FLOAT)

    def integers(self, values: Sequence[int] | int) -> str:
        return self._constant(np.asarray(values, np.int64))

    def _constant(self, array: np.ndarray) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """One node of operator `op` with one output."""
        return self.many(op, *inputs, outputs=1, **attributes)[0]

    def many(self, op: str, *inputs: str, outputs: int, **attributes: Any) -> tuple[str, ...]:
        """One node of operator `op` with several outputs."""
        names = tuple(f"v{len(self._nodes)}_{i}" for i in range(outputs))
        self._nodes.append(helper.make_node(op, list(inputs), list(names), **attributes))
        return names

    def mul(self, a: str, b: str) -> str:
        return self.add("Mul", a, b)

    def slice(self, value: str, first: int, end: int, axis: int) -> str:
        bounds = (self.integers([n]) for n in (first, end, axis))
        return self.add("Slice", value, *bounds)

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        return self.add("Reshape", value, self.integers(shape))

    def largest(self, value: str, n: int, axis: int) -> str:
        """The `n` largest along an axis, in falling order."""
        return self.many("TopK", value, self.integers([n]), outputs=2, axis=axis, largest=1, sorted=1)[0]

    def median(self, value: str, n: int, axis: int) -> str:
        """Median of the `n` values along an axis, which stays with length 1."""
        upper = self.largest(value, n // 2 + 1, axis)
        if n % 2:
            return self.slice(upper, n // 2, n // 2 + 1, axis)
        middle = self.slice(upper, n // 2 - 1, n // 2 + 1, axis)
        return self.add("ReduceMean", middle, axes=[axis], keepdims=1)

    def graft(self, model: onnx.ModelProto, feeds: Mapping[str, str], wanted: Sequence[str]) -> tuple[str, ...]:
        """The part of another graph that its values `wanted` need; their names here.

        `feeds` says which of its values are values of this graph: its inputs, or anything inside it.
        """
        needed, nodes = set(wanted), []
        for node in reversed(model.graph.node):
            if (needed - feeds.keys()) & set(node.output):
                needed.update(node.input)
                nodes.append(node)
        prefix = f"g{len(self._nodes)}/"

        def here(name: str) -> str:
            return feeds.get(name) or (prefix + name if name else "")

        for tensor in model.graph.initializer:
            if tensor.name in needed:
                copy = onnx.TensorProto()
                copy.CopyFrom(tensor)
                copy.name = here(tensor.name)
                self._constants.append(copy)
        for node in reversed(nodes):
            copy = onnx.NodeProto(op_type=node.op_type, attribute=node.attribute)
            copy.input.extend(here(name) for name in node.input)
            copy.output.extend(here(name) for name in node.output)
            self._nodes.append(copy)
        return tuple(here(name) for name in wanted)

    def model(self, card: Mapping[str, Any]) -> bytes:
        """The finished file, with its card inside."""
        return self.plain({CARD_KEY: json.dumps({"format": FORMAT, **card}, sort_keys=True)})

    def plain(self, properties: Mapping[str, str]) -> bytes:
        """The finished file with these properties and no card."""
        graph = helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        model.producer_name = "testbed"
        helper.set_model_props(model, dict(properties))
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)


def with_golden(data: bytes, samples: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """The same model with golden pairs in its card: what it gives for these inputs, here and now."""
    session = Session(data, "model")
    model = onnx.load_from_string(data)
    props = {entry.key: entry.value for entry in model.metadata_props}
    card = json.loads(props[CARD_KEY])
    card["golden"] = [
        {
            "inputs": {name: pack(array) for name, array in sample.items()},
            "outputs": {name: pack(array) for name, array in session.run(sample).items()},
        }
        for sample in samples
    ]
    helper.set_model_props(model, {**props, CARD_KEY: json.dumps(card, sort_keys=True)})
    return model.SerializeToString(deterministic=True)

"""A picture model in 8 bits: activations uint8, kernels int8 with a scale a channel, sums in 32 bits.

Pairs of QuantizeLinear and DequantizeLinear in the graph say where; ONNX Runtime makes integer convolutions of them.
ReLU6 goes away: what uint8 cannot hold beyond its range is clipped all the same. Ranges of activations are what sample
pictures reach (Jacob et al., CVPR 2018, sections 2 and 3). The first convolutions, and those whose sums leave the net,
stay in float.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper

from anomaly.graph import with_golden
from edge.card import unpack
from edge.session import CARD_KEY, Session

INSIDE = ("Conv", "Clip", "Add", "Resize")  # operators that pass 8 bits on
LEVELS = 255
FIRST = 3  # convolutions that stay in float, stem and first block: see decision 11


def int8(data: bytes, samples: Iterable[Mapping[str, np.ndarray]]) -> bytes:
    """The model in `data` in 8 bits, its card and golden inputs kept, its golden outputs those of the new file.

    Args:
        data: an .onnx file whose convolutions have constant kernels.
        samples: inputs as they will come, some dozens; they set the ranges.
    """
    model = onnx.load_from_string(data)
    props = {entry.key: entry.value for entry in model.metadata_props}
    plan = _Plan(model)
    plan.measure(data, samples)
    made = plan.rewritten()
    card = json.loads(props[CARD_KEY])
    golden = card.pop("golden", [])
    card |= {"int8": True, "quantized": {"pictures": plan.seen, "scheme": "QDQ, uint8 × int8 a channel"}}
    helper.set_model_props(made, {**props, CARD_KEY: json.dumps(card, sort_keys=True)})
    onnx.checker.check_model(made)
    pairs = [{name: unpack(packed) for name, packed in pair["inputs"].items()} for pair in golden]
    return with_golden(made.SerializeToString(deterministic=True), pairs)


class _Plan:
    """Which values of a graph are held in 8 bits, and over which range."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, self.seen = model, 0
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.users: dict[str, list[onnx.NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)
        self.instead: dict[str, str] = {}  # what a clip gives is what its convolution gives, in 8 bits
        inner = [n for n in model.graph.node if n.op_type == "Conv"][FIRST:]
        self.convolutions = {n.output[0] for n in inner if self._stays(n.output[0])}
        names: dict[str, None] = {}
        for node in model.graph.node:
            if node.op_type == "Clip" and node.input[0] in self.convolutions:
                self.instead[node.output[0]] = node.input[0]
            held = [self.instead.get(name, name) for name in node.input if name and name not in self.constants]
            if node.output[0] in self.convolutions:
                names |= dict.fromkeys([held[0], node.output[0]])
            elif node.op_type in ("Add", "Resize") and all(name in names for name in held):
                names[node.output[0]] = None
        self.ranges: dict[str, tuple[float, float]] = dict.fromkeys(names, (0.0, 0.0))

    def _stays(self, name: str) -> bool:
        """Every user of a value takes 8 bits."""
        return bool(self.users.get(name)) and all(user.op_type in INSIDE for user in self.users[name])

    def measure(self, data: bytes, samples: Iterable[Mapping[str, np.ndarray]]) -> None:
        """Widen the ranges to what the samples reach, behind ReLU6 where there is one."""
        behind = {before: after for after, before in self.instead.items()}
        wanted = {name: behind.get(name, name) for name in self.ranges}
        probe = onnx.load_from_string(data)
        del probe.graph.output[:]
        probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted.values())
        session = Session(probe.SerializeToString(), "probe")
        for sample in samples:
            got = session.run(sample)
            self.seen += 1
            for name, shown in wanted.items():
                low, high = self.ranges[name]
                self.ranges[name] = min(low, float(got[shown].min())), max(high, float(got[shown].max()))

    def rewritten(self) -> onnx.ModelProto:
        """The graph with its pairs."""
        made = onnx.ModelProto()
        made.CopyFrom(self.model)
        del made.graph.node[:], made.graph.initializer[:]
        nodes: list[onnx.NodeProto] = []
        values: dict[str, np.ndarray] = {}
        for node in self.model.graph.node:
            if node.output[0] in self.instead:
                continue
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            del copy.input[:]
            copy.input.extend(self._name(name) for name in node.input)
            if node.output[0] in self.convolutions:
                self._kernel(copy, node, nodes, values)
            nodes.append(copy)
            if node.output[0] in self.ranges:
                self._pair(node.output[0], nodes, values)
        made.graph.node.extend(nodes)
        used = {name for node in nodes for name in node.input}
        kept = {name: array for name, array in self.constants.items() if name in used}
        made.graph.initializer.extend(numpy_helper.from_array(a, name) for name, a in {**kept, **values}.items())
        return made

    def _name(self, name: str) -> str:
        before = self.instead.get(name, name)
        return f"{before}/held" if before in self.ranges else name

    def _scale(self, name: str) -> tuple[np.float32, np.uint8]:
        low, high = self.ranges[name]
        scale = max(high - low, 1e-6) / LEVELS
        return np.float32(scale), np.uint8(round(-low / scale))

    def _pair(self, name: str, nodes: list[onnx.NodeProto], values: dict[str, np.ndarray]) -> None:
        """What 8 bits hold of a value."""
        values[f"{name}/scale"], values[f"{name}/zero"] = map(np.asarray, self._scale(name))
        given = [f"{name}/scale", f"{name}/zero"]
        nodes.append(helper.make_node("QuantizeLinear", [name, *given], [f"{name}/8"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"{name}/8", *given], [f"{name}/held"]))

    def _kernel(
        self, copy: onnx.NodeProto, node: onnx.NodeProto, nodes: list[onnx.NodeProto], values: dict[str, np.ndarray]
    ) -> None:  # fmt: skip
        """Kernel int8 and bias int32 of a convolution, a scale a channel."""
        name, kernel = node.output[0], self.constants[node.input[1]].astype(np.float64)
        bias = self.constants[node.input[2]].astype(np.float64) if len(node.input) > 2 else np.zeros(len(kernel))
        scale = np.maximum(np.abs(kernel).reshape(len(kernel), -1).max(axis=1), 1e-9) / 127
        entry = self.instead.get(node.input[0], node.input[0])
        sums = scale * float(self._scale(entry)[0])
        parts = {
            "kernel": (np.rint(kernel / scale.reshape(-1, 1, 1, 1)).astype(np.int8), scale, np.int8),
            "bias": (np.rint(bias / sums).clip(-(2**31), 2**31 - 1).astype(np.int32), sums, np.int32),
        }
        del copy.input[1:]
        for part, (whole, of_channel, kind) in parts.items():
            values[f"{name}/{part}8"] = whole
            values[f"{name}/{part}_scale"] = of_channel.astype(np.float32)
            values[f"{name}/{part}_zero"] = np.zeros(len(kernel), kind)
            given = [f"{name}/{part}8", f"{name}/{part}_scale", f"{name}/{part}_zero"]
            nodes.append(helper.make_node("DequantizeLinear", given, [f"{name}/{part}"], axis=0))
            copy.input.append(f"{name}/{part}")

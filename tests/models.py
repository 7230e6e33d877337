"""The test plant's stream, and small models of it: ONNX graphs with cards, and the same idea in numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from connectors.items import Frame, Item
from connectors.results import Result
from connectors.tags import unit_path
from edge.alarm import AlarmSpec
from edge.card import pack
from edge.model import OnnxModel
from edge.session import CARD_KEY, Session
from edge.window import Window, WindowSpec
from testbed.engine import Engine
from testbed.scenario import Scenario
from testbed.testplant import TestPlant

WALKS = ("*/WALK_1", "*/WALK_2", "*/CONSTANT")
WALK_SPAN = 0.55  # mm that a walk covers within a window at the alarm level
VIB_PEAK = 1.62  # mm that a vibration reaches within a window at the alarm level
SHADE = 12.0  # grey levels between a picture's corner and its mean per unit of score


@cache
def series(stride_s: float = 0.1) -> OnnxModel:
    """How far the walks run and how high the vibration peaks: two windows in, five shares out."""
    nodes = [
        helper.make_node("ReduceMax", ["walks"], ["top"], axes=[1], keepdims=0),
        helper.make_node("ReduceMin", ["walks"], ["bottom"], axes=[1], keepdims=0),
        helper.make_node("Sub", ["top", "bottom"], ["run"]),
        helper.make_node("Div", ["run", "span"], ["walk_share"]),
        helper.make_node("ReduceMax", ["vibration"], ["high"], axes=[1], keepdims=0),
        helper.make_node("Div", ["high", "peak"], ["vib_share"]),
        helper.make_node("Concat", ["walk_share", "vib_share"], ["contribution"], axis=1),
        helper.make_node("ReduceMax", ["contribution"], ["score"], axes=[1], keepdims=0),
    ]
    constants = [_scalar("span", WALK_SPAN), _scalar("peak", VIB_PEAK)]
    ports = [_floats("walks", [1, 6, 3]), _floats("vibration", [1, 40, 2])]
    outputs = [_floats("score", [1]), _floats("contribution", [1, 5])]
    window = {"kind": "window", "stride_s": stride_s, "hold_s": 0.35, "max_bad": 0.3}
    card = {
        "name": "series",
        "task": "anomaly.series",
        "condition": "process",
        "place": "each",
        "inputs": [
            {"name": "walks", "channels": list(WALKS), "rate_hz": 10.0, "length": 6, **window},
            {"name": "vibration", "channels": ["*/VIB_{1,2}"], "rate_hz": 1000.0, "length": 40, **window},
        ],
        "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}],
        "alarm": {"k": 1, "n": 1},
    }
    rng = np.random.default_rng(1)
    feeds = {"walks": _random(rng, (1, 6, 3)), "vibration": _random(rng, (1, 40, 2))}
    return _finished(nodes, constants, ports, outputs, card, feeds)


@cache
def picture() -> OnnxModel:
    """How bright the corner of a picture is beside the whole."""
    nodes = [
        helper.make_node("Cast", ["image"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["grey"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Slice", ["grey", "begin", "until", "axes"], ["patch"]),
        helper.make_node("ReduceMean", ["patch"], ["corner"], axes=[1, 2], keepdims=0),
        helper.make_node("Sub", ["corner", "mean"], ["off"]),
        helper.make_node("Div", ["off", "shade"], ["part"]),
        helper.make_node("Add", ["part", "one"], ["score"]),
    ]
    constants = [_scalar("shade", SHADE), _scalar("one", 1.0)]
    for name, values in (("begin", [0, 0]), ("until", [4, 4]), ("axes", [1, 2])):
        constants.append(helper.make_tensor(name, TensorProto.INT64, [2], values))
    card = {
        "name": "picture",
        "task": "anomaly.image",
        "condition": "surface",
        "inputs": [{"name": "image", "kind": "image", "channels": ["*/CAMERA"]}],
        "outputs": [{"name": "score", "role": "score"}],
        "alarm": {"k": 1, "n": 1},
    }
    ports = [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, 24, 32])]
    feeds = {"image": np.random.default_rng(2).integers(0, 255, (1, 24, 32), dtype=np.uint8)}
    return _finished(nodes, constants, ports, [_floats("score", [1])], card, feeds)


@cache
def contrast(level: float = 26.0, knows_edges: bool = False) -> OnnxModel:
    """A strip's map: how far a 2 x 2 px mean is from that of the 72 px around its cell; `level` grey levels = 1.0."""
    nodes = [
        helper.make_node("Transpose", ["image"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["first"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("AveragePool", ["grey"], ["fine"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("MaxPool", ["fine"], ["high"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Neg", ["fine"], ["negative"]),
        helper.make_node("MaxPool", ["negative"], ["low"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("AveragePool", ["grey"], ["cell"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("AveragePool", ["cell"], ["around"], kernel_shape=[9, 9], pads=[4] * 4),
        helper.make_node("Sub", ["high", "around"], ["above"]),
        helper.make_node("Add", ["low", "around"], ["below"]),
        helper.make_node("Max", ["above", "below"], ["off"]),
        helper.make_node("Div", ["off", "level"], ["share"]),
        helper.make_node("Squeeze", ["share", "one"], ["map"]),
        helper.make_node("ReduceMax", ["map"], ["score"], axes=[1, 2], keepdims=0),
    ]
    constants = [_scalar("level", level), helper.make_tensor("one", TensorProto.INT64, [1], [1])]
    card = {
        "name": "contrast",
        "task": "anomaly.image",
        "condition": "surface",
        "place": "strip",
        "stride": 8,
        "knows_edges": knows_edges,
        "inputs": [{"name": "image", "kind": "image", "channels": ["*"]}],
        "outputs": [{"name": "map", "role": "map"}, {"name": "score", "role": "score"}],
    }
    ports = [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "h", "w", 1])]
    outputs = [_floats("map", [1, "rows", "columns"]), _floats("score", [1])]
    feeds = {"image": np.random.default_rng(3).integers(90, 110, (1, 128, 128, 1), dtype=np.uint8)}
    return _finished(nodes, constants, ports, outputs, card, feeds)


def _scalar(name: str, value: float) -> onnx.TensorProto:
    return helper.make_tensor(name, TensorProto.FLOAT, [1], [value])


def _floats(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


def every_sample(name: str, channel: str, rate_hz: float, span: float) -> bytes:
    """The file of a model that scores each sample of a tag by itself."""
    nodes = [
        helper.make_node("ReduceMax", ["value"], ["top"], axes=[1, 2], keepdims=0),
        helper.make_node("Div", ["top", "span"], ["score"]),
    ]
    card = {
        "name": name,
        "task": "anomaly.series",
        "condition": "process",
        "inputs": [{"name": "value", "kind": "window", "channels": [channel], "rate_hz": rate_hz, "length": 1,
                    "stride_s": 1 / rate_hz, "hold_s": 0.5, "max_bad": 0.5}],
        "outputs": [{"name": "score", "role": "score"}],
        "alarm": {"k": 1, "n": 1},
    }  # fmt: skip
    feeds = {"value": np.ones((1, 1, 1), np.float32)}
    ports = [_floats("value", [1, 1, 1])], [_floats("score", [1])]
    return _serialised(nodes, [_scalar("span", span)], *ports, card, feeds)


def _finished(
    nodes: Sequence[onnx.NodeProto],
    constants: Sequence[onnx.TensorProto],
    ports: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    card: dict[str, Any],
    feeds: Mapping[str, np.ndarray],
) -> OnnxModel:
    """The graph with its card and one golden pair, loaded the way a user's file is."""
    return OnnxModel(_serialised(nodes, constants, ports, outputs, card, feeds), card["name"])


def _serialised(
    nodes: Sequence[onnx.NodeProto],
    constants: Sequence[onnx.TensorProto],
    ports: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    card: dict[str, Any],
    feeds: Mapping[str, np.ndarray],
) -> bytes:
    """The same as the bytes of a file."""
    graph = helper.make_graph(nodes, card["name"], ports, outputs, initializer=constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    onnx.checker.check_model(model)
    results = Session(model.SerializeToString(), card["name"]).run(feeds)
    golden = {
        "inputs": {name: pack(array) for name, array in feeds.items()},
        "outputs": {name: pack(array) for name, array in results.items()},
    }
    text = json.dumps({"format": "testbed.card/1", "golden": [golden], **card})
    helper.set_model_props(model, {CARD_KEY: text})
    return model.SerializeToString()


class Spread:
    """A window model in numpy: how far each channel runs within the window, with one alarm a channel.

    A channel with a gap runs nowhere.
    """

    condition, severity, place, advice = "process", 500, "each", "look"
    cameras: tuple[str, ...] = ()

    def __init__(self, name: str, *specs: WindowSpec, level: float = 1.0, alarm: AlarmSpec | None = None) -> None:
        self.name = name
        self.windows = specs
        self.alarm = alarm or AlarmSpec()
        self.channels = tuple(channel for spec in specs for channel in spec.channels)
        self.unit = unit_path(self.channels)
        self._level = level

    def score(self, windows: Sequence[Window]) -> Result:
        run = np.nan_to_num(np.concatenate([np.ptp(window.values, axis=0) for window in windows])) / self._level
        return Result(self.name, windows[0].end, float(run.max()), self.channels, run)

    def score_frame(self, frame: Frame) -> Result:
        raise TypeError("A window model reads no pictures.")


class Shade:
    """A picture model in numpy: how many times `level` grey levels the corner is brighter than the whole, plus 1."""

    condition, severity, place, advice = "surface", 500, "unit", "look"
    windows: tuple[WindowSpec, ...] = ()

    def __init__(self, name: str, camera: str, level: float) -> None:
        self.name, self.cameras, self.unit = name, (camera,), unit_path([camera])
        self.alarm = AlarmSpec()
        self._level = level

    def score(self, windows: Sequence[Window]) -> Result:
        raise TypeError("A picture model reads no windows.")

    def score_frame(self, frame: Frame) -> Result:
        off = frame.image[:4, :4].mean() - frame.image.mean()
        return Result(self.name, frame.time, 1.0 + float(off) / self._level)


@dataclass(frozen=True)
class TestLine:
    """Describes the test plant to a scenario."""

    __test__ = False

    def build(self, seed: int, start: int) -> TestPlant:
        return TestPlant(seed, start)


def plain(seconds: float, seed: int = 1, **scenario: Any) -> tuple[Engine, list[list[Item]]]:
    """The test plant's stream, tick by tick, and the engine that made it."""
    engine = Engine(Scenario(name="test-line", plant=TestLine(), duration=seconds, **scenario), seed)
    ticks: list[list[Item]] = []
    step = round(engine.scenario.tick_s * 1e9)
    while engine.plant.present < engine.end:
        ticks.append(engine.tick(min(engine.plant.present + step, engine.end)))
    return engine, ticks

"""Small graphs such as other tools export: made by hand, so that tests need none of the tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def port(name: str, shape: Sequence[Any], kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def node(op: str, inputs: str, outputs: str, **more: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), outputs.split(), **more)


def saved(
    path: Path, nodes: Sequence[onnx.NodeProto], inputs: Sequence[Any], outputs: Sequence[Any],
    weights: Mapping[str, Any] | None = None, props: Mapping[str, str] | None = None, producer: str = "",
) -> Path:  # fmt: skip
    """The file of a graph."""
    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in (weights or {}).items()]
    graph = helper.make_graph(list(nodes), "graph", list(inputs), list(outputs), stored)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name=producer)
    helper.set_model_props(model, dict(props or {}))
    path.write_bytes(model.SerializeToString())
    return path


def mean_of_picture(path: Path, shape: Sequence[Any] = (1, 3, 4, 4)) -> Path:
    """One number: the mean of what the picture is after all scaling."""
    nodes = [node("ReduceMean", "x", "y", keepdims=0)]
    return saved(path, nodes, [port("x", shape)], [port("y", [])])


def outlier_detector(path: Path, columns: int = 2) -> Path:
    """As skl2onnx writes an isolation forest: a label, and a decision function that is 1 - the row's sum."""
    nodes = [
        node("ReduceSum", "X", "sum", keepdims=1),
        node("Sub", "one sum", "scores"),
        node("Sign", "scores", "sign"),
        node("Cast", "sign", "label", to=INT),
    ]
    return saved(path, nodes, [port("X", ["n", columns])], [port("label", ["n", 1], INT), port("scores", ["n", 1])],
                 {"one": np.float32(1.0)}, producer="skl2onnx")  # fmt: skip


def classifier_by_columns(path: Path, labels: Sequence[str] = ("normal", "worn")) -> Path:
    """As skl2onnx writes a classifier of a data frame: an input a column, and a map of shares behind ZipMap."""
    weight = [0.0, 0.0, 1.0, 1.0]  # the score of the second class is A + B, that of the first 0
    linear = helper.make_node(
        "LinearClassifier", ["X"], ["output_label", "raw"], domain="ai.onnx.ml", coefficients=weight,
        intercepts=[0.0, 0.0], post_transform="SOFTMAX", multi_class=1, classlabels_strings=list(labels),
    )  # fmt: skip
    zipped = helper.make_node("ZipMap", ["raw"], ["output_probability"], domain="ai.onnx.ml",
                              classlabels_strings=list(labels))  # fmt: skip
    shares = helper.make_sequence_type_proto(
        helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(FLOAT, None))
    )
    outputs = [port("output_label", ["n"], TensorProto.STRING), helper.make_value_info("output_probability", shares)]
    nodes = [node("Concat", "A B", "X", axis=1), linear, zipped]
    return saved(path, nodes, [port("A", ["n", 1]), port("B", ["n", 1])], outputs, producer="skl2onnx")


def autoencoder(path: Path, channels: int = 2, rows: Any = 4) -> Path:
    """A convolution that gives back half of each channel."""
    kernel = np.zeros((channels, channels, 1), np.float32)
    kernel[np.arange(channels), np.arange(channels), 0] = 0.5
    nodes = [node("Conv", "x w", "y")]
    return saved(path, nodes, [port("x", ["n", channels, rows])], [port("y", ["n", channels, rows])], {"w": kernel})


def scaler(path: Path, shape: Sequence[Any] = (1, 5, 3)) -> Path:
    """A window given back by an operator that tells nothing of its layout."""
    return saved(path, [node("Tanh", "x", "y")], [port("x", shape)], [port("y", shape)])


def picture_classifier(path: Path, classes: int = 3, props: Mapping[str, str] | None = None) -> Path:
    """Logits: the mean of each colour times ten; as timm or torchvision export."""
    weights = {"ten": np.float32(10.0), "w": np.eye(3, classes, dtype=np.float32)}
    nodes = [
        node("ReduceMean", "x axes", "mean", keepdims=0),
        node("MatMul", "mean w", "share"),
        node("Mul", "share ten", "logits"),
    ]
    return saved(path, nodes, [port("x", ["n", 3, 8, 8])], [port("logits", ["n", classes])],
                 {**weights, "axes": np.array([2, 3])}, props)  # fmt: skip


def anomaly_maps(path: Path, gain: float = 1.0) -> Path:
    """As anomalib exports: a picture of any size in shares, a normalised score and a map of its own size."""
    nodes = [
        node("Resize", "input  scales", "small", mode="nearest"),
        node("ReduceMean", "small axes", "grey", keepdims=1),
        node("Mul", "grey gain", "anomaly_map"),
        node("ReduceMax", "anomaly_map places", "peak", keepdims=0),
        node("Reshape", "peak row", "pred_score"),
    ]
    nodes[0].input[:] = ["input", "", "scales"]
    weights = {
        "scales": np.array([1, 1, 0.5, 0.5], np.float32), "axes": np.array([1]), "gain": np.float32(gain),
        "places": np.array([1, 2, 3]), "row": np.array([-1, 1]),
    }  # fmt: skip
    outputs = [port("pred_score", ["n", 1]), port("anomaly_map", ["n", 1, "h2", "w2"])]
    return saved(path, nodes, [port("input", ["n", 3, "h", "w"])], outputs, weights)


def yolo(path: Path, boxes: np.ndarray, names: str = "{0: 'hole', 1: 'oil'}") -> Path:
    """As ultralytics exports: centres, sizes and shares of classes (1, 4 + classes, n), here always `boxes`."""
    nodes = [node("ReduceMean", "images", "mean", keepdims=0), node("Mul", "mean none", "zero"),
             node("Add", "boxes zero", "output0")]  # fmt: skip
    weights = {"none": np.float32(0.0), "boxes": boxes.astype(np.float32)}
    props = {"task": "detect", "names": names, "imgsz": "[64, 64]", "description": "Ultralytics YOLO"}
    return saved(path, nodes, [port("images", [1, 3, 64, 64])], [port("output0", list(boxes.shape))], weights, props)


def named_boxes(path: Path) -> Path:
    """As RT-DETR exports: labels, boxes and scores by name, corners as shares of a size that is an input."""
    nodes = [
        node("ReduceMean", "images", "mean", keepdims=0),
        node("Cast", "orig_target_sizes", "size", to=FLOAT),
        node("Concat", "size size", "four", axis=1),
        node("Mul", "corners four", "scaled"),
        node("Mul", "mean none", "zero"),
        node("Add", "scaled zero", "boxes"),
        node("Identity", "sure", "scores"),
        node("Identity", "class", "labels"),
    ]
    weights = {
        "corners": np.array([[[0.25, 0.25, 0.5, 0.75]]], np.float32), "none": np.float32(0.0),
        "sure": np.array([[0.5]], np.float32), "class": np.array([[1]]),
    }  # fmt: skip
    inputs = [port("images", [1, 3, 64, 64]), port("orig_target_sizes", [1, 2], INT)]
    outputs = [port("labels", [1, 1], INT), port("boxes", [1, 1, 4]), port("scores", [1, 1])]
    return saved(path, nodes, inputs, outputs, weights)

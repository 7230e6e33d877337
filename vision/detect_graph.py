"""The detector as a graph: backbone, feature pyramid, head, boxes decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import numpy_helper

from anomaly.graph import Graph
from vision.features import PAD, grey_stem
from vision.lite0 import Conv, layout, load

FROZEN = 2  # last block that keeps ImageNet's weights
LEVELS = (4, 10, 15)  # blocks whose outputs the pyramid stands on
CELLS = (40, 112, 320)  # channels of them
STRIDES = (8, 16, 32)  # px a place, of each level
WIDTH = 96  # channels of pyramid and head, judgement
PRIOR = 0.02  # share of places and classes thought to hold a defect before anything is learned

Pair = tuple[np.ndarray, np.ndarray]  # kernel and bias
Folded = tuple[np.ndarray, np.ndarray, np.ndarray]  # depthwise kernel, pointwise kernel, bias


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned.

    Attributes:
        body: kernel and bias of each convolution of the backbone up to the last of LEVELS.
        laterals: from each level's channels to WIDTH.
        pyramid: one block a level.
        label, reach: two blocks a level.
        label_out, reach_out: what follows them, one for all levels.
    """

    body: Sequence[Pair]
    laterals: Sequence[Pair]
    pyramid: Sequence[Folded]
    label: Sequence[Sequence[Folded]]
    reach: Sequence[Sequence[Folded]]
    label_out: Pair
    reach_out: Pair


def convolutions() -> list[Conv]:
    """The part of Lite0 that is used."""
    return [conv for conv in layout() if conv.block <= LEVELS[-1]]


def backbone() -> list[Pair]:
    """Its weights as shipped, the stem for one grey channel less PAD."""
    model = load()
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type == "Conv"][1 : len(convolutions())]
    return [grey_stem(), *((values[node.input[1]], values[node.input[2]]) for node in nodes)]


def points(side: int) -> np.ndarray:
    """Middle of every place, px float32 (p, 2), level after level, row after row."""
    made = []
    for stride in STRIDES:
        at = (np.arange(side // stride, dtype=np.float32) + 0.5) * stride
        made.append(np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2))
    return np.concatenate(made)


def graph(weights: Weights, side: int, classes: int, confidence: float) -> Graph:
    """Pictures uint8 (n, side, side, 1) to `boxes` (n, p, 4 + classes) and `score` (n,).

    A row of `boxes` is a place's: x1 y1 x2 y2 as shares of the picture's width and height, then the share of each
    class. Doubles stay in. `score` is the surest of all, 1.0 = `confidence`.
    """
    g = Graph("detect")
    grey = g.add("Transpose", g.pixels("image", ["n", side, side, 1]), perm=[0, 3, 1, 2])
    taps = _taps(g, g.add("Sub", grey, g.constant(PAD)), weights.body)
    labels, reaches = [], []
    for level, cell in enumerate(_pyramid(g, taps, weights)):
        label = _head(g, cell, weights.label[level], weights.label_out)
        labels.append(g.reshape(label, [0, classes, -1]))
        far = _head(g, cell, weights.reach[level], weights.reach_out)
        far = g.mul(g.add("Softplus", far), g.constant(STRIDES[level] / side))
        reaches.append(g.reshape(far, [0, 4, -1]))
    reach = g.add("Transpose", g.add("Concat", *reaches, axis=2), perm=[0, 2, 1])
    middle = g.constant(points(side) / side)
    low = g.add("Sub", middle, g.slice(reach, 0, 2, 2))
    high = g.add("Add", middle, g.slice(reach, 2, 4, 2))
    sure = g.add("Sigmoid", g.add("Transpose", g.add("Concat", *labels, axis=2), perm=[0, 2, 1]))
    corners = g.add("Clip", g.add("Concat", low, high, axis=2), g.constant(0.0), g.constant(1.0))
    g.output(g.add("Concat", corners, sure, axis=2), "boxes", ["n", len(points(side)), 4 + classes])
    surest = g.add("ReduceMax", sure, axes=[1, 2], keepdims=0)
    g.output(g.mul(surest, g.constant(1.0 / confidence)), "score", ["n"])
    return g


def _taps(g: Graph, x: str, body: Sequence[Pair]) -> list[str]:
    """What the backbone gives at each level, of grey levels less PAD."""
    taps, entry = [], x
    for conv, pair in zip(convolutions(), body, strict=True):
        if conv.opens:
            entry = x
        x = _conv(g, x, *pair, stride=conv.stride, pads=conv.pads, each=conv.depthwise)
        if conv.clipped:
            x = _clipped(g, x)
        if conv.residual:
            x = g.add("Add", x, entry)
        if conv.closes and conv.block in LEVELS:
            taps.append(x)
    return taps


def _pyramid(g: Graph, taps: Sequence[str], weights: Weights) -> list[str]:
    """From the coarsest level down, each adds what the one above it saw."""
    above, levels = "", []
    for level in reversed(range(len(LEVELS))):
        cell = _conv(g, taps[level], *weights.laterals[level])
        if above:
            twice = g.add("Resize", above, "", g.constant(np.array([1, 1, 2, 2])), mode="nearest",
                          coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
            cell = g.add("Add", cell, twice)
        above = _block(g, cell, weights.pyramid[level])
        levels.insert(0, above)
    return levels


def _head(g: Graph, x: str, blocks: Sequence[Folded], out: Pair) -> str:
    for block in blocks:
        x = _block(g, x, block)
    return _conv(g, x, *out)


def _block(g: Graph, x: str, block: Folded) -> str:
    """A depthwise convolution, a pointwise one with its norm folded in, ReLU6."""
    depth, point, bias = block
    reach = depth.shape[-1] // 2
    return _clipped(g, _conv(g, _conv(g, x, depth, None, pads=(reach, reach), each=True), point, bias))


def _conv(
    g: Graph, x: str, kernel: np.ndarray, bias: np.ndarray | None, stride: int = 1, pads: tuple[int, int] = (0, 0),
    each: bool = False,
) -> str:  # fmt: skip
    """A convolution; with `each`, one filter a channel."""
    extra = () if bias is None else (g.constant(bias),)
    return g.add(
        "Conv", x, g.constant(kernel), *extra, kernel_shape=list(kernel.shape[2:]), strides=[stride] * 2,
        pads=[pads[0], pads[0], pads[1], pads[1]], group=len(kernel) if each else 1,
    )  # fmt: skip


def _clipped(g: Graph, x: str) -> str:
    return g.add("Clip", x, g.constant(0.0), g.constant(6.0))

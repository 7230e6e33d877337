"""The backbone with weights that were learned, as part of a graph, and the layers that nets put above it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import numpy_helper

from anomaly.graph import Graph
from vision.features import PAD, grey_stem
from vision.lite0 import Conv, layout, load

FROZEN = 2  # last block that keeps ImageNet's weights

Pair = tuple[np.ndarray, np.ndarray]  # kernel and bias
Folded = tuple[np.ndarray, np.ndarray, np.ndarray]  # depthwise kernel, pointwise kernel, bias


def convolutions(last: int) -> list[Conv]:
    """The part of Lite0 up to a block."""
    return [conv for conv in layout() if conv.block <= last]


def weights(last: int) -> list[Pair]:
    """Its weights as shipped, the stem for one grey channel less PAD."""
    model = load()
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type == "Conv"][1 : len(convolutions(last))]
    return [grey_stem(), *((values[node.input[1]], values[node.input[2]]) for node in nodes)]


def taps(g: Graph, grey: str, body: Sequence[Pair], blocks: Sequence[int]) -> list[str]:
    """What each of `blocks` gives of grey levels float32 (n, 1, h, w)."""
    found, x = [], g.add("Sub", grey, g.constant(PAD))
    entry = x
    for conv, pair in zip(convolutions(max(blocks)), body, strict=True):
        if conv.opens:
            entry = x
        x = convolved(g, x, *pair, stride=conv.stride, pads=conv.pads, each=conv.depthwise)
        if conv.clipped:
            x = clipped(g, x)
        if conv.residual:
            x = g.add("Add", x, entry)
        if conv.closes and conv.block in blocks:
            found.append(x)
    return found


def block(g: Graph, x: str, learned: Folded) -> str:
    """A depthwise convolution, a pointwise one with its norm folded in, ReLU6."""
    depth, point, bias = learned
    reach = depth.shape[-1] // 2
    return clipped(g, convolved(g, convolved(g, x, depth, None, pads=(reach, reach), each=True), point, bias))


def twice(g: Graph, x: str) -> str:
    """Every cell four times: a level of twice the resolution."""
    return g.add("Resize", x, "", g.constant(np.array([1, 1, 2, 2])), mode="nearest",
                 coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip


def convolved(
    g: Graph, x: str, kernel: np.ndarray, bias: np.ndarray | None, stride: int = 1, pads: tuple[int, int] = (0, 0),
    each: bool = False,
) -> str:  # fmt: skip
    """A convolution; with `each`, one filter a channel."""
    extra = () if bias is None else (g.constant(bias),)
    return g.add(
        "Conv", x, g.constant(kernel), *extra, kernel_shape=list(kernel.shape[2:]), strides=[stride] * 2,
        pads=[pads[0], pads[0], pads[1], pads[1]], group=len(kernel) if each else 1,
    )  # fmt: skip


def clipped(g: Graph, x: str) -> str:
    """ReLU6."""
    return g.add("Clip", x, g.constant(0.0), g.constant(6.0))

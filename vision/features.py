"""Features of grey pictures: the backbone's early layers, as part of a graph and as a session of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from onnx import numpy_helper

from anomaly.graph import Graph
from edge.session import Session
from vision.lite0 import MEAN, MULTIPLE, SPREAD, TAPS, load

PAD = float(MEAN.mean())  # grey level that zero padding stands for
STRIDES = {"stride4": 4, "stride8": 8, "stride16": 16}


def taps(g: Graph, grey: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """Taps of the backbone over grey pictures float32 (n, 1, h, w), grey levels; h and w multiples of MULTIPLE.

    The stem's three equal colours are folded into one, and so is ImageNet's standardisation: exactly what the backbone
    gives, but for the outermost row and column, where its padding is grey.
    """
    model = load()
    stem = next(node for node in model.graph.node if node.op_type == "Conv")
    kernel, bias = grey_stem()
    centred = g.add("Sub", grey, g.constant(PAD))
    first = g.add(
        "Conv", centred, g.constant(kernel), g.constant(bias), kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]
    )
    return g.graft(model, {stem.output[0]: first}, wanted)


@cache
def grey_stem() -> tuple[np.ndarray, np.ndarray]:
    """The stem for one grey channel less PAD: kernel float32 (32, 1, 3, 3) and bias (32,)."""
    model = load()
    node = next(node for node in model.graph.node if node.op_type == "Conv")
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer if t.name in node.input}
    kernel, bias = (values[name].astype(np.float64) for name in node.input[1:3])
    scaled = kernel / SPREAD[:, None, None]
    shift = (scaled * (PAD - MEAN)[:, None, None]).sum(axis=(1, 2, 3))
    return scaled.sum(axis=1, keepdims=True).astype(np.float32), (bias + shift).astype(np.float32)


def grid(g: Graph, grey: str, wanted: Sequence[str], pool: int = 3, stride: int = 0) -> str:
    """One feature vector a cell of `stride` px: float32 (n, channels, h / stride, w / stride).

    By itself a cell is one of the finest of `wanted`. Coarser taps are spread over the cells they cover, of finer ones
    a cell is the mean. Each is first the mean of `pool` × `pool` cells, without which a
    vector knows next to nothing of its neighbours (Roth et al., CVPR 2022, section 3.1).
    """
    cell = stride or min(STRIDES[name] for name in wanted)
    parts = []
    for name, tap in zip(wanted, taps(g, grey, wanted), strict=True):
        value = tap
        if pool > 1:
            value = g.add("AveragePool", value, kernel_shape=[pool] * 2, pads=[pool // 2] * 4, count_include_pad=0)
        factor, finer = STRIDES[name] / cell, cell // STRIDES[name]
        if finer > 1:
            value = g.add("AveragePool", value, kernel_shape=[finer] * 2, strides=[finer] * 2)
        if factor > 1:
            scales = g.constant(np.array([1, 1, factor, factor]))
            value = g.add("Resize", value, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
        parts.append(value)
    return parts[0] if len(parts) == 1 else g.add("Concat", *parts, axis=1)


def channels(wanted: Sequence[str]) -> int:
    """Length of a vector of `grid`."""
    return sum(TAPS[name] for name in wanted)


def halved(g: Graph, grey: str, shrink: int) -> str:
    """The picture at 1 / `shrink` of its size, by means."""
    return grey if shrink == 1 else g.add("AveragePool", grey, kernel_shape=[shrink] * 2, strides=[shrink] * 2)


def fitting(image: np.ndarray, shrink: int = 1) -> np.ndarray:
    """The largest part of a picture (h, w), from its corner, whose sides are multiples the backbone takes."""
    side = MULTIPLE * shrink
    h, w = (n // side * side for n in image.shape)
    return image[:h, :w]


def drawn(height: int, width: int) -> np.ndarray:
    """A picture uint8 (height, width) for golden pairs: brushed metal with a dark spot, and nobody's data."""
    rng = np.random.Generator(np.random.Philox(key=2026))
    y, x = np.mgrid[:height, :width]
    spot = (y - 0.6 * height) ** 2 + (x - 0.4 * width) ** 2 < 0.01 * height * width
    grey = rng.normal(110.0, 14.0, (1, width)) + rng.normal(0.0, 5.0, (height, width)) - 60.0 * spot
    return grey.clip(0, 255).astype(np.uint8)


class Extractor:
    """Vectors of `grid` of one picture after the other; `before` may change its grey levels first, in the graph."""

    def __init__(
        self, wanted: Sequence[str], pool: int = 3, shrink: int = 1,
        before: Callable[[Graph, str], str] = lambda g, grey: grey, stride: int = 0,
    ) -> None:  # fmt: skip
        g = Graph("features")
        grey = g.add("Transpose", g.pixels("image", [1, "h", "w", 1]), perm=[0, 3, 1, 2])
        cells = grid(g, halved(g, before(g, grey), shrink), wanted, pool, stride)
        g.output(cells, "cells", [1, channels(wanted), "rows", "columns"])
        self._session = Session(g.plain({}), "features")

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """float32 (rows, columns, channels) of a picture uint8 (h, w)."""
        return self._session.run({"image": image[None, :, :, None]})["cells"][0].transpose(1, 2, 0)

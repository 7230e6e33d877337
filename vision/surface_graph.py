"""The learned surface model as a graph: backbone, two levels of cells, a map, and a score of the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomaly.graph import Graph
from vision.backbone import Folded, Pair, block, convolved, taps, twice
from vision.features import halved
from vision.padim import exposed

LEVELS = (2, 4, 10)  # blocks whose outputs are used
CELLS = (24, 40, 112)  # channels of them
STRIDE = 8  # px a cell of the map
WIDTH = 64  # channels above the backbone, judgement
SHRUNK = 2  # a tile of strip is looked at in 1 / SHRUNK of its size
TOP = 4  # cells whose mean stands for the map in the score


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned.

    Attributes:
        body: kernel and bias of each convolution of the backbone up to the last of LEVELS.
        laterals: from each level's channels to WIDTH.
        coarse, fine: the block of strides 16 and 8.
        cell: from WIDTH to the map.
        whole: from what `_told` gathers to the score of the whole picture, kernel (1, 4 * WIDTH + 1) and bias (1,).
    """

    body: Sequence[Pair]
    laterals: Sequence[Pair]
    coarse: Folded
    fine: Folded
    cell: Pair
    whole: Pair


@dataclass(frozen=True, slots=True)
class Levels:
    """Logits that are 1.0 in score and map."""

    score: float = 0.0
    map: float = 0.0


def graph(weights: Weights, side: int, levels: Levels) -> Graph:
    """Pictures uint8 (n, side, side, 1) to `map` (n, side / STRIDE, side / STRIDE) and `score` (n,).

    Score and map are twice the logistic function of a logit less its level: 0 … 2, and 1.0 at the level.
    """
    g, cells = Graph("surface-learned"), side // STRIDE
    grey = g.add("Transpose", g.pixels("image", ["n", side, side, 1]), perm=[0, 3, 1, 2])
    fine, coarse = _levels(g, exposed(g, grey), weights)
    listed = g.reshape(convolved(g, fine, *weights.cell), [0, cells * cells])
    top = g.add("ReduceMean", g.largest(listed, TOP, 1), axes=[1], keepdims=1)
    told = g.add("Concat", *_told(g, fine), *_told(g, coarse), top, axis=1)
    whole = g.add("Gemm", told, g.constant(weights.whole[0]), g.constant(weights.whole[1]), transB=1)
    g.output(g.reshape(_level(g, listed, levels.map), [0, cells, cells]), "map", ["n", cells, cells])
    g.output(_level(g, g.reshape(whole, [-1]), levels.score), "score", ["n"])
    return g


def tiles(weights: Weights, level: float) -> Graph:
    """Pictures uint8 (n, h, w, 1) of any size to `map` (n, h / SHRUNK / STRIDE, w / SHRUNK / STRIDE) and `score` (n,).

    Looked at in 1 / SHRUNK of their size, in the light they have. The score is the map's highest value.
    """
    g = Graph("surface-learned")
    grey = g.add("Transpose", g.pixels("image", ["n", "h", "w", 1]), perm=[0, 3, 1, 2])
    fine = _levels(g, halved(g, grey, SHRUNK), weights)[0]
    cells = _level(g, convolved(g, fine, *weights.cell), level)
    g.output(g.add("Squeeze", cells, g.integers([1])), "map", ["n", "rows", "columns"])
    g.output(g.add("ReduceMax", cells, axes=[1, 2, 3], keepdims=0), "score", ["n"])
    return g


def _levels(g: Graph, grey: str, weights: Weights) -> tuple[str, str]:
    """Cells of stride 8 and of stride 16."""
    first, second, third = taps(g, grey, weights.body, LEVELS)
    lateral = [convolved(g, x, *pair) for x, pair in zip((first, second, third), weights.laterals, strict=True)]
    coarse = block(g, lateral[2], weights.coarse)
    finest = g.add("MaxPool", lateral[0], kernel_shape=[2, 2], strides=[2, 2])
    return block(g, g.add("Add", g.add("Add", twice(g, coarse), lateral[1]), finest), weights.fine), coarse


def _told(g: Graph, cells: str) -> tuple[str, str]:
    """The strongest and the mean of each channel, (n, WIDTH)."""
    strongest = g.reshape(g.add("GlobalMaxPool", cells), [0, -1])
    return strongest, g.reshape(g.add("GlobalAveragePool", cells), [0, -1])


def logit(score: np.ndarray) -> np.ndarray:
    """What the graph made its scores of where the level is 0, float64; not beyond what float32 tells from 2."""
    exact = np.asarray(score, np.float64).clip(1e-30, 2.0 - 1e-6)
    return np.log(exact / (2.0 - exact))


def _level(g: Graph, logit: str, level: float) -> str:
    return g.mul(g.add("Sigmoid", g.add("Sub", logit, g.constant(level))), g.constant(2.0))

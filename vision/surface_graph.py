"""The learned surface model as a graph: backbone, two levels of cells, a map, and a score of the whole picture.

The score is the sum of what the map says at its strongest and of how far the picture is from what is usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomaly.graph import Graph
from vision.backbone import Folded, Pair, block, convolved, taps, twice
from vision.features import gathered, halved
from vision.padim import POOL, TAPS, exposed
from vision.usual import Usual, apart

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
    """

    body: Sequence[Pair]
    laterals: Sequence[Pair]
    coarse: Folded
    fine: Folded
    cell: Pair


@dataclass(frozen=True, slots=True)
class Unit:
    """Mean and spread of a part of the score over normal pictures that were not learned."""

    mean: float = 0.0
    spread: float = 1.0

    @classmethod
    def of(cls, values: Sequence[float]) -> Unit:
        """Of those pictures' values."""
        return cls(float(np.mean(values)), max(float(np.std(values)), 1e-6))

    def __call__(self, value: float) -> float:
        """The value in this unit."""
        return (value - self.mean) / self.spread


@dataclass(frozen=True, slots=True)
class Levels:
    """What is 1.0 in score and map, and the units in which the two parts of the score are added."""

    score: float = 0.0
    map: float = 0.0
    learned: Unit = Unit()
    apart: Unit = Unit()


def graph(weights: Weights, usual: Usual, side: int, levels: Levels) -> Graph:
    """Pictures uint8 (n, side, side, 1) to `map` (n, side / STRIDE, side / STRIDE) and `score` (n,).

    Score and map are twice the logistic function of a value less its level: 0 … 2, and 1.0 at the level.
    """
    g, cells = Graph("surface-learned"), side // STRIDE
    listed, *both = _parts(g, weights, usual, side)
    units = (levels.learned, levels.apart)
    learned, strange = (
        g.mul(g.add("Sub", part, g.constant(unit.mean)), g.constant(1.0 / unit.spread))
        for part, unit in zip(both, units, strict=True)
    )
    g.output(g.reshape(_level(g, listed, levels.map), [0, cells, cells]), "map", ["n", cells, cells])
    g.output(_level(g, g.add("Add", learned, strange), levels.score), "score", ["n"])
    return g


def parts(weights: Weights, usual: Usual, side: int) -> Graph:
    """The same pictures to logits `cells` (n, side / STRIDE, side / STRIDE), and the parts of the score, (n,) each.

    `learned` is the mean of the map's TOP strongest logits, `apart` that of `usual.apart`.
    """
    g, cells = Graph("surface-learned"), side // STRIDE
    listed, learned, strange = _parts(g, weights, usual, side)
    g.output(g.reshape(listed, [0, cells, cells]), "cells", ["n", cells, cells])
    g.output(learned, "learned", ["n"])
    g.output(strange, "apart", ["n"])
    return g


def _parts(g: Graph, weights: Weights, usual: Usual, side: int) -> tuple[str, str, str]:
    grey = g.add("Transpose", g.pixels("image", ["n", side, side, 1]), perm=[0, 3, 1, 2])
    seen = taps(g, exposed(g, grey), weights.body, LEVELS)
    listed = g.reshape(convolved(g, _fine(g, seen, weights), *weights.cell), [0, (side // STRIDE) ** 2])
    learned = g.add("ReduceMean", g.largest(listed, TOP, 1), axes=[1], keepdims=0)
    return listed, learned, apart(g, gathered(g, seen, TAPS, POOL, STRIDE), usual)[1]


def tiles(weights: Weights, level: float) -> Graph:
    """Pictures uint8 (n, h, w, 1) of any size to `map` (n, h / SHRUNK / STRIDE, w / SHRUNK / STRIDE) and `score` (n,).

    Looked at in 1 / SHRUNK of their size, in the light they have. The score is the map's highest value.
    """
    g = Graph("surface-learned")
    grey = g.add("Transpose", g.pixels("image", ["n", "h", "w", 1]), perm=[0, 3, 1, 2])
    fine = _fine(g, taps(g, halved(g, grey, SHRUNK), weights.body, LEVELS), weights)
    cells = _level(g, convolved(g, fine, *weights.cell), level)
    g.output(g.add("Squeeze", cells, g.integers([1])), "map", ["n", "rows", "columns"])
    g.output(g.add("ReduceMax", cells, axes=[1, 2, 3], keepdims=0), "score", ["n"])
    return g


def _fine(g: Graph, seen: Sequence[str], weights: Weights) -> str:
    """Cells of stride 8."""
    first, second, third = (convolved(g, x, *pair) for x, pair in zip(seen, weights.laterals, strict=True))
    coarse = block(g, third, weights.coarse)
    finest = g.add("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2])
    return block(g, g.add("Add", g.add("Add", twice(g, coarse), second), finest), weights.fine)


def logit(score: np.ndarray) -> np.ndarray:
    """What the graph made its scores of where the level is 0, float64; not beyond what float32 tells from 2."""
    exact = np.asarray(score, np.float64).clip(1e-30, 2.0 - 1e-6)
    return np.log(exact / (2.0 - exact))


def _level(g: Graph, logit: str, level: float) -> str:
    return g.mul(g.add("Sigmoid", g.add("Sub", logit, g.constant(level))), g.constant(2.0))

"""The detector as a graph: backbone, feature pyramid, head, boxes decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomaly.graph import Graph
from vision.backbone import Folded, Pair, block, convolved, taps, twice

LEVELS = (4, 10, 15)  # blocks whose outputs the pyramid stands on
CELLS = (40, 112, 320)  # channels of them
STRIDES = (8, 16, 32)  # px a place, of each level
WIDTH = 96  # channels of pyramid and head, judgement
PRIOR = 0.02  # share of places and classes thought to hold a defect before anything is learned


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
    found = taps(g, grey, weights.body, LEVELS)
    labels, reaches = [], []
    for level, cell in enumerate(_pyramid(g, found, weights)):
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


def _pyramid(g: Graph, found: Sequence[str], weights: Weights) -> list[str]:
    """From the coarsest level down, each adds what the one above it saw."""
    above, levels = "", []
    for level in reversed(range(len(LEVELS))):
        cell = convolved(g, found[level], *weights.laterals[level])
        if above:
            cell = g.add("Add", cell, twice(g, above))
        above = block(g, cell, weights.pyramid[level])
        levels.insert(0, above)
    return levels


def _head(g: Graph, x: str, blocks: Sequence[Folded], out: Pair) -> str:
    for one in blocks:
        x = block(g, x, one)
    return convolved(g, x, *out)

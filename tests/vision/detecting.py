"""Weights of a detector that has learned nothing, and pictures with dents and their boxes."""

from __future__ import annotations

import numpy as np

from tests.vision.noise_heads import Drawn
from tests.vision.pictures import dented, surface
from vision.backbone import weights
from vision.detect_graph import CELLS, LEVELS, WIDTH, Weights

DENT = ("dent", 28.0, 52.0, 44.0, 68.0)  # where `dented` puts it


def untaught(classes: int, seed: int = 1) -> Weights:
    """The shipped backbone under a head of noise."""
    drawn = Drawn(seed, WIDTH)
    return Weights(
        weights(LEVELS[-1]),
        [(drawn(WIDTH, cells, 1, 1), drawn(WIDTH)) for cells in CELLS],
        [drawn.block() for _ in LEVELS],
        [[drawn.block(), drawn.block()] for _ in LEVELS],
        [[drawn.block(), drawn.block()] for _ in LEVELS],
        (drawn(classes, WIDTH, 1, 1), drawn(classes)),
        (drawn(4, WIDTH, 1, 1), drawn(4)),
    )


def dents(n: int, first: int = 0) -> tuple[list[np.ndarray], list[list[tuple]]]:
    """Pictures (96, 96), every second one dented, and their boxes."""
    seeds = range(first, first + n)
    return [dented(i) if i % 2 else surface(i) for i in seeds], [[DENT] if i % 2 else [] for i in seeds]

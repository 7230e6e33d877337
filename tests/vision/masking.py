"""Weights of a surface model that has learned nothing, and pictures with dents and their masks."""

from __future__ import annotations

import numpy as np

from tests.vision.noise_heads import Drawn
from tests.vision.pictures import dented, surface
from vision.backbone import weights
from vision.surface import Example
from vision.surface_graph import CELLS, LEVELS, WIDTH, Weights


def untaught(seed: int = 1) -> Weights:
    """The shipped backbone under a head of noise."""
    drawn = Drawn(seed, WIDTH)
    return Weights(
        weights(LEVELS[-1]),
        [(drawn(WIDTH, cells, 1, 1), drawn(WIDTH)) for cells in CELLS],
        drawn.block(),
        drawn.block(),
        (drawn(1, WIDTH, 1, 1), drawn(1)),
        (drawn(1, 4 * WIDTH + 1), drawn(1)),
    )


def dent() -> np.ndarray:
    """Where `dented` puts it, bool (96, 96)."""
    y, x = np.mgrid[:96, :96]
    return (y - 60) ** 2 + (x - 36) ** 2 < 64


def dents(n: int, first: int = 0) -> list[Example]:
    """Pictures (96, 96), every second one dented, with masks."""
    return [Example(dented(i), True, dent()) if i % 2 else Example(surface(i), False) for i in range(first, first + n)]

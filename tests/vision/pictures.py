"""Small pictures of a brushed surface, normal or with a dent, from a seed."""

from __future__ import annotations

import numpy as np


def surface(seed: int, side: int = 96) -> np.ndarray:
    """uint8 (side, side), streaks along its length."""
    rng = np.random.default_rng(seed)
    streaks = np.repeat(rng.normal(110, 12, (1, side)), side, axis=0)
    return (streaks + rng.normal(0, 4, (side, side))).clip(0, 255).astype(np.uint8)


def dented(seed: int, side: int = 96) -> np.ndarray:
    """The same with a dark spot around (60, 36), 16 px wide."""
    image = surface(seed, side)
    y, x = np.mgrid[:side, :side]
    return np.where((y - 60) ** 2 + (x - 36) ** 2 < 64, image // 3, image).astype(np.uint8)

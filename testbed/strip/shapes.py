"""What looks are shaped with: soft steps, lines that wander, stamps without borders."""

from __future__ import annotations

import numpy as np


def soft(x: np.ndarray) -> np.ndarray:
    """The logistic step, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def walk(rng: np.random.Generator, n: int, length: int) -> np.ndarray:
    """A smooth random line of n points, deviation about 1, correlated over `length`; float32 (n,)."""
    knots = rng.standard_normal(n // length + 4)
    at = np.arange(n) / length + 1
    i, t = at.astype(int), (at % 1)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    return (1.45 * (weights * knots[i[:, None] + np.arange(-1, 3)]).sum(1)).astype(np.float32)


def faded(gain: np.ndarray, edge: int = 6) -> np.ndarray:
    """The stamp with its border drawn to 1, so that it has no edge."""
    h, w = gain.shape
    y = np.clip(np.minimum(np.arange(h), np.arange(h)[::-1]) / edge, 0, 1)[:, None]
    x = np.clip(np.minimum(np.arange(w), np.arange(w)[::-1]) / edge, 0, 1)[None]
    return 1 + (gain - 1) * y * x

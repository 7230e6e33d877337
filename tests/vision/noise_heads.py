"""Weights drawn from noise, for heads that have learned nothing."""

from __future__ import annotations

import numpy as np

from vision.backbone import Folded


class Drawn:
    """Draws the weights of convolutions one after another, `width` channels wide."""

    def __init__(self, seed: int, width: int) -> None:
        self._rng, self._width = np.random.default_rng(seed), width

    def __call__(self, *shape: int) -> np.ndarray:
        return (self._rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    def block(self) -> Folded:
        """A depthwise convolution, a pointwise one, and its offset."""
        return self(self._width, 1, 5, 5), self(self._width, self._width, 1, 1), self(self._width)

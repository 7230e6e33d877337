"""Random numbers that depend on the seed and on a name, never on the order of anything else.

One stream a tag, drawn by sample index: adding a fault leaves every other tag's noise bit-identical.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence

import numpy as np

BLOCK = 1000  # samples drawn at once from each stream; rows of a power of two would fall on the same cache lines


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of (seed, name): Philox keyed by SHA-256, the same in every process."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


class Noise:
    """Standard normal samples for k tags, one stream each, handed out row by row.

    >>> a, b = Noise(1, ["x", "y"]), Noise(1, ["x", "y"])
    >>> bool((a.take(5) == np.concatenate([b.take(2), b.take(3)])).all())
    True
    """

    def __init__(self, seed: int, names: Sequence[str], scale: np.ndarray | None = None) -> None:
        """`scale` float64 (k,): standard deviation of each column where it is not 1; one of 0 draws nothing."""
        self._streams = [stream(seed, name) for name in names]
        self._scale = scale
        self._block = np.empty((0, len(self._streams)))
        self._at = 0

    def take(self, n: int) -> np.ndarray:
        """The next `n` samples of every stream, float64 (n, k), not to be written to."""
        while len(self._block) - self._at < n:
            drawn = np.zeros((len(self._streams), BLOCK))
            for i, generator in enumerate(self._streams):
                if self._scale is None or self._scale[i] != 0.0:
                    generator.standard_normal(out=drawn[i])
            if self._scale is not None:
                drawn *= self._scale[:, None]
            self._block = np.concatenate([self._block[self._at :], drawn.T])
            self._block.flags.writeable = False  # a twin reads the same rows
            self._at = 0
        rows = self._block[self._at : self._at + n]
        self._at += n
        return rows

    def copy(self) -> Noise:
        """An independent continuation from the same place."""
        twin = copy.copy(self)
        twin._streams = copy.deepcopy(self._streams)
        return twin

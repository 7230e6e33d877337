"""From what is to what is shown, 100 ms at a time: lag, noise and quantum of 120 tags at 1 kHz."""

from __future__ import annotations

import copy

import numpy as np

from connectors.tags import Group
from testbed.hotmill import tags
from testbed.hotmill.train import BLOCK
from testbed.noise import Noise


class Rows:
    """The sensors of one group at 1 kHz, a block at a time."""

    def __init__(self, seed: int, group: Group) -> None:
        sensors = tags.sensors(group)
        sigma = np.array([s.noise for s in sensors])
        self._noisy = np.flatnonzero(sigma)
        self._sigma = sigma[self._noisy]
        self._noise = Noise(seed, [tag.name for tag, s in zip(group.tags, sensors, strict=True) if s.noise])
        self._quantum = np.array([s.quantum for s in sensors])
        lags = np.array([s.lag for s in sensors])
        self._lags = [(np.flatnonzero(lags == lag), *_answer(float(lag))) for lag in np.unique(lags[lags > 0.0])]
        self._last: np.ndarray | None = None

    def noise(self) -> np.ndarray:
        """The noise of the next block, float64 (100, k), in each tag's unit."""
        noise = np.zeros((BLOCK, len(self._quantum)))
        noise[:, self._noisy] = self._noise.take(BLOCK) * self._sigma
        return noise

    def show(self, true: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Measured values (100, k) of the true ones, which are written over."""
        last = true[0] if self._last is None else self._last
        kept = true[-1].copy()
        for columns, answer, fading in self._lags:
            true[:, columns] = answer @ true[:, columns] + fading[:, None] * last[columns]
            kept[columns] = true[-1, columns]
        self._last = kept
        true += noise
        true /= self._quantum
        np.rint(true, out=true)
        true *= self._quantum
        return true

    def copy(self) -> Rows:
        twin = copy.copy(self)
        twin._noise = self._noise.copy()
        return twin


def _answer(lag: float) -> tuple[np.ndarray, np.ndarray]:
    """A first-order lag over a block: what each sample takes of those so far (100, 100), and of what was (100,)."""
    keep = np.exp(-1e-3 / lag)
    steps = np.arange(BLOCK)[:, None] - np.arange(BLOCK)[None, :]
    return np.where(steps >= 0, (1.0 - keep) * keep ** np.maximum(steps, 0), 0.0), keep ** (np.arange(BLOCK) + 1.0)

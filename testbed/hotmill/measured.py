"""From what is to what is shown, 100 ms at a time: lag, noise and quantum of 120 tags at 1 kHz."""

from __future__ import annotations

import copy

import numpy as np

from connectors.tags import Group
from testbed.hotmill import tags
from testbed.hotmill.train import BLOCK
from testbed.noise import Noise

TEN = 10


class Rows:
    """The sensors of one group at 1 kHz, a block at a time."""

    def __init__(self, seed: int, group: Group) -> None:
        sensors = tags.sensors(group)
        self._noise = Noise(seed, [tag.name for tag in group.tags], np.array([s.noise for s in sensors]))
        self._quantum = np.array([s.quantum for s in sensors])
        lags = np.array([s.lag for s in sensors])
        self._lags = [(np.flatnonzero(lags == lag), Lag(float(lag))) for lag in np.unique(lags[lags > 0.0])]
        self._last: np.ndarray | None = None

    def noise(self) -> np.ndarray:
        """The noise of the next block, float64 (100, k), in each tag's unit, not to be written to."""
        return self._noise.take(BLOCK)

    def show(self, true: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Measured values (100, k) of the true ones, which are written over."""
        last = true[0] if self._last is None else self._last
        kept = true[-1].copy()
        for columns, lag in self._lags:
            true[:, columns] = lag.follow(true[:, columns], last[columns])
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


class Lag:
    """A first-order lag of so many s over a block: within ten samples, and from ten to ten."""

    def __init__(self, lag: float) -> None:
        keep = float(np.exp(-1e-3 / lag))
        near, self._near_fading = _fading(keep)
        self._near = (1.0 - keep) * near
        self._far, self._far_fading = _fading(keep**TEN)

    def follow(self, true: np.ndarray, last: np.ndarray) -> np.ndarray:
        """What has been followed to, (100, k), of true values (100, k) and of what was there before, (k,)."""
        tens = self._near @ true.reshape(TEN, TEN, -1)
        begun = np.empty((TEN, len(last)))
        begun[0] = last
        begun[1:] = (self._far @ tens[:, -1] + self._far_fading[:, None] * last)[:-1]
        tens += self._near_fading[:, None] * begun[:, None]
        return tens.reshape(BLOCK, -1)


def _fading(keep: float) -> tuple[np.ndarray, np.ndarray]:
    """What is left at each of ten steps of each before it (10, 10), and of what was (10,)."""
    steps = np.arange(TEN)[:, None] - np.arange(TEN)[None, :]
    return np.where(steps >= 0, keep ** np.maximum(steps, 0), 0.0), keep ** (np.arange(TEN) + 1.0)

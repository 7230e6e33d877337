"""Oracles of the cold mill: each knows the name of one fault and nothing else, and reads tags as a client would.

They are as simple as a threshold can be, so that what fools them is what a model has to tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

RATE = 5000  # Hz of the accelerometers
LEARN_S = 2.0  # the run's beginning is taken for normal


def level(acc: np.ndarray, low: float, high: float, window: int) -> np.ndarray:
    """Amplitude in a band, (m, 5), of windows of vibration (n, 5), 50 % overlapped."""
    taper = np.hanning(window)[:, None]
    lines = np.fft.rfftfreq(window, 1.0 / RATE)
    within = (lines >= low) & (lines <= high)
    starts = range(0, len(acc) - window + 1, window // 2)
    return np.array([np.sqrt((np.abs(np.fft.rfft(acc[at : at + window] * taper, axis=0)[within]) ** 2).sum(axis=0))
                     for at in starts])  # fmt: skip


def _above_the_beginning(levels: np.ndarray, window: int, times: float) -> bool:
    first = max(2, round(LEARN_S * RATE / (window // 2)) - 1)
    return bool((levels[first:] > times * np.median(levels[:first], axis=0)).any())


def chatter(signals: Mapping[str, np.ndarray]) -> bool:
    """The third octave of any stand is three times as loud as at first."""
    window = 500
    return _above_the_beginning(level(signals["vib"], 120.0, 250.0, window), window, 3.0)


def chatter_marks(signals: Mapping[str, np.ndarray]) -> bool:
    """The fifth octave of any stand is 1.6 times as loud as at first, for half a second."""
    window = 2500
    return _above_the_beginning(level(signals["vib"], 500.0, 700.0, window), window, 1.6)


def strip_break(signals: Mapping[str, np.ndarray]) -> bool:
    """The vibration of any stand has a kurtosis above 5 over a quarter of a second."""
    acc, window = signals["vib"], 1250
    blocks = acc[: len(acc) // window * window].reshape(-1, window, acc.shape[1])
    centred = blocks - blocks.mean(axis=1, keepdims=True)
    kurtosis = (centred**4).mean(axis=1) / (centred**2).mean(axis=1) ** 2
    return bool((kurtosis[round(LEARN_S * RATE / window) :] > 5.0).any())

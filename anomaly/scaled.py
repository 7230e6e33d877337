"""Signals on one scale: what general models learn of each channel before they look at how channels move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.texts import say

FLAT = 1e-9  # a channel that varies less than this share of its size is left out


@dataclass(slots=True)
class Scaled:
    """The model under construction: fit it, take its file, calibrate, take its file again.

    Attributes:
        channels: tag names, k of them.
        rate_hz: of its windows.
        level: the score that is the alarm level.
    """

    channels: tuple[str, ...]
    rate_hz: float
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,)
    spread: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,), inf: left out

    @property
    def reads(self) -> tuple[str, ...]:
        return self.channels

    def kept(self, run: np.ndarray) -> np.ndarray:
        return run


def scale_of(runs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel over runs of shape (n_i, k); each (k,), inf where it is flat."""
    rows = np.concatenate(runs)
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    return mean, np.where(spread <= FLAT * np.maximum(np.abs(mean), 1.0), np.inf, spread)


def long_enough(kind: str, runs: Sequence[np.ndarray], window: int, least: int) -> list[np.ndarray]:
    """The runs that hold a window. Raises InputError if they have fewer than `least` rows together."""
    long = [run for run in runs if len(run) >= window]
    rows = sum(len(run) for run in long)
    if rows < max(least, window):
        raise InputError(
            say("{kind} needs at least {least} complete rows to fit, but got {rows}. Give more rows, or fewer "
                "channels.", kind=kind, least=max(least, window), rows=rows)
        )  # fmt: skip
    return long


def scaled(g: Graph, window: str, shape: tuple[int, int], mean: np.ndarray, spread: np.ndarray) -> str:
    """A window (1, n, k) in the tags' units as (n, k) on one scale.

    It is centred first, so that float32 keeps small deviations of large values.
    """
    x = g.reshape(window, shape)
    return g.mul(g.add("Sub", x, g.constant(mean[None])), g.constant(1.0 / spread[None]))


def general_card(
    kind: str, channels: Sequence[str], rate_hz: float, length: int, level: float, choices: dict[str, Any]
) -> dict[str, Any]:
    """What the file of a model of any scalar signals says of itself."""
    return {
        "name": kind,
        "kind": kind,
        "task": "anomaly.series",
        "condition": "process",
        "severity": 500,
        "place": "unit",
        "advice": "look-at-top-tags",
        "inputs": [
            {
                "name": "window", "kind": "window", "layout": "NTC", "unit": "mixed", "channels": list(channels),
                "rate_hz": rate_hz, "length": length, "stride_s": 1.0 / rate_hz, "hold_s": 5.0 / rate_hz,
                "max_bad": 0.1,
            }
        ],
        "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}],
        "threshold": level,
        "alarm": {
            "k": 1, "n": 1, "off_delay_s": 5.0 / rate_hz, "suppressed_by": ["breakout"], "suppressed_for_s": 900.0,
        },
        "choices": choices,
        "baseline": "always-alarm",
        "licence": "Apache-2.0",
    }  # fmt: skip

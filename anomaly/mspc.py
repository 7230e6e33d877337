"""Multivariate statistical process control: PCA of the values and their moving averages, Hotelling's T² and SPE.

T² says that the plant is far out in a way it usually moves; SPE (Q) that its signals no longer move together. Source:
Jackson and Mudholkar, Technometrics 21 (1979) 341; EWMA after Lowry et al., Technometrics 34 (1992) 46.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.texts import say

EXPLAINED = 0.9  # share of the variance the components keep
DECAY = 0.1  # weight of the newest sample in the moving average
MEMORY = 40  # samples of a window: what is older weighs under 2 % in the moving average
SHRINK = 1e-3  # of the mean eigenvalue, added to each component's variance
FLAT = 1e-9  # a channel that varies less than this share of its size is left out


@dataclass(slots=True)
class Mspc:
    """The model under construction: fit it, take its file, calibrate, take its file again.

    Attributes:
        channels: tag names, k of them.
        rate_hz, stride_s: of its windows.
        level: the score that is the alarm level.
        memory: samples a window.
    """

    channels: tuple[str, ...]
    rate_hz: float
    stride_s: float
    memory: int = MEMORY
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))  # (2k,)
    scale: np.ndarray = field(default_factory=lambda: np.empty(0))  # (2k,)
    axes: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (2k, a)
    variance: np.ndarray = field(default_factory=lambda: np.empty(0))  # (a,)
    limits: tuple[float, float] = (1.0, 1.0)  # T² and SPE that 99 % of the fitted data stay below

    @property
    def reads(self) -> tuple[str, ...]:
        return self.channels

    def kept(self, run: np.ndarray) -> np.ndarray:
        return run

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn what is normal from runs of shape (n_i, k) at `rate_hz`. Raises InputError on too little data."""
        long = [run for run in runs if len(run) >= self.memory]
        features = np.concatenate([np.empty((0, 2 * len(self.channels))), *(self.features(run) for run in long)])
        features = features[np.isfinite(features).all(axis=1)]
        if len(features) < 4 * len(self.channels):
            raise InputError(
                say(
                    "mspc needs at least {least} complete rows to fit {channels} channels, but got {rows}. Give "
                    "more rows, or fewer channels.",
                    least=4 * len(self.channels),
                    channels=len(self.channels),
                    rows=len(features),
                )
            )
        self.mean = features.mean(axis=0)
        spread = features.std(axis=0)
        flat = spread <= FLAT * np.maximum(np.abs(self.mean), 1.0)
        self.scale = np.where(flat, np.inf, spread)
        z = (features - self.mean) / self.scale
        values, vectors = np.linalg.eigh(z.T @ z / len(z))
        values, vectors = values[::-1].clip(min=0.0), vectors[:, ::-1]
        kept = 1 + int(np.searchsorted(np.cumsum(values) / values.sum(), EXPLAINED))
        kept = min(kept, len(values) - 1)
        self.axes = _signed(vectors[:, :kept])
        self.variance = values[:kept] + SHRINK * float(values.mean())
        t2, spe = self.statistics(z)
        self.limits = (float(np.quantile(t2, 0.99)), max(float(np.quantile(spe, 0.99)), 1e-9))

    def features(self, run: np.ndarray) -> np.ndarray:
        """Values and their moving averages, (n - memory + 1, 2k), as the graph computes them."""
        weights = _weights(self.memory)
        windows = np.lib.stride_tricks.sliding_window_view(run, self.memory, axis=0)  # (m, k, memory)
        return np.concatenate([windows[:, :, -1], windows @ weights], axis=1)

    def statistics(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """T² and SPE of standardised features (n, 2k); each (n,)."""
        t = z @ self.axes
        rest = z - t @ self.axes.T
        return (t**2 / self.variance).sum(axis=1), (rest**2).sum(axis=1)

    def graph(self) -> Graph:
        """Window (1, memory, k) in the tags' units to score (1, 1) and contribution (1, k)."""
        k, n = len(self.channels), self.memory
        g = Graph("mspc")
        x = g.reshape(g.input("window", [1, n, k]), [n, k])
        last = g.slice(x, n - 1, n, 0)
        average = g.add("MatMul", g.constant(_weights(n)[None, :]), x)
        features = g.add("Concat", last, average, axis=1)
        # centre before scaling, in one step each, so that float32 keeps small deviations of large values
        z = g.mul(g.add("Sub", features, g.constant(self.mean[None])), g.constant(1.0 / self.scale[None]))
        t = g.add("MatMul", z, g.constant(self.axes))
        scaled = g.mul(t, g.constant(1.0 / self.variance[None]))
        t2_share = g.mul(z, g.add("MatMul", scaled, g.constant(self.axes.T)))  # sums to T²
        rest = g.add("Sub", z, g.add("MatMul", t, g.constant(self.axes.T)))
        spe_share = g.mul(rest, rest)
        t2 = self._over(g, t2_share, self.limits[0])
        spe = self._over(g, spe_share, self.limits[1])
        score = g.add("Max", g.add("ReduceSum", t2, g.integers([1]), keepdims=1),
                      g.add("ReduceSum", spe, g.integers([1]), keepdims=1))  # fmt: skip
        g.output(score, "score", [1, 1])
        both = g.add("Max", t2, spe)
        by_channel = g.add("ReduceSum", g.reshape(both, [1, 2, k]), g.integers([1]), keepdims=0)
        g.output(g.add("Relu", by_channel), "contribution", [1, k])
        return g

    def _over(self, g: Graph, share: str, limit: float) -> str:
        return g.mul(share, g.constant(1.0 / (limit * self.level)))

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        return {
            "name": "mspc",
            "kind": "mspc",
            "task": "anomaly.series",
            "condition": "process",
            "severity": 500,
            "place": "unit",
            "advice": "look-at-top-tags",
            "inputs": [
                {
                    "name": "window", "kind": "window", "layout": "NTC", "unit": "mixed",
                    "channels": list(self.channels), "rate_hz": self.rate_hz, "length": self.memory,
                    "stride_s": self.stride_s, "hold_s": 5.0 / self.rate_hz, "max_bad": 0.1,
                }
            ],
            "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}],
            "threshold": self.level,
            "alarm": {
                "k": 3, "n": 5, "off_delay_s": 10.0 / self.rate_hz, "deadband": 0.1,
                "suppressed_by": ["breakout"], "suppressed_for_s": 900.0,
            },
            "choices": {"explained": EXPLAINED, "decay": DECAY, "memory": self.memory},
            "fitted": {"components": len(self.variance), "features": len(self.mean)},
            "baseline": "always-alarm",
            "licence": "Apache-2.0",
            **self.notes,
        }  # fmt: skip


def _weights(n: int) -> np.ndarray:
    """Weights of a moving average over `n` samples, oldest first; they sum to 1."""
    weights = (1.0 - DECAY) ** np.arange(n - 1, -1, -1)
    return weights / weights.sum()


def _signed(vectors: np.ndarray) -> np.ndarray:
    """Eigenvectors with the sign that makes their largest entry positive: the same on every machine."""
    largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return vectors * np.where(largest < 0, -1.0, 1.0)

"""A weld that is about to tear: it pulls a dip into the tension, and the vibration clicks.

A crack opens in every bite, so the tension dips deeper than of a sound weld, and while it runs on to the next stand its
clicks give the vibration a high kurtosis (KR100929017B1: kurtosis as a predictor of strip break). A blow clicks without
a dip, and a sound weld dips little: a window scores by the product of the deepest dip and of the kurtosis above normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.tags import Group
from connectors.texts import say

LENGTH_S = 0.5  # s of a window
STRIDE_S = 0.05  # s between windows
MEAN_S = 0.02  # s that a tension is averaged over
PIECES = 2  # that the kurtosis is taken of
DEEP = 4.0  # usual spreads that a dip must pass: a sound weld and a loose bridle reach that far
NORMAL = 3.0  # kurtosis of normal noise
LEAST = 20  # windows
TINY = 1e-6


@dataclass(slots=True)
class Weld:
    """The model under construction: fit it, take its file, calibrate, take its file again.

    Channels are accelerometers first, then tensions; both are read at the rate of the accelerometers.
    """

    shaken: tuple[str, ...]
    pulled: tuple[str, ...]
    rate_hz: float
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    clicks: float = 0.5  # log kurtosis above that of noise that normal hardly passes
    usual: np.ndarray = field(default_factory=lambda: np.empty(0))  # (pulled,) spread of normal tension, a share

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Weld:
        """Accelerometers and strip tensions of block groups. Raises InputError if one of both is missing."""
        tags = [tag for group in groups for tag in group.tags if group.kind == "blocks"]
        shaken = [tag for tag in tags if tag.short.startswith("ACC")]
        pulled = [tag for tag in tags if tag.short.startswith("TENS")]
        if not shaken or not pulled:
            raise InputError(
                say("weld needs accelerometers (ACC…) and tensions (TENS…) in blocks, but got {n} and {m}.",
                    n=len(shaken), m=len(pulled))
            )  # fmt: skip
        rate = max(float(tag.rate_hz or 0.0) for tag in shaken)
        return cls(tuple(tag.name for tag in shaken), tuple(tag.name for tag in pulled), rate)

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the tags of its window, in order."""
        return (*self.shaken, *self.pulled)

    @property
    def length(self) -> int:
        """Samples of a window."""
        return round(LENGTH_S * self.rate_hz)

    def kept(self, run: np.ndarray) -> np.ndarray:
        """Spread of each averaged tension, a share of its mean, and the highest kurtosis: (m, pulled + 1)."""
        n, k = self.length, len(self.shaken)
        windows = [run[at : at + n] for at in range(0, len(run) - n + 1, n)]
        rows = []
        for x in windows:
            pull = x[:, k:].reshape(-1, round(MEAN_S * self.rate_hz), len(self.pulled)).mean(axis=1)
            shake = x[:, :k] - x[:, :k].mean(axis=0)
            kurtosis = (shake**4).mean(axis=0) / ((shake**2).mean(axis=0) ** 2 + TINY)
            rows.append([*(pull.std(axis=0) / np.maximum(pull.mean(axis=0), 1.0)), kurtosis.max()])
        return np.array(rows).reshape(-1, len(self.pulled) + 1)

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn what is normal from what was kept of runs. Raises InputError on too little data."""
        together = np.concatenate([np.empty((0, len(self.pulled) + 1)), *runs])
        if len(together) < LEAST:
            raise InputError(
                say("weld needs at least {seconds:g} s to fit, but got {n:g}. Give more rows.",
                    seconds=LEAST * LENGTH_S, n=len(together) * LENGTH_S)
            )  # fmt: skip
        self.usual = np.maximum(np.median(together[:, :-1], axis=0), 1e-4)
        self.clicks = float(np.log(max(np.quantile(together[:, -1], 0.5), NORMAL) / NORMAL))

    # -- the file ------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Window (1, length, channels) to score (1, 1) and contribution (1, channels)."""
        n, k, p = self.length, len(self.shaken), len(self.pulled)
        g = Graph("weld")
        x = g.reshape(g.input("window", [1, n, k + p]), [n, k + p])
        clicks = self._clicks(g, g.slice(x, 0, k, 1))
        dips = self._dips(g, g.slice(x, k, k + p, 1))
        loudest = g.add("ReduceMax", clicks, axes=[1], keepdims=1)
        deepest = g.add("ReduceMax", dips, axes=[1], keepdims=1)
        scale = g.constant(1.0 / self.level)
        g.output(g.mul(g.mul(loudest, deepest), scale), "score", [1, 1])
        shares = g.add("Concat", g.mul(clicks, deepest), g.mul(dips, loudest), axis=1)
        g.output(g.mul(shares, scale), "contribution", [1, k + p])
        return g

    def _clicks(self, g: Graph, shake: str) -> str:
        """Log kurtosis above normal of each accelerometer, the lesser of both halves of the window: (1, k)."""
        k = len(self.shaken)
        x = g.reshape(shake, [PIECES, self.length // PIECES, k])
        x = g.add("Sub", x, g.add("ReduceMean", x, axes=[1], keepdims=1))
        square = g.mul(x, x)
        fourth = g.add("ReduceMean", g.mul(square, square), axes=[1], keepdims=0)
        spread = g.add("ReduceMean", square, axes=[1], keepdims=0)
        kurtosis = g.add("Div", fourth, g.add("Add", g.mul(spread, spread), g.constant(TINY)))
        above = g.add("Sub", g.add("Log", g.add("Max", kurtosis, g.constant(1.0))),
                      g.constant(np.log(NORMAL) + self.clicks))  # fmt: skip
        return g.add("ReduceMin", g.add("Relu", above), axes=[0], keepdims=1)

    def _dips(self, g: Graph, pull: str) -> str:
        """How far each tension falls below its mean in the window, in usual spreads beyond DEEP: (1, p)."""
        few = round(MEAN_S * self.rate_hz)
        x = g.reshape(pull, [self.length // few, few, len(self.pulled)])
        x = g.add("ReduceMean", x, axes=[1], keepdims=0)
        mean = g.add("Max", g.add("ReduceMean", x, axes=[0], keepdims=1), g.constant(1.0))
        lowest = g.add("ReduceMin", x, axes=[0], keepdims=1)
        share = g.add("Sub", g.constant(1.0), g.add("Div", lowest, mean))
        deep = g.mul(share, g.constant(1.0 / self.usual[None]))
        return g.add("Relu", g.add("Sub", deep, g.constant(DEEP)))

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        return {
            "name": "weld",
            "kind": "weld",
            "task": "anomaly.series",
            "condition": "machine",
            "severity": 800,
            "place": "unit",
            "advice": "spare-weld",
            "inputs": [
                {
                    "name": "window", "kind": "window", "layout": "NTC", "unit": "mixed",
                    "channels": list(self.reads), "rate_hz": self.rate_hz, "length": self.length,
                    "stride_s": STRIDE_S, "hold_s": 0.01, "max_bad": 0.1,
                }
            ],
            "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}],
            "threshold": self.level,
            "alarm": {"k": 1, "n": 1, "off_delay_s": 5.0, "deadband": 0.2},
            "choices": {"length_s": LENGTH_S, "mean_s": MEAN_S, "pieces": PIECES, "deep": DEEP},
            "fitted": {"log_kurtosis": round(self.clicks, 4), "usual_share": [round(float(v), 5) for v in self.usual]},
            "baseline": "always-alarm",
            "licence": "Apache-2.0",
            **self.notes,
        }  # fmt: skip

"""Chatter of a rolling stand: how loud its third octave is, and how fast it grows, stand by stand.

A window is cut into short pieces; each gives the log of the amplitude in the band. A straight line through them is the
growth, a share a second. Chatter grows as exp(t/tau) and nothing else does for long: a blow is loud at once and dies
away, a gear hums at one level. So the growth counts less twice its standard error, and a stand scores by the product of
its growth and of how far its level lies above RISEN. Third-octave chatter and its growth: Yun, Wilson and Ehmann, Int.
J. Mach. Tools Manuf. 38 (1998) 1.
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

BAND = (120.0, 250.0)  # Hz, third octave
PIECES = 8  # a window is cut into
PIECE_S = 0.05  # s; 20 Hz between its lines
STRIDE_S = 0.025  # s between windows: a tenth of the time in which chatter grows by e
CERTAIN = 2.0  # standard errors taken off the growth
RISEN = 1.5  # log amplitude above the usual that says nothing yet: 4.5 times as loud
LEAST_HZ = 1000.0  # a slower vibration does not hold the band
LEAST = 20  # windows that a level needs
FLOOR = 1e-6  # of the band's power: below, nothing is measured


@dataclass(slots=True)
class Chatter:
    """The model under construction: fit it, take its file, calibrate, take its file again."""

    channels: tuple[str, ...]
    rate_hz: float
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    usual: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,) mean log amplitude of normal

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Chatter:
        """The accelerometers of block groups, one a stand. Raises InputError if there is none that is fast enough."""
        tags = [tag for group in groups for tag in group.tags if group.kind == "blocks" and tag.short.startswith("ACC")]
        rates = sorted({float(tag.rate_hz or 0.0) for tag in tags})
        if len(rates) != 1 or rates[0] < LEAST_HZ:
            raise InputError(
                say("chatter needs accelerometers (tags ACC…) in blocks at one rate of at least {least:g} Hz, but got "
                    "{rates}.", least=LEAST_HZ, rates=", ".join(f"{rate:g} Hz" for rate in rates) or say("none"))
            )  # fmt: skip
        return cls(tuple(tag.name for tag in tags), rates[0])

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the tags of its window, in order."""
        return self.channels

    @property
    def piece(self) -> int:
        """Samples of a piece."""
        return round(PIECE_S * self.rate_hz)

    @property
    def length(self) -> int:
        """Samples of a window."""
        return PIECES * self.piece

    # -- numbers -------------------------------------------------------------------------------------------

    def kept(self, run: np.ndarray) -> np.ndarray:
        """Log amplitude in the band, (m, k), of the m pieces of a run (n, k)."""
        m = len(run) // self.piece
        pieces = run[: m * self.piece].reshape(m, self.piece, run.shape[1])
        lines = np.einsum("lp,mpk->mlk", self._lines(), pieces)
        return 0.5 * np.log((lines**2).sum(axis=1) + FLOOR)

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn the usual level from what was kept of runs, (m_i, k). Raises InputError on too little data."""
        together = np.concatenate([np.empty((0, len(self.channels))), *runs])
        if len(together) < LEAST * PIECES:
            raise InputError(
                say("chatter needs at least {seconds:g} s to fit, but got {n:g}. Give more rows.",
                    seconds=LEAST * PIECES * PIECE_S, n=len(together) * PIECE_S)
            )  # fmt: skip
        self.usual = together.mean(axis=0)

    def _lines(self) -> np.ndarray:
        """(2 lines, piece): cosines and sines of the band under a Hann window, scaled to amplitude."""
        n = self.piece
        hz = np.arange(0, n // 2 + 1) * self.rate_hz / n
        hz = hz[(hz >= BAND[0] - 1e-6) & (hz <= BAND[1] + 1e-6)]
        angle = 2.0 * np.pi * hz[:, None] * np.arange(n) / self.rate_hz
        taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(1, n + 1) / (n + 1))
        return np.concatenate([np.cos(angle), np.sin(angle)]) * taper * (2.0 / taper.sum())

    # -- the file ------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Window (1, length, k) to score (1, 1), contribution (1, k), growth and level (1, k, 2)."""
        k = len(self.channels)
        g = Graph("chatter")
        x = g.reshape(g.input("window", [1, self.length, k]), [PIECES, self.piece, k])
        lines = g.add("MatMul", g.constant(self._lines()[None]), x)
        power = g.add("ReduceSumSquare", lines, axes=[1], keepdims=0)  # (PIECES, k)
        logs = g.mul(g.add("Log", g.add("Add", power, g.constant(FLOOR))), g.constant(0.5))
        slope, off = _line()
        growth = g.add("MatMul", g.constant(slope), logs)  # (1, k) in 1/s
        error = g.add("Sqrt", g.add("ReduceSumSquare", g.add("MatMul", g.constant(off), logs), axes=[0], keepdims=1))
        sure = g.add("Relu", g.add("Sub", growth, g.mul(error, g.constant(CERTAIN))))
        above = g.add("Relu", g.add("Sub", g.slice(logs, PIECES - 1, PIECES, 0), g.constant(self.usual[None] + RISEN)))
        share = g.mul(g.mul(sure, above), g.constant(1.0 / self.level))
        g.output(g.reshape(g.add("ReduceMax", share, keepdims=0), [1, 1]), "score", [1, 1])
        g.output(share, "contribution", [1, k])
        both = g.add("Concat", g.reshape(growth, [1, k, 1]), g.reshape(above, [1, k, 1]), axis=2)
        g.output(both, "growth", [1, k, 2])
        return g

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        return {
            "name": "chatter",
            "kind": "chatter",
            "task": "anomaly.series",
            "condition": "machine",
            "severity": 900,
            "place": "top",
            "advice": "slow-mill",
            "inputs": [
                {
                    "name": "window", "kind": "window", "layout": "NTC", "unit": "m/s2",
                    "channels": list(self.channels), "rate_hz": self.rate_hz, "length": self.length,
                    "stride_s": STRIDE_S, "hold_s": 5.0 / self.rate_hz, "max_bad": 0.1,
                }
            ],
            "outputs": [
                {"name": "score", "role": "score"},
                {"name": "contribution", "role": "contribution"},
                {"name": "growth", "role": "map", "rows": list(self.channels), "columns": ["growth 1/s", "level"]},
            ],
            "threshold": self.level,
            "alarm": {"k": 1, "n": 1, "off_delay_s": 1.0, "deadband": 0.2},
            "choices": {
                "band_hz": list(BAND), "pieces": PIECES, "piece_s": PIECE_S, "certain": CERTAIN, "risen": RISEN,
            },
            "fitted": {"usual_log_amplitude": [round(float(value), 4) for value in self.usual]},
            "baseline": "always-alarm",
            "licence": "Apache-2.0",
            **self.notes,
        }  # fmt: skip


def _line() -> tuple[np.ndarray, np.ndarray]:
    """Of the levels of a window: the slope's weights (1, PIECES), 1/s, and residuals scaled to its error (same, same).

    The root of the sum of squared residuals is then the standard error of the slope.
    """
    t = PIECE_S * (np.arange(PIECES) - 0.5 * (PIECES - 1))
    slope = t / (t @ t)
    residual = np.eye(PIECES) - 1.0 / PIECES - np.outer(t, slope)
    return slope[None], residual / np.sqrt((PIECES - 2) * (t @ t))

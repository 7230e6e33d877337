"""A tone that stands: a line of the fifth octave that is there in every second of a window, stand by stand.

A roll that has polished itself into a polygon sings for hours at one frequency. A gear hums for seconds, a bearing
knocks over the whole band. So each second gives the contrast of every band against the lines around it, and a band
counts by its poorest second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.fourier import lines
from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.tags import Group
from connectors.texts import say

LOW, HIGH, WIDE, STEP = 500.0, 700.0, 20.0, 10.0  # Hz: the fifth octave in bands of 20 that overlap
RING = 40.0  # Hz on both sides of a band that it is held against
PIECES, PIECE_S, STRIDE_S = 8, 1.0, 2.0  # a window of 8 s every 2 s
LEAST_HZ = 2000.0  # a slower vibration does not hold the band and what is around it
FLOOR = 1e-9  # (m/s2)2


@dataclass(slots=True)
class Tone:
    """The model under construction: fit it, take its file, calibrate, take its file again."""

    channels: tuple[str, ...]
    rate_hz: float
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    usual: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k, b) contrast of normal

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Tone:
        """The accelerometers of block groups, one a stand. Raises InputError if there is none that is fast enough."""
        tags = [tag for group in groups for tag in group.tags if group.kind == "blocks" and tag.short.startswith("ACC")]
        rates = sorted({float(tag.rate_hz or 0.0) for tag in tags})
        if len(rates) != 1 or rates[0] < LEAST_HZ:
            raise InputError(
                say("tone needs accelerometers (tags ACC…) in blocks at one rate of at least {least:g} Hz, but got "
                    "{rates}.", least=LEAST_HZ, rates=", ".join(f"{rate:g} Hz" for rate in rates) or say("none"))
            )  # fmt: skip
        return cls(tuple(tag.name for tag in tags), rates[0])

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the tags of its window, in order."""
        return self.channels

    @property
    def piece(self) -> int:
        """Samples of a second."""
        return round(PIECE_S * self.rate_hz)

    def kept(self, run: np.ndarray) -> np.ndarray:
        """Contrast of every whole second of a run (n, k): (m, k, b)."""
        m, k = len(run) // self.piece, run.shape[1]
        x = run[: m * self.piece].reshape(m, self.piece, k).transpose(0, 2, 1) * self._taper()
        power = np.abs(np.fft.rfft(x, axis=2)) ** 2
        inside, around = self._shares()
        return np.log(power @ inside + FLOOR) - np.log(power @ around + FLOOR)

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn the usual contrast from what was kept of runs. Raises InputError on too little data."""
        together = np.concatenate([np.empty((0, len(self.channels), len(_bands()))), *runs])
        if len(together) < 2 * PIECES:
            raise InputError(say("tone needs at least {seconds:g} s to fit, but got {n:g}. Give more rows.",
                                 seconds=2 * PIECES * PIECE_S, n=len(together) * PIECE_S))  # fmt: skip
        self.usual = np.median(together, axis=0)

    def _taper(self) -> np.ndarray:
        """Hann, (piece,), scaled so that a line's power is that of its tone."""
        taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(1, self.piece + 1) / (self.piece + 1))
        return taper * (2.0 / taper.sum())

    def _shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Means over the lines inside and around each band: two of (lines, b)."""
        hz = np.fft.rfftfreq(self.piece, 1.0 / self.rate_hz)[:, None]
        low = _bands()[None, :]
        inside = (hz >= low) & (hz < low + WIDE)
        around = (hz >= low - RING) & (hz < low + WIDE + RING) & ~inside
        return inside / inside.sum(axis=0), around / around.sum(axis=0)

    def graph(self) -> Graph:
        """Window (1, length, k) to score (1, 1), contribution (1, k) and bands (1, k, b)."""
        k, n, b = len(self.channels), self.piece, len(_bands())
        g = Graph("tone")
        x = g.reshape(g.input("window", [1, PIECES * n, k]), [PIECES, n, k])
        x = g.mul(g.add("Transpose", x, perm=[0, 2, 1]), g.constant(self._taper()))
        shares = self._shares()
        counted = np.flatnonzero(np.any(np.concatenate(shares, axis=1) > 0, axis=1))
        first, end = int(counted[0]), int(counted[-1]) + 1
        shape = (PIECES * k, n, 1)
        power = g.add("ReduceSumSquare", lines(g, g.reshape(x, shape), shape, n, (first, end)), axes=[2], keepdims=0)
        logs = [g.add("Log", g.add("Add", g.add("MatMul", power, g.constant(share[first:end])), g.constant(FLOOR)))
                for share in shares]  # fmt: skip
        contrast = g.reshape(g.add("Sub", *logs), [PIECES, k, b])
        poorest = g.add("ReduceMin", g.add("Sub", contrast, g.constant(self.usual[None])), axes=[0], keepdims=1)
        share = g.mul(g.add("Relu", poorest), g.constant(1.0 / self.level))  # (1, k, b)
        g.output(g.reshape(g.add("ReduceMax", share, keepdims=0), [1, 1]), "score", [1, 1])
        g.output(g.add("ReduceMax", share, axes=[2], keepdims=0), "contribution", [1, k])
        g.output(share, "bands", [1, k, b])
        return g

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        names = [f"{low:g}-{low + WIDE:g} Hz" for low in _bands()]
        return {
            "name": "tone",
            "kind": "tone",
            "task": "anomaly.series",
            "condition": "machine",
            "severity": 500,
            "place": "top",
            "advice": "look-at-top-tags",
            "inputs": [
                {
                    "name": "window", "kind": "window", "layout": "NTC", "unit": "m/s2",
                    "channels": list(self.channels), "rate_hz": self.rate_hz, "length": PIECES * self.piece,
                    "stride_s": STRIDE_S, "hold_s": 5.0 / self.rate_hz, "max_bad": 0.1,
                }
            ],
            "outputs": [
                {"name": "score", "role": "score"},
                {"name": "contribution", "role": "contribution"},
                {"name": "bands", "role": "map", "rows": list(self.channels), "columns": names},
            ],
            "threshold": self.level,
            "alarm": {"k": 1, "n": 1, "off_delay_s": 10.0, "deadband": 0.2},
            "choices": {"low_hz": LOW, "high_hz": HIGH, "wide_hz": WIDE, "ring_hz": RING, "pieces": PIECES},
            "baseline": "always-alarm",
            "licence": "Apache-2.0",
            **self.notes,
        }  # fmt: skip


def _bands() -> np.ndarray:
    """Lower edges, Hz, (b,)."""
    return np.arange(LOW, HIGH - WIDE + 1e-6, STEP)

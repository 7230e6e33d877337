"""Bearings by the spectrum of their envelope: does the housing's ringing come and go at a bearing's own frequency?

The band where housings ring is cut out of the spectrum and turned back into time; the square of what it encloses has
a line at each frequency at which something knocks (Randall and Antoni, Mech. Syst. Signal Process. 25 (2011) 485).
Bearing frequencies follow from geometry and the measured speed. A frequency is scored by its contrast: log of the
highest line at it, less log of the highest around it, averaged over harmonics. Noise that rises as a whole, a single
blow, or a machine that beats beside this one lift both, and so neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.fourier import lines
from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.texts import say

HARMONICS = 3
TOLERANCE = 0.006  # of a bearing frequency: slip and speed within a window
INSIDE = 9  # lines looked at within the tolerance
AROUND = 24  # lines looked at in each of four spans around, between the shaft's sidebands
CLEAR = 2.5  # lines of the transform that a Hann window smears a line over, and half a line more
RUNS = 0.3  # of its full speed: slower than that a machine is not judged
LEAST = 40  # windows that a mean and a spread need
NARROWEST = 0.1  # least spread of a contrast


@dataclass(frozen=True, slots=True)
class EnvelopeView:
    """What is looked at.

    Attributes:
        signals: k accelerometers' tags. speeds: for each the tag of its shaft's speed.
        orders: for each (name, events a turn) of its bearing, the same names everywhere.
        full: for each, turns a minute at full speed.
        per: for each, turns a minute for one unit of its speed; empty: speeds are turns a minute.
        rate_hz, length, stride_s: of the windows; `length` a power of 2.
        band: Hz, where housings ring; a power of 2 lines wide is cut out from its lower end.
    """

    signals: tuple[str, ...]
    speeds: tuple[str, ...]
    orders: tuple[tuple[tuple[str, float], ...], ...]
    full: tuple[float, ...]
    rate_hz: float
    length: int
    stride_s: float
    band: tuple[float, float]
    per: tuple[float, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Signals, then speeds."""
        return (*self.signals, *dict.fromkeys(self.speeds))

    @property
    def names(self) -> tuple[str, ...]:
        """What the frequencies are called."""
        return tuple(name for name, _ in self.orders[0])

    @property
    def lines(self) -> tuple[int, int]:
        """First line of the band, and how many."""
        first = round(self.band[0] * self.length / self.rate_hz)
        wide = 1 << int(np.log2((self.band[1] - self.band[0]) * self.length / self.rate_hz + 0.5))
        return first, wide


@dataclass(slots=True)
class Envelope:
    """The model under construction: fit it, take its file, calibrate, take its file again."""

    view: EnvelopeView
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k, f)
    spread: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k, f)

    @property
    def reads(self) -> tuple[str, ...]:
        return self.view.channels

    @property
    def shape(self) -> tuple[int, int]:
        """(k, f): signals, and frequencies at each."""
        return len(self.view.signals), len(self.view.names)

    def kept(self, run: np.ndarray) -> np.ndarray:
        """Contrasts, (m, k, f), of the m windows that follow each other in a run of shape (n, channels)."""
        contrasts, n = self.contrasts(), self.view.length
        found = [contrasts(run[at : at + n]) for at in range(0, len(run) - n + 1, n)]
        return np.array(found).reshape(-1, *self.shape)

    def contrasts(self) -> Callable[[np.ndarray], np.ndarray]:
        """A function of a window, float64 (length, channels), that gives its contrasts, float64 (k, f)."""
        from edge.session import Session

        g = Graph("envelope")
        shape = [len(self.view.signals), len(self.view.names)]
        g.output(self._contrast(g)[0], "contrast", shape)
        session = Session(g.plain({}), "envelope")
        return lambda window: session.run({"window": window.astype(np.float32)[None]})["contrast"].astype(np.float64)

    def fit(self, contrasts: Sequence[np.ndarray], /) -> None:
        """Learn what is normal from runs' contrasts, (m_i, k, f). Raises InputError on too few windows."""
        seen = np.concatenate([np.empty((0, *self.shape)), *contrasts])
        if len(seen) < LEAST:
            raise InputError(
                say("envelope needs at least {least} windows to fit, but got {n}. Give more seeds.",
                    least=LEAST, n=len(seen))
            )  # fmt: skip
        self.mean = seen.mean(axis=0)
        self.spread = np.maximum(seen.std(axis=0), NARROWEST)

    # -- the file ------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Window (1, length, channels) to score (1, 1), contribution (1, channels), bands (1, signals, names)."""
        view, k = self.view, len(self.view.signals)
        g = Graph("envelope")
        contrast, runs = self._contrast(g)
        above = g.add("Relu", g.add("Sub", contrast, g.constant(self.mean)))
        share = g.mul(g.mul(above, runs), g.constant(1.0 / (self.spread * self.level)))  # (k, f)
        g.output(g.reshape(g.add("ReduceMax", share, keepdims=0), [1, 1]), "score", [1, 1])
        by_signal = g.reshape(g.add("ReduceMax", share, axes=[1], keepdims=0), [1, k])
        own = g.constant(np.eye(k, len(view.channels)))  # speeds contribute nothing
        g.output(g.add("MatMul", by_signal, own), "contribution", [1, len(view.channels)])
        g.output(g.reshape(share, [1, k, len(view.names)]), "bands", [1, k, len(view.names)])
        return g

    def _contrast(self, g: Graph) -> tuple[str, str]:
        """Contrast of every frequency at every signal, (k, f), and 1 where the machine turns, else 0, (k, 1)."""
        view, k = self.view, len(self.view.signals)
        x = g.reshape(g.input("window", [1, view.length, len(view.channels)]), [view.length, len(view.channels)])
        power = self._envelope_spectrum(g, g.slice(x, 0, k, 1))
        rpm, runs = turns(g, x, view)
        inside, around = self._orders()
        parts = []
        for orders in (inside, around):  # (k, f, h, m)
            at = g.mul(rpm, g.constant(orders.reshape(k, -1) * view.length / view.rate_hz / 60.0))
            at = g.add("Cast", g.add("Round", g.add("Clip", at, g.constant(0.0), self._last(g))), to=7)
            found = g.reshape(g.add("GatherElements", power, at, axis=1), orders.shape)
            highest = g.add("ReduceMax", found, axes=[3], keepdims=0)
            parts.append(g.add("Log", g.add("Add", highest, g.constant(1e-12))))
        return g.add("ReduceMean", g.add("Sub", *parts), axes=[2], keepdims=0), g.add("Cast", runs, to=1)

    def _last(self, g: Graph) -> str:
        return g.constant(float(self.view.lines[1]))

    def _envelope_spectrum(self, g: Graph, x: str) -> str:
        """Power of the squared envelope, (k, lines + 1), of signals (length, k); its lines are those of the window."""
        view, k = self.view, len(self.view.signals)
        first, wide = view.lines
        shape = (k, view.length, 1)
        signals = g.reshape(g.add("Transpose", x, perm=[1, 0]), shape)
        band = lines(g, signals, shape, view.length, (first, first + wide))
        return squared_envelope(g, band, k, wide)

    def _orders(self) -> tuple[np.ndarray, np.ndarray]:
        """Orders of the lines inside and around each frequency: (k, f, h, INSIDE) and (k, f, h, 4 * AROUND)."""
        view = self.view
        base = np.array([[order for _, order in orders] for orders in view.orders])
        middle = base[:, :, None] * np.arange(1, HARMONICS + 1)  # (k, f, h)
        near = np.linspace(1.0 - TOLERANCE, 1.0 + TOLERANCE, INSIDE)
        line = view.rate_hz / view.length / (np.array(view.full) / 60.0)  # of the transform, in orders
        clear = np.minimum(CLEAR * line, 0.4)[:, None, None] + TOLERANCE * middle
        clear = np.minimum(clear, 0.45)
        spans = []
        for low, high in ((-2.0, -1.0), (-1.0, 0.0), (0.0, 1.0), (1.0, 2.0)):
            share = np.linspace(0.0, 1.0, AROUND)
            spans.append(low + clear[..., None] + (high - low - 2.0 * clear[..., None]) * share)
        around = np.abs(middle[..., None] + np.concatenate(spans, axis=-1))
        return middle[..., None] * near, around

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        bands = {"name": "bands", "role": "map", "rows": list(self.view.signals), "columns": list(self.view.names)}
        choices = {"band_hz": list(self.view.band), "harmonics": HARMONICS, "tolerance": TOLERANCE}
        return {**machine_card("envelope", self.view, self.level, [bands], choices), **self.notes}


def turns(g: Graph, x: str, view: EnvelopeView) -> tuple[str, str]:
    """Turns a minute of each signal's shaft at the end of a window (length, channels), (k, 1); and whether it turns."""
    rpm = g.add("Transpose", g.slice(x, view.length - 1, view.length, 0), perm=[1, 0])  # now, (channels, 1)
    rpm = g.add("Gather", rpm, g.integers([view.channels.index(name) for name in view.speeds]), axis=0)
    rpm = g.mul(rpm, g.constant(np.array(view.per)[:, None])) if view.per else rpm
    return rpm, g.add("Greater", rpm, g.constant(RUNS * np.array(view.full)[:, None]))


def machine_card(
    kind: str, view: EnvelopeView, level: float, outputs: Sequence[dict[str, Any]], choices: dict[str, Any]
) -> dict[str, Any]:
    """What the file of a model of machines says of itself; `outputs` come after score and contribution."""
    orders = {signal: dict(orders) for signal, orders in zip(view.signals, view.orders, strict=True)}
    return {
        "name": kind,
        "kind": kind,
        "task": "anomaly.series",
        "condition": "machine",
        "severity": 600,
        "place": "top",
        "advice": "plan-bearing",
        "inputs": [
            {
                "name": "window", "kind": "window", "layout": "NTC", "unit": "mixed",
                "channels": list(view.channels), "rate_hz": view.rate_hz, "length": view.length,
                "stride_s": view.stride_s, "hold_s": 1.3, "max_bad": 0.1,
            }
        ],
        "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}, *outputs],
        "threshold": level,
        "alarm": {"k": 3, "n": 5, "off_delay_s": 5.0 * view.stride_s, "deadband": 0.1},
        "choices": {**choices, "orders": orders},
        "baseline": "always-alarm",
        "licence": "Apache-2.0",
    }  # fmt: skip


def squared_envelope(g: Graph, band: str, k: int, wide: int) -> str:
    """Power of the squared envelope of k bands (k, wide, 2) of transforms, (k, wide + 1); the same lines apart."""
    n = 2 * wide  # zeros behind the band, so that squares do not fold
    ringing = lines(g, band, (k, wide, 2), n, (0, n), inverse=True)
    square = g.add("ReduceSumSquare", ringing, axes=[2], keepdims=1)
    rest = g.add("Sub", square, g.add("ReduceMean", square, axes=[1], keepdims=1))
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(n) + 0.5) / n)
    found = lines(g, g.mul(rest, g.constant(hann[None, :, None])), (k, n, 1), n, (0, wide + 1))
    return g.add("ReduceSumSquare", found, axes=[2], keepdims=0)

"""Bands of a spectrum that stand out: in hertz, or in orders of a turning roll, whatever its speed.

A band has two features: its level, log of its power, and its contrast, the same against the lines around it. A fault
that turns with the machine lifts both. What lifts the surroundings, too, is the process; what is but a clear line is a
sound machine seen through a quiet process. So a band is scored by the product of the two, each in standard deviations
above normal and nothing below, and the highest band is the score. Order tracking by the phase of a measured speed:
Fyfe and Munck, Mech. Syst. Signal Process. 11 (1997) 187.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.tags import Group
from connectors.texts import say

LENGTH = 1024  # samples of a window in hertz, unless asked for otherwise
BANDS = 12  # in hertz, of equal width on a logarithmic axis
FLOOR = 1e-3  # of a band's median power: what lies below says nothing
LEAST = 20  # windows that a mean and a spread need
NARROWEST = 0.1  # least spread of a feature; a band that never moved must move by that much


@dataclass(frozen=True, slots=True)
class View:
    """How the signals are looked at.

    Attributes:
        signals: tag names. speed: of the machine that turns, or '' for hertz.
        per: turns a second for each unit of `speed`.
        rate_hz, length, stride_s: of the windows, in samples as they come.
        average: samples are averaged by so many before anything else.
        bands: from, to; in orders or hertz.
        around: for each band the spans it is held against; empty: all other lines.
        running: the machine idles while the first signal is below; None: it never does.
        mix: for each signal what is added to it, (tag, factor): a force as it would be if the gap had stood still.
    """

    signals: tuple[str, ...]
    rate_hz: float
    length: int
    stride_s: float
    bands: tuple[tuple[float, float], ...]
    around: tuple[tuple[tuple[float, float], ...], ...] = ()
    speed: str = ""
    per: float = 1.0
    average: int = 1
    running: float | None = None
    mix: tuple[tuple[tuple[str, float], ...], ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Signals, what is added to them, and the speed last."""
        added = sorted({name for parts in self.mix for name, _ in parts} - set(self.signals))
        return (*self.signals, *added, self.speed) if self.speed else (*self.signals, *added)

    def mixing(self) -> np.ndarray:
        """(channels, signals): how the channels add up to the signals."""
        matrix = np.eye(len(self.channels), len(self.signals))
        for i, parts in enumerate(self.mix):
            for name, factor in parts:
                matrix[self.channels.index(name), i] += factor
        return matrix

    @property
    def names(self) -> tuple[str, ...]:
        """What the bands are called."""
        return tuple(f"{low:g}-{high:g} {'order' if self.speed else 'Hz'}" for low, high in self.bands)

    def choices(self) -> dict[str, Any]:
        """For the card."""
        return {
            "axis": "orders" if self.speed else "hertz", "bands": [list(band) for band in self.bands],
            "around": [[list(span) for span in spans] for spans in self.around], "average": self.average,
            "speed": self.speed, "mix": [[list(part) for part in parts] for parts in self.mix],
            "turns_per_second_per_unit": self.per, "running_above": self.running,
        }  # fmt: skip


def view_of(groups: Sequence[Group]) -> View:
    """Bands in hertz of every tag of the fastest groups, for data that nothing more is known of."""
    kind = "blocks" if any(group.kind == "blocks" for group in groups) else "scalars"
    tags = [tag for group in groups for tag in group.tags if group.kind == kind and tag.rate_hz is not None]
    if not tags:
        raise InputError(say("spectrum needs tags with a rate_hz, but there is none. Give a tag list with rates."))
    rate = max(float(tag.rate_hz or 0.0) for tag in tags)
    edges = np.geomspace(4.0 * rate / LENGTH, 0.45 * rate, BANDS + 1).round(6).tolist()
    return View(
        signals=tuple(tag.name for tag in tags if tag.rate_hz == rate), rate_hz=rate, length=LENGTH,
        stride_s=LENGTH / 4 / rate, bands=tuple(pairwise(edges)),
    )  # fmt: skip


@dataclass(slots=True)
class Spectrum:
    """The model under construction: fit it, take its file, calibrate, take its file again."""

    view: View
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    floor: np.ndarray = field(default_factory=lambda: np.empty(0))  # (b, k) power
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))  # (2, b, k) level and contrast
    spread: np.ndarray = field(default_factory=lambda: np.empty(0))  # (2, b, k)
    limit: np.ndarray = field(default_factory=lambda: np.empty(0))  # (b, k) that 99 % of the fitted data stay below

    # -- numbers -------------------------------------------------------------------------------------------

    @property
    def reads(self) -> tuple[str, ...]:
        return self.view.channels

    def kept(self, run: np.ndarray) -> np.ndarray:
        """Power in and around each band, (m, 2, b, k), of the m windows of a run (n, channels)."""
        view = self.view
        step = round(view.stride_s * view.rate_hz)
        starts = range(0, len(run) - view.length + 1, step)
        found = [self._one(run[at : at + view.length]) for at in starts]
        return np.array(found).reshape(-1, 2, len(view.bands), len(view.signals))

    def _one(self, window: np.ndarray) -> np.ndarray:
        view, n = self.view, self._points
        x = window[: n * view.average].reshape(n, view.average, -1).mean(axis=1)
        y = x @ view.mixing()
        weight = self._taper() * (x[:, :1] > view.running if view.running is not None else 1.0)
        total = weight.sum() + 1e-6
        z = weight * (y - (weight * y).sum(axis=0) / total)
        if view.speed:
            turns = np.cumsum(x[:, -1:] * (view.per * view.average / view.rate_hz), axis=0)
            angle = turns @ (2.0 * np.pi * self._lines()[None, :])
            lines = np.exp(-1j * angle).T @ z
        else:
            lines = np.fft.rfft(z, axis=0)
        power = 4.0 * np.abs(lines) ** 2 / total**2
        inside, around = self._shares()
        return np.stack([inside @ power, around @ power])

    def fit(self, powers: Sequence[np.ndarray]) -> None:
        """Learn what is normal from runs' powers, (m_i, 2, b, k). Raises InputError on too little data."""
        both = np.concatenate([np.empty((0, 2, len(self.view.bands), len(self.view.signals))), *powers])
        if len(both) < LEAST:
            raise InputError(
                say("spectrum needs at least {least} windows of {seconds:g} s to fit, but got {n}. Give more rows.",
                    least=LEAST, seconds=self.view.length / self.view.rate_hz, n=len(both))
            )  # fmt: skip
        self.floor = np.maximum(FLOOR * np.median(both[:, 0], axis=0), 1e-30)
        features = self.features(both)
        self.mean = features.mean(axis=0)
        self.spread = np.maximum(features.std(axis=0), NARROWEST)
        self.limit = np.maximum(np.quantile(self.standing_out(features), 0.99, axis=0), 1e-3)

    def features(self, powers: np.ndarray) -> np.ndarray:
        """Level and contrast, (m, 2, b, k), of powers (m, 2, b, k)."""
        level, around = np.log(powers[:, 0] + self.floor), np.log(powers[:, 1] + self.floor)
        return np.stack([level, level - around], axis=1)

    def standing_out(self, features: np.ndarray) -> np.ndarray:
        """How far each band stands out, (m, b, k): the product of its features in standard deviations above normal."""
        z = np.maximum((features - self.mean) / self.spread, 0.0)
        return z[:, 0] * z[:, 1]

    # -- constants of windows and lines --------------------------------------------------------------------

    @property
    def _points(self) -> int:
        return self.view.length // self.view.average

    def _taper(self) -> np.ndarray:
        """Hann, (n, 1), no point of it 0."""
        n = self._points
        return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(1, n + 1) / (n + 1)))[:, None]

    def _lines(self) -> np.ndarray:
        """Orders or hertz of the lines, rising: of the transform, or a few in each band and span."""
        view = self.view
        if not view.speed:
            return np.fft.rfftfreq(self._points, view.average / view.rate_hz)
        spans = [np.linspace(low, high, 3) for low, high in view.bands]
        spans += [np.arange(low, high + 1e-9, 0.05) for around in view.around for low, high in around]
        return np.unique(np.concatenate(spans).round(6))

    def _shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Means over the lines inside and around each band: two of (b, lines)."""
        lines, view = self._lines(), self.view
        inside = [(lines >= low - 1e-6) & (lines <= high + 1e-6) for low, high in view.bands]
        around = []
        for i, at in enumerate(inside):
            spans = view.around[i] if view.around else ((lines[1], lines[-1]),)
            within = [(lines >= low - 1e-6) & (lines <= high + 1e-6) for low, high in spans]
            around.append(np.logical_or.reduce(within) & ~at)
        masks = zip(view.names, inside, around, strict=True)
        empty = [name for name, at, ring in masks if not (at.any() and ring.any())]
        if empty:
            told = say("No line of the spectrum lies in or around {bands}. Give longer windows, or wider bands.",
                       bands=", ".join(empty))  # fmt: skip
            raise InputError(told)
        return tuple(np.array([row / row.sum() for row in rows]) for rows in (inside, around))  # pyright: ignore[reportReturnType]

    # -- the file ------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Window (1, length, channels) to score (1, 1), contribution (1, channels), bands (1, signals, bands)."""
        view, n, k, b = self.view, self._points, len(self.view.signals), len(self.view.bands)
        g = Graph("spectrum")
        x = g.reshape(g.input("window", [1, view.length, len(view.channels)]), [view.length, len(view.channels)])
        x = g.slice(x, 0, n * view.average, 0)
        x = g.add("ReduceMean", g.reshape(x, [n, view.average, len(view.channels)]), axes=[1], keepdims=0)
        power = self._power(g, x)
        inside, around = (
            g.add("Log", g.add("Add", g.add("MatMul", g.constant(share), power), g.constant(self.floor)))
            for share in self._shares()
        )
        level = self._above(g, inside, 0)
        contrast = self._above(g, g.add("Sub", inside, around), 1)
        scale = g.constant(1.0 / (self.limit * self.level))
        share = g.mul(g.mul(level, contrast), scale)  # (b, k)
        g.output(g.reshape(g.add("ReduceMax", share, keepdims=0), [1, 1]), "score", [1, 1])
        by_signal = g.add("ReduceMax", share, axes=[0], keepdims=1)
        own = g.constant(np.eye(k, len(view.channels)))  # what is added, and the speed, contribute nothing
        g.output(g.add("MatMul", by_signal, own), "contribution", [1, len(view.channels)])
        g.output(g.reshape(g.add("Transpose", share, perm=[1, 0]), [1, k, b]), "bands", [1, k, b])
        return g

    def _power(self, g: Graph, x: str) -> str:
        """Power of each line and signal, (lines, k), of averaged samples (n, channels)."""
        view, k = self.view, len(self.view.signals)
        y = g.add("MatMul", x, g.constant(view.mixing()))
        weight = g.constant(self._taper())
        if view.running is not None:
            runs = g.add("Greater", g.slice(x, 0, 1, 1), g.constant(view.running))
            weight = g.mul(weight, g.add("Cast", runs, to=1))
        total = g.add("Add", g.add("ReduceSum", weight, g.integers([0]), keepdims=1), g.constant(1e-6))
        mean = g.add("Div", g.add("ReduceSum", g.mul(weight, y), g.integers([0]), keepdims=1), total)
        z = g.mul(weight, g.add("Sub", y, mean))
        if view.speed:
            last = len(view.channels) - 1
            turns = g.mul(g.slice(x, last, last + 1, 1), g.constant(view.per * view.average / view.rate_hz))
            turns = g.add("CumSum", turns, g.integers(0))
            angle = g.add("MatMul", turns, g.constant(2.0 * np.pi * self._lines()[None, :]))
            parts = [g.add("MatMul", g.add("Transpose", g.add(op, angle), perm=[1, 0]), z) for op in ("Cos", "Sin")]
            power = g.add("Add", *(g.mul(part, part) for part in parts))
        else:
            signals = g.reshape(g.add("Transpose", z, perm=[1, 0]), [k, self._points, 1])
            lines = g.add("DFT", signals, axis=1, onesided=1)
            power = g.add("Transpose", g.add("ReduceSumSquare", lines, axes=[2], keepdims=0), perm=[1, 0])
        return g.mul(power, g.add("Div", g.constant(4.0), g.mul(total, total)))

    def _above(self, g: Graph, feature: str, which: int) -> str:
        above = g.add("Relu", g.add("Sub", feature, g.constant(self.mean[which])))
        return g.mul(above, g.constant(1.0 / self.spread[which]))

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        view = self.view
        return {
            "name": "spectrum",
            "kind": "spectrum",
            "task": "anomaly.series",
            "condition": "machine",
            "severity": 600,
            "place": "unit",
            "advice": "look-at-top-tags",
            "inputs": [
                {
                    "name": "window", "kind": "window", "layout": "NTC", "unit": "mixed",
                    "channels": list(view.channels), "rate_hz": view.rate_hz, "length": view.length,
                    "stride_s": view.stride_s, "hold_s": 5.0 / view.rate_hz, "max_bad": 0.1,
                }
            ],
            "outputs": [
                {"name": "score", "role": "score"},
                {"name": "contribution", "role": "contribution"},
                {"name": "bands", "role": "map", "rows": list(view.signals), "columns": list(view.names)},
            ],
            "threshold": self.level,
            "alarm": {"k": 3, "n": 5, "off_delay_s": 10.0 * view.stride_s, "deadband": 0.1},
            "choices": view.choices(),
            "baseline": "always-alarm",
            "licence": "Apache-2.0",
            **self.notes,
        }  # fmt: skip

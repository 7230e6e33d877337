"""What is wrong with a bearing: sound, inner race, outer race or rolling element, at its own orders in its envelope.

The spectrum is made level first, so that a tone of the machine counts as little as a line of noise (Sawalhi and
Randall, COMADEM 2011, by the cepstrum); then the envelope of each of several bands is looked at. A spalled ring knocks
in all of them at its own order; a rolling element turns over and hides in the sidebands of its cage, and is told by
ringing that no ring explains. So few features do: the contrast at each order, log of the highest line at it less mean
log around, averaged over harmonics and bands; and how much of the power rings, beside what is usual at that housing.
None of them depends on a sensor's gain. Multinomial logistic regression names the class. Every window is learned
fainter, too, in noise of its own spectrum: a small spall is a large one that is drowned deeper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly import logistic
from anomaly.envelope import EnvelopeView, machine_card, squared_envelope, turns
from anomaly.fourier import lines
from anomaly.graph import Graph, with_golden
from connectors.errors import InputError
from connectors.texts import say

LABELS = ("normal", "inner race", "outer race", "ball")
HARMONICS = 4
TOLERANCE = 0.01  # of an order: slip, and speed within a window (domain: 3h, 1 … 2 % from blow to blow)
INSIDE, AROUND = 33, 160  # places looked at within the tolerance, and within REACH turns on both sides of it
REACH = 3.0  # orders
LEVELLED = 65  # lines of the spectrum over which it is made level
QUIET_HZ = 100.0  # below it lie tones of the shaft, which say nothing of a bearing
FAINTER = (1.0, 0.8, 0.6)  # share of the window itself in what is learned; the rest is noise of its spectrum
PENALTY = 1e-3  # of the standardised features' weights
EVEN = float(np.log(2.0))  # softplus of even odds: the alarm level unless calibrated


@dataclass(frozen=True, slots=True)
class BearingView(EnvelopeView):
    """What is looked at: an EnvelopeView, whose `band` is where housings ring, and the bands of the envelopes in Hz."""

    bands: tuple[tuple[float, float], ...] = ()

    def cut(self, band: tuple[float, float]) -> tuple[int, int]:
        """First line of a band, and how many, a power of 2."""
        per_line = self.rate_hz / self.length
        return round(band[0] / per_line), 1 << int(np.log2((band[1] - band[0]) / per_line + 0.5))


@dataclass(slots=True)
class Bearing:
    """The model under construction.

    Attributes:
        usual: log share of power that rings at each sound housing, (k,).
        weights: (features, classes). bias: (classes,).
    """

    view: BearingView
    level: float = EVEN
    notes: dict[str, Any] = field(default_factory=dict)
    usual: np.ndarray = field(default_factory=lambda: np.empty(0))
    weights: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    bias: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the tags of its window, in order."""
        return self.view.channels

    def features(self) -> Callable[[np.ndarray], np.ndarray]:
        """A function of a window, float64 (length, channels), that gives features, float64 (k, features)."""
        from edge.session import Session

        g = Graph("bearing")
        g.output(self._features(g)[0], "features", [len(self.view.signals), len(self.view.names) + 1])
        session = Session(g.plain({}), "bearing")
        return lambda window: session.run({"window": window.astype(np.float32)[None]})["features"].astype(np.float64)

    def fit(self, features: np.ndarray, labels: np.ndarray) -> None:
        """Learn from features (n, k, features) and classes int (n, k), -1 where none is known.

        Raises InputError if a class, or a sound state of a housing, was never seen.
        """
        missing = [name for i, name in enumerate(LABELS) if not (labels == i).any()]
        if missing:
            raise InputError(say("bearing needs windows of every class, but got none of {missing}.",
                                 missing=", ".join(missing)))  # fmt: skip
        sound = labels == 0
        if not sound.any(axis=0).all():
            raise InputError(say("bearing needs windows of every bearing while it is sound."))
        self.usual = np.array([features[seen, i, -1].mean() for i, seen in enumerate(sound.T)])
        rows = features.copy()
        rows[:, :, -1] -= self.usual
        known = labels >= 0
        x = rows[known]
        mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
        weights, bias = logistic.fit((x - mean) / spread, labels[known], len(LABELS), PENALTY)
        self.weights = weights / spread[:, None]
        self.bias = bias - mean @ self.weights

    # -- the file ------------------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Window (1, length, channels) to score (1, 1), contribution (1, channels), and shares of the classes.

        Those are `label`, (1, 4), at the worst bearing, and `bearings`, (1, k, 4), at each.
        """
        view, k, c = self.view, len(self.view.signals), len(LABELS)
        g = Graph("bearing")
        features, runs = self._features(g)
        usual = np.zeros((k, len(view.names) + 1))
        usual[:, -1] = self.usual
        beyond = g.add("Sub", features, g.constant(usual))
        logits = g.add("Add", g.add("MatMul", beyond, g.constant(self.weights)), g.constant(self.bias))  # (k, c)
        wrong = g.add("ReduceLogSumExp", g.slice(logits, 1, c, 1), axes=[1], keepdims=1)
        odds = g.add("Softplus", g.add("Sub", wrong, g.slice(logits, 0, 1, 1)))
        share = g.reshape(g.mul(g.mul(odds, runs), g.constant(1.0 / self.level)), [1, k])
        worst, at = g.many("TopK", share, g.integers([1]), outputs=2, axis=1, largest=1, sorted=1)
        g.output(worst, "score", [1, 1])
        own = g.constant(np.eye(k, len(view.channels)))  # speeds contribute nothing
        g.output(g.add("MatMul", share, own), "contribution", [1, len(view.channels)])
        shares = g.add("Softmax", logits, axis=1)
        g.output(g.add("Gather", shares, g.reshape(at, [1]), axis=0), "label", [1, c])
        g.output(g.reshape(shares, [1, k, c]), "bearings", [1, k, c])
        return g

    def _features(self, g: Graph) -> tuple[str, str]:
        """Contrasts and log share of ringing power, (k, names + 1), and 1 where the machine turns, else 0, (k, 1)."""
        view, k = self.view, len(self.view.signals)
        x = g.reshape(g.input("window", [1, view.length, len(view.channels)]), [view.length, len(view.channels)])
        rpm, runs = turns(g, x, view)
        shape, half = (k, view.length, 1), view.length // 2 + 1
        signals = g.reshape(g.add("Transpose", g.slice(x, 0, k, 1), perm=[1, 0]), shape)
        found = lines(g, signals, shape, view.length, (0, half))  # (k, half, 2)
        power = g.add("ReduceSumSquare", found, axes=[2], keepdims=0)
        around = g.add("AveragePool", g.reshape(power, [k, 1, half]), kernel_shape=[LEVELLED],
                       pads=[LEVELLED // 2] * 2, count_include_pad=0)  # fmt: skip
        least = g.add("Add", g.add("Sqrt", g.reshape(around, [k, half, 1])), g.constant(1e-9))
        level = g.add("Div", found, least)
        beats = [self._contrasts(g, level, rpm, band) for band in view.bands]
        contrasts = g.mul(g.add("Sum", *beats), g.constant(1.0 / len(beats)))
        return g.add("Concat", contrasts, self._ringing(g, power), axis=1), g.add("Cast", runs, to=1)

    def _contrasts(self, g: Graph, level: str, rpm: str, band: tuple[float, float]) -> str:
        """Contrast at each order in the envelope of a band, (k, names)."""
        view, k = self.view, len(self.view.signals)
        first, wide = view.cut(band)
        power = squared_envelope(g, g.slice(level, first, first + wide, 1), k, wide)
        logs = g.add("Log", g.add("Add", power, g.constant(1e-12)))
        parts = []
        for orders in self._orders():  # (k, f, h, m)
            at = g.mul(rpm, g.constant(orders.reshape(k, -1) * view.length / view.rate_hz / 60.0))
            at = g.add("Cast", g.add("Round", g.add("Clip", at, g.constant(1.0), g.constant(float(wide)))), to=7)
            parts.append(g.reshape(g.add("GatherElements", logs, at, axis=1), orders.shape))
        highest = g.add("ReduceMax", parts[0], axes=[3], keepdims=0)
        usual = g.add("ReduceMean", parts[1], axes=[3], keepdims=0)
        return g.add("ReduceMean", g.add("Sub", highest, usual), axes=[2], keepdims=0)

    def _orders(self) -> tuple[np.ndarray, np.ndarray]:
        """Orders of the lines inside and around: (k, f, h, INSIDE) and (k, f, h, AROUND)."""
        base = np.array([[order for _, order in orders] for orders in self.view.orders])
        middle = (base[:, :, None] * np.arange(1, HARMONICS + 1))[..., None]
        inside = middle * np.linspace(1.0 - TOLERANCE, 1.0 + TOLERANCE, INSIDE)
        line = self.view.rate_hz / self.view.length / (np.array(self.view.full) / 60.0)  # of the transform, in orders
        clear = TOLERANCE * middle + 2.5 * line[:, None, None, None]
        away = clear + (REACH - clear) * np.linspace(0.0, 1.0, AROUND // 2)
        return inside, np.abs(np.concatenate([middle - away, middle + away], axis=-1))

    def _ringing(self, g: Graph, power: str) -> str:
        """Log of the power that rings over that which does not, (k, 1)."""
        view = self.view
        hz = np.arange(view.length // 2 + 1) * view.rate_hz / view.length
        rings = (hz >= view.band[0]) & (hz < view.band[1])
        rest = (hz >= QUIET_HZ) & ~rings
        logs = [g.add("Log", g.add("Add", g.add("MatMul", power, g.constant(part[:, None].astype(float))),
                                   g.constant(1e-12))) for part in (rings, rest)]  # fmt: skip
        return g.add("Sub", *logs)

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        view = self.view
        outputs = [
            {"name": "label", "role": "label"},
            {"name": "bearings", "role": "map", "rows": list(view.signals), "columns": list(LABELS)},
        ]
        choices = {
            "ringing_hz": list(view.band), "bands_hz": [list(band) for band in view.bands], "harmonics": HARMONICS,
            "tolerance": TOLERANCE, "fainter": list(FAINTER), "penalty": PENALTY,
        }  # fmt: skip
        card = machine_card("bearing", view, self.level, outputs, choices)
        return {**card, "labels": list(LABELS), "baseline": "majority", **self.notes}


def learned(
    view: BearingView, windows: Iterable[tuple[np.ndarray, Sequence[int]]], rng: np.random.Generator
) -> tuple[Bearing, np.ndarray]:
    """A fitted model, and the first window as it was, float64 (length, channels).

    Args:
        view: what is looked at.
        windows: float64 (length, channels) and the class of each signal, -1 where it is not known.
        rng: of the noise that windows are drowned in.

    Raises InputError if a class is missing.
    """
    model = Bearing(view)
    look = model.features()
    k = len(view.signals)
    rows, labels, golden = [], [], np.empty((0, 0))
    for window, classes in windows:
        golden = golden if len(golden) else window
        for share in FAINTER:
            seen = window.copy()
            seen[:, :k] = share * window[:, :k] + np.sqrt(1.0 - share**2) * noise_of(window[:, :k], rng)
            rows.append(look(seen))
            labels.append(classes)
    model.fit(np.array(rows).reshape(-1, k, len(view.names) + 1), np.array(labels, int).reshape(-1, k))
    return model, golden


def noise_of(signals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Noise of the same spectrum as signals (n, k): their transforms turned by random phases."""
    lines = np.fft.rfft(signals, axis=0)
    turned = lines * np.exp(2j * np.pi * rng.random(lines.shape))
    turned[0] = lines[0]
    return np.fft.irfft(turned, len(signals), axis=0)


def exported(model: Bearing, golden: np.ndarray) -> bytes:
    """The .onnx file with a golden pair of this window."""
    return with_golden(model.graph().model(model.card()), [{"window": golden.astype(np.float32)[None]}])

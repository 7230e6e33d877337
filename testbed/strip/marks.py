"""What may lie on a strip: rolled-in scale, scratches, roll marks, and the harmless water drops and oil stains.

Each is a stamp: a gain a pixel, 1.0 where the strip stays as it is, so that the strip's own texture shows through.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from testbed.strip.texture import spectral

DEFECTS = ("scale", "scratch", "roll_mark")
BENIGN = ("water_drops", "oil_stain")
UNIT = 128  # the gain that changes nothing
SEEN = 0.07  # a gain that differs by this much belongs to the mark's box


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A mark's look.

    Attributes:
        gain: int32 (h, w), in 1/UNIT.
        box: x1, y1, x2, y2 of what can be seen of it, in pixels of the stamp.
    """

    gain: np.ndarray
    box: tuple[int, int, int, int]

    def onto(self, image: np.ndarray, line: int, column: int) -> None:
        """Press the stamp into `image`, its corner at (line, column); what lies outside is cut off."""
        h, w = self.gain.shape
        y0, y1 = max(line, 0), min(line + h, image.shape[0])
        x0, x1 = max(column, 0), min(column + w, image.shape[1])
        if y0 >= y1 or x0 >= x1:
            return
        roi = image[y0:y1, x0:x1]
        gain = self.gain[y0 - line : y1 - line, x0 - column : x1 - column]
        roi[:] = np.clip((roi * gain + UNIT // 2) >> 7, 0, 255)


def faded_by(look: Stamp, strength: float) -> Stamp:
    """The same mark, weaker (below 1) or stronger."""
    return Stamp(np.rint(UNIT + strength * (look.gain - UNIT)).clip(0).astype(np.int32), look.box)


def stamp(label: str, rng: np.random.Generator) -> Stamp:
    """A mark of this class, drawn. Raises KeyError for a class that is none."""
    gain = _LOOKS[label](rng)
    seen = np.abs(gain - 1) >= SEEN
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Stamp(np.rint(UNIT * np.clip(gain, 0, 2.5)).astype(np.int32), box)


def _scale(rng: np.random.Generator) -> np.ndarray:
    """Dark islands with tails along the rolling direction, 2 … 50 mm by 1 … 5 mm, clustered."""
    n = int(rng.integers(3, 10))
    h, w = int(rng.integers(120, 420)), int(rng.integers(50, 150))
    gain = np.ones((h + 120, w + 40), np.float32)
    for i in range(n):
        long = rng.uniform(24, 100) if i == 0 else rng.uniform(6, 60)
        wide = rng.uniform(4.0, 9.0) if i == 0 else rng.uniform(2.0, 6.0)
        y, x = rng.uniform(20, h), 20 + w * rng.beta(2, 2)
        _island(gain, rng, (y, x), (long, wide), rng.uniform(0.30, 0.55))
    return _faded(gain)


def _island(
    gain: np.ndarray, rng: np.random.Generator, at: tuple[float, float], size: tuple[float, float], depth: float
) -> None:
    """One comet: a blunt head, a ragged tail, a pale rim where the scale has torn off."""
    h, w = gain.shape
    long, wide = size
    yy, xx = (np.arange(h, dtype=np.float32) - at[0])[:, None], (np.arange(w, dtype=np.float32) - at[1])[None]
    xx = xx - 0.9 * np.sin(yy / 14 + rng.uniform(0, 6))
    ahead = np.where(yy < 0, yy / (0.16 * long + 2), yy / (0.8 * long))
    rough = cv2.GaussianBlur(rng.standard_normal((h, w)).astype(np.float32), (0, 0), sigmaX=1.3, sigmaY=4.0)
    reach = 1 - ahead**2 - (xx / (0.6 * wide * np.sqrt(np.clip(1.15 - ahead, 0.15, 1.3)))) ** 2
    body = _soft(5.0 * (reach - 0.25 + 3.0 * rough))
    near = (np.abs(xx) < 2.2 * wide) & (yy > -0.4 * long - 6) & (yy < 1.1 * long + 6)
    body = np.where(near, body, 0)
    rim = np.exp(-(((reach + 0.28) / 0.16) ** 2)) * near
    gain *= 1 - depth * body * (0.8 + 0.2 * np.tanh(6 * rough)) + 0.10 * rim


def _scratch(rng: np.random.Generator) -> np.ndarray:
    """One to three lines almost along the strip, 40 mm … 2.4 m by 0.5 … 1.2 mm, wandering and now and then gone."""
    h = int(np.exp(rng.uniform(np.log(120), np.log(4800))))
    lines = int(rng.choice([1, 1, 1, 2, 3]))
    lean = rng.uniform(-0.02, 0.02) * h
    pad = 16 + int(abs(lean)) // 2 + 1
    w = 2 * pad + 26 * (lines - 1)
    gain = np.ones((h, w), np.float32)
    bright = rng.random() < 0.6
    y = np.linspace(0, 1, h, dtype=np.float32)
    wander = _walk(rng, h, 160) * min(3.0, 0.004 * h + 0.6)
    for i in range(lines):
        path = pad + 26 * i + rng.uniform(-5, 5) * (i > 0) + lean * (y - 0.5) + wander + 0.35 * _walk(rng, h, 12)
        first, last = (0.0, 1.0) if i == 0 else sorted(rng.uniform(0, 1, 2))
        press = np.clip(0.72 + 0.42 * _walk(rng, h, 60), 0.0, 1.25)
        press *= 0.72 / max(float(press.mean()), 0.3)  # it comes and goes, but is never faint all along
        press *= np.clip((y - first) * h / 24, 0, 1) * np.clip((last - y) * h / 24, 0, 1)
        half = rng.uniform(0.65, 1.2) * (1 + 0.25 * _walk(rng, h, 40))
        across = np.arange(w, dtype=np.float32)[None] - path[:, None]
        core = np.exp(-((across / np.maximum(half, 0.45)[:, None]) ** 2)) * press[:, None]
        flank = np.exp(-(((across - 2.4) / 1.5) ** 2)) * press[:, None]
        size = rng.uniform(0.5, 0.9) if bright else -rng.uniform(0.42, 0.65)
        gain *= 1 + size * core - 0.22 * np.sign(size) * flank
    return gain


def _roll_mark(rng: np.random.Generator) -> np.ndarray:
    """The print of a spalled or dirty roll, 8 … 28 mm: a ragged patch of another sheen, with crumbs beside it."""
    h, w = int(rng.integers(36, 84)), int(rng.integers(30, 76))
    turn, reach = rng.uniform(0, np.pi), np.ones((h, w), np.float32)
    yy, xx = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)
    along, over = np.cos(turn) * yy + np.sin(turn) * xx, np.cos(turn) * xx - np.sin(turn) * yy
    bend = rng.uniform(-0.6, 0.6)
    coarse, fine = spectral(rng, (h, w), 22, 20, 1.4), spectral(rng, (h, w), 5, 5, 1.0)
    reach = 0.60 - along**2 - ((over - bend * along**2) / 0.72) ** 2 + 0.20 * coarse + 0.05 * fine
    inside = _soft(11 * reach)
    crumbs = np.clip(fine - 1.6, 0, 1) * np.exp(-2.5 * np.maximum(-reach, 0)) * (reach < -0.05)
    rim = np.exp(-((reach / 0.10) ** 2))
    sheen = -1.0 if rng.random() < 0.7 else 0.8
    gain = 1 + sheen * rng.uniform(0.24, 0.36) * inside * (0.85 + 0.25 * np.tanh(fine)) - 0.35 * crumbs
    return _faded((gain - 0.14 * sheen * rim).astype(np.float32), 4)


def _water_drops(rng: np.random.Generator) -> np.ndarray:
    """A few drops, 5 … 20 mm: a wet, slightly darker disc, a dark seam on the far side, a spark of the lamp."""
    n = int(rng.integers(1, 5))
    h, w = 90 + 30 * n, 90 + 16 * n
    gain = np.ones((h, w), np.float32)
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    for _ in range(n):
        r = rng.uniform(6, 20)
        y, x = rng.uniform(r + 8, h - r - 8), rng.uniform(r + 8, w - r - 8)
        squash, lobe = rng.uniform(1.0, 1.8), rng.uniform(0.0, 6.0, 2)
        angle = np.arctan2(yy - y, xx - x)
        ragged = 1 + 0.10 * np.sin(2 * angle + lobe[0]) + 0.06 * np.sin(3 * angle + lobe[1])
        d = np.sqrt(((yy - y) / squash) ** 2 + (xx - x) ** 2) / (r * ragged)
        seam = np.exp(-(((d - 1) / 0.14) ** 2)) * (0.6 + 0.4 * np.tanh((yy - y) / (0.6 * r)))
        disc = _soft((0.97 - d) * 14)
        spark = np.exp(-(((yy - y + 0.45 * r) / (0.07 * r + 1)) ** 2) - ((xx - x) / (0.16 * r + 1)) ** 2)
        gain *= 1 - rng.uniform(0.06, 0.14) * disc - 0.16 * seam + rng.uniform(0.3, 0.6) * spark
    return _faded(gain)


def _oil_stain(rng: np.random.Generator) -> np.ndarray:
    """A soft-edged darker blot of 15 … 90 mm, drawn out along the strip."""
    h, w = int(rng.integers(80, 260)), int(rng.integers(50, 140))
    yy, xx = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)
    lobes = spectral(rng, (h, w), 80, 45, 1.7)
    body = _soft(5.0 * (0.5 - yy**2 - xx**2 + 0.18 * lobes))
    return _faded((1 - rng.uniform(0.16, 0.30) * body * (1 + 0.15 * np.tanh(lobes))).astype(np.float32), 16)


_LOOKS = {
    "scale": _scale,
    "scratch": _scratch,
    "roll_mark": _roll_mark,
    "water_drops": _water_drops,
    "oil_stain": _oil_stain,
}


def _soft(x: np.ndarray) -> np.ndarray:
    """The logistic step, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def _walk(rng: np.random.Generator, n: int, length: int) -> np.ndarray:
    """A smooth random line of n points, deviation about 1, correlated over `length`; float32 (n,)."""
    knots = rng.standard_normal(n // length + 4)
    at = np.arange(n) / length + 1
    i, t = at.astype(int), (at % 1)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    return (1.45 * (weights * knots[i[:, None] + np.arange(-1, 3)]).sum(1)).astype(np.float32)


def _faded(gain: np.ndarray, edge: int = 6) -> np.ndarray:
    """The stamp with its border drawn to 1, so that it has no edge."""
    h, w = gain.shape
    y = np.clip(np.minimum(np.arange(h), np.arange(h)[::-1]) / edge, 0, 1)[:, None]
    x = np.clip(np.minimum(np.arange(w), np.arange(w)[::-1]) / edge, 0, 1)[None]
    return 1 + (gain - 1) * y * x

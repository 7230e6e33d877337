"""Looks of scale, scratches and roll marks, and of harmless water drops and oil stains. Gains, 1.0 = sound."""

from __future__ import annotations

import cv2
import numpy as np

from testbed.strip.fields import spectral
from testbed.strip.shapes import faded, soft, walk


def scale(rng: np.random.Generator) -> np.ndarray:
    """Dark islands with tails along the rolling direction, 2 … 50 mm by 1 … 5 mm, clustered."""
    n = int(rng.integers(3, 10))
    return cluster(rng, n, int(rng.integers(120, 420)), int(rng.integers(50, 150)))


def cluster(rng: np.random.Generator, n: int, h: int, w: int) -> np.ndarray:
    """`n` islands of rolled-in scale within h lines and w columns."""
    gain = np.ones((h + 120, w + 40), np.float32)
    for i in range(n):
        long = rng.uniform(24, 100) if i == 0 else rng.uniform(6, 60)
        wide = rng.uniform(4.0, 9.0) if i == 0 else rng.uniform(2.0, 6.0)
        y, x = rng.uniform(20, h), 20 + w * rng.beta(2, 2)
        _island(gain, rng, (y, x), (long, wide), rng.uniform(0.30, 0.55))
    return faded(gain)


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
    body = soft(5.0 * (reach - 0.25 + 3.0 * rough))
    near = (np.abs(xx) < 2.2 * wide) & (yy > -0.4 * long - 6) & (yy < 1.1 * long + 6)
    body = np.where(near, body, 0)
    rim = np.exp(-(((reach + 0.28) / 0.16) ** 2)) * near
    gain *= 1 - depth * body * (0.8 + 0.2 * np.tanh(6 * rough)) + 0.10 * rim


def scratch(rng: np.random.Generator) -> np.ndarray:
    """One to three lines almost along the strip, 40 mm … 2.4 m by 0.5 … 1.2 mm, wandering and now and then gone."""
    h = int(np.exp(rng.uniform(np.log(120), np.log(4800))))
    lines = int(rng.choice([1, 1, 1, 2, 3]))
    lean = rng.uniform(-0.02, 0.02) * h
    pad = 16 + int(abs(lean)) // 2 + 1
    w = 2 * pad + 26 * (lines - 1)
    gain = np.ones((h, w), np.float32)
    bright = rng.random() < 0.6
    y = np.linspace(0, 1, h, dtype=np.float32)
    wander = walk(rng, h, 160) * min(3.0, 0.004 * h + 0.6)
    for i in range(lines):
        path = pad + 26 * i + rng.uniform(-5, 5) * (i > 0) + lean * (y - 0.5) + wander + 0.35 * walk(rng, h, 12)
        first, last = (0.0, 1.0) if i == 0 else sorted(rng.uniform(0, 1, 2))
        press = np.clip(0.72 + 0.42 * walk(rng, h, 60), 0.0, 1.25)
        press *= 0.72 / max(float(press.mean()), 0.3)  # it comes and goes, but is never faint all along
        press *= np.clip((y - first) * h / 24, 0, 1) * np.clip((last - y) * h / 24, 0, 1)
        half = rng.uniform(0.65, 1.2) * (1 + 0.25 * walk(rng, h, 40))
        across = np.arange(w, dtype=np.float32)[None] - path[:, None]
        core = np.exp(-((across / np.maximum(half, 0.45)[:, None]) ** 2)) * press[:, None]
        flank = np.exp(-(((across - 2.4) / 1.5) ** 2)) * press[:, None]
        size = rng.uniform(0.5, 0.9) if bright else -rng.uniform(0.42, 0.65)
        gain *= 1 + size * core - 0.22 * np.sign(size) * flank
    return gain


def roll_mark(rng: np.random.Generator) -> np.ndarray:
    """The print of a spalled or dirty roll, 8 … 28 mm: a ragged patch of another sheen, with crumbs beside it."""
    h, w = int(rng.integers(36, 84)), int(rng.integers(30, 76))
    turn, reach = rng.uniform(0, np.pi), np.ones((h, w), np.float32)
    yy, xx = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)
    along, over = np.cos(turn) * yy + np.sin(turn) * xx, np.cos(turn) * xx - np.sin(turn) * yy
    bend = rng.uniform(-0.6, 0.6)
    coarse, fine = spectral(rng, (h, w), 22, 20, 1.4), spectral(rng, (h, w), 5, 5, 1.0)
    reach = 0.60 - along**2 - ((over - bend * along**2) / 0.72) ** 2 + 0.20 * coarse + 0.05 * fine
    inside = soft(11 * reach)
    crumbs = np.clip(fine - 1.6, 0, 1) * np.exp(-2.5 * np.maximum(-reach, 0)) * (reach < -0.05)
    rim = np.exp(-((reach / 0.10) ** 2))
    sheen = -1.0 if rng.random() < 0.7 else 0.8
    gain = 1 + sheen * rng.uniform(0.24, 0.36) * inside * (0.85 + 0.25 * np.tanh(fine)) - 0.35 * crumbs
    return faded((gain - 0.14 * sheen * rim).astype(np.float32), 4)


def water_drops(rng: np.random.Generator) -> np.ndarray:
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
        disc = soft((0.97 - d) * 14)
        spark = np.exp(-(((yy - y + 0.45 * r) / (0.07 * r + 1)) ** 2) - ((xx - x) / (0.16 * r + 1)) ** 2)
        gain *= 1 - rng.uniform(0.06, 0.14) * disc - 0.16 * seam + rng.uniform(0.3, 0.6) * spark
    return faded(gain)


def oil_stain(rng: np.random.Generator) -> np.ndarray:
    """A soft-edged darker blot of 15 … 90 mm, drawn out along the strip."""
    h, w = int(rng.integers(80, 260)), int(rng.integers(50, 140))
    yy, xx = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)
    lobes = spectral(rng, (h, w), 80, 45, 1.7)
    body = soft(5.0 * (0.5 - yy**2 - xx**2 + 0.18 * lobes))
    return faded((1 - rng.uniform(0.16, 0.30) * body * (1 + 0.15 * np.tanh(lobes))).astype(np.float32), 16)

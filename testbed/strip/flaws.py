"""Looks of what steelmaking and rolling leave on a strip beyond scale, scratches and roll marks. Gains, 1.0 = sound.

Sizes are those of domain catalogues of hot and cold strip (domain: 5); pixels have 0.5 mm. Depths are judgement.
"""

from __future__ import annotations

import cv2
import numpy as np

from testbed.strip.fields import spectral
from testbed.strip.shapes import faded, soft, walk

FULL = 2500  # pixels: across a strip of 1.25 m, edge to edge


def red_scale(rng: np.random.Generator) -> np.ndarray:
    """A darker, cloudy band along the strip with a tiger's ragged flanks, 20 … 200 mm by 8 … 30 mm."""
    h, w = int(rng.integers(120, 400)), int(rng.integers(40, 90))
    gain = np.ones((h + 60, w + 60), np.float32)
    yy, xx = np.mgrid[-1.15 : 1.15 : (h + 60) * 1j, -1.5 : 1.5 : (w + 60) * 1j].astype(np.float32)
    fringe = spectral(rng, gain.shape, 26, 5, 1.1)
    cloud = spectral(rng, gain.shape, 60, 18, 1.3)
    body = soft(7.0 * (0.85 - np.abs(yy) ** 4 - xx**2 + 0.16 * fringe + 0.10 * cloud))
    flames = 0.75 + 0.25 * np.tanh(1.4 * fringe)
    return faded((gain - rng.uniform(0.26, 0.38) * body * flames).astype(np.float32), 10)


def sliver(rng: np.random.Generator) -> np.ndarray:
    """A tongue of steel rolled onto the strip, 30 … 250 mm by 3 … 18 mm: bright lifted edge, dark tail, ragged tip."""
    h, w = int(rng.integers(90, 460)), int(rng.integers(10, 34))
    pad = 14
    y = np.linspace(0, 1, h, dtype=np.float32)
    half = 0.5 * w * (0.25 + 0.75 * np.sqrt(np.clip(1 - y, 0, 1))) * (1 + 0.22 * walk(rng, h, 26))
    half = np.maximum(half * np.clip(y * h / 10, 0, 1), 0.4)
    middle = pad + w / 2 + 0.10 * w * walk(rng, h, 90)
    across = np.arange(w + 2 * pad, dtype=np.float32)[None] - middle[:, None]
    rough = spectral(rng, across.shape, 18, 2.5, 1.1)
    reach = half[:, None] - np.abs(across) + 1.1 * rough
    body = soft(1.6 * reach)
    lifted = np.exp(-(((reach - 0.4) / 1.1) ** 2)) * soft(1.2 * across + 0.3)  # one side catches the light
    shadow = np.exp(-(((reach + 0.9) / 1.3) ** 2)) * soft(-1.2 * across + 0.3)
    tail = (0.16 + 0.34 * y)[:, None]  # darker towards the tip, where oxide is rolled in
    gain = 1 - tail * body * (0.85 + 0.2 * np.tanh(rough)) + rng.uniform(0.35, 0.6) * lifted - 0.35 * shadow
    return faded(np.pad(gain, ((8, 8), (0, 0)), constant_values=1.0).astype(np.float32), 6)


def seam(rng: np.random.Generator) -> np.ndarray:
    """Thin dark lines along the strip, 60 mm … 1.5 m by 0.3 … 1 mm, a few side by side and overlapping."""
    h, n = int(np.exp(rng.uniform(np.log(120), np.log(3000)))), int(rng.integers(1, 4))
    w = 24 + 9 * n
    gain = np.ones((h, w), np.float32)
    y = np.linspace(0, 1, h, dtype=np.float32)
    shared = 0.8 * walk(rng, h, 300)
    for i in range(n):
        path = 12 + 9 * i + shared + 0.3 * walk(rng, h, 60)
        first, last = (0.0, 1.0) if i == 0 else sorted(rng.uniform(0, 1, 2))
        depth = np.clip(0.85 + 0.3 * walk(rng, h, 45), 0.25, 1.1)
        depth *= np.clip((y - first) * h / 20, 0, 1) * np.clip((last - y) * h / 20, 0, 1)
        across = (np.arange(w, dtype=np.float32)[None] - path[:, None]) / rng.uniform(0.7, 1.1)
        gain *= 1 - rng.uniform(0.45, 0.65) * np.exp(-(across**2)) * depth[:, None]
    return gain


def pits(rng: np.random.Generator) -> np.ndarray:
    """A scatter of small dark holes, 0.5 … 3 mm, each with a paler rim on the side of the lamp."""
    h, w, n = int(rng.integers(90, 240)), int(rng.integers(70, 170)), int(rng.integers(9, 28))
    gain = np.ones((h, w), np.float32)
    for _ in range(n):
        r = rng.uniform(0.8, 3.0)
        y, x = 10 + (h - 20) * rng.beta(2, 2), 10 + (w - 20) * rng.beta(2, 2)
        top, left = max(0, int(y) - 10), max(0, int(x) - 10)
        spot = gain[top : top + 21, left : left + 21]
        yy = (np.arange(spot.shape[0], dtype=np.float32) + top - y)[:, None] / rng.uniform(1.0, 1.5)
        xx = (np.arange(spot.shape[1], dtype=np.float32) + left - x)[None]
        d = np.sqrt(yy**2 + xx**2) / r
        rim = np.exp(-(((d - 1.35) / 0.35) ** 2)) * soft(1.5 * yy)
        spot *= 1 - rng.uniform(0.45, 0.7) * soft(6 * (1 - d)) + 0.18 * rim
    return faded(gain, 4)


def edge_crack(rng: np.random.Generator) -> np.ndarray:
    """Saw-teeth torn into the strip's left edge, 3 … 20 mm deep, a few behind each other; the roller shows through."""
    n = int(rng.integers(2, 6))
    deep = int(rng.integers(10, 40))
    gain = np.ones((30 + 26 * n, deep + 16), np.float32)
    yy, xx = np.mgrid[0 : gain.shape[0], 0 : gain.shape[1]].astype(np.float32)
    for i in range(n):
        mouth, reach = rng.uniform(3.0, 7.0), deep * (1.0 if i == 0 else rng.uniform(0.35, 0.95))
        y = 18 + 26 * i + rng.uniform(-5, 5) + rng.uniform(-0.15, 0.15) * xx
        jag = 1.2 * walk(rng, gain.shape[1], 6)[None]
        width = mouth * np.clip(1 - xx / reach, 0, 1) ** 0.8
        crack = soft(3.0 * (width - np.abs(yy - y + jag))) * (width > 0.05)
        lip = np.exp(-(((np.abs(yy - y + jag) - width - 1.5) / 1.2) ** 2)) * (xx < reach)
        gain *= 1 - 0.92 * crack
        gain += 0.12 * lip * (1 - crack)
    return gain


def hole(rng: np.random.Generator) -> np.ndarray:
    """A hole torn open along the strip, 2 … 40 mm: the roller shows through, its rim is bent and bright."""
    h, w = int(rng.integers(14, 80)), int(rng.integers(10, 44))
    yy, xx = np.mgrid[-1.7 : 1.7 : (h + 24) * 1j, -1.9 : 1.9 : (w + 24) * 1j].astype(np.float32)
    lobes = spectral(rng, yy.shape, 12, 8, 1.3)
    reach = 1 - np.abs(yy) ** 1.6 - xx**2 + 0.22 * lobes
    rim = np.exp(-(((reach + 0.10) / 0.10) ** 2))
    return faded((1 - 0.93 * soft(26 * reach) + 0.35 * rim * soft(3 * (yy + xx))).astype(np.float32), 4)


def chatter_bar(rng: np.random.Generator, pitch: int) -> np.ndarray:
    """One light and dark bar across the whole strip, `pitch` lines long, (pitch, FULL): they follow without a seam."""
    phase = np.linspace(0, 2 * np.pi, pitch, endpoint=False, dtype=np.float32)[:, None]
    bend = 0.5 * walk(rng, FULL, 700)[None]
    force = np.clip(1 + 0.25 * walk(rng, FULL, 260)[None], 0.3, 1.6)
    return (1 - 0.085 * force * (np.sin(phase + bend) + 0.25 * np.sin(2 * (phase + bend)))).astype(np.float32)


def weld(rng: np.random.Generator) -> np.ndarray:
    """The weld of two coils: a bead across the whole strip, 3 … 7 mm wide, with burnt flanks, broken here and there."""
    h = int(rng.integers(36, 56))
    yy = (np.arange(h, dtype=np.float32) - h / 2)[:, None] - 1.5 * walk(rng, FULL, 220)[None]
    half = rng.uniform(3.0, 6.0) * (1 + 0.12 * walk(rng, FULL, 18)[None])
    press = np.clip(0.9 + 0.5 * walk(rng, FULL, 120)[None], 0.0, 1.2)
    bead = soft(2.5 * (half - np.abs(yy))) * press
    burnt = np.exp(-(((np.abs(yy) - half - 3.0) / 4.0) ** 2))
    ripple = cv2.GaussianBlur(rng.standard_normal((h, FULL)).astype(np.float32), (0, 0), sigmaX=2.5, sigmaY=1.2)
    return faded((1 + bead * (0.22 + 1.2 * ripple) - 0.20 * burnt).astype(np.float32), 5)

"""Random fields that a strip's texture is made of: streaks and mottling of hot strip, hairlines of cold strip."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from testbed.strip.view import View

CHUNK = 16  # lines computed at once
EDGE = 30  # pixels of 0.5 mm beside the strip on either side, on average
LEVEL = {  # grey levels the strip's middle lies between; judgement, the hot strip's as it was fitted on
    ("hot", "bright"): (98.0, 118.0),
    ("cold", "bright"): (138.0, 158.0),
    ("hot", "dark"): (44.0, 52.0),
    ("cold", "dark"): (38.0, 46.0),
}
CONTRAST = {"bright": 1.0, "dark": 0.5}  # of the texture, in grey levels: dark field is that much darker
FADES = {"hot": (480, 640), "cold": (240, 320)}  # lines of 0.5 mm over which a repeat gives way to the next
SHOT = {"bright": 2.4, "dark": 1.6}  # grey levels of the sensor's own noise, about the square root of the light


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A texture that repeats: uint8 (period, 2 x columns), zero at a bias; its first `fade` lines are cross-faded."""

    name: str
    tile: np.ndarray
    fade: int


def spectral(rng: np.random.Generator, shape: tuple[int, int], along: float, across: float, power: float) -> np.ndarray:
    """A periodic random field, float32 `shape`, mean 0, deviation 1.

    `along` and `across` are correlation lengths in pixels; `power` is how fast finer detail fades.
    """
    white = np.fft.rfft2(rng.standard_normal(shape, np.float32))
    fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    field = np.fft.irfft2(white * (1 + (fy * along) ** 2 + (fx * across) ** 2) ** -power, s=shape)
    return ((field - field.mean()) / field.std()).astype(np.float32)


def layers(rng: np.random.Generator, view: View, bias: int) -> tuple[Layer, ...]:
    """Two layers of texture and the sensor's noise, each with another period along the strip."""
    k, contrast = view.scale, CONTRAST[view.field]
    first, second = (_streaks, _mottle) if view.surface == "hot" else (_hairlines, _sheen)
    fades = FADES[view.surface]
    short, middle, long = (_lines(n, k) for n in (1024, 1536, 2048))
    streaks = _smeared(contrast * first(rng, (short, view.columns), k), view.smear)
    scale = _smeared(contrast * second(rng, (middle, view.columns), k), view.smear)
    shot = SHOT[view.field] * rng.standard_normal((long, view.columns), np.float32)
    return (
        Layer("streaks", _wide(streaks, bias), _lines(fades[0], k)),
        Layer("scale", _wide(scale, bias), _lines(fades[1], k)),
        Layer("shot", _wide(shot, bias), 0),
    )


def base(rng: np.random.Generator, view: View, bias: int) -> np.ndarray:
    """What stays the same along the strip: lamp, vignette, edges and bands across, uint8 (CHUNK, columns)."""
    n, k = view.columns, view.scale
    u = np.linspace(-1, 1, n)
    level = rng.uniform(*LEVEL[view.surface, view.field])
    lamp = 1 - rng.uniform(0.06, 0.14) * u**2 + rng.uniform(-0.03, 0.03) * u  # what flat-field correction leaves
    bands = sum(
        size * np.convolve(rng.standard_normal(n + 12 * wide), _bell(wide), "same")[6 * wide : 6 * wide + n]
        for size, wide in ((0.030, round(90 * k)), (0.012, round(22 * k)))
    )
    inside = np.minimum(np.arange(n), np.arange(n)[::-1]) / k - EDGE  # pixels of 0.5 mm from the strip's edge
    if view.surface == "hot":
        edges = 1 - 0.24 * np.exp(-np.maximum(inside, 0) / 40.0) + 0.06 * np.exp(-(((inside - 170) / 70.0) ** 2))
    else:
        edges = 1 - 0.10 * np.exp(-np.maximum(inside, 0) / 12.0)
    row = level * lamp * edges * (1 + bands) - 3 * bias
    return np.clip(np.floor(row + rng.random((CHUNK, n))), 0, 255).astype(np.uint8)


def _lines(n: int, k: float) -> int:
    """`n` lines of 0.5 mm in lines of the camera, whole chunks."""
    return max(1, round(n * k / CHUNK)) * CHUNK


def _streaks(rng: np.random.Generator, shape: tuple[int, int], k: float) -> np.ndarray:
    """Grain and streaks along the rolling direction; the streaks come in patches."""
    fine, broad = spectral(rng, shape, 700 * k, 1.6 * k, 0.95), spectral(rng, shape, 2200 * k, 12 * k, 1.1)
    patches = 1 + 0.6 * np.tanh(spectral(rng, shape, 500 * k, 150 * k, 1.6))
    grain = spectral(rng, shape, 3.5 * k, 1.2 * k, 0.6)
    return (1.3 * fine + 1.6 * broad) * patches + 2.6 * grain


def _mottle(rng: np.random.Generator, shape: tuple[int, int], k: float) -> np.ndarray:
    """Mottling where the scale is thicker, with faint specks and short tails in it."""
    patch, mottle = spectral(rng, shape, 420 * k, 140 * k, 1.8), spectral(rng, shape, 60 * k, 30 * k, 1.2)
    speck, tail = spectral(rng, shape, 10 * k, 6 * k, 1.2), spectral(rng, shape, 150 * k, 4.0 * k, 1.1)
    gate = 1 / (1 + np.exp(-2.4 * (patch - 0.3)))
    marks = 3.8 * np.tanh(0.8 * mottle) - 5.0 * np.clip(speck - 1.8, 0, 1.8)
    return gate * marks + 3.2 * np.tanh(patch) - 2.0 * np.clip(tail - 2.1, 0, 1.5) + 1.5 * np.clip(-tail - 2.3, 0, 1.5)


def _hairlines(rng: np.random.Generator, shape: tuple[int, int], k: float) -> np.ndarray:
    """The grinding of the rolls, printed on cold strip: hairlines 0.3 … 1 mm wide, decimetres long at most."""
    fine, broad = spectral(rng, shape, 260 * k, 0.9 * k, 0.9), spectral(rng, shape, 420 * k, 5 * k, 1.1)
    grain = spectral(rng, shape, 9 * k, 0.8 * k, 0.6)
    return 2.6 * fine + 1.1 * broad + 2.2 * grain


def _sheen(rng: np.random.Generator, shape: tuple[int, int], k: float) -> np.ndarray:
    """Single hairlines that catch the light, and a faint unevenness of the sheen."""
    line, patch = spectral(rng, shape, 240 * k, 0.8 * k, 0.9), spectral(rng, shape, 380 * k, 160 * k, 1.8)
    return 1.6 * np.tanh(patch) + 3.0 * np.clip(line - 2.4, 0, 2) - 3.0 * np.clip(-line - 2.4, 0, 2)


def _smeared(field: np.ndarray, lines: float) -> np.ndarray:
    """Averaged along the strip over so many lines, a box of any length; the field goes on where it ends."""
    if not lines:
        return field
    return cv2.filter2D(np.vstack([field, field, field]), -1, box(lines))[len(field) : 2 * len(field)]


def box(lines: float) -> np.ndarray:
    """The kernel of a smear over so many lines, more than one: float32 (odd, 1), sum 1."""
    whole = 2 * int(np.ceil((lines - 1) / 2)) - 1
    rest = (lines - whole) / 2
    return np.array([rest, *[1.0] * whole, rest], np.float32)[:, None] / lines


def _wide(field: np.ndarray, bias: int) -> np.ndarray:
    """As bytes around `bias`, twice side by side, so that any offset can be read without wrapping."""
    grey = np.clip(np.rint(field + bias), 0, 2 * bias).astype(np.uint8)
    return np.hstack([grey, grey])


def _bell(sigma: int) -> np.ndarray:
    x = np.arange(-3 * sigma, 3 * sigma + 1)
    bell = np.exp(-((x / sigma) ** 2) / 2)
    return bell / np.sqrt((bell**2).sum())

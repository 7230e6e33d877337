"""The bare surface of a hot strip under a line-scan camera: the same line always has the same pixels.

Three layers of texture repeat along the strip with different periods. Every repeat of a layer is shifted across by its
own hashed offset and cross-faded with the one before, so that no period can be seen. Chunks of 16 lines, anchored at
line 0 of the coil, are the unit of work: however frames are cut, a line is computed in the same chunk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from testbed.noise import stream

COLUMNS = 2560  # pixels across the camera's view
PIXEL_MM = 0.5
LINES_PER_M = 2000
CHUNK = 16  # lines computed at once
EDGE = 30  # columns beside the strip on either side, on average
SWAY = 5.0  # columns the strip's edges wander
DRIFT = 3  # grey levels the exposure drifts up and down
ROLLER = 9  # grey level of what lies beside the strip
BIAS = 20  # grey levels added to each layer, so that all of it fits into a byte


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A texture that repeats: uint8 (period, 2 x COLUMNS), zero at BIAS; its first `fade` lines are cross-faded."""

    name: str
    tile: np.ndarray
    fade: int


class Texture:
    """The bare strip of one coil. Memory about 27 MB, built in about a second.

    Args:
        seed: everything random follows from it.
        coil: the coil's name; another coil has another surface.
    """

    def __init__(self, seed: int, coil: str) -> None:
        self._key = f"{seed}/{coil}"
        rng = stream(seed, f"strip/{coil}/texture")
        self._bases = _drifting(_base(rng))
        self._layers = (
            Layer("streaks", _wide(_streaks(rng)), 480),
            Layer("scale", _wide(_scale(rng)), 640),
            Layer("shot", _wide(2.4 * rng.standard_normal((2048, COLUMNS), np.float32)), 0),
        )
        self._rng_name = f"strip/{coil}"
        self._seed = seed
        self._knots: dict[tuple[str, int], float] = {}
        self._offsets: dict[tuple[str, int], int] = {}
        self._fade = np.empty((CHUNK, COLUMNS), np.uint8)

    def render(self, first: int, n: int) -> np.ndarray:
        """Lines `first` … `first + n - 1`, uint8 (n, COLUMNS)."""
        out = np.empty((n, COLUMNS), np.uint8)
        done = 0
        while done < n:
            line = first + done
            chunk, row = divmod(line, CHUNK)
            m = min(CHUNK - row, n - done)
            self._chunk(chunk, row, out[done : done + m])
            done += m
        return out

    def _chunk(self, chunk: int, row: int, out: np.ndarray) -> None:
        base = self._bases[DRIFT + round(DRIFT * self._wander("exposure", chunk, 300))]
        out[:] = base[row : row + len(out)]
        for layer in self._layers:
            cv2.add(out, self._piece(layer, chunk, row, len(out)), dst=out)
        left = EDGE + round(SWAY * self._wander("left", chunk, 220))
        right = COLUMNS - EDGE + round(SWAY * self._wander("right", chunk, 220))
        shot = self._layers[-1].tile[row : row + len(out)]
        out[:, :left] = shot[:, :left] - (BIAS - ROLLER)
        out[:, right:] = shot[:, right:COLUMNS] - (BIAS - ROLLER)

    def _piece(self, layer: Layer, chunk: int, row: int, m: int) -> np.ndarray:
        """Rows of a layer, cross-faded with the repeat before: the tile is periodic, so that one simply runs on."""
        repeat, within = divmod(chunk, len(layer.tile) // CHUNK)
        y = within * CHUNK + row
        x = self._offset(layer.name, repeat)
        new = layer.tile[y : y + m, x : x + COLUMNS]
        steps = layer.fade // CHUNK
        if within >= steps:
            return new
        x = self._offset(layer.name, repeat - 1)
        angle = (within + 0.5) / steps * np.pi / 2  # equal power: the texture keeps its contrast while it fades
        a, b = round(128 * np.sin(angle)) / 128, round(128 * np.cos(angle)) / 128
        old = layer.tile[y : y + m, x : x + COLUMNS]
        return cv2.addWeighted(new, a, old, b, BIAS * (1.0 - a - b), dst=self._fade[:m])

    def _offset(self, name: str, repeat: int) -> int:
        """Columns by which this repeat of a layer is shifted."""
        key = (name, repeat)
        if key not in self._offsets:
            digest = hashlib.sha256(f"{self._key}/{name}/{repeat}".encode()).digest()
            self._offsets[key] = int.from_bytes(digest[:4], "little") % COLUMNS
        return self._offsets[key]

    def _wander(self, name: str, chunk: int, step: int) -> float:
        """A smooth random walk of about -1 … 1 with a knot every `step` chunks."""
        j, within = divmod(chunk, step)
        share = (1 - np.cos(np.pi * within / step)) / 2
        return float((1 - share) * self._knot(name, j) + share * self._knot(name, j + 1))

    def _knot(self, name: str, j: int) -> float:
        key = (name, j)
        if key not in self._knots:
            self._knots[key] = float(stream(self._seed, f"{self._rng_name}/{name}/{j}").uniform(-1, 1))
        return self._knots[key]


@lru_cache(maxsize=2)
def bare(seed: int, coil: str) -> Texture:
    """The texture of a coil; the last two are kept, for a coil is often looked at twice."""
    return Texture(seed, coil)


def spectral(rng: np.random.Generator, shape: tuple[int, int], along: float, across: float, power: float) -> np.ndarray:
    """A periodic random field, float32 `shape`, mean 0, deviation 1.

    `along` and `across` are correlation lengths in pixels; `power` is how fast finer detail fades.
    """
    white = np.fft.rfft2(rng.standard_normal(shape, np.float32))
    fy, fx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    field = np.fft.irfft2(white * (1 + (fy * along) ** 2 + (fx * across) ** 2) ** -power, s=shape)
    return ((field - field.mean()) / field.std()).astype(np.float32)


def _base(rng: np.random.Generator) -> np.ndarray:
    """What stays the same along the strip: lamp, vignette, edges and bands across, uint8 (CHUNK, COLUMNS)."""
    u = np.linspace(-1, 1, COLUMNS)
    level = rng.uniform(98.0, 118.0)
    lamp = 1 - rng.uniform(0.06, 0.14) * u**2 + rng.uniform(-0.03, 0.03) * u  # what flat-field correction leaves
    bands = sum(
        size * np.convolve(rng.standard_normal(COLUMNS + 12 * wide), _bell(wide), "same")[6 * wide : 6 * wide + COLUMNS]
        for size, wide in ((0.030, 90), (0.012, 22))
    )
    inside = np.minimum(np.arange(COLUMNS), np.arange(COLUMNS)[::-1]) - EDGE
    burnt = 1 - 0.24 * np.exp(-np.maximum(inside, 0) / 40.0) + 0.06 * np.exp(-(((inside - 170) / 70.0) ** 2))
    row = level * lamp * burnt * (1 + bands) - 3 * BIAS
    return np.clip(np.floor(row + rng.random((CHUNK, COLUMNS))), 0, 255).astype(np.uint8)


def _drifting(base: np.ndarray) -> list[np.ndarray]:
    """The base at every exposure, from -DRIFT to DRIFT grey levels."""
    return [np.clip(base.astype(np.int16) + d, 0, 255).astype(np.uint8) for d in range(-DRIFT, DRIFT + 1)]


def _streaks(rng: np.random.Generator) -> np.ndarray:
    """Grain and streaks along the rolling direction; the streaks come in patches."""
    shape = (1024, COLUMNS)
    fine, broad = spectral(rng, shape, 700, 1.6, 0.95), spectral(rng, shape, 2200, 12, 1.1)
    patches = 1 + 0.6 * np.tanh(spectral(rng, shape, 500, 150, 1.6))
    grain = spectral(rng, shape, 3.5, 1.2, 0.6)
    return (1.3 * fine + 1.6 * broad) * patches + 2.6 * grain


def _scale(rng: np.random.Generator) -> np.ndarray:
    """Mottling where the scale is thicker, with faint specks and short tails in it."""
    shape = (1536, COLUMNS)
    patch, mottle = spectral(rng, shape, 420, 140, 1.8), spectral(rng, shape, 60, 30, 1.2)
    speck, tail = spectral(rng, shape, 10, 6, 1.2), spectral(rng, shape, 150, 4.0, 1.1)
    gate = 1 / (1 + np.exp(-2.4 * (patch - 0.3)))
    marks = 3.8 * np.tanh(0.8 * mottle) - 5.0 * np.clip(speck - 1.8, 0, 1.8)
    return gate * marks + 3.2 * np.tanh(patch) - 2.0 * np.clip(tail - 2.1, 0, 1.5) + 1.5 * np.clip(-tail - 2.3, 0, 1.5)


def _wide(field: np.ndarray) -> np.ndarray:
    """As bytes around BIAS, twice side by side, so that any offset can be read without wrapping."""
    grey = np.clip(np.rint(field + BIAS), 0, 2 * BIAS).astype(np.uint8)
    return np.hstack([grey, grey])


def _bell(sigma: int) -> np.ndarray:
    x = np.arange(-3 * sigma, 3 * sigma + 1)
    bell = np.exp(-((x / sigma) ** 2) / 2)
    return bell / np.sqrt((bell**2).sum())

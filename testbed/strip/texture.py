"""The bare surface of a strip under a line-scan camera: the same line always has the same pixels.

Three layers of texture repeat along the strip with different periods. Every repeat of a layer is shifted across by its
own hashed offset and cross-faded with the one before, so that no period can be seen. Chunks of 16 lines, anchored at
line 0 of the coil, are the unit of work: however frames are cut, a line is computed in the same chunk.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

import cv2
import numpy as np

from testbed.noise import stream
from testbed.strip.fields import CHUNK, EDGE, Layer, base, layers
from testbed.strip.view import BRIGHT, View

COLUMNS = BRIGHT.columns  # pixels across, of the camera that the shipped models know
PIXEL_MM = BRIGHT.pixel_mm
LINES_PER_M = 2000
SWAY = 5.0  # pixels of 0.5 mm the strip's edges wander
DRIFT = 3  # grey levels the exposure drifts up and down in bright field
STEPS = {"exposure": 300, "left": 220, "right": 220}  # chunks between two knots of what wanders, at 0.5 mm a pixel
ROLLER = {"bright": 9, "dark": 4}  # grey level of what lies beside the strip
BIAS = {"bright": 20, "dark": 10}  # grey levels added to each layer, so that all of it fits into a byte


class Wander:
    """What wanders slowly along one coil: exposure and edges. The same place has the same value for every camera."""

    def __init__(self, seed: int, coil: str, view: View = BRIGHT) -> None:
        self._seed, self._name, self._view = seed, f"strip/{coil}", view
        self._knots: dict[tuple[str, int], float] = {}
        self._steps = {name: max(1, round(n * view.scale)) for name, n in STEPS.items()}

    def at(self, name: str, chunk: int) -> float:
        """A smooth random walk of about -1 … 1, by chunk of lines."""
        step = self._steps[name]
        j, within = divmod(chunk, step)
        share = (1 - math.cos(math.pi * within / step)) / 2
        return (1 - share) * self._knot(name, j) + share * self._knot(name, j + 1)

    def edges(self, chunk: int) -> tuple[int, int]:
        """First column of the strip, and the first one after it, in a chunk of lines."""
        k = self._view.scale
        left = round(k * (EDGE + round(SWAY * self.at("left", chunk))))
        return left, round(k * (COLUMNS - EDGE + round(SWAY * self.at("right", chunk))))

    def _knot(self, name: str, j: int) -> float:
        key = (name, j)
        if key not in self._knots:
            self._knots[key] = float(stream(self._seed, f"{self._name}/{name}/{j}").uniform(-1, 1))
        return self._knots[key]


class Texture:
    """The bare strip of one coil. Memory about 27 MB at 0.5 mm a pixel, built in about a second.

    Args:
        seed: everything random follows from it.
        coil: the coil's name; another coil has another surface.
        view: how it is looked at.
    """

    def __init__(self, seed: int, coil: str, view: View = BRIGHT) -> None:
        self.view = view
        self._key, self._n, self._bias = f"{seed}/{coil}", view.columns, BIAS[view.field]
        rng = stream(seed, f"strip/{coil}/texture")
        self._drift = 1 if view.is_dark else DRIFT
        self._bases = _drifting(base(rng, view, self._bias), self._drift)
        self._layers = layers(rng, view, self._bias)
        noise = self._layers[-1].tile[:, : self._n]
        self._beside = (noise.astype(np.int16) - self._bias + ROLLER[view.field]).clip(0).astype(np.uint8)
        self._shares = {layer.name: _shares(layer.fade // CHUNK) for layer in self._layers}
        self._wander = Wander(seed, coil, view)
        self._offsets: dict[tuple[str, int], int] = {}
        self._fade = np.empty((CHUNK, self._n), np.uint8)

    def render(self, first: int, n: int, out: np.ndarray | None = None) -> np.ndarray:
        """Lines `first` … `first + n - 1`, uint8 (n, columns); into `out` if given."""
        if out is None:
            out = np.empty((n, self._n), np.uint8)
        done = 0
        while done < n:
            line = first + done
            chunk, row = divmod(line, CHUNK)
            m = min(CHUNK - row, n - done)
            self._chunk(chunk, row, m, out[done : done + m])
            done += m
        return out

    def _chunk(self, chunk: int, row: int, m: int, out: np.ndarray) -> None:
        exposed = self._bases[self._drift + round(self._drift * self._wander.at("exposure", chunk))]
        below = exposed[row : row + m]
        for layer in self._layers:
            cv2.add(below, self._piece(layer, chunk, row, m), dst=out)
            below = out
        left, right = self._wander.edges(chunk)
        roller = self._beside[row : row + m]
        out[:, :left] = roller[:, :left]
        out[:, right:] = roller[:, right:]

    def _piece(self, layer: Layer, chunk: int, row: int, m: int) -> np.ndarray:
        """Rows of a layer, cross-faded with the repeat before: the tile is periodic, so that one simply runs on."""
        tile, n = layer.tile, self._n
        repeat, within = divmod(chunk, len(tile) // CHUNK)
        y = within * CHUNK + row
        x = self._offset(layer.name, repeat)
        new = tile[y : y + m, x : x + n]
        shares = self._shares[layer.name]
        if within >= len(shares):
            return new
        a, b = shares[within]
        x = self._offset(layer.name, repeat - 1)
        return cv2.addWeighted(new, a, tile[y : y + m, x : x + n], b, self._bias * (1.0 - a - b), dst=self._fade[:m])

    def _offset(self, name: str, repeat: int) -> int:
        """Columns by which this repeat of a layer is shifted."""
        key = (name, repeat)
        if key not in self._offsets:
            digest = hashlib.sha256(f"{self._key}/{name}/{repeat}".encode()).digest()
            self._offsets[key] = int.from_bytes(digest[:4], "little") % self._n
        return self._offsets[key]


@lru_cache(maxsize=2)
def bare(seed: int, coil: str, view: View = BRIGHT) -> Texture:
    """The texture of a coil; the last two are kept, for a coil is often looked at twice."""
    return Texture(seed, coil, view)


def _drifting(grey: np.ndarray, most: int) -> list[np.ndarray]:
    """The base at every exposure, from -most to most grey levels."""
    return [np.clip(grey.astype(np.int16) + d, 0, 255).astype(np.uint8) for d in range(-most, most + 1)]


def _shares(steps: int) -> list[tuple[float, float]]:
    """Of the new repeat and of the one before, chunk by chunk: of equal power, so that the contrast stays."""
    angles = [(i + 0.5) / steps * np.pi / 2 for i in range(steps)]
    return [(round(128 * np.sin(angle)) / 128, round(128 * np.cos(angle)) / 128) for angle in angles]

"""What the operators and the weather do to the strand: speed, tundish, powder, and a film that is never even."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from testbed.caster.level import DT, NOMINAL_WEIGHT
from testbed.noise import Noise

RAMP = 0.02  # m/min per s, an operator's change of casting speed
EMERGENCY = 0.17  # m/min per s, slowing down for a breakout alarm: 1.4 to 0.2 m/min in 7 s
CELL_M = 0.01  # m of cast length a film value stands for
MEMORY_M = 1.0  # depth below the meniscus the film is remembered to
CELLS = round(MEMORY_M / CELL_M) + 8
FILM_LENGTH = 0.15  # m over which the slag film's thickness stays alike
FILM_SIGMA = 0.006  # of the flux, film variation that travels with the strand
GAP_SIGMA = 0.006  # of the flux, variation of the gap that stays where it is
GAP_S = 15.0  # s over which it varies
FACE_SIGMA = 0.008  # of the flux, slow variation of a whole face
FACE_S = 120.0  # s over which it varies
LADLE_T_PER_S = 3.67 / 60.0  # t/s at 1.4 m/min; the ladle gate follows the tundish weight


@dataclass(slots=True)
class Speed:
    """Casting speed in m/min, ramped towards its reference."""

    value: float
    reference: float
    rate: float = RAMP

    def run(self, n: int) -> list[float]:
        """The next n DT, m/min after each."""
        room, values = self.rate * DT, []
        for _ in range(n):
            if self.value == self.reference:
                return values + [self.value] * (n - len(values))
            self.value += min(max(self.reference - self.value, -room), room)
            values.append(self.value)
        return values

    def go(self, reference: float, rate: float = RAMP) -> None:
        self.reference, self.rate = reference, rate


@dataclass(slots=True)
class Tundish:
    """Steel in the tundish: weight in t, temperature in Cel; a ladle holds the weight, a change interrupts it."""

    weight: float = NOMINAL_WEIGHT
    temperature: float = 1550.0
    target: float = NOMINAL_WEIGHT
    pause: float = 0.0  # s until the ladle flows again
    arriving: float = 1550.0  # Cel of the steel that flows in

    def run(self, outflows: Sequence[float]) -> list[tuple[float, float]]:
        """DT after DT with so many t/s leaving: weight (t) and temperature (Cel) after each."""
        weight, temperature, states = self.weight, self.temperature, []
        for outflow in outflows:
            inflow = 0.0
            if self.pause > 0.0:
                self.pause -= DT
            else:
                inflow = outflow + 0.02 * (self.target - weight)
                if not 0.0 <= inflow <= _LADLE_MOST:
                    inflow = min(max(inflow, 0.0), _LADLE_MOST)
            weight += DT * (inflow - outflow)
            if weight < 1.0:
                weight = 1.0
            mixing = inflow * DT / weight
            temperature += mixing * (self.arriving - temperature) - DT * 0.002
            states.append((weight, temperature))
        self.weight, self.temperature = weight, temperature
        return states


_LADLE_MOST = 4.0 * LADLE_T_PER_S


class Film:
    """Slag film and gap between strand and mould: flux factors that are never even.

    A part is carried down with the strand (random along the cast length, one stream a column), a part stays at its
    place (random in time, one stream a place), a slow part is common to a face.
    """

    def __init__(self, seed: int, places: Sequence[str], columns: Sequence[str], faces: Sequence[str]) -> None:
        self.noise = Noise(seed, [f"film/{name}" for name in columns])
        self.gap_noise = Noise(seed, [f"gap/{name}" for name in places])
        self.slow_noise = Noise(seed, [f"film/{name}" for name in faces])
        self.gap = np.zeros(len(places))
        self.slow = np.zeros(len(faces))
        self._cells = np.zeros((CELLS, len(columns)))  # newest last
        self._last = np.zeros(len(columns))
        self._made = 0
        self._length = 0.0  # m cast so far
        self._cells = np.concatenate([self._cells, *self._grown(1.0)])[-CELLS:]

    def run(self, casts: Sequence[float], roughness: Sequence[float], seconds: float) -> FilmRows:
        """The film at n moments: `casts` are the metres cast before each, which follow each other by `seconds`."""
        cells, places = [self._cells], []
        first = self._made
        gaps = np.empty((len(casts), len(self.gap)))
        slows = np.empty((len(casts), len(self.slow)))
        drifts, steps = self.gap_noise.take(len(casts)), self.slow_noise.take(len(casts))
        keep, slowly = math.exp(-seconds / GAP_S), math.exp(-seconds / FACE_S)
        drive = GAP_SIGMA * math.sqrt(1.0 - keep * keep)
        pace = FACE_SIGMA * math.sqrt(1.0 - slowly * slowly)
        for i, (metres, rough) in enumerate(zip(casts, roughness, strict=True)):
            self._length += metres
            cells.extend(self._grown(rough))
            places.append((self._length, self._made))
            slows[i] = self.slow = slowly * self.slow + pace * steps[i]
            gaps[i] = self.gap = keep * self.gap + (drive * rough) * drifts[i]
        grown = np.concatenate(cells)
        self._cells = grown[len(grown) - CELLS :]
        return FilmRows(grown, first, np.array(places), gaps, slows)

    def _grown(self, rough: float) -> list[np.ndarray]:
        """Film for what will be cast next, newest last, each (1, columns)."""
        new = 0
        while (self._made + new) * CELL_M < self._length + MEMORY_M + 2 * CELL_M:
            new += 1
        self._made += new
        rows = []
        for noise in self.noise.take(new):
            self._last = _FILM_KEEP * self._last + _FILM_DRIVE * rough * noise
            rows.append(self._last[None])
        return rows

    def copy(self) -> Film:
        twin = copy.copy(self)
        twin.noise, twin.gap_noise = self.noise.copy(), self.gap_noise.copy()
        twin.slow_noise = self.slow_noise.copy()
        return twin


@dataclass(frozen=True, slots=True)
class FilmRows:
    """The film at n moments: its cells, newest last (m, columns), and what varies in time, (n, places) and faces."""

    cells: np.ndarray
    first: int  # cells made before the oldest moment
    places: np.ndarray  # (n, 2): m cast, cells made
    gaps: np.ndarray
    slows: np.ndarray

    def factor(self, z: np.ndarray, column: np.ndarray, face: np.ndarray) -> np.ndarray:
        """Flux factor at depths z (n, k), m up to MEMORY_M, of the given columns and faces (k,): float64 (n, k)."""
        length, made = self.places[:, :1], self.places[:, 1:]
        cell = (length + MEMORY_M - z) / CELL_M - (made - CELLS)
        low = cell.astype(np.int64)
        part = cell - low
        low += (made - self.first).astype(np.int64)
        film = (1.0 - part) * self.cells[low, column] + part * self.cells[low + 1, column]
        return 1.0 + film + self.gaps + self.slows[:, face]


_FILM_KEEP = math.exp(-CELL_M / FILM_LENGTH)
_FILM_DRIVE = FILM_SIGMA * math.sqrt(1.0 - _FILM_KEEP * _FILM_KEEP)

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

    def step(self) -> None:
        room = self.rate * DT
        self.value += min(max(self.reference - self.value, -room), room)

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

    def step(self, outflow: float) -> None:
        """One DT with `outflow` t/s leaving."""
        inflow = 0.0
        if self.pause > 0.0:
            self.pause -= DT
        else:
            inflow = min(max(outflow + 0.02 * (self.target - self.weight), 0.0), 4.0 * LADLE_T_PER_S)
        self.weight = max(self.weight + DT * (inflow - outflow), 1.0)
        mixing = inflow * DT / self.weight
        self.temperature += mixing * (self.arriving - self.temperature) - DT * 0.002


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
        self.roughness = 1.0
        self._cells = np.zeros((CELLS, len(columns)))  # newest last
        self._last = np.zeros(len(columns))
        self._made = 0
        self._length = 0.0  # m cast so far
        self.cast(0.0)

    def _grow(self) -> None:
        keep = math.exp(-CELL_M / FILM_LENGTH)
        drive = FILM_SIGMA * math.sqrt(1.0 - keep * keep) * self.roughness
        self._last = keep * self._last + drive * self.noise.take(1)[0]
        self._cells = np.concatenate([self._cells[1:], self._last[None]])
        self._made += 1

    def cast(self, metres: float) -> None:
        """The strand has moved on by `metres`."""
        self._length += metres
        while self._made * CELL_M < self._length + MEMORY_M + 2 * CELL_M:
            self._grow()

    def drift(self, seconds: float) -> None:
        """What varies in time, over `seconds`."""
        keep = math.exp(-seconds / FACE_S)
        self.slow = keep * self.slow + FACE_SIGMA * math.sqrt(1.0 - keep * keep) * self.slow_noise.take(1)[0]
        keep = math.exp(-seconds / GAP_S)
        drive = GAP_SIGMA * math.sqrt(1.0 - keep * keep) * self.roughness
        self.gap = keep * self.gap + drive * self.gap_noise.take(1)[0]

    def factor(self, z: np.ndarray, column: np.ndarray, face: np.ndarray) -> np.ndarray:
        """Flux factor at the places, at depths z (m, up to MEMORY_M) of the given columns and faces, float64 (k,)."""
        cell = (self._length + MEMORY_M - z) / CELL_M - (self._made - CELLS)
        low = cell.astype(np.int64)
        part = cell - low
        film = (1.0 - part) * self._cells[low, column] + part * self._cells[low + 1, column]
        return 1.0 + film + self.gap + self.slow[face]

    def copy(self) -> Film:
        twin = copy.copy(self)
        twin.noise, twin.gap_noise = self.noise.copy(), self.gap_noise.copy()
        twin.slow_noise = self.slow_noise.copy()
        return twin

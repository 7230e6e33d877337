"""The bar that comes in: length, thickness, heat and hardness along it, and how well the set-up foresaw it.

A place on the bar is told by the strip before it, in mm of thickness times m of length: the same number at every stand,
however much the strip is drawn out. All along it is laid down once, when the bar leaves the furnace.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np

from testbed.hotmill.schedule import STANDS, Lines
from testbed.noise import stream

GRID_S = 0.01  # s at run speed from one point of a profile to the next
THICK_SIGMA, THICK_M = 0.05, 15.0  # mm and m of finished strip: thickness of the bar, and over how much it changes
HEAT_SIGMA, HEAT_M = 2.0, 40.0  # K and m
HARD_SIGMA, HARD_M = 7e-4, 0.5  # of the force, m: texture of strength and friction
RUNDOWN, HEAD_COLD, HEAD_COLD_M = 15.0, 12.0, 8.0  # K from head to tail, K and m of the chilled head (as in one stand)
HEAT_ERROR, FORCE_ERROR, SPEED_ERROR = 4.0, 0.007, 0.001  # K, 1, 1: what the set-up did not foresee; judgement
PROFILES = ("thickness", "heat", "hardness", "camber")


@dataclass(slots=True)
class Bar:
    """One coil's bar.

    Attributes:
        lines: its set-up. size: mm·m of the whole bar. number: of the coil.
        profiles: departures along it, float64 (n,) each: thickness mm, heat K, hardness (share of the force), camber
            (mm that it pulls to a side).
        force_error, speed_error: of each stand's set-up, shares, float64 (7,).
    """

    lines: Lines
    size: float
    number: int
    profiles: dict[str, np.ndarray] = field(default_factory=dict)
    force_error: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    speed_error: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))

    @classmethod
    def drawn(cls, lines: Lines, rolling_s: float, number: int, seed: int, quiet: bool = False) -> Bar:
        """A bar that takes `rolling_s` at run speed. `quiet`: all even, and foreseen."""
        bar = cls(lines, lines.flow * rolling_s, number)
        n = int(rolling_s / GRID_S) + 2
        thin = float(lines.exit[-1])
        if quiet:
            bar.profiles = {name: np.zeros(n) for name in PROFILES}
            return bar
        metres = np.arange(n) * bar.grid / thin
        rng = stream(seed, f"hotmill/bar/{number}")
        heat = HEAT_SIGMA * _smooth(rng, n, HEAT_M * thin / bar.grid) - RUNDOWN * (np.arange(n) / n - 0.5)
        heat += HEAT_ERROR * rng.standard_normal() - HEAD_COLD * np.exp(-metres / HEAD_COLD_M)
        bar.profiles = {
            "thickness": THICK_SIGMA * _smooth(rng, n, THICK_M * thin / bar.grid),
            "heat": heat,
            "hardness": HARD_SIGMA * _smooth(rng, n, HARD_M * thin / bar.grid),
            "camber": np.zeros(n),
        }
        bar.force_error = FORCE_ERROR * rng.standard_normal(STANDS)
        bar.speed_error = SPEED_ERROR * rng.standard_normal(STANDS)
        return bar

    @property
    def grid(self) -> float:
        """mm·m between two points of a profile."""
        return self.lines.flow * GRID_S

    def at(self, place: np.ndarray, *names: str) -> list[np.ndarray]:
        """Profiles at places of any shape, straight between their points."""
        x = np.minimum(np.maximum(place * (1.0 / self.grid), 0.0), len(self.profiles["heat"]) - 1.001)
        i = x.astype(np.intp)
        x -= i
        after, found = i + 1, []
        for name in names:
            profile = self.profiles[name]
            left = profile.take(i)
            found.append(left + x * (profile.take(after) - left))
        return found

    def add(self, name: str, change: np.ndarray) -> None:
        """Lay `change`, float64 (n,), over a profile; a twin keeps its own."""
        self.profiles = {**self.profiles, name: self.profiles[name] + change}

    def copy(self) -> Bar:
        return copy.copy(self)


def _smooth(rng: np.random.Generator, n: int, points: float) -> np.ndarray:
    """Gaussian noise of unit variance that changes over so many points, float64 (n,)."""
    long = 1 << int(np.ceil(np.log2(n + 8.0 * points)))
    spectrum = np.fft.rfft(rng.standard_normal(long))
    k = 2.0 * np.pi * np.arange(len(spectrum)) / long
    gain = np.exp(-0.25 * (k * points) ** 2)
    return np.fft.irfft(spectrum * gain / np.sqrt(np.mean(gain**2)), long)[:n]

"""Cooling control: how many banks from a model of the strip, trimmed by the coiler pyrometer past the dead time.

The model is film boiling alone: it knows neither the Leidenfrost temperature nor how it varies.
"""

from __future__ import annotations

import copy
import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from testbed.runout.cooling import (
    BANK_M,
    BANKS,
    BOLTZMANN,
    DENSITY,
    DT,
    EMISSIVITY,
    END_M,
    FILM,
    HEAT,
    WATER,
)

STEPS = 4  # a bank's headers open one by one
TRIM_S = 10.0  # integral time of the trim, about a dead time; judgement
TRIM_MOST = 80.0  # K
KEPT = 600  # steps of trim that are remembered: longer than any dead time


def banks_for(target: float, entry: float, thickness: float, speed: float, heat: float) -> float:
    """Banks, from the first on, that bring strip from `entry` to `target` Cel; mm and m/s.

    `heat` is what the transformation is held to give back, K.
    """
    flux = DENSITY * HEAT * thickness * 1e-3 * max(speed, 0.1)
    wet = 0.0
    for _ in range(4):
        dry = END_M - wet
        mean = 0.5 * (entry + target) if wet == 0.0 else target + 0.25 * (entry - target)
        radiated = 2.0 * EMISSIVITY * BOLTZMANN * (mean + 273.15) ** 4 * dry / flux
        leaving = target + radiated - heat
        wet = flux / (2.0 * FILM) * math.log(max(entry - WATER, 1.0) / max(leaving - WATER, 1.0))
        wet = min(max(wet, 0.0), BANKS * BANK_M)
    return wet / BANK_M


def opened(banks: float) -> np.ndarray:
    """Share of each bank that is to be open, float64 (BANKS,): from the first on, in quarters."""
    quarters = round(banks * STEPS)
    return np.clip(quarters - STEPS * np.arange(BANKS), 0, STEPS) / STEPS


@dataclass(slots=True)
class Control:
    """Feed-forward and trim. `trim` in K lowers the temperature asked of the model."""

    target: float  # Cel
    heat: float  # K of transformation that the model reckons with
    manual: float = -1.0  # banks asked for by hand; below 0: automatic
    trim: float = 0.0
    _past: deque[float] = field(default_factory=lambda: deque([0.0] * KEPT, maxlen=KEPT))

    def banks(self, entry: float, thickness: float, speed: float) -> float:
        """Banks for strip that comes at `entry` Cel."""
        if self.manual >= 0.0:
            return self.manual
        return banks_for(self.target - self.trim, entry, thickness, speed, self.heat)

    def step(self, measured: float | None, speed: float) -> None:
        """DT later; `measured` at the coiler, None without strip.

        Smith: the trim that is still under way counts as if it had arrived.
        """
        delay = min(max(round(0.7 * END_M / max(speed, 1.0) / DT), 1), KEPT - 1)
        if measured is not None and self.manual < 0.0:
            under_way = self.trim - self._past[-delay]
            error = measured - self.target - under_way
            self.trim = min(max(self.trim + DT / TRIM_S * error, -TRIM_MOST), TRIM_MOST)
        self._past.append(self.trim)

    def copy(self) -> Control:
        twin = copy.copy(self)
        twin._past = self._past.copy()
        return twin

"""As much of the mill as the camera needs: rolls, thicknesses, and when which line of the strip passes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from connectors.times import MICROSECOND, SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What coils' set-ups are drawn around.

    Attributes:
        exit_mm: thickness behind each stand.
        speed: m/s at the camera, from and to.
        rise: m/s2, from and to.
        diameter: mm of the work rolls, from and to.
        slip: forward slip of the stands, from and to.
        grade: of the steel.
    """

    exit_mm: tuple[float, ...]
    speed: tuple[float, float]
    rise: tuple[float, float]
    diameter: tuple[float, float]
    slip: tuple[float, float]
    grade: str


HOT = Schedule(  # a common schedule for 2.5 mm strip
    exit_mm=(18.2, 11.6, 7.7, 5.4, 3.95, 3.05, 2.50),
    speed=(7.6, 8.4),
    rise=(0.0, 0.05),
    diameter=(700.0, 760.0),
    slip=(0.02, 0.05),
    grade="SPHC",
)
COLD = Schedule(  # reductions: domain: 3e; the camera stands at the slower line behind the mill, domain: 5
    exit_mm=(1.269, 0.762, 0.460, 0.300, 0.200),
    speed=(4.8, 5.4),
    rise=(0.0, 0.02),
    diameter=(400.0, 480.0),  # judgement
    slip=(0.0, 0.01),  # judgement
    grade="SPCC",
)


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """One coil's set-up.

    Attributes:
        start: ns, when its head passes the camera.
        speed, rise: m/s then, and m/s2 from then on.
        diameter: mm of the work rolls, float64 (stands,).
        thickness: mm behind each stand, float64 (stands,).
        slip: forward slip of each stand, float64 (stands,): the strip leaves faster than the roll turns.
    """

    start: int
    speed: float
    rise: float
    diameter: np.ndarray
    thickness: np.ndarray
    slip: np.ndarray

    def pitch(self, stand: int) -> float:
        """Metres of finished strip between two prints of the work roll of a stand, counted from 0."""
        drawn_out = self.thickness[stand] / self.thickness[-1]
        return float(math.pi * self.diameter[stand] / 1000.0 * (1 + self.slip[stand]) * drawn_out)

    def position(self, time: int) -> float:
        """Metres of the coil that have passed at `time`, ns; negative before its head has come."""
        t = (time - self.start) / SECOND
        return self.speed * t + 0.5 * self.rise * t * t

    def passes(self, metres: float) -> int:
        """When this place passes the camera: ns, the first whole microsecond after."""
        root = math.sqrt(self.speed**2 + 2 * self.rise * metres)
        seconds = 2 * metres / (self.speed + root)
        return self.start + math.ceil(seconds * 1e6) * MICROSECOND


def drawn(rng: np.random.Generator, start: int, schedule: Schedule = HOT) -> Rolling:
    """A coil's set-up, close to a schedule: rolls ground differently, each thickness a little off."""
    n = len(schedule.exit_mm)
    thickness = np.array(schedule.exit_mm) * (1 + rng.uniform(-0.03, 0.03, n))
    return Rolling(
        start=start,
        speed=round(float(rng.uniform(*schedule.speed)), 3),
        rise=round(float(rng.uniform(*schedule.rise)), 3),
        diameter=np.round(rng.uniform(*schedule.diameter, n), 1),
        thickness=thickness,
        slip=rng.uniform(*schedule.slip, n),
    )

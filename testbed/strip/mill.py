"""As much of the mill as the camera needs: rolls, thicknesses, and when which line of the strip passes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from connectors.times import MICROSECOND, SECOND

EXIT_MM = (18.2, 11.6, 7.7, 5.4, 3.95, 3.05, 2.50)  # behind F1 … F7, a common schedule for 2.5 mm strip


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """One coil's set-up.

    Attributes:
        start: ns, when its head passes the camera.
        speed, rise: m/s then, and m/s2 from then on.
        diameter: mm of the work rolls, float64 (7,).
        thickness: mm behind each stand, float64 (7,).
        slip: forward slip of each stand, float64 (7,): the strip leaves faster than the roll turns.
    """

    start: int
    speed: float
    rise: float
    diameter: np.ndarray
    thickness: np.ndarray
    slip: np.ndarray

    def pitch(self, stand: int) -> float:
        """Metres of finished strip between two prints of the work roll of stand 0 … 6."""
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


def drawn(rng: np.random.Generator, start: int) -> Rolling:
    """A coil's set-up: rolls of 700 … 760 mm, ground differently, and a schedule close to EXIT_MM."""
    thickness = np.array(EXIT_MM) * (1 + rng.uniform(-0.03, 0.03, len(EXIT_MM)))
    return Rolling(
        start=start,
        speed=round(float(rng.uniform(7.6, 8.4)), 3),
        rise=round(float(rng.uniform(0.0, 0.05)), 3),
        diameter=np.round(rng.uniform(700.0, 760.0, len(EXIT_MM)), 1),
        thickness=thickness,
        slip=rng.uniform(0.02, 0.05, len(EXIT_MM)),
    )

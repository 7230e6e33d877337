"""Fifth-octave chatter marks: a roll polishes itself into a polygon over hours, a low tone at 500 … 700 Hz.

A run is a snapshot of that: `severity` is the share of a shift it has grown. The polygon's tone goes with the roll's
speed, and it marks the strip while it meets the stand's own fifth octave; the pitch is speed over frequency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.coldmill.inputs import KNOT_S, Inputs
from testbed.coldmill.places import stand_of
from testbed.coldmill.structure import RATE, K
from testbed.coldmill.tags import UNITS
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.coldmill.unit import ColdMillPlant

AMPLITUDE = 1.2  # m/s2 after a whole shift; judgement
DEPTH = 1.0  # um of a mark after a whole shift; judgement
VISIBLE = 0.2  # um; judgement
REJECTED_M = 600.0  # m of visible marks, and the coil is sold as something less; judgement
ZETA = 0.02  # of the fifth octave, judgement: it is none of the three masses' modes
BACKUP = 1.3  # m, diameter of the backup rolls, judgement; its turning modulates the tone
REACTION_S = 5.0  # for an operator to change the speed
HEALED_S = 2.0  # s without a visible mark


@dataclass(slots=True)
class Marks:
    """A polygon on a roll of `stand`, `frequency` Hz at a mill speed of `at` m/s."""

    stand: int
    severity: float
    frequency: float
    at: float
    phase: float = 0.0
    turned: float = 0.0
    marked: float = 0.0  # m behind the last stand
    clean: float = 0.0  # s without a mark

    def step(self, plant: ColdMillPlant, now: Inputs) -> bool:
        """20 ms later; True once the strip is clean again."""
        speed = plant.line.speed
        ratio = speed / self.at
        meets = 2.0 * ZETA / np.hypot(1.0 - ratio**2, 2.0 * ZETA * ratio)
        roll = float(plant.line.strip()[self.stand])
        angle = self.phase + 2.0 * np.pi * self.frequency * ratio / RATE * K
        turn = self.turned + 2.0 * roll / BACKUP / RATE * K
        self.phase, self.turned = float(angle[-1]) % (2.0 * np.pi), float(turn[-1]) % (2.0 * np.pi)
        size = AMPLITUDE * self.severity * meets
        if not plant.line.is_broken:
            now.shake[self.stand] += size * (1.0 + 0.3 * np.sin(turn)) * np.sin(angle)
        visible = DEPTH * self.severity * meets > VISIBLE and not plant.line.is_broken
        self.marked += speed * KNOT_S if visible else 0.0
        self.clean = 0.0 if visible else self.clean + KNOT_S
        return self.clean > HEALED_S

    @property
    def has_struck(self) -> bool:
        return self.marked > REJECTED_M

    def tore(self, stand: int) -> bool:
        """Marks tear no strip."""
        return False


def chatter_marks(
    plant: ColdMillPlant, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Marks, Injection]:
    """A roll bears a polygon.

    Parameters: `severity` (0.5 … 1 of a shift), `frequency` (530 … 670 Hz at the present speed). `where`: a stand;
    drawn from S3 to S5 if left open.
    """
    stand = stand_of(where, rng, first=2)
    left = dict(params)
    severity = number(left, "severity", 0.5, 1.0, rng)
    frequency = number(left, "frequency", 530.0, 670.0, rng)
    nothing_left(left, "chatter_marks", ("severity", "frequency"))
    speed = max(plant.line.speed, 1.0)
    pitch = 1e3 * float(plant.line.strip()[stand]) / frequency
    details = {"severity": round(severity, 3), "frequency_hz": round(frequency, 1), "pitch_mm": round(pitch, 2)}
    injection = Injection(key, "chatter_marks", UNITS[stand], "fault", ("machine",), (), REACTION_S, None, details)
    return Marks(stand, severity, frequency, speed, float(rng.uniform(0.0, 2.0 * np.pi))), injection

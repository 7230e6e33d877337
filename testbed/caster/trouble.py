"""What happens to a caster, fault or look-alike: stepped with the plant, it changes parameters, inputs or states."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

JUMP_M = 8e-3  # m the level leaves its set-point by at which it draws powder in; judgement on 10 … 15 mm events
SWING_M = 5e-3  # m, a swing of this size counts in full
DOSE_S = 30.0  # s of full swings after which powder has been drawn in; judgement


@dataclass(slots=True)
class Trouble:
    """State of one thing that happens. Flags only rise: struck, cleared, gone from the plant."""

    age: float = 0.0
    has_struck: bool = False
    is_cleared: bool = False
    is_gone: bool = False

    def step(self, plant: CasterPlant, dt: float) -> None:
        """Advance by `dt` s."""
        self.age += dt

    def heating(self, face: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray | None:
        """K the copper gets hotter at the places (face, x, z), given for 0.11 m depth; None: not at all."""
        return None

    def of_face(self, face: int) -> float:
        """Share of the heat that a face gets, 1 is usual."""
        return 1.0

    def drag(self) -> float:
        """How much more the strand rubs in the mould, as a share of the friction."""
        return 0.0

    def copy(self) -> Self:
        return copy.deepcopy(self)


@dataclass(slots=True)
class Meniscus:
    """Tells when a restless level has drawn mould powder into the strand."""

    dose: float = 0.0  # s of full swings

    def step(self, level: float, dt: float) -> bool:
        """`dt` s at a level in m from its set-point; True once powder has been drawn in."""
        self.dose += dt * (level / SWING_M) ** 2
        return abs(level) > JUMP_M or self.dose > DOSE_S

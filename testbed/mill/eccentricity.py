"""An eccentric backup roll: a geometry that turns with the roll, and what it does to the coil."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from testbed.drawn import nothing_left, number
from testbed.mill.stand import DT
from testbed.mill.tags import UNIT
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.mill.unit import MillPlant

FADE_S = 1.0  # s until the roll runs out as far as it will
OFF_GAUGE = 0.020  # mm from the thickness asked for
SHARE = 0.05  # of the length since onset; more of it off gauge and the coil is rejected
REACTION_S = 5.0  # for an operator to set the notch
PARAMETERS = ("amplitude", "harmonic")


@dataclass(slots=True)
class RunOut:
    """A backup roll's departure from round: `amplitude` um once a turn, `harmonic` of it twice a turn."""

    amplitude: float
    harmonic: float
    phase: float

    @classmethod
    def sound(cls, rng: np.random.Generator) -> RunOut:
        """A roll as it comes from the grinder, good to 1 … 3 um from peak to peak."""
        return cls(float(rng.uniform(0.5, 1.5)), float(rng.uniform(0.0, 0.5)), float(rng.uniform(0.0, 2.0 * np.pi)))

    def closes(self, angle: np.ndarray) -> np.ndarray:
        """mm that the roll takes from the gap at its angles in rad."""
        turn = np.sin(angle + self.phase) + self.harmonic * np.sin(2.0 * (angle + self.phase))
        return 1e-3 * self.amplitude * turn


@dataclass(slots=True)
class Eccentricity:
    """A roll that begins to run out, and the strip rolled since."""

    roll: RunOut
    age: int = 0  # samples of 1 ms since it began
    rolled: int = 0  # samples of strip since onset
    off_gauge: int = 0  # of these, off gauge

    def closes(self, angle: np.ndarray, sound: np.ndarray) -> np.ndarray:
        """mm that the roll takes from the gap at its angles, one a millisecond; it took `sound` before."""
        age = DT * np.arange(self.age + 1, self.age + len(angle) + 1)
        self.age += len(angle)
        return sound + np.minimum(age / FADE_S, 1.0) * (self.roll.closes(angle) - sound)

    def judge(self, thickness: np.ndarray) -> None:
        """Take note of strip that has been rolled, mm from what was asked for."""
        self.rolled += len(thickness)
        self.off_gauge += int((np.abs(thickness) > OFF_GAUGE).sum())

    @property
    def is_rejected(self) -> bool:
        return self.off_gauge > SHARE * max(self.rolled, 1)


def eccentricity(
    plant: MillPlant, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Eccentricity, Injection]:
    """A backup roll begins to run out.

    Parameters: `amplitude` (15 … 30 um, from the middle) once a turn, `harmonic` (0 … 0.2 of it) twice a turn.
    """
    stand_only(where)
    left = dict(params)
    amplitude = number(left, "amplitude", 15.0, 30.0, rng)
    harmonic = number(left, "harmonic", 0.0, 0.2, rng)
    nothing_left(left, "eccentricity", PARAMETERS)
    thing = Eccentricity(RunOut(amplitude, harmonic, float(rng.uniform(0.0, 2.0 * np.pi))))
    details = {"amplitude_um": round(amplitude, 2), "harmonic": round(harmonic, 3), "turns_hz": round(plant.turns, 3)}
    return thing, Injection(key, "eccentricity", UNIT, "fault", ("machine",), (), REACTION_S, None, details)


def stand_only(where: str) -> None:
    """Raises InputError if a script names a place within the stand: there is but one."""
    if where not in ("", UNIT, UNIT.rsplit("/", 1)[-1]):
        raise InputError(say("'{where}' is no place at the mill: it has one stand, {unit}. Leave the place out.",
                             where=where, unit=UNIT))  # fmt: skip

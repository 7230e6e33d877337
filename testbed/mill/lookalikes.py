"""What resembles an eccentric roll and is none: cold marks of the furnace, and the transients of a normal day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.drawn import nothing_left, number
from testbed.mill.coil import KNOT_S, Skid
from testbed.mill.eccentricity import stand_only
from testbed.mill.tags import UNIT
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.mill.unit import MillPlant

KINDS = ("skid_marks", "speed_change", "agc_toggle", "coil_change")
AFTERMATH_S = 5.0  # s after the end in which its own traces still show


@dataclass(slots=True)
class Passing:
    """Something that begins at once, lasts and passes."""

    duration: float  # s
    age: float = 0.0

    def step(self, plant: MillPlant) -> bool:
        """20 ms later; True when it is over."""
        self.age += KNOT_S
        if self.age < self.duration:
            return False
        self.end(plant)
        return True

    def end(self, plant: MillPlant) -> None: ...


@dataclass(slots=True)
class SkidMarks(Passing):
    """The coil in the stand bears cold marks, which fade in and out; the next coil has none."""

    def end(self, plant: MillPlant) -> None:
        if plant.coil.skid is not None:
            plant.coil.skid.target = 0.0


@dataclass(slots=True)
class SpeedChange(Passing):
    """The mill runs faster or slower for a while."""

    def end(self, plant: MillPlant) -> None:
        plant.coil.target = 1.0


@dataclass(slots=True)
class AgcToggle(Passing):
    """The operator takes gauge control off, or puts it on, for a while."""

    was_on: bool = True

    def end(self, plant: MillPlant) -> None:
        plant.agc_on = self.was_on


Left = dict[str, float | str]
Begun = tuple[Passing, dict[str, float | str]]


def begin(
    plant: MillPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Passing, Injection]:
    """Begin a look-alike. What the script leaves open is drawn."""
    stand_only(where)
    left = dict(params)
    make: dict[str, Callable[[MillPlant, Left, np.random.Generator], Begun]] = {
        "skid_marks": _skid_marks, "speed_change": _speed_change, "agc_toggle": _agc_toggle,
        "coil_change": _coil_change,
    }  # fmt: skip
    thing, details = make[name](plant, left, rng)
    nothing_left(left, name, ("duration", "heat", "frequency", "factor"))
    injection = Injection(key, name, UNIT, "lookalike", forbids=("machine",),
                          duration_s=thing.duration + AFTERMATH_S, details=details)  # fmt: skip
    return thing, injection


def _skid_marks(plant: MillPlant, left: Left, rng: np.random.Generator) -> Begun:
    """`heat` 8 … 15 K deep, at `frequency` 0.1 … 0.2 Hz while the mill runs at its run speed."""
    heat = number(left, "heat", 8.0, 15.0, rng)
    frequency = number(left, "frequency", 0.1, 0.2, rng)
    duration = number(left, "duration", 40.0, 70.0, rng)
    plant.coil.skid = Skid(heat, plant.coil.setup.speed / frequency, float(rng.uniform(0.0, 2.0 * np.pi)))
    return SkidMarks(duration), {"heat_K": round(heat, 1), "frequency_hz": round(frequency, 3)}


def _speed_change(plant: MillPlant, left: Left, rng: np.random.Generator) -> Begun:
    """To `factor` (0.85 … 1.15) of the run speed."""
    factor = number(left, "factor", 0.85, 1.15, rng)
    plant.coil.target = min(max(factor, 0.5), 1.25)
    return SpeedChange(number(left, "duration", 10.0, 25.0, rng)), {"factor": round(factor, 3)}


def _agc_toggle(plant: MillPlant, left: Left, rng: np.random.Generator) -> Begun:
    thing = AgcToggle(number(left, "duration", 10.0, 25.0, rng), was_on=plant.agc_on)
    plant.agc_on = not plant.agc_on
    return thing, {"to": float(plant.agc_on)}


def _coil_change(plant: MillPlant, left: Left, rng: np.random.Generator) -> Begun:
    """The coil is cut short: its tail leaves, the stand waits, the next head comes."""
    plant.coil.cut()
    return Passing(number(left, "duration", 20.0, 25.0, rng)), {"coil": float(plant.coil.number)}

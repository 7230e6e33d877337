"""What resembles blocked nozzles and is none: another pump, a flow meter that drifts, a header that is rested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.drawn import nothing_left, number
from testbed.noise import Noise
from testbed.plant import Injection
from testbed.runout.cooling import DT
from testbed.runout.descaler import HEADERS
from testbed.runout.faults import nowhere_else, whole
from testbed.runout.tags import DESCALER
from testbed.sensors import Failure

if TYPE_CHECKING:
    from testbed.runout.unit import RunOutPlant

KINDS = ("pump_change", "flow_meter", "header_rest")
AFTERMATH_S = 5.0  # s after the end in which its own traces still show


@dataclass(slots=True)
class Passing:
    """Something that begins at once, lasts and passes; `undo` ends it."""

    duration: float
    undo: Callable[[RunOutPlant], None]
    age: float = 0.0

    def step(self, plant: RunOutPlant) -> bool:
        """DT later; True when it is over."""
        self.age += DT
        if self.age < self.duration:
            return False
        self.undo(plant)
        return True


Left = dict[str, float | str]
Begun = tuple[Passing, str, tuple[str, ...], dict[str, float | str]]


def begin(
    plant: RunOutPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Passing, Injection]:
    """Begin a look-alike. What the script leaves open is drawn."""
    nowhere_else(where)
    left = dict(params)
    make: dict[str, Callable[[RunOutPlant, Left, float, np.random.Generator], Begun]] = {
        "pump_change": _pump_change, "flow_meter": _flow_meter, "header_rest": _header_rest,
    }  # fmt: skip
    duration = number(left, "duration", 60.0, 120.0, rng)
    thing, place, expects, details = make[name](plant, left, duration, rng)
    nothing_left(left, name, ("duration", "pump", "header", "low"))
    return thing, Injection(key, name, place, "lookalike", expects=expects, forbids=("surface",),
                            duration_s=thing.duration + AFTERMATH_S, details=details)  # fmt: skip


def _pump_change(plant: RunOutPlant, left: Left, duration: float, rng: np.random.Generator) -> Begun:
    """A worn pump takes over: `pump` (0.86 … 0.92) of the pressure, and less flow through all headers."""
    pump = number(left, "pump", 0.86, 0.92, rng)
    plant.descaler.pump = pump

    def undo(later: RunOutPlant) -> None:
        later.descaler.pump = 1.0

    return Passing(duration, undo), DESCALER, (), {"pump": round(pump, 3)}


def _flow_meter(plant: RunOutPlant, left: Left, duration: float, rng: np.random.Generator) -> Begun:
    """A header's flow meter reads `low` (5 … 10) m3/h too little; pressure and strip know nothing of it."""
    header = whole(left, "header", 1, HEADERS, rng)
    low = number(left, "low", 5.0, 10.0, rng)
    index = header  # the pressure comes first
    place = f"{DESCALER}/DESC_HDR_{header}"
    noise = Noise(plant.seed, [f"{place}/failure@{plant.present}"])
    plant.sensors["descaler"].failures[index] = Failure("step", low, 0.0, noise)

    def undo(later: RunOutPlant) -> None:
        later.sensors["descaler"].failures.pop(index, None)

    return Passing(duration, undo), place, ("sensor",), {"header": header, "low": round(low, 1)}


def _header_rest(plant: RunOutPlant, left: Left, duration: float, rng: np.random.Generator) -> Begun:
    """A header is taken off: no flow through it, a little more through the others, and no streak."""
    header = whole(left, "header", 1, HEADERS, rng)
    plant.descaler.on[header - 1] = 0.0

    def undo(later: RunOutPlant) -> None:
        later.descaler.on[header - 1] = 1.0

    return Passing(duration, undo), f"{DESCALER}/DESC_HDR_{header}", (), {"header": header}

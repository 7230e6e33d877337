"""A set-point that the plant follows as its valves and drives do: at a rate, not at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.caster.trouble import Trouble

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

# What moves, at which rate a second; rates are judgement.
FOLLOWERS = {
    "argon": ("plant", "argon", 0.3),  # L/min
    "water": ("plant", "water_flow", 60.0),  # L/min
    "spray": ("spray", "scale", 0.02),
    "level": ("loop", "set_point", 1e-3),  # m
}


@dataclass(slots=True, kw_only=True)
class Easing(Trouble):
    """One set-point on its way to its target."""

    name: str
    target: float

    def step(self, plant: CasterPlant, dt: float) -> None:
        part, attribute, rate = FOLLOWERS[self.name]
        moved = plant if part == "plant" else getattr(plant, part)
        now = getattr(moved, attribute)
        room = rate * dt
        setattr(moved, attribute, now + min(max(self.target - now, -room), room))
        self.is_gone = getattr(moved, attribute) == self.target

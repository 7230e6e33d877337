"""A restless level: unsteady bulging of the strand between its rolls, and a stopper that sticks.

Both swing the level; bulging follows the casting speed over the roll pitch and shows in the drives, stiction keeps its
own period of about 25 s and shows between the stopper's command and its position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster.level import BULGE
from testbed.caster.tags import UNIT
from testbed.caster.trouble import Meniscus, Trouble
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

SLOWER = 0.1  # m/min below which the strand no longer bulges in step with its rolls; judgement
CALM_S = 15.0  # s in which the swing then dies down; judgement
CALM_M = 1e-3  # m of swing that is none to speak of
STICTION_REACTION_S = 60.0  # s to loosen a sticking stopper; judgement
BULGING_REACTION_S = 20.0  # s to slow the strand down and let the swing die down; judgement


@dataclass(slots=True, kw_only=True)
class Bulging(Trouble):
    """The strand bulges in step with its rolls, more and more, while it runs at this speed or faster."""

    amplitude: float  # m of level
    grows_s: float
    speed: float = 0.0  # m/min at which it began
    has_entrapped: bool = False
    meniscus: Meniscus = field(default_factory=Meniscus)

    def step(self, plant: CasterPlant, dt: float) -> None:
        is_slow = plant.speed.value < self.speed - SLOWER
        target, lag = (BULGE, CALM_S) if is_slow else (self.amplitude, self.grows_s)
        plant.loop.bulge += dt / lag * (target - plant.loop.bulge)
        if self.is_cleared:
            return
        self.is_cleared = is_slow and plant.loop.bulge < CALM_M
        if self.meniscus.step(plant.loop.level - plant.loop.set_point, dt) and not self.has_struck:
            self.has_struck = True
            plant.flaw("powder")


def bulging(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Bulging, Injection]:
    """Unsteady bulging. Parameters: `amplitude` 5 … 9 mm of level, `grows_s` 40 … 80 s."""
    left = dict(params)
    amplitude, grows = number(left, "amplitude", 5.0, 9.0, rng), number(left, "grows_s", 40.0, 80.0, rng)
    nothing_left(left, name, ("amplitude", "grows_s"))
    thing = Bulging(amplitude=1e-3 * amplitude, grows_s=max(grows, 1.0), speed=plant.speed.value)
    return thing, Injection(
        key, name, UNIT, "fault", expects=("process", "machine"), reaction_s=BULGING_REACTION_S,
        details={"amplitude_mm": round(amplitude, 2), "grows_s": round(grows, 1)},
    )  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Stiction(Trouble):
    """The stopper rod follows its actuator only after it has moved by `stick` m. Exercising the rod loosens it."""

    stick: float
    began_at: int = 0
    meniscus: Meniscus = field(default_factory=Meniscus)

    def step(self, plant: CasterPlant, dt: float) -> None:
        if plant.was_ordered("exercise_stopper", self.began_at):
            plant.loop.stick = 0.0
            self.is_cleared = self.is_gone = True
            return
        plant.loop.stick = self.stick
        if self.meniscus.step(plant.loop.level - plant.loop.set_point, dt) and not self.has_struck:
            self.has_struck = True
            plant.flaw("powder")


def stopper_stiction(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Stiction, Injection]:
    """A sticking stopper. Parameter: `stick` 0.5 … 1 mm."""
    left = dict(params)
    stick = number(left, "stick", 0.5, 1.0, rng)
    nothing_left(left, name, ("stick",))
    return Stiction(stick=1e-3 * stick, began_at=plant.present), Injection(
        key, name, f"{UNIT}/STOPPER", "fault", expects=("process", "machine"), reaction_s=STICTION_REACTION_S,
        details={"stick_mm": round(stick, 3)},
    )  # fmt: skip

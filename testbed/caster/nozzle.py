"""The submerged entry nozzle (SEN): it clogs over hours, and a lump of the deposit may break off at once.

The level loop hides both: the stopper opens further as the nozzle passes less, and the level stays where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster.level import STROKE
from testbed.caster.tags import UNIT
from testbed.caster.trouble import Meniscus, Trouble
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

LIMIT = 0.8  # of the stopper's stroke; further open, the cast is given up (domain: 4, F04)
USUAL_ARGON = 5.0  # L/min
FLUSHING = 8.0  # L/min of argon from which a nozzle is washed; judgement
WASHED = 0.05  # of the deposit's growth, while it is; judgement
TILT = 0.10  # of a face's flux at its edges, of a nozzle that is half closed on one side; judgement
WARNING = 0.2  # of the hours to half flow: time to flush, or to make a new tundish ready; 20 … 30 min of 2 h
MARK_WITHIN_S = 5.0  # domain: 4, F05: the slab is marked within 5 s
HOLD_S = 10.0  # s after which a slab with a powder entrapment is on its way without a mark; judgement


@dataclass(slots=True, kw_only=True)
class Clogging(Trouble):
    """Deposit grows in the nozzle, more on one side, until the stopper is at its limit and the cast is given up."""

    rate: float  # of the usual flow a second
    side: float

    def step(self, plant: CasterPlant, dt: float) -> None:
        if self.has_struck:
            return
        is_washed = plant.argon >= FLUSHING
        plant.loop.clog = max(plant.loop.clog - self.rate * dt * (WASHED if is_washed else 1.0), 0.05)
        plant.tilt = self.side * TILT * 2.0 * (1.0 - min(plant.loop.clog, 1.0))
        self.is_cleared = self.is_cleared or is_washed
        if plant.loop.lift > LIMIT * STROKE:
            self.has_struck = self.is_cleared = True
            plant.speed.go(0.0)


def clogging(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Clogging, Injection]:
    """The nozzle begins to clog. Parameters: `hours` to half its flow, 0.5 … 4 (less: accelerated), `side` -1 … 1."""
    left = dict(params)
    hours = max(number(left, "hours", 0.5, 4.0, rng), 0.05)
    side = number(left, "side", -1.0, 1.0, rng)
    nothing_left(left, name, ("hours", "side"))
    injection = Injection(
        key, name, f"{UNIT}/SEN", "fault", expects=("process",), reaction_s=WARNING * hours * 3600.0,
        details={"hours": round(hours, 3), "side": round(side, 2)},
    )  # fmt: skip
    return Clogging(rate=0.5 / (hours * 3600.0), side=side), injection


@dataclass(slots=True, kw_only=True)
class Release(Trouble):
    """A lump breaks off within a second: too much steel, the level rises and draws powder in. The slab wants a mark."""

    share: float
    lasts: float
    entrapped: float | None = None  # s of age
    began_at: int = 0
    meniscus: Meniscus = field(default_factory=Meniscus)

    def step(self, plant: CasterPlant, dt: float) -> None:
        if self.age < self.lasts:
            plant.loop.clog *= 1.0 + self.share * dt / self.lasts
        self.age += dt
        if self.entrapped is None and self.meniscus.step(plant.loop.level - plant.loop.set_point, dt):
            self.entrapped = self.age
            plant.flaw("powder")
        if plant.was_ordered("mark_slab", self.began_at):
            self.is_cleared = True
        if self.entrapped is not None and self.age > self.entrapped + HOLD_S and not self.is_cleared:
            self.has_struck = self.is_cleared = True
        self.is_gone = self.is_cleared or self.age > 120.0
        self.is_cleared = self.is_gone


def clog_release(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Release, Injection]:
    """A lump of deposit breaks off. Parameters: `share` the nozzle passes more, 0.2 … 0.4, `lasts` 0.4 … 1 s."""
    left = dict(params)
    release = Release(
        share=number(left, "share", 0.2, 0.4, rng), lasts=number(left, "lasts", 0.4, 1.0, rng), began_at=plant.present
    )
    nothing_left(left, name, ("share", "lasts"))
    details = {"share": round(release.share, 3), "lasts_s": round(release.lasts, 2)}
    return release, Injection(
        key, name, f"{UNIT}/SEN", "fault", expects=("process",), reaction_s=MARK_WITHIN_S, details=details
    )

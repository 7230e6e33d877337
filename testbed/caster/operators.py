"""What operators do on a normal day that resembles a fault: changes of speed, powder, ladle, width, water."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster.level import AREA, NOMINAL_WEIGHT
from testbed.caster.passing import Passing
from testbed.caster.tags import STRAND, UNIT
from testbed.caster.water import zone_of
from testbed.drawn import number

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

Begun = tuple[Passing, str, tuple[str, ...], dict[str, float | str]]  # thing, where, expects, details


@dataclass(slots=True, kw_only=True)
class SpeedChange(Passing):
    """The operator changes the casting speed; the whole copper follows."""

    speed: float

    def begin(self, plant: CasterPlant) -> None:
        plant.speed.go(self.speed)

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        now = plant.speed.reference
        drawn = float(rng.uniform(0.1, 0.3)) * (
            -1.0 if now > 1.35 else 1.0 if now < 1.15 else float(rng.choice([-1, 1]))
        )
        number(left, "duration", 0.0, 1.0, rng)
        change = float(left.pop("change", drawn))
        target = round(min(max(now + change, 0.9), 1.6), 3)
        return cls(duration=120.0, speed=target), UNIT, (), {"from": now, "to": target}


@dataclass(slots=True, kw_only=True)
class PowderChange(Passing):
    """Another mould powder: less flux for a while, and a rougher film."""

    factor: float

    def begin(self, plant: CasterPlant) -> None:
        plant.flux_scale.target = self.factor
        plant.flux_scale.rate = abs(1.0 - self.factor) / 60.0
        plant.roughness = 1.5

    def end(self, plant: CasterPlant) -> None:
        plant.flux_scale.target = 1.0
        plant.roughness = 1.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        factor = number(left, "factor", 0.86, 0.95, rng)
        thing = cls(duration=number(left, "duration", 240.0, 480.0, rng), factor=factor)
        return thing, UNIT, (), {"factor": round(factor, 3)}


@dataclass(slots=True, kw_only=True)
class TundishChange(Passing):
    """A new tundish: the strand slows down, the old tundish runs low, the new one is filled, the strand speeds up."""

    slow: float
    speed: float = 0.0

    def begin(self, plant: CasterPlant) -> None:
        self.speed = plant.speed.reference
        plant.speed.go(self.slow)
        plant.tundish.pause = 0.5 * self.duration
        plant.tundish.arriving = 1556.0

    def end(self, plant: CasterPlant) -> None:
        if not plant.loop.leak:
            plant.speed.go(self.speed)

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        slow = number(left, "slow", 0.6, 0.8, rng)
        thing = cls(duration=number(left, "duration", 180.0, 300.0, rng), slow=round(slow, 3))
        return thing, UNIT, (), {"slow": round(slow, 3), "weight": NOMINAL_WEIGHT}


@dataclass(slots=True, kw_only=True)
class LadleChange(Passing):
    """The ladle is empty: nothing flows into the tundish until the next one opens, with warmer steel."""

    def begin(self, plant: CasterPlant) -> None:
        plant.tundish.pause = self.duration
        plant.tundish.arriving = 1558.0 if plant.tundish.temperature < 1550.0 else 1552.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        return cls(duration=number(left, "duration", 90.0, 180.0, rng)), UNIT, (), {}


@dataclass(slots=True, kw_only=True)
class TundishLow(Passing):
    """The tundish is run low at the end of a sequence: less steel over the stopper, which opens further."""

    weight: float

    def begin(self, plant: CasterPlant) -> None:
        plant.tundish.target = self.weight

    def end(self, plant: CasterPlant) -> None:
        plant.tundish.target = NOMINAL_WEIGHT

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        weight = number(left, "weight", 26.0, 36.0, rng)
        thing = cls(duration=number(left, "duration", 900.0, 1500.0, rng), weight=weight)
        return thing, UNIT, (), {"weight": round(weight, 1)}


@dataclass(slots=True, kw_only=True)
class WidthChange(Passing):
    """The narrow faces are moved while casting: a wider strand takes more steel."""

    factor: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.loop.area = AREA * (1.0 + (self.factor - 1.0) * self.phase)

    def end(self, plant: CasterPlant) -> None:
        plant.loop.area = AREA

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        factor = number(left, "factor", 1.15, 1.3, rng)
        thing = cls(duration=number(left, "duration", 500.0, 900.0, rng), factor=factor)
        return thing, UNIT, (), {"factor": round(factor, 3)}


@dataclass(slots=True, kw_only=True)
class StopperJog(Passing):
    """The operator jogs the stopper to wash the nozzle's tip: a spike of the level."""

    lift: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.loop.push = self.lift if self.age < 0.5 * self.duration else 0.0

    def end(self, plant: CasterPlant) -> None:
        plant.loop.push = 0.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        lift = number(left, "lift", 4.0, 7.0, rng)
        thing = cls(duration=number(left, "duration", 3.0, 4.0, rng), lift=1e-3 * lift)
        return thing, UNIT, (), {"lift_mm": round(lift, 2)}


@dataclass(slots=True, kw_only=True)
class StopperDither(Passing):
    """The control dithers the stopper so that it does not stick: command and position move, and the level a little."""

    amplitude: float
    hertz: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.loop.push = self.amplitude * math.sin(2.0 * math.pi * self.hertz * self.age)

    def end(self, plant: CasterPlant) -> None:
        plant.loop.push = 0.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        amplitude, hertz = number(left, "amplitude", 1.6, 2.5, rng), number(left, "hertz", 0.3, 0.5, rng)
        thing = cls(duration=number(left, "duration", 120.0, 240.0, rng), amplitude=1e-3 * amplitude, hertz=hertz)
        return thing, UNIT, (), {"amplitude_mm": round(amplitude, 2), "hertz": round(hertz, 2)}


@dataclass(slots=True, kw_only=True)
class LevelSetPoint(Passing):
    """The operator moves the level to spread the wear of the nozzle at the slag line."""

    shift: float
    given: float = 0.0

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.loop.set_point += self.shift * self.phase - self.given
        self.given = self.shift * self.phase

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        shift = number(left, "shift", 8.0, 14.0, rng) * (1.0 if rng.uniform() < 0.5 else -1.0)
        thing = cls(duration=number(left, "duration", 90.0, 180.0, rng), shift=1e-3 * shift)
        return thing, UNIT, (), {"shift_mm": round(shift, 1)}


@dataclass(slots=True, kw_only=True)
class ZoneSetPoint(Passing):
    """The recipe gives a zone more spray water."""

    zone: int
    factor: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.spray.trim[self.zone] = 1.0 + (self.factor - 1.0) * self.phase

    def end(self, plant: CasterPlant) -> None:
        plant.spray.trim[self.zone] = 1.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        zone, factor = zone_of(where, rng), number(left, "factor", 1.12, 1.3, rng)
        thing = cls(duration=number(left, "duration", 300.0, 500.0, rng), zone=zone - 1, factor=factor)
        return thing, f"{STRAND}/SPR_Z{zone}", (), {"zone": float(zone), "factor": round(factor, 3)}


@dataclass(slots=True, kw_only=True)
class WaterSetPoint(Passing):
    """All mould water is turned down a little, as for a crack-sensitive grade."""

    factor: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.water_trim = 1.0 - (1.0 - self.factor) * self.phase

    def end(self, plant: CasterPlant) -> None:
        plant.water_trim = 1.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        factor = number(left, "factor", 0.85, 0.9, rng)
        thing = cls(duration=number(left, "duration", 200.0, 400.0, rng), factor=factor)
        return thing, UNIT, (), {"factor": round(factor, 3)}


@dataclass(slots=True, kw_only=True)
class PumpChange(WaterSetPoint):
    """One mould-water pump takes over from another: a short dip of every face's flow."""

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        factor = number(left, "factor", 0.78, 0.88, rng)
        thing = cls(duration=number(left, "duration", 25.0, 40.0, rng), factor=factor)
        return thing, UNIT, (), {"factor": round(factor, 3)}

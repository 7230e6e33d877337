"""What resembles a sticker and is none: a failing thermocouple, and the transients of a normal day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.caster.level import NOMINAL_WEIGHT
from testbed.caster.place import place
from testbed.caster.tags import COLUMNS, FACES, ROWS, UNIT, thermocouple_name
from testbed.drawn import nothing_left, number
from testbed.noise import Noise
from testbed.plant import Injection
from testbed.sensors import FAILURES, Failure

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

AFTERMATH_S = 10.0  # s after the end in which its own traces still show: a contact that jumps back, a ramp

KINDS = ("loose_thermocouple", "speed_change", "powder_change", "tundish_change", "ladle_change")


@dataclass(slots=True)
class Ramp:
    """A factor that moves to its target at a rate a second."""

    value: float
    target: float = 1.0
    rate: float = 0.01

    def step(self, dt: float) -> None:
        room = self.rate * dt
        self.value += min(max(self.target - self.value, -room), room)


@dataclass(slots=True)
class Passing:
    """Something that begins, lasts and passes. `stage` counts what has been done."""

    duration: float
    age: float = 0.0
    stage: int = 0

    def step(self, plant: CasterPlant, dt: float) -> bool:
        """Advance by `dt` s; True when it is over."""
        if self.stage == 0:
            self.begin(plant)
            self.stage = 1
        self.age += dt
        if self.age >= self.duration:
            self.end(plant)
            return True
        return False

    def begin(self, plant: CasterPlant) -> None: ...

    def end(self, plant: CasterPlant) -> None: ...


@dataclass(slots=True, kw_only=True)
class LooseThermocouple(Passing):
    """One thermocouple loses contact; nothing propagates, its neighbours are unaffected."""

    index: int
    failure: Failure

    def begin(self, plant: CasterPlant) -> None:
        plant.tc.failures[self.index] = self.failure

    def end(self, plant: CasterPlant) -> None:
        plant.tc.failures.pop(self.index, None)


@dataclass(slots=True, kw_only=True)
class SpeedChange(Passing):
    """The operator changes the casting speed; the whole copper follows."""

    speed: float

    def begin(self, plant: CasterPlant) -> None:
        plant.speed.go(self.speed)


@dataclass(slots=True, kw_only=True)
class PowderChange(Passing):
    """Another mould powder: less flux for a while, and a rougher film."""

    factor: float

    def begin(self, plant: CasterPlant) -> None:
        plant.flux_scale.target = self.factor
        plant.flux_scale.rate = abs(1.0 - self.factor) / 60.0
        plant.film.roughness = 1.5

    def end(self, plant: CasterPlant) -> None:
        plant.flux_scale.target = 1.0
        plant.film.roughness = 1.0


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


@dataclass(slots=True, kw_only=True)
class LadleChange(Passing):
    """The ladle is empty: nothing flows into the tundish until the next one opens, with warmer steel."""

    def begin(self, plant: CasterPlant) -> None:
        plant.tundish.pause = self.duration
        plant.tundish.arriving = 1558.0 if plant.tundish.temperature < 1550.0 else 1552.0


def begin(
    plant: CasterPlant,
    name: str,
    where: str,
    params: Mapping[str, float | str],
    key: int,
    rng: np.random.Generator,
) -> tuple[Passing, Injection]:
    """Begin a look-alike. What script and place leave open is drawn."""
    left = dict(params)
    make = {
        "loose_thermocouple": _loose_thermocouple,
        "speed_change": _speed_change,
        "powder_change": _powder_change,
        "tundish_change": _tundish_change,
        "ladle_change": _ladle_change,
    }[name]
    thing, where_path, expects, details = make(plant, where, left, rng)
    nothing_left(left, name, ("duration", "mode", "change", "factor", "slow"))
    injection = Injection(
        key, name, where_path, "lookalike", expects=expects, forbids=("breakout",),
        duration_s=thing.duration + AFTERMATH_S, details=details,
    )  # fmt: skip
    return thing, injection


Begun = tuple[Passing, str, tuple[str, ...], dict[str, float | str]]


def _loose_thermocouple(plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
    face, row, column = place(where, rng)
    duration = number(left, "duration", 90.0, 240.0, rng)
    drawn = FAILURES[int(rng.integers(len(FAILURES)))]
    mode = str(left.pop("mode", drawn))
    if mode not in FAILURES:
        raise InputError(say("A thermocouple does not fail by '{mode}'.", mode=mode) + nearest(mode, FAILURES))
    size = {"step": (30.0, 80.0), "drift": (8.0, 25.0), "spikes": (40.0, 120.0), "frozen": (0.0, 1.0)}[mode]
    index = (face * ROWS + row - 1) * COLUMNS + column - 1
    path = thermocouple_name(face, row, column)
    noise = Noise(plant.seed, [f"{path}/failure@{plant.present}"])
    failure = Failure(mode, float(rng.uniform(*size)), 35.0, noise)
    thing = LooseThermocouple(duration, index=index, failure=failure)
    return thing, path, ("sensor",), {"mode": mode, "face": FACES[face], "size": round(failure.size, 1)}


def _speed_change(plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
    now = plant.speed.reference
    drawn = float(rng.uniform(0.1, 0.3)) * (-1.0 if now > 1.35 else 1.0 if now < 1.15 else float(rng.choice([-1, 1])))
    number(left, "duration", 0.0, 1.0, rng)
    change = float(left.pop("change", drawn))
    target = round(min(max(now + change, 0.9), 1.6), 3)
    return SpeedChange(120.0, speed=target), UNIT, (), {"from": now, "to": target}


def _powder_change(plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
    factor = number(left, "factor", 0.86, 0.95, rng)
    thing = PowderChange(number(left, "duration", 240.0, 480.0, rng), factor=factor)
    return thing, UNIT, (), {"factor": round(factor, 3)}


def _tundish_change(plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
    slow = number(left, "slow", 0.6, 0.8, rng)
    thing = TundishChange(number(left, "duration", 180.0, 300.0, rng), slow=round(slow, 3))
    return thing, UNIT, (), {"slow": round(slow, 3), "weight": NOMINAL_WEIGHT}


def _ladle_change(plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
    return LadleChange(number(left, "duration", 90.0, 180.0, rng)), UNIT, (), {}

"""Instruments that read wrong while the strand is sound: thermocouple, level, stopper position, pressure, flow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.caster.operators import Begun
from testbed.caster.passing import Passing
from testbed.caster.place import place
from testbed.caster.tags import COLUMNS, FACES, ROWS, STRAND, UNIT, thermocouple_name
from testbed.caster.water import ALL_FACES, face_of, zone_of
from testbed.drawn import number
from testbed.noise import Noise
from testbed.sensors import FAILURES, Failure

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant


@dataclass(slots=True, kw_only=True)
class LooseThermocouple(Passing):
    """One thermocouple loses contact; nothing propagates, its neighbours are unaffected."""

    index: int
    failure: Failure

    def begin(self, plant: CasterPlant) -> None:
        plant.copper.sensors.failures[self.index] = self.failure.copy()

    def end(self, plant: CasterPlant) -> None:
        plant.copper.sensors.failures.pop(self.index, None)

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
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
        thing = cls(duration=duration, index=index, failure=failure)
        return thing, path, ("sensor",), {"mode": mode, "face": FACES[face], "size": round(failure.size, 1)}


@dataclass(slots=True, kw_only=True)
class LevelSensorSpike(Passing):
    """Something passes the level sensor's coil: it reads a spike, and the control answers it."""

    height: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.loop.disturbance = self.height if self.age < self.duration else 0.0

    def end(self, plant: CasterPlant) -> None:
        plant.loop.disturbance = 0.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        height = number(left, "height", 14.0, 24.0, rng)
        thing = cls(duration=number(left, "duration", 0.6, 1.2, rng), height=1e-3 * height)
        return thing, f"{UNIT}/LVL_PV", ("sensor",), {"height_mm": round(height, 1)}


@dataclass(slots=True, kw_only=True)
class SensorBeat(Passing):
    """The stirrer of the next strand beats with the level sensor: a swing that no steel makes."""

    amplitude: float
    hertz: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.loop.disturbance = self.amplitude * math.sin(2.0 * math.pi * self.hertz * self.age)

    def end(self, plant: CasterPlant) -> None:
        plant.loop.disturbance = 0.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        amplitude, hertz = number(left, "amplitude", 2.5, 4.0, rng), number(left, "hertz", 0.06, 0.12, rng)
        thing = cls(duration=number(left, "duration", 120.0, 240.0, rng), amplitude=1e-3 * amplitude, hertz=hertz)
        return thing, f"{UNIT}/LVL_PV", ("sensor",), {"amplitude_mm": round(amplitude, 2), "hertz": round(hertz, 3)}


@dataclass(slots=True, kw_only=True)
class PositionDrift(Passing):
    """The stopper's position transmitter drifts: it differs from the command, the level is steady."""

    offset: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.stopper_meter.offset = self.offset * self.phase

    def end(self, plant: CasterPlant) -> None:
        plant.stopper_meter.offset = 0.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        offset = number(left, "offset", 0.8, 2.0, rng)
        thing = cls(duration=number(left, "duration", 200.0, 400.0, rng), offset=1e-3 * offset)
        return thing, f"{UNIT}/STP_POS", ("sensor",), {"offset_mm": round(offset, 2)}


@dataclass(slots=True, kw_only=True)
class PositionPlay(Passing):
    """The position transmitter's arm has play: its reading follows the rod late, the rod itself moves freely."""

    play: float

    def begin(self, plant: CasterPlant) -> None:
        plant.stopper_meter.play = self.play

    def end(self, plant: CasterPlant) -> None:
        plant.stopper_meter.play = 0.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        play = number(left, "play", 0.6, 1.0, rng)
        thing = cls(duration=number(left, "duration", 200.0, 400.0, rng), play=1e-3 * play)
        return thing, f"{UNIT}/STP_POS", ("sensor",), {"play_mm": round(play, 2)}


@dataclass(slots=True, kw_only=True)
class PressureDrift(Passing):
    """A zone's pressure transmitter drifts upwards: flow and strand are as ever."""

    zone: int
    factor: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.spray.gauge[self.zone] = 1.0 + (self.factor - 1.0) * self.phase

    def end(self, plant: CasterPlant) -> None:
        plant.spray.gauge[self.zone] = 1.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        zone, factor = zone_of(where, rng), number(left, "factor", 1.25, 1.6, rng)
        thing = cls(duration=number(left, "duration", 300.0, 500.0, rng), zone=zone - 1, factor=factor)
        where = f"{STRAND}/SPR_Z{zone}_PRES"
        return thing, where, ("sensor",), {"zone": float(zone), "factor": round(factor, 3)}


@dataclass(slots=True, kw_only=True)
class FlowMeterDrift(Passing):
    """A mould-water meter reads low: the heat flux computed with it falls too, the water gets no warmer."""

    face: int
    factor: float

    def during(self, plant: CasterPlant, dt: float) -> None:
        plant.meters[self.face] = 1.0 + (self.factor - 1.0) * self.phase

    def end(self, plant: CasterPlant) -> None:
        plant.meters[self.face] = 1.0

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        face, factor = face_of(where, rng), number(left, "factor", 0.8, 0.88, rng)
        thing = cls(duration=number(left, "duration", 200.0, 400.0, rng), face=face, factor=factor)
        name = ALL_FACES[face]
        return thing, f"{UNIT}/MW_FLOW_{name}", ("sensor",), {"face": name, "factor": round(factor, 3)}


@dataclass(slots=True)
class StopperMeter:
    """What the stopper's position transmitter makes of the rod's position, both in m."""

    offset: float = 0.0
    play: float = 0.0
    shown: float | None = None

    def read(self, lift: float) -> float:
        if self.play == 0.0:
            self.shown = None
            return lift + self.offset
        self.shown = lift - self.play if self.shown is None else self.shown  # the arm has dropped to one side
        self.shown = min(max(self.shown, lift - self.play), lift + self.play)
        return self.shown + self.offset

"""The mould of a slab caster, put together: level loop, strand, heat, sensors, faults and set-points."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Context, Item, block_times
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.caster import lookalikes, tags
from testbed.caster.heat import flux, mean_flux, resistance
from testbed.caster.level import AREA, DT, STEEL, WIDTH, LevelLoop
from testbed.caster.stickers import sticker
from testbed.caster.strand import EMERGENCY, Film, Speed, Tundish
from testbed.caster.tear import FLUX_DEPTH, Tear
from testbed.noise import Noise, stream
from testbed.plant import Action, Injection
from testbed.scenario import Draw
from testbed.sensors import Sensors

STEP_NS = round(DT * SECOND)
SETTLING_S = 6.0  # the copper's flux follows the casting speed with this lag
LEVEL_SP = -100.0  # mm from the mould's top edge
PITCH_M = 0.125  # m between thermocouple columns
ROW_DEPTHS = (0.11, 0.26, 0.41)  # m below the meniscus
FACE_AREA = WIDTH * 0.8  # m2 of broad face that the steel touches
USUAL_SPEED = Draw(1.2, 1.4)  # m/min
FRICTION = 25.0  # kN between a sound strand and the mould
WATER = 4186.0 / 60.0  # W s/(K L) per L/min: heat taken up by cooling water


@dataclass(frozen=True, slots=True, kw_only=True)
class Caster:
    """Describes a caster mould.

    Attributes:
        casting_speed: m/min.
        lag_scale, noise_scale, pitch_scale: thermocouple lag, their noise, and the distances of their rows, as
            multiples of the nominal plant; for asking how well a model carries over.
    """

    casting_speed: float | Draw = USUAL_SPEED
    lag_scale: float = 1.0
    noise_scale: float = 1.0
    pitch_scale: float = 1.0

    def build(self, seed: int, start: int) -> CasterPlant:
        return CasterPlant(self, seed, start)


class CasterPlant:
    """See the module. Stepped every 50 ms; thermocouples at 2 Hz, water at 1 Hz, oscillator force at 100 Hz."""

    name = "caster"
    step_ns = STEP_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = ("sticker", *lookalikes.KINDS)
    SETPOINTS: Mapping[str, Tag] = tags.SETPOINTS

    def __init__(self, spec: Caster, seed: int, start: int) -> None:
        self.seed = seed
        self.present = start
        rng = stream(seed, "caster/set-up")
        speed = spec.casting_speed
        drawn = rng.uniform(speed.low, speed.high) if isinstance(speed, Draw) else speed
        self.speed = Speed(round(float(drawn), 3), round(float(drawn), 3))
        self.settled = self.speed.value / 60.0  # m/s, the speed the copper has settled to
        self.loop = LevelLoop.steady(self.settled)
        self.tundish = Tundish()
        self.flux_scale = lookalikes.Ramp(1.0)
        self.tear: Tear | None = None
        columns = [f"{face}/{c}" for face in tags.FACES for c in range(tags.COLUMNS)]
        self.film = Film(seed, [tag.name for tag in tags.TC.tags], columns, tags.FACES)
        self._keys: dict[int, tuple[str, object]] = {}
        self._cleared: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._actions: list[Action] = []
        self._place(spec, rng)
        self._sensors(spec, rng)
        self._phase = 0.0
        self._cast = 0.0  # m since the copper was last looked at

    def _place(self, spec: Caster, rng: np.random.Generator) -> None:
        """Where each thermocouple sits: face, distance from the middle, depth, and how deep in the copper."""
        face, row, column = (np.array(axis) for axis in zip(*tags.THERMOCOUPLES, strict=True))
        self._face, self._column = face, face * tags.COLUMNS + column - 1
        self.x = (column - (tags.COLUMNS + 1) / 2) * PITCH_M
        self.z = np.array(ROW_DEPTHS)[row - 1] * spec.pitch_scale
        self._resistance = resistance(rng.uniform(0.015, 0.020, len(face)))

    def _sensors(self, spec: Caster, rng: np.random.Generator) -> None:
        names = [tag.name for tag in tags.TC.tags]
        lag = rng.uniform(1.0, 3.0, len(names)) * spec.lag_scale
        noise = np.full(len(names), tags.THERMOCOUPLE.noise * spec.noise_scale)
        quantum = np.full(len(names), tags.THERMOCOUPLE.quantum)
        self.tc_offset = rng.normal(0.0, 3.0, len(names))  # K, calibration
        self.tc = Sensors(self.seed, names, 0.5, lag, noise, quantum)
        self._mold_sensors = _sensors(self.seed, tags.MOLD, 0.1)
        self._water_sensors = _sensors(self.seed, tags.WATER, 1.0)
        self._level_noise = Noise(self.seed, [f"{tags.UNIT}/LVL_PV/sensor"])
        self._force_noise = Noise(self.seed, [tag.name for tag in tags.OSCILLATION.tags])
        self.noise: Mapping[str, float] = {
            tag.name: max(sensor.noise, sensor.quantum)
            for group in (tags.MOLD, tags.TC, tags.WATER, tags.OSCILLATION)
            for tag, sensor in zip(group.tags, tags.sensors(group), strict=True)
        }

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        rows: dict[str, list[tuple[int, np.ndarray]]] = {"mold": [], "thermocouples": [], "water": []}
        texts: list[Item] = []
        forces: list[tuple[float, float]] = []
        first = self.present // STEP_NS + 1
        for index in range(first, until // STEP_NS + 1):
            self._step(index * STEP_NS, forces)
            if index % 2 == 0:
                rows["mold"].append((index * STEP_NS, self._mold_sensors.measure(self._mold())))
            if index % 10 == 0:
                rows["thermocouples"].append((index * STEP_NS, self._copper()))
            if index % 20 == 0:
                rows["water"].append((index * STEP_NS, self._water()))
        texts.extend(self._texts(self.present, until))
        self.present = until
        items: list[Item] = [_batch(group, rows[group.name]) for group in self.groups[:3] if rows[group.name]]
        if forces:
            items.append(self._force(first * STEP_NS, forces))
        return items + texts

    def _step(self, time: int, forces: list[tuple[float, float]]) -> None:
        for action in [a for a in self._actions if a.time < time]:
            self._actions.remove(action)
            self._take(action)
        self.speed.step()
        speed = self.speed.value / 60.0
        self._cast += speed * DT
        self.settled += (1.0 - math.exp(-DT / SETTLING_S)) * (speed - self.settled)
        self.tundish.step(AREA * speed * STEEL)
        noise = tags.sensors(tags.MOLD)[0].noise * 1e-3 * float(self._level_noise.take(1)[0, 0])
        self.loop.step(speed, self.tundish.weight, noise)
        self.flux_scale.step(DT)
        if self.tear is not None:
            self._step_tear(self.tear, speed, time)
        for key, (_, thing) in list(self._keys.items()):
            if isinstance(thing, lookalikes.Passing) and thing.step(self, DT):
                self._cleared[key] = time
                del self._keys[key]
        frequency = self._oscillation() / 60.0
        self._phase = (self._phase + frequency * DT) % 1.0
        forces.append((self._phase, frequency))

    def _step_tear(self, tear: Tear, speed: float, time: int) -> None:
        tear.step(speed, DT)
        key = next(k for k, (_, thing) in self._keys.items() if thing is tear)
        if tear.is_healed and key not in self._cleared:
            self._cleared[key] = time
        if tear.has_broken_out and key not in self._struck:
            self._struck[key] = self._cleared[key] = time
            self.speed.go(0.0, EMERGENCY)
            self.loop.leak = 0.02  # m/s, steel runs out below the mould

    def _oscillation(self) -> float:
        """Strokes a minute: faster with the strand, to keep the negative strip time."""
        return 60.0 + 70.0 * self.speed.value

    # -- what is measured ----------------------------------------------------------------------------------

    def _mold(self) -> np.ndarray:
        loop = self.loop
        return np.array(
            [
                LEVEL_SP + 1e3 * loop.measured,
                LEVEL_SP,
                1e3 * loop.lift,
                1e3 * loop.command,
                self.speed.value,
                self._oscillation(),
                8.0,
            ]
        )

    def _copper(self) -> np.ndarray:
        """Thermocouple readings, Cel: water temperature plus flux times resistance."""
        self.film.cast(self._cast)
        self._cast = 0.0
        self.film.drift(0.5)
        z = np.maximum(self.z + self.loop.level, 0.005)
        v = max(self.settled, 1e-3)
        local = flux(z, v) * self.film.factor(z, self._column, self._face) * self.flux_scale.value
        heating = local * self._resistance
        if self.tear is not None and not self.tear.has_broken_out:
            share = heating / (flux(np.array(FLUX_DEPTH), v) * self._resistance)
            heating = heating + share * self.tear.heating(self._face, self.x, self.z)
        if self.tear is not None and self.tear.has_broken_out:
            heating = heating * 0.3
        return self.tc.measure(COOLANT + heating + self.tc_offset)

    def _water(self) -> np.ndarray:
        v = max(self.settled, 1e-3)
        heat = mean_flux(v) * self.flux_scale.value * (1.0 + self.film.slow) * FACE_AREA  # W a face
        flow = np.array([4000.0, 4000.0])
        out = COOLANT + heat / (WATER * flow)
        true = [COOLANT, *flow, *out, 0.0, 0.0, self.tundish.weight, self.tundish.temperature, 5.0, 1.2]
        reading = self._water_sensors.measure(np.array(true))
        q = WATER * reading[1:3] * (reading[3:5] - reading[0]) / FACE_AREA * 1e-6
        reading[5:7] = np.rint(q / 1e-3) * 1e-3
        return reading

    def _force(self, first: int, steps: list[tuple[float, float]]) -> Item:
        """Oscillator force, kN: the mould's inertia and the strand's friction, 100 Hz."""
        phase = np.array([p + f * k * 0.01 for p, f in steps for k in range(-4, 1)])
        friction = FRICTION * (1.0 + (0.0 if self.tear is None else self.tear.drag()))
        wave = 120.0 * np.sin(2 * np.pi * phase) + friction * np.sign(np.cos(2 * np.pi * phase))
        noise = self._force_noise.take(len(phase))[:, 0]
        values = np.rint((wave + noise) / 0.1) * 0.1
        time = block_times(first - 4 * SECOND // 100, 100.0, len(phase))
        return Batch(tags.OSCILLATION.tags, time, values[:, None], np.zeros((len(phase), 1), np.uint32))

    def _texts(self, after: int, until: int) -> list[Item]:
        """Heat, grade and slab, once a minute."""
        minute = 60 * SECOND
        found: list[Item] = []
        for time in range((after // minute + 1) * minute, until + 1, minute):
            n = time // minute
            for tag, text in zip(tags.GENEALOGY.tags, (f"H{n // 45:06d}", "SS400", f"S{n // 8:07d}"), strict=True):
                found.append(Context(tag, time, text))
        return found

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def act(self, action: Action) -> None:
        if action.name not in self.SETPOINTS:
            raise InputError(
                say("The caster has no set-point '{name}'.", name=action.name) + nearest(action.name, self.SETPOINTS)
            )
        if not 0.0 <= action.value <= 2.0:
            raise InputError(say("{name} takes 0 … 2 m/min, but got {value}.", name=action.name, value=action.value))
        self._actions.append(action)

    def setting(self, name: str) -> float:
        """What a set-point stands at: m/min, which the strand may not have reached yet."""
        return self.speed.reference

    def _take(self, action: Action) -> None:
        if self.loop.leak:
            return  # the strand is lost
        if action.name == "slow_down":
            self.speed.go(min(action.value, self.speed.reference), EMERGENCY)
        else:
            self.speed.go(action.value)

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(
                say("The caster knows no fault or look-alike '{name}'.", name=name) + nearest(name, self.KINDS)
            )
        rng = stream(self.seed, f"caster/{name}@{self.present}")
        make = sticker if name == "sticker" else lookalikes.begin
        thing, injection = make(self, name, where, params, key, rng)
        self._keys[key] = (name, thing)
        if isinstance(thing, Tear):
            self.tear = thing
        return injection

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key)

    def copy(self) -> CasterPlant:
        twin = copy.copy(self)
        twin.speed, twin.tundish, twin.tear = (
            copy.copy(self.speed),
            copy.copy(self.tundish),
            copy.copy(self.tear),
        )
        twin.loop, twin.film, twin.flux_scale = self.loop.copy(), self.film.copy(), copy.copy(self.flux_scale)
        twin.tc, twin._mold_sensors = self.tc.copy(), self._mold_sensors.copy()
        twin._water_sensors = self._water_sensors.copy()
        twin._level_noise, twin._force_noise = self._level_noise.copy(), self._force_noise.copy()
        twin._keys = {
            k: (n, twin.tear if thing is self.tear else copy.copy(thing)) for k, (n, thing) in self._keys.items()
        }
        twin._cleared, twin._struck, twin._actions = (
            dict(self._cleared),
            dict(self._struck),
            list(self._actions),
        )
        return twin


COOLANT = 35.0  # Cel, mould water at the inlet


def _sensors(seed: int, group: Group, dt: float) -> Sensors:
    made = tags.sensors(group)
    lag, noise, quantum = (np.array([getattr(s, what) for s in made]) for what in ("lag", "noise", "quantum"))
    noise = np.where([tag.short in ("LVL_PV", "Q_FACE_BF", "Q_FACE_FF") for tag in group.tags], 0.0, noise)
    return Sensors(seed, [tag.name for tag in group.tags], dt, lag, noise, quantum)


def _batch(group: Group, rows: list[tuple[int, np.ndarray]]) -> Batch:
    time = np.array([t for t, _ in rows], np.int64)
    values = np.array([row for _, row in rows])
    return Batch(group.tags, time, values, np.zeros(values.shape, np.uint32))

"""A slab caster put together: level loop, strand, heat, sprays, sensors, faults, look-alikes and set-points."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Context, Item
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.caster import faults, lookalikes, tags
from testbed.caster.cooling import STEP_S, STRAIGHTENER_M, UNBENDING_M, Strand
from testbed.caster.copper import Copper, Moment
from testbed.caster.easing import FOLLOWERS, Easing
from testbed.caster.heat import mean_flux
from testbed.caster.instruments import StopperMeter
from testbed.caster.level import BULGE, DT, STEEL, LevelLoop
from testbed.caster.nozzle import USUAL_ARGON
from testbed.caster.oscillator import Oscillator, strokes
from testbed.caster.passing import Ramp
from testbed.caster.spray import Spray
from testbed.caster.station import FLOWS, Second, Station
from testbed.caster.strand import EMERGENCY, Speed, Tundish
from testbed.caster.trouble import Trouble
from testbed.noise import Noise, stream
from testbed.plant import Action, Injection
from testbed.scenario import Draw
from testbed.sensors import Sensors

STEP_NS = round(DT * SECOND)
LONGEST = 240  # steps computed at once
MOLD_STEPS, COPPER_STEPS, STATION_STEPS, STRAND_STEPS = 2, 10, 20, round(STEP_S / DT)  # steps from sample to sample
SETTLING_S = 6.0  # the copper's flux follows the casting speed with this lag
LEVEL_SP = -100.0  # mm from the mould's top edge
STROKE_MM = 8.0  # mm of the oscillator
USUAL_SPEED = Draw(1.2, 1.4)  # m/min
BACK_PRESSURE = 1.2  # bar of argon before a nozzle as usual
SETTINGS = {"level": LEVEL_SP, "argon": USUAL_ARGON, "water": FLOWS[0], "spray": 1.0}
GAPS = (251.8, 251.4, 251.0, 250.6)  # mm between the rolls of the segments: taper for shrinkage; judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Caster:
    """Describes a slab caster.

    Attributes:
        casting_speed: m/min.
        lag_scale, noise_scale, pitch_scale: thermocouple lag, their noise, and the distances of their rows, as
            multiples of the nominal plant; for asking how well a model carries over.
        clogged: share of its usual flow that the nozzle passes at the start: a snapshot of hours of clogging.
    """

    casting_speed: float | Draw = USUAL_SPEED
    lag_scale: float = 1.0
    noise_scale: float = 1.0
    pitch_scale: float = 1.0
    clogged: float = 1.0

    def build(self, seed: int, start: int) -> CasterPlant:
        return CasterPlant(self, seed, start)


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a strand or the mould really suffered: when (ns), at which metre of the cast, and what."""

    time: int
    metre: float
    name: str


@dataclass(slots=True)
class _Seen:
    """What was noted of the steps computed at once."""

    mold: list[tuple[float, ...]] = field(default_factory=list)
    copper: list[Moment] = field(default_factory=list)
    seconds: list[Second] = field(default_factory=list)
    strokes: list[tuple[float, float, float]] = field(default_factory=list)


class CasterPlant:
    """See the module. Stepped every 50 ms; thermocouples at 2 Hz, waters at 1 Hz, oscillator force at 100 Hz."""

    name = "caster"
    step_ns = STEP_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = (*faults.KINDS, *lookalikes.KINDS)
    SETPOINTS: Mapping[str, Tag] = tags.SETPOINTS
    SPECTRUM = tags.SPECTRUM
    BALANCE = tags.BALANCE

    def __init__(self, spec: Caster, seed: int, start: int) -> None:
        self.seed, self.present = seed, start
        rng = stream(seed, "caster/set-up")
        speed = spec.casting_speed
        drawn = rng.uniform(speed.low, speed.high) if isinstance(speed, Draw) else speed
        self.speed = Speed(round(float(drawn), 3), round(float(drawn), 3))
        self.settled = self.speed.value / 60.0  # m/s, the speed the copper has settled to
        self.loop = LevelLoop.steady(self.settled, spec.clogged)
        self.tundish = Tundish()
        self.flux_scale = Ramp(1.0)
        self.roughness, self.tilt, self.argon = 1.0, 0.0, USUAL_ARGON
        self.water_flow, self.water_trim, self.water_lost, self.meters = (
            FLOWS[0],
            1.0,
            [0.0] * len(FLOWS),
            [1.0] * len(FLOWS),
        )
        self.spray, self.starved = Spray(), [0.0] * tags.ZONES
        self.stopper_meter = StopperMeter()
        self.strand: Strand = Strand(self.settled, self.spray.flows(self.speed.value))
        self.is_strand_due = False
        self.settings = dict.fromkeys(tags.LIMITS, 0.0) | SETTINGS
        self.length = 0.0  # m cast so far
        self.flaws: list[Flaw] = []
        self.shells: list[tuple[int, float]] = []  # ns, mm of shell at the mould exit
        self._troubles: dict[int | str, Trouble] = {}  # by key of injection, or by set-point on its way
        self._cleared: dict[int | str, int] = {}
        self._struck: dict[int | str, int] = {}
        self._ordered: dict[str, int] = {}
        self._marks: list[tuple[int, float]] = []
        self._actions: list[Action] = []
        self._cast = 0.0  # m since the copper was last looked at
        self.copper = Copper(seed, rng, spec.lag_scale, spec.noise_scale, spec.pitch_scale)
        self._mold = Sensors.of(seed, tags.MOLD, _mold_sensors(), MOLD_STEPS * DT)
        self._station = Station(seed)
        self._oscillator = Oscillator(seed)
        self._level_noise = Noise(seed, [f"{tags.UNIT}/LVL_PV/sensor"])
        self.noise: Mapping[str, float] = {
            tag.name: max(sensor.noise, sensor.quantum)
            for group in self.groups
            if group.kind != "texts"
            for tag, sensor in zip(group.tags, tags.sensors(group), strict=True)
        }

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        items: list[Item] = []
        first, last = self.present // STEP_NS + 1, until // STEP_NS
        for begin in range(first, last + 1, LONGEST):
            items += self._run(begin, min(begin + LONGEST, last + 1))
        items += self._texts(self.present, until)
        self.present = until
        return items

    def _run(self, first: int, end: int) -> list[Item]:
        """Steps first … end - 1, numbered since 1970, and what is measured in them."""
        seen = _Seen()
        noises = (_LEVEL_NOISE * self._level_noise.take(end - first)[:, 0]).tolist()
        index = first
        while index < end:
            n = self._undisturbed(index, end)
            self._cast_on(index, noises[index - first : index - first + n], seen)
            index += n
        items: list[Item] = []
        if seen.mold:
            items.append(_batch(tags.MOLD, first, MOLD_STEPS, self._mold.measure_rows(_mold_values(seen.mold))))
        if seen.copper:
            copper, slows = self.copper.read(seen.copper)
            broad = len(tags.TC.tags)
            items.append(_batch(tags.TC, first, COPPER_STEPS, copper[:, :broad]))
            items.append(_batch(tags.NARROW_TC, first, COPPER_STEPS, copper[:, broad:]))
            if seen.seconds:
                every = STATION_STEPS // COPPER_STEPS
                values = self._station.read(seen.seconds, slows[-(first // -COPPER_STEPS) % every :: every])
                items += [_batch(group, first, STATION_STEPS, part)
                          for group, part in zip(tags.STATION, values, strict=True)]  # fmt: skip
        items.append(self._oscillator.batch(first * STEP_NS, seen.strokes))
        return items

    def _undisturbed(self, index: int, end: int) -> int:
        """Carry out what is due before step `index`; how many steps from there on nothing else comes in between."""
        time = index * STEP_NS
        for action in [a for a in self._actions if a.time < time]:
            self._actions.remove(action)
            self._take(action)
        if self._troubles:
            return 1
        return min([end, *(a.time // STEP_NS + 1 for a in self._actions)]) - index

    def _cast_on(self, first: int, noises: list[float], seen: _Seen) -> None:
        """Steps from `first` on, one a noise, in which nothing changes but what the strand itself does.

        Only the level feeds back on itself; everything else follows from speed and time.
        """
        n = len(noises)
        speeds = self.speed.run(n)
        metric = [speed / 60.0 for speed in speeds]
        area = self.loop.area
        tundish = self.tundish.run([area * speed * STEEL for speed in metric])
        trace = self.loop.run(metric, [weight for weight, _ in tundish], noises)
        scales = self.flux_scale.run(n, DT)
        drag = sum(thing.drag() for thing in self._troubles.values()) if self._troubles else 0.0
        for i, speed in enumerate(metric):
            index = first + i
            self._cast += speed * DT
            self.length += speed * DT
            self.settled += _SETTLING * (speed - self.settled)
            if index % STRAND_STEPS == 0:
                self.strand.step(speed, scales[i], self.spray.flows(speeds[i]), self.starved)
                self.shells.append((index * STEP_NS, self.strand.shell_at_exit()))
            if self._troubles:
                self._suffer(index)
            if index % MOLD_STEPS == 0:
                _, measured, lift, command, _ = trace[i]
                shown = self.stopper_meter.read(lift)
                seen.mold.append((measured, self.loop.set_point, shown, command, speeds[i]))
            if index % COPPER_STEPS == 0:
                seen.copper.append(self._moment(trace[i][0], scales[i]))
                self._cast = 0.0
            if index % STATION_STEPS == 0:
                seen.seconds.append(self._second(speeds[i], tundish[i], scales[i], trace[i][4]))
        seen.strokes += self._oscillator.run(speeds, drag)

    def _suffer(self, index: int) -> None:
        """One step of everything that happens to the caster."""
        self.is_strand_due = index % STRAND_STEPS == 0
        for key, thing in list(self._troubles.items()):
            thing.step(self, DT)
            if thing.has_struck:
                self._struck.setdefault(key, index * STEP_NS)
            if thing.is_cleared:
                self._cleared.setdefault(key, index * STEP_NS)
            if thing.is_gone:
                del self._troubles[key]

    # -- what is measured ----------------------------------------------------------------------------------

    def _moment(self, level: float, scale: float) -> Moment:
        extra: np.ndarray | None = None
        for thing in self._troubles.values():
            more = thing.heating(self.copper.face, self.copper.x, self.copper.z)
            if more is not None:
                extra = more if extra is None else extra + more
        shares = self._water_shares()
        return Moment(
            self._cast, self.roughness, level, max(self.settled, 1e-3), scale, self.tilt, extra,
            None if shares == _FULL else shares, self.loop.leak > 0.0,
        )  # fmt: skip

    def _second(self, speed: float, tundish: tuple[float, float], scale: float, phase: float) -> Second:
        v = max(self.settled, 1e-3)
        flows = tuple(flow * share for flow, share in zip(FLOWS, self._water_shares(), strict=True))
        shares = (
            _FULL
            if not self._troubles
            else tuple(math.prod(t.of_face(face) for t in self._troubles.values()) for face in range(len(FLOWS)))
        )
        pressure = BACK_PRESSURE * (self.argon / USUAL_ARGON) * (1.0 + 0.8 * (1.0 / self.loop.clog - 1.0))
        water = self.spray.flows(speed)
        bars = [p * g for p, g in zip(self.spray.pressures(water), self.spray.gauge, strict=True)]
        surfaces = [max(self.strand.surface(place)) for place in (UNBENDING_M, STRAIGHTENER_M)]
        swing = 1e3 * self.loop.bulge * math.cos(phase)  # mm
        pull = 0.0 if self.loop.leak else 30.0 + 8.0 * speed
        torques = [pull + 2.0 * n + 0.8 * swing for n in range(tags.SEGMENTS)]
        gaps = [gap + 0.03 * 1e3 * (self.loop.bulge - BULGE) for gap in GAPS]
        rest = [*tundish, self.argon, pressure]
        return Second(
            mean_flux(v) * scale, shares, flows, tuple(self.meters),
            [*rest, *water, *bars, *surfaces, *torques, *gaps, self.length],
        )  # fmt: skip

    def water_share(self, face: int) -> float:
        """Flow of a face's mould water over its usual one."""
        return self.water_trim * (self.water_flow / FLOWS[0]) * (1.0 - self.water_lost[face])

    def _water_shares(self) -> tuple[float, ...]:
        return tuple(self.water_share(face) for face in range(len(FLOWS)))

    def _texts(self, after: int, until: int) -> list[Item]:
        """Heat, grade and slab, once a minute; slabs marked when they are."""
        minute = 60 * SECOND
        found: list[Item] = []
        for time in range((after // minute + 1) * minute, until + 1, minute):
            n = time // minute
            for tag, text in zip(tags.GENEALOGY.tags, (f"H{n // 45:06d}", "SS400", f"S{n // 8:07d}"), strict=True):
                found.append(Context(tag, time, text))
        while self._marks and self._marks[0][0] <= until:
            time, metre = self._marks.pop(0)
            found.append(Context(tags.MARKS.tags[0], time, f"{metre:.1f} m"))
        return found

    def true_signals(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What is kept beside the tags: the shell's thickness at the mould exit, mm. Nothing a model sees."""
        times = np.array([time for time, _ in self.shells], np.int64)
        return {f"{tags.UNIT}/SHELL_EXIT": (times, np.array([shell for _, shell in self.shells]))}

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def act(self, action: Action) -> None:
        if action.name not in self.SETPOINTS:
            raise InputError(
                say("The caster has no set-point '{name}'.", name=action.name) + nearest(action.name, self.SETPOINTS)
            )
        unit, (low, high) = tags.LIMITS[action.name]
        if not low <= action.value <= high:
            raise InputError(
                say("{name} takes {low:g} … {high:g} {unit}, but got {value}.",
                    name=action.name, low=low, high=high, unit=unit, value=action.value)
            )  # fmt: skip
        self._actions.append(action)

    def setting(self, name: str) -> float:
        """What a set-point stands at; the speed's in m/min, which the strand may not have reached yet."""
        return self.speed.reference if name in ("casting_speed", "slow_down") else self.settings[name]

    def _take(self, action: Action) -> None:
        if self.loop.leak:
            return  # the strand is lost
        self.settings[action.name] = action.value
        self._ordered[action.name] = action.time
        if action.name == "slow_down":
            self.speed.go(min(action.value, self.speed.reference), EMERGENCY)
        elif action.name == "casting_speed":
            self.speed.go(action.value)
        elif action.name in FOLLOWERS:
            target = 1e-3 * (action.value - LEVEL_SP) if action.name == "level" else action.value
            self._troubles[action.name] = Easing(name=action.name, target=target)
        elif action.name == "mark_slab":
            self._marks.append((action.time // STEP_NS * STEP_NS + STEP_NS, self.length))

    def was_ordered(self, name: str, since: int) -> bool:
        """Whether a set-point was given at or after a time, ns."""
        return self._ordered.get(name, -1) >= since

    def break_out(self) -> None:
        """The shell has burst below the mould: the strand stops and the mould runs empty."""
        self.speed.go(0.0, EMERGENCY)
        self.loop.leak = 0.02  # m/s, steel runs out below the mould

    def flaw(self, name: str) -> None:
        """Note what the strand suffers just now."""
        self.flaws.append(Flaw(self.present, self.length, name))

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(
                say("The caster knows no fault or look-alike '{name}'.", name=name) + nearest(name, self.KINDS)
            )
        rng = stream(self.seed, f"caster/{name}@{self.present}")
        begin = faults.begin if name in faults.KINDS else lookalikes.begin
        self._troubles[key], injection = begin(self, name, where, params, key, rng)
        return injection

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key)

    def copy(self) -> CasterPlant:
        twin = copy.copy(self)
        for name in ("speed", "tundish", "flux_scale", "stopper_meter"):
            setattr(twin, name, copy.copy(getattr(self, name)))
        for name in ("loop", "copper", "spray", "strand", "_mold", "_station", "_oscillator", "_level_noise"):
            setattr(twin, name, getattr(self, name).copy())
        for name in ("water_lost", "meters", "starved", "settings", "flaws", "shells"):
            setattr(twin, name, getattr(self, name).copy())
        for name in ("_cleared", "_struck", "_ordered", "_marks", "_actions"):
            setattr(twin, name, getattr(self, name).copy())
        twin._troubles = {key: thing.copy() for key, thing in self._troubles.items()}
        return twin


_SETTLING = 1.0 - math.exp(-DT / SETTLING_S)
_FULL = (1.0,) * len(FLOWS)
_LEVEL_NOISE = tags.sensors(tags.MOLD)[0].noise * 1e-3


def _mold_sensors() -> list:
    """The level's noise is in its loop already."""
    made = list(tags.sensors(tags.MOLD))
    return [type(s)(s.lag, 0.0 if i == 0 else s.noise, s.quantum) for i, s in enumerate(made)]


def _mold_values(rows: list[tuple[float, ...]]) -> np.ndarray:
    """True values of the group in its units, (n, tags), from level, set-point, position, command (m) and m/min."""
    true = np.empty((len(rows), 7))
    true[:, :5] = rows
    true[:, :4] *= 1e3
    true[:, :2] += LEVEL_SP
    true[:, 5] = strokes(true[:, 4])
    true[:, 6] = STROKE_MM
    return true


def _batch(group: Group, first: int, every: int, values: np.ndarray) -> Batch:
    """Samples on steps that are whole multiples of `every`, from step `first` on."""
    at = -(-first // every) * every
    time = np.arange(at * STEP_NS, (at + every * len(values)) * STEP_NS, every * STEP_NS, dtype=np.int64)
    return Batch(group.tags, time, values, np.zeros(values.shape, np.uint32))

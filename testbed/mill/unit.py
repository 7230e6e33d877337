"""The last stand of a hot strip mill, put together: coils, rolls, gaugemeter control, sensors, faults, set-points."""

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
from testbed.mill import lookalikes, tags
from testbed.mill.coil import CHANNELS, KNOT_S, TENSION, Coil, Knot
from testbed.mill.eccentricity import Eccentricity, RunOut, eccentricity
from testbed.mill.probe import Probe
from testbed.mill.rolling import Pass, SetUp
from testbed.mill.stand import DT, STIFFNESS, Rows, Stand
from testbed.noise import Noise, stream
from testbed.plant import Action, Injection
from testbed.scenario import Draw
from testbed.sensors import Sensors

STEP_NS = round(DT * SECOND)
KNOT_NS = round(KNOT_S * SECOND)
SLOW_NS = SECOND // 10
BUR_DIAMETER = 1.5  # m; 0.45 / 1.06 / 2.33 turns a second at 2.1 / 5 / 11 m/s
GAUGE_M = 2.0  # m from the rolls to the X-ray gauge
NO_STRIP = {"T_FET": 600.0, "T_FDT": 600.0}  # Cel, a pyrometer's low end
TORQUE_PER_KA = 20.0  # kNm of motor torque
USUAL_TURNS, USUAL_COIL, USUAL_WAIT = Draw(0.5, 2.5), Draw(80.0, 100.0), Draw(8.0, 12.0)  # Hz, s, s


@dataclass(frozen=True, slots=True, kw_only=True)
class Mill:
    """Describes the stand and the coils it rolls.

    Attributes:
        turns: of the backup rolls a second at run speed, drawn for each coil; the strip's speed follows.
        plastic: MN/mm, plastic stiffness of the strip; its width follows.
        agc: whether gaugemeter control is on at the start.
        coil_s: s that a coil is rolled. wait_s: s without strip before each but the first, which waits 2 s.
    """

    turns: float | Draw = USUAL_TURNS
    plastic: float | Draw = 20.0
    agc: bool = True
    coil_s: float | Draw = USUAL_COIL
    wait_s: float | Draw = USUAL_WAIT

    def build(self, seed: int, start: int) -> MillPlant:
        return MillPlant(self, seed, start)


class MillPlant:
    """See the module. The stand is stepped every millisecond, the strip that comes every 20 ms."""

    name = "mill"
    step_ns = STEP_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = ("eccentricity", *lookalikes.KINDS)
    SPECTRUM = tags.SPECTRUM
    BELIEVED: Mapping[str, str] = {f"{tags.UNIT}/TRUE_THICKNESS": f"{tags.UNIT}/H_GM"}
    SETPOINTS: Mapping[str, Tag] = tags.SETPOINTS

    def __init__(self, spec: Mill, seed: int, start: int) -> None:
        self.spec, self.seed, self.present = spec, seed, start
        self.stand = Stand()
        self.agc_on, self.notch_on = spec.agc, False
        self.rolls = RunOut.sound(stream(seed, "mill/rolls"))
        self.coil = self._next_coil(0)
        self.probe = Probe()
        self._from = self._to = Knot(speed=self.coil.setup.speed / (1.0 + self.coil.setup.slip))
        self._angle = 0.0  # rad, of the backup rolls
        self._entry_noise = Noise(seed, [f"{tags.UNIT}/entry/{name}" for name in CHANNELS])
        self._fast_noise = Noise(seed, [tag.name for tag in tags.FAST.tags])
        self._stand_sensors = Sensors.of(seed, tags.STAND, tags.sensors(tags.STAND), 0.1)
        self._gauge_sensors = Sensors.of(seed, tags.GAUGE, tags.sensors(tags.GAUGE), 0.1)
        self.noise: Mapping[str, float] = {
            tag.name: max(sensor.noise, sensor.quantum)
            for group in self.groups[:3]
            for tag, sensor in zip(group.tags, tags.sensors(group), strict=True)
        }
        self._things: dict[int, Eccentricity | lookalikes.Passing] = {}
        self._cleared: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._actions: list[Action] = []

    def _next_coil(self, number: int) -> Coil:
        rng = stream(self.seed, f"mill/coil/{number}")
        spec = self.spec
        turns, plastic, rolling, wait = (_drawn(v, rng) for v in (spec.turns, spec.plastic, spec.coil_s, spec.wait_s))
        roll = math.pi * BUR_DIAMETER * turns  # m/s
        work = Pass(speed=roll)
        for _ in range(3):  # slip hardly answers to speed
            work = Pass(speed=roll * (1.0 + work.rolled().slip))
        return Coil(SetUp.of(work, plastic), 2.0 if number == 0 else _whole(wait), _whole(rolling), number)

    @property
    def turns(self) -> float:
        """Of the backup rolls a second, now."""
        return self._to.speed / (math.pi * BUR_DIAMETER)

    def true_signals(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What is kept beside the tags: the strip's true thickness in mm, the last ten minutes at 100 Hz.

        NaN where no strip is in the stand. Nothing a model sees.
        """
        return {f"{tags.UNIT}/TRUE_THICKNESS": self.probe.read()}

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        stretches: list[np.ndarray] = []
        rows: dict[str, list[tuple[int, np.ndarray]]] = {"stand": [], "gauge": []}
        texts: list[Item] = []
        first = (self.present // STEP_NS + 1) * STEP_NS
        while self.present // STEP_NS < until // STEP_NS:
            self._act()
            if self.present % KNOT_NS == 0:
                texts.extend(self._knot())
            stop = min((self.present // KNOT_NS + 1) * KNOT_NS, until // STEP_NS * STEP_NS,
                       *(a.time for a in self._actions if a.time > self.present))  # fmt: skip
            stretches.append(self._roll((stop - self.present) // STEP_NS))
            self.present = stop
            if stop % SLOW_NS == 0:
                rows["stand"].append((stop, self._stand()))
                rows["gauge"].append((stop, self._gauge()))
        self.present = until
        items: list[Item] = []
        if stretches:
            values = np.concatenate(stretches)
            time = block_times(first, 1000.0, len(values))
            items.append(Batch(tags.FAST.tags, time, values, np.zeros(values.shape, np.uint32)))
        items += [_batch(group, rows[group.name]) for group in self.groups[1:3] if rows[group.name]]
        return items + texts

    def _act(self) -> None:
        for action in [a for a in self._actions if a.time <= self.present]:
            self._actions.remove(action)
            if action.name == "agc_on":
                self.agc_on = action.value != 0.0
            else:
                self.notch_on = action.value != 0.0
                self._note_notch()

    def _note_notch(self) -> None:
        for key, thing in self._things.items():
            if self.notch_on and isinstance(thing, Eccentricity) and key not in self._struck:
                self._cleared.setdefault(key, self.present)

    def _knot(self) -> list[Item]:
        """What comes in over the next 20 ms; the papers of a coil whose head arrives."""
        was_in = self.coil.in_stand
        if self.coil.is_over:
            self.coil = self._next_coil(self.coil.number + 1)
        self._angle %= 2.0 * math.pi * 4096  # here and nowhere else, or it would depend on how time is cut
        self._from = self._to
        self._to = self.coil.step(self._entry_noise.take(1)[0])
        for key, thing in list(self._things.items()):
            if isinstance(thing, lookalikes.Passing) and thing.step(self):
                self._cleared[key] = self.present
                del self._things[key]
        if was_in and not self.coil.in_stand:
            self._tail()
        if self.coil.in_stand and not was_in:
            self._from = self._to
            time = self.present + STEP_NS
            papers = (f"C{time // SECOND:010d}", "SPHC")
            return [Context(tag, time, text) for tag, text in zip(tags.COIL.tags, papers, strict=True)]
        return []

    def _tail(self) -> None:
        """The coil has left. Whoever made it scrap has struck."""
        for key, thing in self._things.items():
            if isinstance(thing, Eccentricity):
                if thing.is_rejected and key not in self._cleared and key not in self._struck:
                    self._struck[key] = self.present
                thing.rolled = thing.off_gauge = 0

    # -- rolling -------------------------------------------------------------------------------------------

    def _roll(self, n: int) -> np.ndarray:
        """Measured values of the next n milliseconds, within one knot: float64 (n, 5)."""
        a, b, coil = self._from, self._to, self.coil
        into = (self.present % KNOT_NS) // STEP_NS
        share = np.arange(into + 1, into + n + 1) / (KNOT_NS // STEP_NS)
        speed = a.speed + share * (b.speed - a.speed)
        angle = np.cumsum(np.concatenate([[self._angle], speed * (DT * 2.0 / BUR_DIAMETER)]))[1:]
        self._angle = float(angle[-1])
        noise = self._fast_noise.take(n) * _SIGMA
        if coil.in_stand:
            closes = self.rolls.closes(angle)
            runs_out = [thing for thing in self._things.values() if isinstance(thing, Eccentricity)]
            for thing in runs_out:
                closes = thing.closes(angle, closes)
            closes = closes + a.growth + share * (b.growth - a.growth)
            push = a.push + share * (b.push - a.push)
            notch = list(zip(np.cos(angle).tolist(), np.sin(angle).tolist(), strict=True)) if self.notch_on else None
            rows = self.stand.roll(push.tolist(), closes.tolist(), noise[:, :2].tolist(), notch,
                                   coil.setup.plastic, self.agc_on and coil.may_control)  # fmt: skip
            for thing in runs_out:
                thing.judge(np.array(rows.thickness))
        else:
            rows = self.stand.idle(n)
        self.probe.note(self.present, coil.setup.exit, rows)
        return self._measured(rows, speed, noise)

    def _measured(self, rows: Rows, speed: np.ndarray, noise: np.ndarray) -> np.ndarray:
        setup, is_in = self.coil.setup, self.coil.in_stand
        values = np.empty((len(speed), len(tags.FAST.tags)))
        force = np.array(rows.force) + (setup.force if is_in else 0.0)
        values[:, 0] = force + noise[:, 0]
        values[:, 1] = setup.exit - setup.force / STIFFNESS + np.array(rows.gap) + noise[:, 1]
        values[:, 2] = setup.exit + np.array(rows.gaugemeter) if is_in else values[:, 1] + noise[:, 0] / STIFFNESS
        values[:, 3] = speed * (60.0 / (math.pi * BUR_DIAMETER)) + noise[:, 3]
        values[:, 4] = setup.torque * force + noise[:, 4]
        return np.rint(values / _QUANTUM) * _QUANTUM

    # -- what is measured slowly ---------------------------------------------------------------------------

    def _stand(self) -> np.ndarray:
        coil, now, is_in = self.coil, self._to, self.coil.in_stand
        torque = coil.setup.torque * coil.setup.force if is_in else 0.0
        true = [
            coil.speed, coil.setup.exit, coil.setup.entry + now.entry if is_in else 0.0,
            TENSION + now.tension if is_in else 0.0, torque / TORQUE_PER_KA, float(self.agc_on), float(self.notch_on),
            coil.rolled,
        ]  # fmt: skip
        return self._stand_sensors.measure(np.array(true))

    def _gauge(self) -> np.ndarray:
        """X-ray gauge behind the stand, pyrometers before and behind; the gauge trims the gaugemeter's zero."""
        coil = self.coil
        delay = GAUGE_M / max(coil.speed, 0.5)
        departure = self.probe.seen(round(delay / DT))
        is_there = not math.isnan(departure)
        entry = 900.0 + self._to.heat if coil.in_stand else NO_STRIP["T_FET"]
        leaves = 880.0 + 0.9 * self._to.heat if coil.in_stand else NO_STRIP["T_FDT"]
        reading = self._gauge_sensors.measure(
            np.array([coil.setup.exit + departure if is_there else 0.0, entry, leaves])
        )
        if is_there and self.agc_on and coil.may_control:
            self.stand.monitor(float(reading[0]) - coil.setup.exit, SLOW_NS / SECOND)
        return reading

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def act(self, action: Action) -> None:
        if action.name not in self.SETPOINTS:
            raise InputError(
                say("The mill has no set-point '{name}'.", name=action.name) + nearest(action.name, self.SETPOINTS)
            )
        if action.value not in (0.0, 1.0):
            raise InputError(say("{name} takes 0 or 1, but got {value}.", name=action.name, value=action.value))
        self._actions.append(action)

    def setting(self, name: str) -> float:
        """What a set-point stands at: 0 or 1."""
        return float(self.agc_on if name == "agc_on" else self.notch_on)

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(
                say("The mill knows no fault or look-alike '{name}'.", name=name) + nearest(name, self.KINDS)
            )
        rng = stream(self.seed, f"mill/{name}@{self.present}")
        if name == "eccentricity":
            thing, injection = eccentricity(self, where, params, key, rng)
        else:
            thing, injection = lookalikes.begin(self, name, where, params, key, rng)
        self._things[key] = thing
        return injection

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key)

    def copy(self) -> MillPlant:
        twin = copy.copy(self)
        twin.stand, twin.coil, twin.probe = copy.copy(self.stand), self.coil.copy(), self.probe.copy()
        twin._entry_noise, twin._fast_noise = self._entry_noise.copy(), self._fast_noise.copy()
        twin._stand_sensors, twin._gauge_sensors = self._stand_sensors.copy(), self._gauge_sensors.copy()
        twin._things = {key: copy.copy(thing) for key, thing in self._things.items()}
        twin._cleared, twin._struck, twin._actions = dict(self._cleared), dict(self._struck), list(self._actions)
        return twin


_SIGMA = np.array([s.noise for s in tags.sensors(tags.FAST)])
_QUANTUM = np.array([s.quantum for s in tags.sensors(tags.FAST)])


def _drawn(value: float | Draw, rng: np.random.Generator) -> float:
    """Always takes one draw, so that giving one value leaves the others as they are."""
    drawn = rng.random()
    return value.low + drawn * (value.high - value.low) if isinstance(value, Draw) else float(value)


def _whole(seconds: float) -> float:
    """To the nearest knot."""
    return round(seconds / KNOT_S) * KNOT_S


def _batch(group: Group, rows: list[tuple[int, np.ndarray]]) -> Batch:
    time = np.array([t for t, _ in rows], np.int64)
    values = np.array([row for _, row in rows])
    return Batch(group.tags, time, values, np.zeros(values.shape, np.uint32))

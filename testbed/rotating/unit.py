"""Machines under watch, put together: every other second of source time one snapshot of each, hours after the last.

Weeks pass in minutes: a snapshot stands for `hours` of the machines' lives. Waveforms are made on demand, from the
state that the machines are in; between two snapshots nothing is computed.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Item, block_times
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.noise import stream
from testbed.plant import Action, Injection
from testbed.rotating import begin, tags
from testbed.rotating.condition import features
from testbed.rotating.machines import CODES, POINTS, Machine, State, with_rpm
from testbed.rotating.monitor import ENVELOPE
from testbed.rotating.troubles import FAULTS, LOOKALIKES, Trouble
from testbed.rotating.waveform import LENGTH, RATE, hiss_rms, snapshot
from testbed.sensors import Sensors

STEP_NS = tags.EVERY_S * SECOND
KEPT = 2 * len(POINTS)  # looks at points that twins may share


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotating:
    """Describes the machines and how their weeks are told.

    Attributes:
        hours: of the machines' lives that pass from snapshot to snapshot. 4: three weeks in four minutes; 1/6: a
            snapshot every ten minutes, a day in 288 s.
        rpm: full speeds other than the usual, by the machine's code; such a machine keeps its speed.
    """

    hours: float = 4.0
    rpm: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.hours > 0.0:
            raise InputError(say("hours between snapshots must be above 0, but got {hours:g}.", hours=self.hours))
        for code, rpm in self.rpm:
            if code not in CODES:
                raise InputError(say("No machine is called '{code}'.", code=code) + nearest(code, CODES))
            if not 60.0 <= rpm <= 4000.0:
                raise InputError(say("{code} turns at 60 … 4000 a minute, but got {rpm:g}.", code=code, rpm=rpm))

    def build(self, seed: int, start: int) -> RotatingPlant:
        return RotatingPlant(self, seed, start)


class RotatingPlant:
    """See the module. A snapshot ends on every whole multiple of two seconds since 1970."""

    name = "rotating"
    step_ns = STEP_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = (*FAULTS, *LOOKALIKES)
    ENVELOPE = ENVELOPE
    SETPOINTS: Mapping[str, Tag] = tags.SETPOINTS

    def __init__(self, spec: Rotating, seed: int, start: int) -> None:
        self.seed, self.present, self.start = seed, start, start
        self.hours = spec.hours  # a snapshot
        self.machines: dict[str, Machine] = {m.code: m for m in with_rpm(spec.rpm)}
        self._phases = {code: stream(seed, f"rotating/{code}/phases").uniform(0.0, 2.0 * math.pi, 40) for code in CODES}
        self.troubles: tuple[Trouble, ...] = ()
        self._running_sensors = Sensors.of(seed, tags.RUNNING, tags.sensors(tags.RUNNING), 1.0)
        self._struck: dict[int, int] = {}
        self._cleared: dict[int, int] = {}
        self._stopped: tuple[str, ...] = ()
        self._seen: dict[tuple[str, str, int, str], tuple[np.ndarray, np.ndarray]] = {}
        self._actions: tuple[Action, ...] = ()
        self.noise: Mapping[str, float] = self._noise()

    def _noise(self) -> dict[str, float]:
        listed = {tag.name: max(sensor.noise, sensor.quantum) for group in self.groups
                  for tag, sensor in zip(group.tags, tags.sensors(group), strict=True)}  # fmt: skip
        for code, end in POINTS:  # what hides a difference in a waveform is the housing's own hiss
            listed[tags.accelerometer(code, end)] = hiss_rms(self.machines[code])
        return listed

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        blocks: list[Item] = []
        rows: dict[str, list[tuple[int, np.ndarray]]] = {"condition": [], "running": []}
        for time in range((self.present // SECOND + 1) * SECOND, until + 1, SECOND):
            end = -(-time // STEP_NS) * STEP_NS  # of the snapshot that this second belongs to
            if time == end:
                self._pass(end)
            states = self._states(end)
            rows["running"].append((time, self._running(states, end)))
            if time == end:
                looks = [self._look(code, at, states[code], end) for code, at in POINTS]
                blocks.append(_block(np.stack([wave for wave, _ in looks], axis=1), end))
                rows["condition"].append((end, np.concatenate([shown for _, shown in looks])))
        self.present = until
        return blocks + [_batch(group, rows[group.name]) for group in self.groups[1:] if rows[group.name]]

    def _pass(self, now: int) -> None:
        """Overhauls take effect, look-alikes pass, and what has run to its end strikes."""
        for action in [a for a in self._actions if a.time < now]:
            self._overhaul(CODES[round(action.value) - 1], action.time)
        self._actions = tuple(a for a in self._actions if a.time >= now)
        for trouble in self.troubles:
            over = trouble.until is not None and now > trouble.until
            fails = trouble.until is None and trouble.life(self._hours(trouble.since, now)) >= 1.0
            if over:
                self._cleared[trouble.key] = trouble.until or now
            if fails:
                self._struck[trouble.key] = self._cleared[trouble.key] = now
                self._stopped = (*self._stopped, trouble.code)
        self.troubles = tuple(t for t in self.troubles if t.key not in self._cleared)

    def _overhaul(self, code: str, time: int) -> None:
        """The machine is stopped as planned, and is sound again when it runs: nothing is seen in between."""
        gone = [t for t in self.troubles if t.code == code and t.until is None]
        self._cleared.update({t.key: time for t in gone})
        self.troubles = tuple(t for t in self.troubles if t not in gone)
        self._stopped = tuple(c for c in self._stopped if c != code)

    def _hours(self, since: int, until: int) -> float:
        return (until - since) / STEP_NS * self.hours

    def _states(self, end: int) -> dict[str, State]:
        """How each machine is when the snapshot that ends at `end` is taken."""
        hours = self._hours(self.start, end)
        states = {}
        for i, (code, machine) in enumerate(self.machines.items()):
            a, b = stream(self.seed, f"rotating/{code}/load/{end // STEP_NS}").standard_normal(2)
            day = math.sin(2.0 * math.pi * (hours / 24.0 + 0.2 * i))
            load = 0.8 + 0.04 * day + 0.02 * float(a)
            speed = 1.0 + machine.swing * (0.5 * day + 0.2 * float(b))
            states[code] = State(speed=speed, load=load, is_stopped=code in self._stopped)
        for trouble in self.troubles:
            trouble.affect(states[trouble.code], self._hours(trouble.since, end))
        return states

    # -- what is measured ----------------------------------------------------------------------------------

    def _look(self, code: str, at: str, state: State, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Measured acceleration at a point, float64 (LENGTH,), and what the monitor makes of it, (3,).

        Twins that agree on a machine's state share the work: `_seen` holds what was looked at last.
        """
        key = (code, at, end, repr(state))
        if key not in self._seen:
            name = f"{tags.accelerometer(code, at)}/{end // STEP_NS}"
            rng, extra = stream(self.seed, name), stream(self.seed, f"{name}/extra")
            wave = snapshot(self.machines[code], at, state, rng, extra, self._phases[code])
            wave = np.rint(wave / _ACC_QUANTUM) * _ACC_QUANTUM
            self._seen[key] = wave, np.rint(features(wave) / _SHOWN) * _SHOWN
            if len(self._seen) > KEPT:
                del self._seen[next(iter(self._seen))]
        return self._seen[key]

    def _running(self, states: Mapping[str, State], end: int) -> np.ndarray:
        """Temperatures, speeds, loads and oil: what the drives and the lubrication know."""
        hall = 25.0 + 4.0 * math.sin(2.0 * math.pi * self._hours(self.start, end) / 24.0)  # Cel
        true: list[float] = []
        for code, machine in self.machines.items():
            state = states[code]
            runs = 0.0 if state.is_stopped else 1.0
            areas = {end: max((a for (at, _), a in state.spalls.items() if at == end), default=0.0)
                     for end in machine.ends}  # fmt: skip
            warm = runs * state.speed * (12.0 + 22.0 * state.load)
            dry = 6.0 * (state.film - 1.0)
            true += [hall + warm + runs * (dry + 30.0 * areas[at] ** 2) for at in machine.ends]  # hot in the last days
            worst = max(areas.values())
            true += [runs * machine.rpm * state.speed, 100.0 * runs * state.load, hall + 0.6 * warm,
                     300.0 + 4000.0 * worst]  # fmt: skip
            if code == tags.PUMP:
                true.append(3.0 - 1.5 * state.cavitation)
        return self._running_sensors.measure(np.array(true))

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def act(self, action: Action) -> None:
        if action.name not in self.SETPOINTS:
            raise InputError(
                say("The machines have no set-point '{name}'.", name=action.name) + nearest(action.name, self.SETPOINTS)
            )
        if action.value not in range(1, len(CODES) + 1):
            raise InputError(
                say("overhaul takes the number of a machine, 1 … {n} ({codes}), but got {value:g}.",
                    n=len(CODES), codes=", ".join(CODES), value=action.value)
            )  # fmt: skip
        self._actions = (*self._actions, action)

    def setting(self, name: str) -> float:
        """The machine overhauled last; the first one before any was."""
        return 1.0

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(
                say("The machines know no fault or look-alike '{name}'.", name=name) + nearest(name, self.KINDS)
            )
        trouble, injection = begin.begin(self, name, where, params, key)
        self.troubles = (*self.troubles, trouble)
        return injection

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key)

    def copy(self) -> RotatingPlant:
        twin = copy.copy(self)
        twin._running_sensors = self._running_sensors.copy()
        twin._struck, twin._cleared = dict(self._struck), dict(self._cleared)
        return twin


_ACC_QUANTUM = tags.sensors(tags.VIBRATION)[0].quantum
_SHOWN = np.array([sensor.quantum for sensor in tags.sensors(tags.CONDITION)[:3]])


def _block(waves: np.ndarray, end: int) -> Batch:
    first = (end - round((LENGTH - 1) / RATE * SECOND)) // 1000 * 1000
    return Batch(tags.VIBRATION.tags, block_times(first, RATE, LENGTH), waves, np.zeros(waves.shape, np.uint32))


def _batch(group: Group, rows: list[tuple[int, np.ndarray]]) -> Batch:
    time = np.array([t for t, _ in rows], np.int64)
    values = np.array([row for _, row in rows])
    return Batch(group.tags, time, values, np.zeros(values.shape, np.uint32))

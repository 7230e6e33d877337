"""Descaler, run-out table and coiler put together: strip, cooling control, sensors, faults and set-points."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Context, Item
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.noise import stream
from testbed.plant import Action, Injection
from testbed.runout import lookalikes, tags
from testbed.runout.coiler import Coiler
from testbed.runout.coils import EDGE_COLD, Coils, Now
from testbed.runout.control import Control, opened
from testbed.runout.cooling import DT, WATER, Table
from testbed.runout.descaler import ZONES, Descaler
from testbed.runout.faults import Blocked, blocked_descaler
from testbed.scenario import Draw
from testbed.sensors import Sensors

STEP_NS = round(DT * SECOND)
VALVE_S = 0.8  # s, a bank's water follows its valve with this lag; judgement
NO_BAR = 600.0  # Cel, the scanner's low end
USUAL_HEAT = 35.0  # K of transformation; 20 … 60 (domain: 3d)
USUAL_MM, USUAL_DELIVERY = Draw(2.0, 4.0), Draw(870.0, 890.0)  # mm and Cel
USUAL_COIL, USUAL_WAIT = Draw(60.0, 75.0), Draw(15.0, 18.0)  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutTable:
    """Describes descaler, table and coiler, and the coils that come where no mill feeds them.

    Attributes:
        thickness: mm. speed: m/s of the strip at run speed; follows the thickness where left open.
        delivery: Cel behind the last stand. target: Cel asked for at the coiler.
        coil_s: s of a coil at run speed. wait_s: s without strip before each but the first, which waits 2 s.
        transformation: K that the steel gives back as it transforms.
        even: strip of one temperature and one speed: for showing one thing at a time.
    """

    thickness: float | Draw = USUAL_MM
    speed: float | None = None
    delivery: float | Draw = USUAL_DELIVERY
    target: float = 600.0
    coil_s: float | Draw = USUAL_COIL
    wait_s: float | Draw = USUAL_WAIT
    transformation: float = USUAL_HEAT
    even: bool = False

    def build(self, seed: int, start: int) -> RunOutPlant:
        return RunOutPlant(self, seed, start)


class RunOutPlant:
    """See the module. Stepped every 100 ms."""

    name = "runout"
    step_ns = STEP_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = ("blocked_descaler", *lookalikes.KINDS)
    SETPOINTS: Mapping[str, Tag] = tags.SETPOINTS

    def __init__(self, spec: RunOutTable, seed: int, start: int) -> None:
        self.seed, self.present = seed, start
        open_ = {name: getattr(spec, name) for name in ("thickness", "delivery", "coil_s", "wait_s")}
        self.coils = Coils(seed, {**{k: _ends(v) for k, v in open_.items()}, "speed": _ends(spec.speed or 0.0)},
                           spec.even)  # fmt: skip
        self.table = Table(seed, spec.transformation)
        self.control = Control(spec.target, spec.transformation)
        self.descaler, self.coiler = Descaler(), Coiler()
        self.sensors = {
            group.name: Sensors.of(seed, group, tags.SENSORS[group.name], 1.0 / float(group.tags[0].rate_hz or 1.0))
            for group in self.groups[:4]
        }
        self.noise: Mapping[str, float] = {
            tag.name: max(sensor.noise, sensor.quantum)
            for group in self.groups[:4]
            for tag, sensor in zip(group.tags, tags.SENSORS[group.name], strict=True)
        }
        self.banks = 0.0
        self._had_strip = False
        self._is_cleaning = False
        self._things: dict[int, Blocked | lookalikes.Passing] = {}
        self._cleared: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._actions: list[Action] = []

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        return self.fed(until, None)

    def fed(self, until: int, strip: list[Now] | None) -> list[Item]:
        """Samples in (present, until]; `strip` is what a mill delivers in each 0.1 s, None where it feeds none."""
        rows: dict[str, list[np.ndarray]] = {group.name: [] for group in self.groups[:4]}
        times: dict[str, list[int]] = {name: [] for name in rows}
        texts: list[Item] = []
        for i, index in enumerate(range(self.present // STEP_NS + 1, until // STEP_NS + 1)):
            time = index * STEP_NS
            now = self.coils.step() if strip is None else strip[i]
            self._step(time, now)
            texts += self._texts(time, now)
            for name, row in self._measured(now, index).items():
                rows[name].append(row)
                times[name].append(time)
        self.present = until
        items: list[Item] = []
        for group in self.groups[:4]:
            if rows[group.name]:
                values = self.sensors[group.name].measure_rows(np.array(rows[group.name]))
                time = np.array(times[group.name], np.int64)
                items.append(Batch(group.tags, time, values, np.zeros(values.shape, np.uint32)))
        return items + texts

    def _step(self, time: int, now: Now) -> None:
        for action in [a for a in self._actions if a.time < time]:
            self._actions.remove(action)
            self._take(action)
        metres = now.speed * DT if now.entry is not None else 0.0
        if self._is_cleaning and now.bar is None:
            self._clean(time)
        for key, thing in list(self._things.items()):
            if isinstance(thing, Blocked):
                if thing.step(self, metres):
                    self._struck[key] = time
            elif thing.step(self):
                self._cleared[key] = time
                del self._things[key]
        if now.entry is not None:
            self.banks = self.control.banks(now.entry, now.thickness, now.speed)
        wanted = opened(self.banks if now.entry is not None or len(self.table.x) else 0.0)
        self.table.flow += (1.0 - np.exp(-DT / VALVE_S)) * (wanted - self.table.flow)
        self.table.step(now.speed, now.thickness, now.entry)
        self.control.step(self.table.end, now.speed)
        if self.table.end is not None:
            self.coiler.wound += now.speed * DT

    def _clean(self, time: int) -> None:
        """The headers are flushed in the gap between two bars."""
        self._is_cleaning = False
        for key, thing in list(self._things.items()):
            if isinstance(thing, Blocked) and not thing.is_over:
                thing.clean(self)
                self._cleared[key] = time

    # -- what is measured ----------------------------------------------------------------------------------

    def _measured(self, now: Now, index: int) -> dict[str, np.ndarray]:
        """True values of the groups that have a sample now."""
        table = self.table
        seen = [tags.COLD if value is None else value for value in (now.entry, table.middle, table.end)]
        bar = np.full(ZONES, NO_BAR) if now.bar is None else now.bar - EDGE_COLD - self.descaler.chill()
        found = {
            "table": np.array([*seen, self.control.target, now.speed, now.thickness, self.banks, WATER]),
            "descaler": np.array([self.descaler.pressure(), *self.descaler.flows(), *bar]),
            "coiler": np.array(self.coiler.state(now.speed, now.width, table.end is not None)),
        }
        if index % 10 == 0:
            found["banks"] = 100.0 * table.flow
        return found

    def _texts(self, time: int, now: Now) -> list[Item]:
        """Coil and grade when its head comes to the coiler."""
        has_strip, self._had_strip = self._had_strip, self.table.end is not None
        if has_strip or not self._had_strip:
            return []
        self.coiler = Coiler(thickness=now.thickness)
        texts = (now.coil, now.grade)
        return [Context(tag, time, text) for tag, text in zip(self.groups[4].tags, texts, strict=True)]

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def act(self, action: Action) -> None:
        if action.name not in self.SETPOINTS:
            raise InputError(say("The run-out table has no set-point '{name}'.", name=action.name)
                             + nearest(action.name, self.SETPOINTS))  # fmt: skip
        low, high = self.SETPOINTS[action.name].eu_range or (0.0, 1.0)
        if not low <= action.value <= high:
            raise InputError(say("{name} takes {low} … {high}, but got {value}.", name=action.name, low=low,
                                 high=high, value=action.value))  # fmt: skip
        self._actions.append(action)

    def setting(self, name: str) -> float:
        """What a set-point stands at."""
        settings = {"coiling_temperature": self.control.target, "banks_by_hand": self.control.manual,
                    "clean_headers": float(self._is_cleaning)}  # fmt: skip
        return settings[name]

    def _take(self, action: Action) -> None:
        if action.name == "coiling_temperature":
            self.control.target = action.value
        elif action.name == "banks_by_hand":
            self.control.manual = action.value
        else:
            self._is_cleaning = action.value > 0.5

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(say("The run-out table knows no fault or look-alike '{name}'.", name=name)
                             + nearest(name, self.KINDS))  # fmt: skip
        rng = stream(self.seed, f"runout/{name}@{self.present}")
        if name == "blocked_descaler":
            self._things[key], injection = blocked_descaler(self, where, params, key, rng)
        else:
            self._things[key], injection = lookalikes.begin(self, name, where, params, key, rng)
        return injection

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key)

    def copy(self) -> RunOutPlant:
        twin = copy.copy(self)
        twin.coils, twin.table, twin.control = self.coils.copy(), self.table.copy(), self.control.copy()
        twin.descaler, twin.coiler = self.descaler.copy(), copy.copy(self.coiler)
        twin.sensors = {name: sensors.copy() for name, sensors in self.sensors.items()}
        twin._things = {key: copy.copy(thing) for key, thing in self._things.items()}
        twin._cleared, twin._struck, twin._actions = dict(self._cleared), dict(self._struck), list(self._actions)
        return twin


def _ends(value: float | Draw) -> tuple[float, float]:
    return (value.low, value.high) if isinstance(value, Draw) else (value, value)

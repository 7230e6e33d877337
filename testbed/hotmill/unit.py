"""The hot mill as a plant: coils, sensors, faults, set-points, and what a client is given."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Context, Item, block_times
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.hotmill import profile, shown, tags, troubles
from testbed.hotmill.bar import Bar
from testbed.hotmill.checks import Checks
from testbed.hotmill.line import Block, Line
from testbed.hotmill.measured import Rows
from testbed.hotmill.schedule import SCHEDULES, Lines
from testbed.hotmill.train import BLOCK
from testbed.noise import stream
from testbed.plant import Action, Injection
from testbed.scenario import Draw
from testbed.sensors import Sensors

BLOCK_NS = 100_000_000
KEPT = 60_000  # samples of true thickness, 10 ms each: ten minutes
STOP_S = 2700.0  # s that the mill stands after a cobble; 20 … 90 min (domain: F17)
USUAL_COIL, USUAL_WAIT = Draw(75.0, 95.0), Draw(8.0, 12.0)  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class HotMill:
    """Describes the mill and the coils it rolls.

    Attributes:
        grade: 'SPHC' (2.3 mm) or 'SS400' (4 mm); empty: drawn for each coil.
        width: mm, drawn for each coil around its schedule's where left open.
        coil_s: s that a coil takes at run speed. wait_s: s without strip before each but the first, which waits 2 s.
        agc, monitor: whether gaugemeter control and monitor are on at the start.
        loopers: False locks them at their angle, with no control of speed: for showing what tension does by itself.
        even: all bars even and foreseen, rolls round: for showing one thing at a time.
    """

    grade: str = ""
    width: float | Draw | None = None
    coil_s: float | Draw = USUAL_COIL
    wait_s: float | Draw = USUAL_WAIT
    agc: bool = True
    monitor: bool = True
    loopers: bool = True
    even: bool = False

    def build(self, seed: int, start: int) -> HotMillPlant:
        if self.grade and self.grade not in SCHEDULES:
            raise InputError(
                say("The hot mill rolls no grade '{name}'.", name=self.grade) + nearest(self.grade, SCHEDULES)
            )
        return HotMillPlant(self, seed, start)


class HotMillPlant:
    """See the module. Rolled 100 ms at a time from the start on; set-points and faults act from the next block."""

    name = "hotmill"
    step_ns = BLOCK_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = troubles.KINDS
    SETPOINTS: Mapping[str, Tag] = tags.SETPOINTS
    SPECTRUM = tags.SPECTRUM
    ENVELOPE = tags.ENVELOPE
    BELIEVED: Mapping[str, str] = {f"{tags.EXIT}/TRUE_THICKNESS": f"{tags.EXIT}/H_X"}

    def __init__(self, spec: HotMill, seed: int, start: int) -> None:
        self.spec, self.seed, self.start, self.present = spec, seed, start, start
        self.line = Line.of(seed, self._bar(0)[0], spec.loopers, spec.even)
        self.line.settings.update(agc_on=float(spec.agc), monitor_on=float(spec.monitor))
        self._rows = {group.name: Rows(seed, group) for group in tags.FAST}
        self._slow = {group.name: Sensors.of(seed, group, tags.sensors(group), 0.1) for group in tags.SLOW}
        self._checks = Checks(seed)
        self.noise: Mapping[str, float] = {
            tag.name: max(sensor.noise, sensor.quantum, _REAL.get(tag.short, 0.0))
            for group in self.groups[:5]
            for tag, sensor in zip(group.tags, tags.sensors(group), strict=True)
        }
        self.things: dict[int, troubles.Trouble] = {}
        self._cleared: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._actions: list[Action] = []
        self._done = 0  # blocks
        self._block: dict[str, np.ndarray] = {}
        self._texts: list[Context] = []
        self._true: deque[tuple[int, float]] = deque(maxlen=KEPT)

    # -- coils ---------------------------------------------------------------------------------------------

    def _bar(self, number: int) -> tuple[Bar, float]:
        rng = stream(self.seed, f"hotmill/coil/{number}")
        spec = self.spec
        grade = spec.grade or list(SCHEDULES)[int(rng.random() < 0.35)]
        schedule = SCHEDULES[grade]
        share = float(rng.uniform(0.85, 1.05))
        width = schedule.width * share if spec.width is None else _drawn(spec.width, rng)
        rolling, wait = _drawn(spec.coil_s, rng), _drawn(spec.wait_s, rng)
        lines = Lines.of(schedule, round(width, 1))
        return Bar.drawn(lines, rolling, number, self.seed, spec.even), round(wait, 1)

    @property
    def is_stopped(self) -> bool:
        """After a cobble."""
        return self.line.wait_s > 1000.0

    def stop(self) -> None:
        """The strip piles up between two stands; the mill stops, and the coil is scrap."""
        bar, _ = self._bar(self.line.bar.number + 1)
        self.line.next_bar(bar, STOP_S)

    def true_signals(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """True thickness in mm behind the last stand, the last ten minutes at 100 Hz; NaN where there is no strip."""
        time = np.array([t for t, _ in self._true], np.int64)
        return {f"{tags.EXIT}/TRUE_THICKNESS": (time, np.array([h for _, h in self._true]))}

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        rows: dict[str, list[np.ndarray]] = {group.name: [] for group in tags.FAST}
        slow: dict[str, list[tuple[int, np.ndarray]]] = {group.name: [] for group in tags.SLOW}
        texts: list[Item] = []
        first = (self.present // 1_000_000 + 1) * 1_000_000
        while self.present < until:
            ready = self.start + self._done * BLOCK_NS
            if self.present >= ready:
                self._make(ready)
                ready += BLOCK_NS
            stop = min(until, ready)
            begin = ready - BLOCK_NS
            part = slice((self.present - begin) // 1_000_000, (stop - begin) // 1_000_000)
            for group in tags.FAST:
                rows[group.name].append(self._block[group.name][part])
            if stop == ready:
                for group in tags.SLOW:
                    slow[group.name].append((ready, self._block[group.name]))
            texts += [text for text in self._texts if self.present < text.time <= stop]
            self.present = stop
        items: list[Item] = []
        for group in tags.FAST:
            values = np.concatenate(rows[group.name]) if rows[group.name] else np.empty((0, 1))
            if len(values):
                time = block_times(first, 1000.0, len(values))
                items.append(Batch(group.tags, time, values, np.zeros(values.shape, np.uint32)))
        items += [_batch(group, slow[group.name]) for group in tags.SLOW if slow[group.name]]
        return items + texts

    def _make(self, now: int) -> None:
        """The 100 ms that follow `now`."""
        line = self.line
        self._act(now)
        self._texts = []
        if line.passage.is_over(line.bar) and line.is_rolling:
            self._tail(now)
        elif not line.is_rolling and line.wait_s <= 0.1 + 1e-9:
            self._papers(now)
        time = (now - self.start + np.arange(1, BLOCK + 1) * 1_000_000) / SECOND
        conditions = line.angles(time)
        for thing in list(self.things.values()):
            thing.affect(conditions, self)
        noise = {group.name: self._rows[group.name].noise() for group in tags.FAST}
        block = line.roll(conditions, shown.force_noise(noise["stands"]))
        lines = line.bar.lines
        spread = 0.0 if self.spec.even else 4.0
        true = {
            "stands": shown.stands(block, lines, noise["stands"]), "loopers": shown.loopers(block, lines),
            "delivery": shown.delivery(block, lines, spread),
        }  # fmt: skip
        self._block = {name: self._rows[name].show(true[name], noise[name]) for name in true}
        checks = self._checks.row(line, block, self._block["stands"])
        self._block["checks"] = self._slow["checks"].measure(checks)
        self._block["state"] = self._slow["state"].measure(self._state(block))
        self._keep(now, block)
        self._done += 1
        self._judge(now + BLOCK_NS, block)

    def _papers(self, now: int) -> None:
        time = now + 100_000_000
        papers = (f"C{time // SECOND:010d}", self.line.bar.lines.schedule.grade)
        self._texts = [Context(tag, time, text) for tag, text in zip(tags.COIL_GROUP.tags, papers, strict=True)]

    def _keep(self, now: int, block: Block) -> None:
        thickness = block.rolled.thickness[9::10, -1] + self.line.bar.lines.exit[-1]
        holds = block.rolled.holds[9::10, -1]
        for i, (value, there) in enumerate(zip(thickness.tolist(), holds.tolist(), strict=True)):
            self._true.append((now + (i + 1) * 10_000_000, value if there else float("nan")))

    def _state(self, block: Block) -> np.ndarray:
        line, lines = self.line, self.line.bar.lines
        there = bool(block.rolled.holds[-1, -1])
        force = float(lines.force[-1] + block.rolled.force[-1, -1])
        usual = profile.GROUND + profile.BY_FORCE * lines.force[-1] - profile.BY_BEND * shown.BENDING
        usual += -profile.HOT * line.rolls.warm + profile.WEAR * line.rolls.km
        crown = line.rolls.crown(force, shown.BENDING)
        length = max(line.passage.gone - lines.way[-1], 0.0) / lines.exit[-1] if line.is_rolling else 0.0
        s = line.settings
        return np.array([
            lines.speed[-1] * block.speed[-1], lines.exit[-1], crown if there else 0.0,
            400.0 * block.conditions.tilt[-1] if there else 0.0,
            profile.flatness(crown, float(usual), float(lines.exit[-1])) if there else 0.0, line.rolls.km,
            min(length, line.bar.size / lines.exit[-1]), line.speed, s["agc_on"], s["monitor_on"],
            s["eccentricity_notch"],
        ])  # fmt: skip

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def _tail(self, now: int) -> None:
        if self.line.settings["change_roll"]:
            self.line.settings["change_roll"] = 0.0
            self.line.rolls.km = 0.0
            for key, thing in self.things.items():
                if thing.heals("change_roll", 1.0) and key not in self._struck:
                    self._cleared.setdefault(key, now)
                    thing.is_gone = True
        for key, thing in self.things.items():
            if thing.is_rejected() and key not in self._cleared:
                self._struck.setdefault(key, now)
            thing.next_coil(self)
        number = self.line.bar.number + 1
        self.line.next_bar(*self._bar(number))

    def _judge(self, now: int, block: Block) -> None:
        for key, thing in list(self.things.items()):
            if thing.judge(block, self) and key not in self._struck and key not in self._cleared:
                self._struck[key] = now
                thing.is_gone = True  # mended while the mill stands
                self.stop()
            if thing.is_over:
                self._cleared.setdefault(key, now)
                del self.things[key]

    def _act(self, now: int) -> None:
        for action in [a for a in self._actions if a.time <= now]:
            self._actions.remove(action)
            self.line.settings[action.name] = action.value
            for key, thing in self.things.items():
                if action.name != "change_roll" and thing.heals(action.name, action.value) and key not in self._struck:
                    self._cleared.setdefault(key, now)

    def act(self, action: Action) -> None:
        tag = self.SETPOINTS.get(action.name)
        if tag is None:
            raise InputError(
                say("The hot mill has no set-point '{name}'.", name=action.name) + nearest(action.name, self.SETPOINTS)
            )
        low, high = tag.eu_range or (0.0, 1.0)
        if not low <= action.value <= high:
            raise InputError(
                say("{name} takes {low:g} to {high:g}, but got {value:g}.",
                    name=action.name, low=low, high=high, value=action.value)
            )  # fmt: skip
        self._actions.append(action)

    def setting(self, name: str) -> float:
        """What a set-point stands at."""
        return self.line.settings[name]

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        thing, injection = troubles.begin(self, name, where, params, key)
        self.things[key] = thing
        return injection

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key)

    def copy(self) -> HotMillPlant:
        twin = copy.copy(self)
        twin.line, twin._checks = self.line.copy(), self._checks.copy()
        twin._rows = {name: rows.copy() for name, rows in self._rows.items()}
        twin._slow = {name: sensors.copy() for name, sensors in self._slow.items()}
        twin.things = {key: copy.copy(thing) for key, thing in self.things.items()}
        twin._cleared, twin._struck, twin._actions = dict(self._cleared), dict(self._struck), list(self._actions)
        twin._block, twin._true = dict(self._block), self._true.copy()
        return twin


_REAL = {"ROLL_FORCE": 0.014, "H_GM": 0.003}  # noise of what is reckoned from noisy tags, in MN and mm


def _drawn(value: float | Draw, rng: np.random.Generator) -> float:
    """Always takes one draw, so that giving one value leaves the others as they are."""
    drawn = rng.random()
    return value.low + drawn * (value.high - value.low) if isinstance(value, Draw) else float(value)


def _batch(group: Group, rows: list[tuple[int, np.ndarray]]) -> Batch:
    time = np.array([t for t, _ in rows], np.int64)
    values = np.array([row for _, row in rows])
    return Batch(group.tags, time, values, np.zeros(values.shape, np.uint32))

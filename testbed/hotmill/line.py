"""The mill as it really is, 100 ms at a time: bar after bar through seven stands. No sensor, no tag name."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from testbed.hotmill import control, profile, walk
from testbed.hotmill.bar import Bar
from testbed.hotmill.conditions import Conditions
from testbed.hotmill.control import Control, Loops, Tuning
from testbed.hotmill.passage import GAUGE_M, Passage
from testbed.hotmill.schedule import BACKUP_DIAMETER, RADII, STANDS, TENSION
from testbed.hotmill.system import (
    CLOSES,
    DT,
    ENTRY,
    FORCE_ERROR,
    GAIN,
    GAP,
    GAUGE,
    INPUTS,
    PUSH,
    SEEN,
    SLEW,
    TOLD,
    VALVE,
    Shape,
    System,
)  # fmt: skip
from testbed.hotmill.train import BLOCK, PART, Rolled, Train
from testbed.mill.eccentricity import RunOut
from testbed.mill.rolling import RATE_POWER
from testbed.mill.stand import GAUGE_LAG_S, STIFFNESS
from testbed.noise import Noise, stream

STEP_S = BLOCK * DT
THREADING = 0.85  # of the run speed, while head and tail are under way
ZOOM = 0.03  # of the run speed a second
AFTER_HEAD_S = 3.0  # s from the head's leaving until the mill speeds up
BEFORE_TAIL_S = 6.0  # s of bar before the first stand when it slows down
GROWTH = 0.010  # mm that the rolls' heat closes the last gap over a coil, unseen by the gaugemeter
NET = 0.05  # of the speed: how finely the working point follows it
SETTINGS = {
    "agc_on": 1.0, "monitor_on": 1.0, "eccentricity_notch": 0.0, "mill_speed": 1.0, "looper_safe": 0.0,
    "tension": 1.0, "rematch_speeds": 0.0, "level_rolls": 0.0, "change_roll": 0.0, "speed_trim": 0.0,
}  # fmt: skip


@dataclass(slots=True, eq=False)
class Block:
    """100 ms as they were: what the stands did, under which conditions, and where the strip ran.

    Attributes:
        rolled, conditions: see there. speed: of the mill, share, (100,). places: mm·m, of the bar at the first stand.
        heat: K beside the set-up before each stand, (100, 7). aside: mm, (7,). in_gauge: whether strip is in the gauge.
        preset: mm, each gap's, (7,). asked: what control held in each ten samples, (10, 20).
    """

    rolled: Rolled
    conditions: Conditions
    speed: np.ndarray
    places: np.ndarray
    heat: np.ndarray
    aside: np.ndarray
    in_gauge: bool
    preset: np.ndarray
    asked: np.ndarray


@dataclass(slots=True, eq=False)
class Line:
    """State of the mill beside its faults."""

    seed: int
    bar: Bar
    wait_s: float
    free: bool
    train: Train = field(default_factory=Train)
    passage: Passage = field(default_factory=Passage)
    control: Control = field(default_factory=Control)
    settings: dict[str, float] = field(default_factory=lambda: dict(SETTINGS))
    sound: np.ndarray = field(default_factory=lambda: np.zeros((3, STANDS)))  # mm, mm, rad: backup rolls out of round
    rolls: profile.Rolls = field(default_factory=profile.Rolls)
    backup: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    work: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    speed: float = THREADING
    haste: float = 1.0  # of the speed asked for, by whoever speeds up or slows down beside the set-point
    preset: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    aside: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    wander: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    trimmed: float = 0.0  # of the height loops' own tuning, faded
    gauge_since: float = 0.0  # s that strip has been in the gauge
    full_since: float = 0.0  # s that all stands have held strip

    @classmethod
    def of(cls, seed: int, bar: Bar, free: bool, even: bool) -> Line:
        line = cls(seed, bar, 2.0, free)
        rng = stream(seed, "hotmill/rolls")
        rolls = [RunOut.sound(rng) for _ in range(STANDS)]
        sizes = [(1e-3 * r.amplitude, 1e-3 * r.amplitude * r.harmonic, r.phase) for r in rolls]
        line.sound = np.array(sizes).T * (0.0 if even else 1.0)
        line.preset = bar.lines.exit - bar.lines.force / STIFFNESS
        line.backup = rng.uniform(0.0, 2.0 * math.pi, STANDS)
        line._noise = Noise(seed, [f"hotmill/aside/{i}" for i in range(STANDS)])
        line._even = even
        line.aside = np.zeros(STANDS) if even else walk.started(stream(seed, "hotmill/head/0"))
        return line

    _noise: Noise = field(default=None, repr=False)  # pyright: ignore[reportAssignmentType]
    _even: bool = False

    def copy(self) -> Line:
        twin = copy.copy(self)
        twin.bar, twin.train, twin.passage = self.bar.copy(), self.train.copy(), self.passage.copy()
        twin.control, twin.settings, twin.rolls = self.control.copy(), dict(self.settings), copy.copy(self.rolls)
        twin._noise = self._noise.copy()
        return twin

    # -- coils ---------------------------------------------------------------------------------------------

    @property
    def is_rolling(self) -> bool:
        return self.wait_s <= 0.0

    @property
    def is_full(self) -> bool:
        """All stands hold strip."""
        return self.train.shape.first == 0 and self.train.shape.last == STANDS - 1

    def next_bar(self, bar: Bar, wait_s: float) -> None:
        self.bar, self.wait_s = bar, wait_s
        self.train.new_coil()
        self.control.new_coil()
        self.passage = Passage()
        self.gauge_since = self.full_since = 0.0
        self.aside = np.zeros(STANDS) if self._even else walk.started(stream(self.seed, f"hotmill/head/{bar.number}"))

    def cut(self) -> None:
        """The bar ends a second from now."""
        self.bar.size = min(self.bar.size, max(self.passage.gone, 0.0) + self.bar.lines.flow * self.speed)

    # -- 100 ms --------------------------------------------------------------------------------------------

    def angles(self, time: np.ndarray) -> Conditions:
        """The next block's conditions, as all is sound: `time` s of its samples."""
        speed = self._speeds()
        turned = np.cumsum(speed)[:, None] * (DT * self.bar.lines.roll)
        return Conditions(time, self.backup + turned * (2.0 / BACKUP_DIAMETER), self.work + turned * _BY_RADIUS)

    def roll(self, now: Conditions, force_noise: np.ndarray) -> Block:
        """The next block. `force_noise` MN (100, 7) of both load cells, which control sees too."""
        bar, lines = self.bar, self.bar.lines
        speed = self._speeds()
        begins = not self.is_rolling and self.wait_s <= STEP_S + 1e-9
        if begins:
            self.passage.start()
        rolling = self.is_rolling
        places = self.passage.go(bar, speed) if rolling else np.full(BLOCK, -1e9)
        u, heat = self._inputs(now, speed, places, force_noise, rolling)
        shapes = self._shapes(now, speed, places)
        asked = np.zeros((BLOCK // PART, 20))
        wanted = TENSION * (self.settings["tension"] - 1.0) + now.tension
        tuning = Tuning.usual() if self.settings["looper_safe"] else now.tuning
        errors = bar.speed_error + (0.0 if self.settings["rematch_speeds"] else now.drives)
        errors = errors + 0.01 * self.settings["speed_trim"] * _UP_TO_F5

        loops: list[Any] = [None, None]

        def held(part: int, x: np.ndarray, system: System) -> np.ndarray:
            notch = self._notch(x, u[part * PART], now.backup[part * PART], system) if notched else _NOTHING
            seen = float(x[GAUGE]) + errs[part] if watched and shapes[part] is shapes[0] else None
            self.control.gauge(seen, delay)
            if loops[0] is not shapes[part]:
                loops[:] = shapes[part], Loops.of(lines, shapes[part], tuning, wanted, errors)
            asked[part] = control.asked(self.control, loops[1], x, notch)
            return asked[part]

        kept = self.control.copy()
        notched = self.settings["eccentricity_notch"] != 0.0
        watched = self._watched(places)
        delay = GAUGE_M / float(lines.speed[-1] * speed[0]) + GAUGE_LAG_S
        errs = now.gauge[::PART].tolist()

        def again() -> None:
            self.control = kept

        rolled = self.train.roll(lines, u, shapes, held, again, self._push(now))
        if rolling:
            self.passage.made(rolled.thickness)
        self._after(now, speed, rolled)
        in_gauge = rolling and self.passage.at_gauge(bar, float(places[-1]))
        self.gauge_since = self.gauge_since + STEP_S if in_gauge else 0.0
        self.full_since = self.full_since + STEP_S if self.is_full else 0.0
        return Block(rolled, now, speed, places, heat, self.aside, in_gauge, self.preset, asked)

    def _speeds(self) -> np.ndarray:
        """Of the mill, share of its run speed, after each of the next 100 ms."""
        left = self.bar.size - max(self.passage.gone, 0.0)
        edge = self.gauge_since < AFTER_HEAD_S or left < self.bar.lines.flow * BEFORE_TAIL_S
        wanted = self.settings["mill_speed"] * self.haste
        wanted = min(wanted, THREADING) if edge else wanted
        change = min(max(wanted - self.speed, -2.0 * ZOOM * STEP_S), ZOOM * STEP_S)
        return self.speed + change * _SHARE

    def _inputs(
        self, now: Conditions, speed: np.ndarray, places: np.ndarray, noise: np.ndarray, rolling: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        bar, lines = self.bar, self.bar.lines
        u = np.zeros((BLOCK, INPUTS))
        u[:, FORCE_ERROR] = noise + now.drive_side + now.work_side
        u[:, VALVE] = now.null
        if not rolling:
            return u, np.zeros((BLOCK, STANDS))
        at = places[:, None] - lines.way
        entry, u[:, SEEN] = self.passage.come(bar, places)
        entry[:, 0] = bar.at(places, "thickness")[0]
        late = (speed - 1.0)[:, None]
        heat, hard = bar.at(at, "heat", "hardness")
        heat = lines.cooling.keep * heat + lines.cooling.by_speed * late
        hard += bar.force_error + RATE_POWER * late
        u[:, PUSH] = lines.by_entry * entry + lines.by_heat * heat + lines.force * hard + now.push
        u[:, ENTRY] = entry
        angle = now.backup + self.sound[2]
        u[:, CLOSES] = now.closes + self.sound[0] * np.sin(angle) + self.sound[1] * np.sin(2.0 * angle)
        if not self._even:
            u[:, CLOSES.stop - 1] += GROWTH * at[:, -1] / bar.size
        return u, heat

    def _shapes(self, now: Conditions, speed: np.ndarray, places: np.ndarray) -> list[Shape]:
        pace = round(round(float(speed[0]) / NET) * NET, 3)
        agc, valves = self.settings["agc_on"] != 0.0, tuple(now.valves)
        holding = self.passage.holding(self.bar, places)
        shape = Shape(*holding[0], pace, agc, valves, self.free)
        return [shape if held == holding[0] else Shape(*held, pace, agc, valves, self.free) for held in holding]

    def _notch(self, x: np.ndarray, u: np.ndarray, angle: np.ndarray, system: System) -> np.ndarray:
        force = system.algebra.fx @ x + system.algebra.fu @ u + u[FORCE_ERROR]
        error = x[GAP] + force / STIFFNESS - control.SHARES * self.control.monitor
        shape = self.train.shape
        error[: max(shape.first, 0)] = error[shape.last + 1 :] = 0.0
        return self.control.notch(error, angle)

    def _watched(self, places: np.ndarray) -> bool:
        """Whether the monitor may act on what the X-ray gauge shows in the next 100 ms."""
        on = self.settings["monitor_on"] != 0.0 and self.settings["agc_on"] != 0.0
        there = self.gauge_since > 0.5 and self.passage.at_gauge(self.bar, float(places[-1]))
        return on and there and self.is_full

    def _push(self, now: Conditions):
        """What a sticking valve holds back, mm/s in each millisecond; None where all valves answer."""
        if not now.stick.any():
            return None
        valves = np.array(now.valves)
        stick = now.stick

        def push(x: np.ndarray) -> np.ndarray:
            wanted = GAIN * (x[TOLD] - x[GAP]) + now.null
            kept = np.sign(wanted) * np.maximum(np.abs(wanted) - stick, 0.0) + now.leak
            return (kept - wanted) * (DT / valves)

        return push

    def _after(self, now: Conditions, speed: np.ndarray, rolled: Rolled) -> None:
        lines = self.bar.lines
        turned = DT * float(speed.sum()) * lines.roll
        self.backup = (self.backup + turned * (2.0 / BACKUP_DIAMETER)) % _MANY
        self.work = (self.work + turned * _BY_RADIUS) % _MANY
        self.speed = float(speed[-1])
        wanted = lines.exit - lines.force / STIFFNESS
        reach = SLEW * STEP_S
        if not self.is_rolling:
            self.preset = self.preset + np.clip(wanted - self.preset, -reach, reach)
            self.wait_s = max(self.wait_s - STEP_S, 0.0) if self.wait_s > 1e-9 + STEP_S else 0.0
        tilt = np.zeros(STANDS) if self.settings["level_rolls"] else now.tilt
        camber = self.bar.at(self.passage.gone - lines.way, "camber")[0] if self.is_rolling else np.zeros(STANDS)
        noise = self._noise.take(1)[0] if not self._even else np.zeros(STANDS)
        drive = walk.BY_TILT * tilt + now.pulled + camber
        self.aside, self.wander = walk.step(self.aside, self.wander, drive, rolled.holds[-1], noise)
        metres = lines.speed[-1] * speed[-1] * STEP_S if rolled.holds[-1, -1] else 0.0
        self.rolls.step(STEP_S, float(metres))


_SHARE = np.arange(1, BLOCK + 1) / BLOCK
_BY_RADIUS = 1e3 / np.array(RADII)
_MANY = 2.0 * math.pi * 4096
_UP_TO_F5 = np.array([1.0] * 5 + [0.0] * (STANDS - 5))
_NOTHING = np.zeros(STANDS)

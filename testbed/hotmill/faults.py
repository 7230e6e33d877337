"""The eight faults of the hot mill: what each changes in the mill, what it leads to, what heals it.

Magnitudes: domain: 4 (F13 … F20), and judgement within it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from testbed.hotmill import looper
from testbed.hotmill.conditions import Conditions
from testbed.hotmill.control import Tuning
from testbed.hotmill.schedule import RADII, TENSION
from testbed.hotmill.system import VALVE_S
from testbed.hotmill.trouble import BLOCK_S, Trouble, off, on
from testbed.hotmill.walk import GUIDE
from testbed.mill.eccentricity import FADE_S, RunOut

if TYPE_CHECKING:
    from testbed.hotmill.line import Block
    from testbed.hotmill.unit import HotMillPlant

TOO_HIGH = math.radians(50.0)  # a looper this high holds no strip any more (domain: F17)
FLAT = math.radians(6.0)  # this low the strip is pulled flat: it necks and tears
LOOSE_S = 0.3  # s without tension until the strip folds
JAMMED, LEAK = 1e3, 0.5  # mm/s: a jammed valve answers to nothing, and lets so much through
TRIPS = 0.5  # mm between the gap told and the gap; the stand trips, and the mill stops
SPALL_M = 0.020  # m along the roll, half width of a spall at 1/e


@dataclass(slots=True)
class Eccentricity(Trouble):
    """A backup roll that begins to run out (F14)."""

    roll: RunOut = field(default_factory=lambda: RunOut(0.0, 0.0, 0.0))
    CURES: ClassVar = {"eccentricity_notch": on}
    REJECTS: ClassVar = True

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        angle = now.backup[:, self.stand]
        now.closes[:, self.stand] += np.minimum(age / FADE_S, 1.0) * self.roll.closes(angle)


@dataclass(slots=True)
class Spalling(Trouble):
    """A piece breaks out of a work roll: its print is on every turn's strip (F13)."""

    depth: float = 0.0  # mm
    phase: float = 0.0  # rad
    CURES: ClassVar = {"change_roll": on}

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        turned = np.mod(now.work[:, self.stand] - self.phase + math.pi, 2.0 * math.pi) - math.pi
        arc = 1e-3 * RADII[self.stand] * turned / SPALL_M
        now.closes[:, self.stand] -= self.depth * np.exp(-(arc**2))

    def is_rejected(self) -> bool:
        return self.strip > 0


@dataclass(slots=True)
class ServoValve(Trouble):
    """A valve that answers late, sticks, and leaks at rest (F15).

    `severity` 0 … 1 of its life, `left` s until it jams.
    """

    severity: float = 0.0
    left: float = 60.0
    CURES: ClassVar = {"agc_on": off}
    REJECTS: ClassVar = True

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        grown = self.severity * min(float(age[0]) / FADE_S, 1.0)
        now.valves[self.stand] = round(VALVE_S * (1.0 + 2.2 * grown), 5) if grown == self.severity else VALVE_S
        now.null[self.stand] += 0.8 * grown  # mm/s: up to 16 % of the current
        now.stick[self.stand] = 0.5 * grown  # mm/s
        if age[0] > self.left and plant.line.settings["agc_on"]:
            now.stick[self.stand], now.leak[self.stand] = JAMMED, LEAK

    def judge(self, block: Block, plant: HotMillPlant) -> bool:
        Trouble.judge(self, block, plant)
        x = block.rolled.x[-1]
        return bool(plant.line.is_full and abs(x[14 + self.stand] - x[self.stand]) > TRIPS)


@dataclass(slots=True)
class LooperHunting(Trouble):
    """A height loop badly tuned: its integral chases the loop that its damping no longer holds (F16)."""

    gain: float = 0.0
    reset: float = 0.0
    loose: float = 0.0  # s without tension
    CURES: ClassVar = {"looper_safe": on}

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        if plant.line.settings["looper_safe"]:
            return
        gain, reset = now.tuning.gain.copy(), now.tuning.reset.copy()
        gain[self.stand], reset[self.stand] = self.gain, self.reset
        now.tuning = Tuning(gain, reset)

    def judge(self, block: Block, plant: HotMillPlant) -> bool:
        piles, self.loose = piles_up(self.stand, self.loose, block, plant)
        low = float(block.rolled.x[:, 34 + self.stand].min()) + looper.TARGET
        return piles or (plant.line.full_since > 2.0 and low < FLAT)


@dataclass(slots=True)
class Cobble(Trouble):
    """A drive that creeps away from its speed: the loop after it grows until the strip piles up (F17)."""

    creep: float = 0.0  # share of speed a second
    loose: float = 0.0
    CURES: ClassVar = {"rematch_speeds": on}

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.drives[self.stand] += self.creep * float(age[0])

    def judge(self, block: Block, plant: HotMillPlant) -> bool:
        piles, self.loose = piles_up(self.stand, self.loose, block, plant)
        return piles


@dataclass(slots=True)
class StripWalk(Trouble):
    """A gap that tilts more and more: the strip walks aside until it runs into the guide (F18)."""

    rate: float = 0.0  # mm/s of tilt
    CURES: ClassVar = {"level_rolls": on}

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        if not plant.line.settings["level_rolls"]:
            now.tilt[self.stand] += self.rate * float(age[-1])

    def judge(self, block: Block, plant: HotMillPlant) -> bool:
        return bool(np.abs(block.aside).max() > GUIDE)


@dataclass(slots=True)
class GaugeDrift(Trouble):
    """Dirt on the X-ray gauge's window: it reads further and further off (F19)."""

    rate: float = 0.0  # mm/s
    most: float = 0.06  # mm
    CURES: ClassVar = {"monitor_on": off}
    REJECTS: ClassVar = True

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.gauge += np.clip(self.rate * age, -self.most, self.most)


@dataclass(slots=True)
class LoadCell(Trouble):
    """One side's load cell reads off by a step, or drifts there (F20)."""

    size: float = 0.0  # MN
    over: float = 0.0  # s; 0: at once
    side: str = "DS"
    CURES: ClassVar = {"agc_on": off}
    REJECTS: ClassVar = True

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        share = np.minimum(age / self.over, 1.0) if self.over > 0.0 else 1.0
        error = now.drive_side if self.side == "DS" else now.work_side
        there = plant.line.bar.lines.force[self.stand] > 0.0 and plant.line.train.shape.holds(self.stand)
        error[:, self.stand] += self.size * share * there


def piles_up(gap: int, loose: float, block: Block, plant: HotMillPlant) -> tuple[bool, float]:
    """Whether strip piles up after a stand, and for how many s it has hung loose there."""
    x = block.rolled.x
    if plant.line.full_since < 2.0:
        return False, 0.0
    high = float(x[:, 34 + gap].max()) + looper.TARGET
    hangs = float(x[:, 28 + gap].max()) < 0.05 - TENSION[gap]
    loose = loose + BLOCK_S if hangs else 0.0
    return high > TOO_HIGH or loose > LOOSE_S, loose

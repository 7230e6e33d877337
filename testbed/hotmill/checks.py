"""What the second level reckons ten times a second from the signals of the last 100 ms, and judges while all is even.

At the head it learns each difference for a second and shows what has changed since: a set-up is never quite right, a
fault comes later. Values are 0 where it does not judge.
"""

from __future__ import annotations

import copy
import math

import numpy as np

from testbed.hotmill import tags
from testbed.hotmill.line import Block, Line
from testbed.hotmill.schedule import STANDS
from testbed.hotmill.system import ROLL, STRESS
from testbed.hotmill.train import BLOCK
from testbed.noise import Noise

AFTER_S, LEARN_S = 3.0, 2.0  # s that all stands have held strip until it judges; s in which it learns
EVEN = 0.002  # share of speed by which a block may differ from the one before
MEMORY_S = 0.5  # of the means
SLOW, SLOW_S = 3.0, 30.0  # um and s: what a velocimeter's reading wanders (judgement)
_SIZE = len(tags.STAND)
_EACH = np.full(BLOCK, 1.0 / BLOCK)


class Checks:
    """See the module. Row of the group `checks`, in the order of its tags, before the sensors' noise."""

    def __init__(self, seed: int) -> None:
        self._noise = Noise(seed, ["hotmill/velocimeter"])
        self._wander = 0.0
        self._mean = np.zeros(5 * STANDS)
        self._zero = np.zeros(5 * STANDS)
        self._age = 0.0

    def copy(self) -> Checks:
        twin = copy.copy(self)
        twin._noise = self._noise.copy()
        return twin

    def row(self, line: Line, block: Block, measured: np.ndarray) -> np.ndarray:
        """float64 (k,). `measured` (100, 98) of the stands' tags."""
        keep = math.exp(-0.1 / SLOW_S)
        self._wander = keep * self._wander + SLOW * math.sqrt(1.0 - keep * keep) * float(self._noise.take(1)[0, 0])
        trims = 100.0 * np.array([*line.control.trims, 0.0])
        now = np.concatenate([*self._forces(line, block, measured), *_servo(measured), trims])
        even = abs(float(block.speed[-1] - block.speed[0])) < EVEN
        judges = line.full_since > AFTER_S and even and line.is_full
        fade = 1.0 - math.exp(-0.1 / MEMORY_S)
        self._mean = self._mean + fade * (now - self._mean) if judges and self._age > 0.0 else now
        if not judges:
            self._age = 0.0
            each = np.zeros(5 * STANDS)
        else:
            self._age += 0.1
            if self._age <= LEARN_S:
                share = 0.1 / self._age
                self._zero = self._zero + share * (now - self._zero) if self._age > 0.15 else now.copy()
            each = self._mean - self._zero if self._age > LEARN_S else np.zeros(5 * STANDS)
        by_stand = each.reshape(5, STANDS)
        mass = 1e3 * (block.rolled.x[-1, 46] + block.conditions.gauge[-1] - line_thickness(block)) - self._wander
        mass -= 1e3 * block.conditions.mass[-1]
        return np.concatenate([
            by_stand[:4].T.ravel(), by_stand[4, :-1],
            [mass if block.in_gauge and line.is_full else 0.0, 1e3 * line.control.monitor, line.aside[-1]],
        ])  # fmt: skip

    def _forces(self, line: Line, block: Block, measured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Share in % by which each stand's force is off from what gauge, heat and tension make of it; of the sides."""
        lines = line.bar.lines
        shown = _EACH @ measured
        force, sides = shown[3::_SIZE], shown[1::_SIZE] - shown[2::_SIZE]
        # the strip's speed behind a stand gives its thickness: mass flow is one
        x = block.rolled.x
        state = _EACH @ x
        tension = np.concatenate([[0.0], state[STRESS], [0.0]])
        made = -lines.exit * state[ROLL] / (block.speed[50] * lines.roll)
        reckoned = lines.force + lines.by_heat * (_EACH @ block.heat) - lines.plastic * made
        reckoned = reckoned + lines.by_tension * (tension[:-1] + tension[1:])
        reckoned[1:] += lines.by_entry[1:] * made[:-1]
        return 100.0 * (force - reckoned) / lines.force, 100.0 * sides / np.maximum(force, 0.1)


def line_thickness(block: Block) -> float:
    """mm beside what was asked for, as the strip in the gauge is."""
    return float(block.rolled.x[-1, 46])


def _servo(measured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    servo = measured[:, list(tags.STAND).index("SERVO") :: _SIZE]
    mean = _EACH @ servo
    return mean, np.sqrt(np.maximum(_EACH @ (servo * servo) - mean * mean, 0.0))

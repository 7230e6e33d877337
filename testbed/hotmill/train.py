"""The seven stands and what is between them, 100 ms at a time: ten steps from one control to the next, at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from testbed.hotmill import looper
from testbed.hotmill.schedule import STANDS, TENSION, Lines
from testbed.hotmill.system import (
    ANGLE,
    DT,
    GAP,
    GAPS,
    HELD,
    PART,
    RATE,
    ROLL,
    SLEW,
    STATES,
    STRESS,
    TURN,
    Shape,
    System,
)  # fmt: skip

BLOCK = 100  # samples of 1 ms
DIP = 0.008  # share of its speed that a drive loses as the strip's head hits the rolls; judgement

Asked = Callable[[int, np.ndarray, System], np.ndarray]
Push = Callable[[np.ndarray], np.ndarray | None]


@dataclass(slots=True, eq=False)
class Rolled:
    """What 100 ms gave: states after each step (100, 47), inputs (100, 36), thickness and force departures (100, 7)."""

    x: np.ndarray
    u: np.ndarray
    thickness: np.ndarray
    force: np.ndarray
    holds: np.ndarray  # bool (100, 7)


class Train:
    """State of the stands. Systems are kept as long as a coil lasts."""

    def __init__(self) -> None:
        self.x = np.zeros(STATES)
        self.x[STRESS] = -TENSION
        self.shape = Shape(0, -1, 1.0)
        self._systems: dict[Shape, System] = {}

    def copy(self) -> Train:
        twin = Train()
        twin.x, twin.shape, twin._systems = self.x.copy(), self.shape, dict(self._systems)
        return twin

    def new_coil(self) -> None:
        self._systems = {}

    def system(self, lines: Lines, shape: Shape) -> System:
        if shape not in self._systems:
            self._systems[shape] = System.of(lines, shape)
        return self._systems[shape]

    def roll(
        self, lines: Lines, u: np.ndarray, shapes: list[Shape], asked: Asked, again: Callable[[], None],
        push: Push | None = None,
    ) -> Rolled:  # fmt: skip
        """One block. `u` (100, 36); `shapes`, one for each ten steps; `asked(part, x, system)` what control then holds.

        `push(x)` may answer each single step with a further push on the valves, (7,) mm/s: what no straight line tells.
        Where something runs into a bound, which is seldom, the block is rolled again, bounded at every step; `again()`
        then sets back what `asked` keeps.
        """
        before = self.x.copy(), self.shape
        rolled = self._roll(lines, u, shapes, asked, push, limited=push is not None)
        if push is None and not _within(rolled.x):
            self.x, self.shape = before
            again()
            rolled = self._roll(lines, u, shapes, asked, push, limited=True)
        return rolled

    def _roll(
        self, lines: Lines, u: np.ndarray, shapes: list[Shape], asked: Asked, push: Push | None, limited: bool
    ) -> Rolled:
        rows = np.empty((BLOCK, STATES))
        thickness, force = np.empty((BLOCK, STANDS)), np.empty((BLOCK, STANDS))
        holds = np.zeros((BLOCK, STANDS), bool)
        for shape, parts in _spans(shapes):
            self._change(lines, shape)
            system, at = self.system(lines, shape), slice(parts.start * PART, parts.stop * PART)
            given = u[at]
            if limited:
                self._bounded(system, given, parts, asked, push, rows[at])
            else:
                self._free(system, given, parts, asked, rows[at])
            x, algebra = rows[at], system.algebra
            thickness[at] = x @ algebra.hx.T + given @ algebra.hu.T
            force[at] = x @ algebra.fx.T + given @ algebra.fu.T
            holds[at, max(shape.first, 0) : shape.last + 1] = True
        return Rolled(rows, u, thickness, force, holds)

    def _free(self, system: System, u: np.ndarray, parts: range, asked: Asked, rows: np.ndarray) -> None:
        """Fill `rows` (n, 47) from one control to the next; the steps between are reckoned all at once."""
        both = np.empty((len(parts), STATES + HELD))
        driven = u.reshape(len(parts), -1) @ system.driven
        for row, part, w in zip(both, parts, driven, strict=True):
            row[:STATES], row[STATES:] = self.x, asked(part, self.x, system)
            self.x = np.dot(system.across, row) + w
        rows[:] = system.between(both, u)

    def _bounded(
        self, system: System, u: np.ndarray, parts: range, asked: Asked, push: Push | None, rows: np.ndarray
    ) -> None:
        """Fill `rows` (n, 47) step by step, with what is bounded held in bounds."""
        driven = u @ system.bd
        for i, part in enumerate(parts):
            at = slice(i * PART, i * PART + PART)
            held = system.cd @ asked(part, self.x, system)
            _stop(self.x)
            self._limited(system, driven[at] + held, rows[at], push)
            self.x = rows[at][-1].copy()

    def _change(self, lines: Lines, shape: Shape) -> None:
        """Heads that have arrived and tails that have left since the last ten steps."""
        before, self.shape = self.shape, shape
        x = self.x.copy()
        for i in range(STANDS):
            if shape.holds(i) and not before.holds(i):
                x[ROLL.start + i] -= DIP * shape.speed * lines.roll[i]
        for j in range(GAPS):
            if not (shape.holds(j) and shape.holds(j + 1)):
                x[STRESS.start + j] = -TENSION[j]
                x[40 + j] = 0.0
        self.x = x

    def _limited(self, system: System, w: np.ndarray, rows: np.ndarray, push: Push | None) -> None:
        """The same ten steps with what is bounded held in bounds: the gap's speed, and a strip that cannot push."""
        x = self.x
        for j in range(PART):
            row = rows[j]
            np.dot(system.ad, x, row)
            row += w[j]
            extra = push(x) if push is not None else None
            if extra is not None:
                row[RATE] += extra
                row[GAP] += 0.5 * DT * extra
            row[RATE] = np.minimum(np.maximum(row[RATE], -SLEW), SLEW)
            row[GAP] = np.minimum(np.maximum(row[GAP], x[GAP] - SLEW * DT), x[GAP] + SLEW * DT)
            row[STRESS] = np.maximum(row[STRESS], _LOOSE)
            x = row


def _spans(shapes: list[Shape]) -> list[tuple[Shape, range]]:
    """Runs of parts of one shape."""
    starts = [i for i, shape in enumerate(shapes) if i == 0 or (shape is not shapes[i - 1] and shape != shapes[i - 1])]
    return [(shapes[a], range(a, b)) for a, b in zip(starts, [*starts[1:], len(shapes)], strict=True)]


_LOOSE = -TENSION - 1e-9
_HIGH, _LOW = looper.STOP - looper.TARGET, looper.REST - looper.TARGET - math.radians(5.0)  # rad
_MOST = np.full(STATES, np.inf)
_LEAST = -_MOST
_MOST[RATE], _LEAST[RATE] = SLEW, -SLEW
_MOST[ANGLE], _LEAST[ANGLE] = _HIGH, _LOW
_LEAST[STRESS] = _LOOSE


def _stop(x: np.ndarray) -> None:
    """A looper goes no further than its stops."""
    angle, turn = x[ANGLE], x[TURN]
    turn[(angle > _HIGH) & (turn > 0.0)] = 0.0
    turn[(angle < _LOW) & (turn < 0.0)] = 0.0
    np.clip(angle, _LOW, _HIGH, out=angle)


def _within(rows: np.ndarray) -> bool:
    """Whether gaps are slow enough, no strip pushes, and no looper is at its stops."""
    low, high = rows.min(axis=0), rows.max(axis=0)
    return bool((low >= _LEAST).all() and (high <= _MOST).all())

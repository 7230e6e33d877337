"""The seven stands and what is between them, 100 ms at a time: a small recursion, ten steps between two controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from testbed.hotmill.schedule import STANDS, TENSION, Lines
from testbed.hotmill.system import GAP, GAPS, RATE, ROLL, SLEW, STATES, STRESS, DT, Shape, System

BLOCK, PART = 100, 10  # samples of 1 ms: of a block, and between two controls
DIP = 0.008  # share of its speed that a drive loses as the strip's head hits the rolls; judgement

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
        self, lines: Lines, u: np.ndarray, shapes: list[Shape], asked: Callable[[int, np.ndarray, System], np.ndarray],
        push: Push | None = None,
    ) -> Rolled:  # fmt: skip
        """One block. `u` (100, 36); `shapes`, one for each ten steps; `asked(part, x, system)` what control then holds.

        `push(x)` may answer each single step with a further push on the valves, (7,) mm/s: what no straight line tells.
        """
        rows = np.empty((BLOCK, STATES))
        thickness, force = np.empty((BLOCK, STANDS)), np.empty((BLOCK, STANDS))
        holds = np.zeros((BLOCK, STANDS), bool)
        start = 0
        for part in range(BLOCK // PART):
            at, shape = part * PART, shapes[part]
            if part == 0 or shape != self.shape:
                self._close(rows, u, thickness, force, start, at)
                self._change(lines, shape)
                start, system = at, self.system(lines, shape)
                driven = u[at:] @ system.bd
                holds[at:, max(shape.first, 0) : shape.last + 1] = True
                holds[at:, : shape.first] = holds[at:, shape.last + 1 :] = False
            w = driven[at - start : at - start + PART] + system.cd @ asked(part, self.x, system)  # pyright: ignore[reportPossiblyUnboundVariable]
            self.x = self._steps(system, w, rows[at : at + PART], push)  # pyright: ignore[reportPossiblyUnboundVariable]
        self._close(rows, u, thickness, force, start, BLOCK)
        return Rolled(rows, u, thickness, force, holds)

    def _close(self, rows, u, thickness, force, start: int, stop: int) -> None:
        """Thickness and force of the steps since `start`, by the system they were made with."""
        if stop > start:
            algebra = self._systems[self.shape].algebra
            x, given = rows[start:stop], u[start:stop]
            thickness[start:stop] = x @ algebra.hx.T + given @ algebra.hu.T
            force[start:stop] = x @ algebra.fx.T + given @ algebra.fu.T

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

    def _steps(self, system: System, w: np.ndarray, rows: np.ndarray, push: Push | None) -> np.ndarray:
        if push is None:
            x = self.x
            for j in range(PART):
                row = rows[j]
                np.dot(system.ad, x, out=row)
                row += w[j]
                x = row
            if np.abs(rows[:, RATE]).max() <= SLEW and (rows[:, STRESS] >= _LOOSE).all():
                return x.copy()
        return self._limited(system, w, rows, push)

    def _limited(self, system: System, w: np.ndarray, rows: np.ndarray, push: Push | None) -> np.ndarray:
        """The same ten steps with what is bounded held in bounds: the gap's speed, and a strip that cannot push."""
        x = self.x
        for j in range(PART):
            row = system.ad @ x + w[j]
            extra = push(x) if push is not None else None
            if extra is not None:
                row[RATE] += extra
                row[GAP] += 0.5 * DT * extra
            row[RATE] = np.minimum(np.maximum(row[RATE], -SLEW), SLEW)
            row[GAP] = np.minimum(np.maximum(row[GAP], x[GAP] - SLEW * DT), x[GAP] + SLEW * DT)
            row[STRESS] = np.maximum(row[STRESS], _LOOSE)
            rows[j] = row
            x = row
        return x


_LOOSE = -TENSION - 1e-9

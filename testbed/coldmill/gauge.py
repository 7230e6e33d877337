"""Thickness behind each stand as a departure from the schedule, and the control that holds it. Stepped every 20 ms.

Stand: dh = (M dS + dF/dH dH + what comes in) / (M + Q). What leaves a stand enters the next one after the way there.
Control: gaugemeter at the first stand, mass flow at the next three, monitor by the last gauge at the fifth.
"""

from __future__ import annotations

import copy
import math

import numpy as np

from testbed.coldmill.chatter import PITCH
from testbed.coldmill.inputs import KNOT_S
from testbed.coldmill.rolling import ENTRY, EXIT, STANDS, SetUp

MILL = 5.0  # MN/mm, stiffness of a stand; domain: 3c gives 4 … 6
ENTRY_SIGMA, ENTRY_M = 0.012, 8.0  # mm and m: hot band
HARD_SIGMA, HARD_S = 0.05, 0.5  # MN and s: strength and friction
BANDWIDTH = np.array([1.5, 1.0, 1.0, 1.0, 0.15])  # Hz of each stand's control; judgement
GAP_LIMIT = 0.5  # mm the control may move a gap
DRAFT = ENTRY - EXIT  # mm
LATELY_S = 10.0  # s over which a reduction counts for chatter: a set-up, not a ripple
KNOTS = 1024  # 20 s on the way between two stands, at most
HARD_KEEP = math.exp(-KNOT_S / HARD_S)
_STANDS = np.arange(STANDS - 1)


class Gauge:
    """Departures of thickness in mm and what they do to the force in MN."""

    def __init__(self, setup: SetUp) -> None:
        self.setup = setup
        self.gap = np.zeros(STANDS)  # mm the control has moved it
        self.thickness = np.zeros(STANDS)  # mm behind each stand
        self.force = np.zeros(STANDS)  # MN
        self.entry = 0.0  # mm before the first
        self.reduction = np.ones(STANDS)  # multiple of the schedule's, of the last ten seconds
        self._hard = np.zeros(STANDS)
        self._past = np.zeros((KNOTS, STANDS))
        self._answer = 2.0 * np.pi * BANDWIDTH * KNOT_S * (MILL + setup.plastic) / MILL  # mm of gap a mm, a knot
        self._knot = 0

    def step(self, strip: np.ndarray, friction: np.ndarray, seen: float, noise: np.ndarray) -> None:
        """20 ms later.

        Args:
            strip: m/s behind each stand, (5,).
            friction: multiple of the usual, (5,).
            seen: mm that the last gauge shows off the schedule.
            noise: standard normal, (6,): entry, and each stand.
        """
        s = self.setup
        keep = math.exp(-float(strip[0]) * KNOT_S / ENTRY_M)
        self.entry = keep * self.entry + ENTRY_SIGMA * math.sqrt(1.0 - keep * keep) * float(noise[0])
        self._hard = HARD_KEEP * self._hard + math.sqrt(1.0 - HARD_KEEP**2) * noise[1:]
        back = np.minimum(np.rint(PITCH / KNOT_S / np.maximum(strip[:-1], 0.01)), KNOTS - 1).astype(int)
        comes = np.empty(STANDS)
        comes[0] = self.entry
        comes[1:] = self._past[(self._knot - back) % KNOTS, _STANDS]
        push = s.by_entry * comes + s.by_friction * (friction - 1.0) + HARD_SIGMA * self._hard
        self.thickness = (MILL * self.gap + push) / (MILL + s.plastic)
        self.force = push - s.plastic * self.thickness
        now = (DRAFT + comes - self.thickness) / DRAFT
        self.reduction = self.reduction + KNOT_S / LATELY_S * (now - self.reduction)
        self._knot = (self._knot + 1) % KNOTS
        self._past[self._knot] = self.thickness
        off = self.thickness.copy()
        off[-1] = seen
        self.gap = np.minimum(np.maximum(self.gap - self._answer * off, -GAP_LIMIT), GAP_LIMIT)

    def copy(self) -> Gauge:
        twin = copy.copy(self)
        twin._past = self._past.copy()
        return twin

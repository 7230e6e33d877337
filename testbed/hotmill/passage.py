"""Where the bar is: how much of it has gone in, what lies at each stand, what each stand made of it."""

from __future__ import annotations

import copy

import numpy as np

from testbed.hotmill.bar import Bar
from testbed.hotmill.schedule import PITCH, STANDS
from testbed.hotmill.system import DT
from testbed.hotmill.train import BLOCK, PART

KEPT = 16_000  # samples of 1 ms: the slowest way between two stands takes 7 s at 0.6 of the speed
REACH = 8_000
GAUGE_M = 2.0  # m from the last stand to the X-ray gauge (domain: 3c)
BEFORE = -1e9  # mm·m, where no bar is


class Passage:
    """Way of the bar and thickness of the strip, the last eight seconds.

    Attributes:
        gone: mm·m of the bar behind the first stand; below 0 the head has still so far to go.
    """

    def __init__(self) -> None:
        self.gone = BEFORE
        self._places = np.full(KEPT, BEFORE)
        self._made = np.zeros((STANDS, KEPT))
        self._end = REACH

    def copy(self) -> Passage:
        twin = copy.copy(self)
        twin._places, twin._made = self._places.copy(), self._made.copy()
        return twin

    def start(self) -> None:
        """A new bar's head stands before the first stand."""
        self.gone = 0.0
        self._places[:] = BEFORE
        self._made[:] = 0.0
        self._end = REACH

    def go(self, bar: Bar, speed: np.ndarray) -> np.ndarray:
        """Place at the first stand after each of 100 ms, (100,), with the mill at `speed` (100,) of its own."""
        places = self.gone + np.cumsum(speed) * (bar.lines.flow * DT)
        self.gone = float(places[-1])
        if self._end + BLOCK > KEPT:
            self._places[:REACH] = self._places[self._end - REACH : self._end]
            self._made[:, :REACH] = self._made[:, self._end - REACH : self._end]
            self._end = REACH
        self._places[self._end : self._end + BLOCK] = places
        return places

    def come(self, bar: Bar, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Thickness departures that arrive now: before each stand (100, 7), the first's 0, and at the gauge (100,)."""
        entry = np.zeros((len(places), STANDS))
        for i in range(STANDS - 1):
            entry[:, i + 1] = self._then(i, places - PITCH * bar.lines.exit[i])
        return entry, self._then(STANDS - 1, places - GAUGE_M * bar.lines.exit[-1])

    def _then(self, stand: int, places: np.ndarray) -> np.ndarray:
        known = slice(self._end - REACH, self._end)
        return np.interp(places, self._places[known], self._made[stand, known])

    def made(self, thickness: np.ndarray) -> None:
        """Keep what the stands made, (100, 7)."""
        self._made[:, self._end : self._end + BLOCK] = thickness.T
        self._end += BLOCK

    def holding(self, bar: Bar, places: np.ndarray) -> list[tuple[int, int]]:
        """First and last stand that hold strip, for each ten of 100 samples; last < first: none."""
        way = bar.lines.way
        if 0.0 <= places[0] - way[-1] and places[-1] < bar.size:
            return [(0, STANDS - 1)] * (BLOCK // PART)
        if places[-1] < 0.0 or places[0] - way[-1] >= bar.size:
            return [(0, -1)] * (BLOCK // PART)
        found = []
        for place in places[::PART].tolist():
            at = place - way
            held = np.flatnonzero((at >= 0.0) & (at < bar.size))
            found.append((int(held[0]), int(held[-1])) if len(held) else (0, -1))
        return found

    def at_gauge(self, bar: Bar, place: float) -> bool:
        """Whether strip is in the gauge, with the first stand at `place`."""
        there = place - bar.lines.way[-1] - GAUGE_M * bar.lines.exit[-1]
        return 0.0 <= there < bar.size

    def is_over(self, bar: Bar) -> bool:
        return self.gone - bar.lines.way[-1] - GAUGE_M * bar.lines.exit[-1] >= bar.size

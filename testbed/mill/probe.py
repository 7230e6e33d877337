"""The strip as it really is, kept apart from everything that measures it."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from testbed.mill.stand import Rows

KEPT = 60_000  # samples of 10 ms: ten minutes
STEP_NS, TEN_MS = 1_000_000, 10_000_000
REACH = 5_000  # samples of 1 ms on their way to the X-ray gauge, at most


class Probe:
    """True thickness at 100 Hz, and what is on its way to the gauge."""

    def __init__(self) -> None:
        self._time: deque[int] = deque(maxlen=KEPT)
        self._thickness: deque[float] = deque(maxlen=KEPT)
        self._on_its_way: deque[float] = deque([math.nan] * REACH, maxlen=REACH)

    def note(self, after: int, exit_mm: float, rows: Rows) -> None:
        """Samples that follow the time `after` (ns), as departures from `exit_mm`."""
        self._on_its_way.extend(rows.head)
        skip = (TEN_MS - after % TEN_MS) // STEP_NS - 1
        for i in range(skip, len(rows.thickness), 10):
            self._time.append(after + (i + 1) * STEP_NS)
            self._thickness.append(exit_mm + rows.thickness[i])

    def seen(self, delay: int) -> float:
        """What reaches the gauge `delay` samples after it was rolled, mm from what was asked for; NaN: no strip."""
        return self._on_its_way[-1 - min(delay, REACH - 1)]

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Time int64 (n,) ns and thickness float64 (n,) mm."""
        return np.array(self._time, np.int64), np.array(self._thickness)

    def copy(self) -> Probe:
        twin = Probe()
        twin._time, twin._thickness = self._time.copy(), self._thickness.copy()
        twin._on_its_way = self._on_its_way.copy()
        return twin

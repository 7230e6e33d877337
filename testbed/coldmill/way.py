"""Strip on its way from the rolls to the gauge behind each stand."""

from __future__ import annotations

import numpy as np

from testbed.coldmill.inputs import MS
from testbed.coldmill.rolling import EXIT, STANDS

GAUGE_M = 1.0  # m from the rolls to each gauge; judgement
LENGTH = 2000  # samples of 1 ms on their way, at most
ROOM = 8000  # samples that fit before the oldest are dropped
_MS, _STANDS = np.arange(MS), np.arange(STANDS)[:, None]


class Way:
    """Thickness in mm every millisecond, one column a stand."""

    def __init__(self) -> None:
        self._past = np.empty((LENGTH + ROOM, STANDS))
        self._past[:LENGTH] = EXIT
        self._end = LENGTH

    def take(self, thickness: np.ndarray) -> Way:
        """The next 20 ms behind the rolls, float64 (MS, 5)."""
        if self._end + MS > len(self._past):
            self._past[:LENGTH] = self._past[self._end - LENGTH : self._end].copy()
            self._end = LENGTH
        self._past[self._end : self._end + MS] = thickness
        self._end += MS
        return self

    def seen(self, strip: np.ndarray) -> np.ndarray:
        """What the gauges meanwhile see, (5, MS), of strip that runs at `strip` m/s (5,)."""
        late = np.minimum(np.rint(GAUGE_M / np.maximum(strip, 0.1) * 1e3), LENGTH - MS).astype(int)
        return self._past[(self._end - MS - late)[:, None] + _MS, _STANDS]

    def copy(self) -> Way:
        twin = Way()
        twin._past, twin._end = self._past.copy(), self._end
        return twin

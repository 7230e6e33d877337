"""How late a line's data come, by their source times against our clock, and whether one of the two was set."""

from __future__ import annotations

from collections import deque

LATE_S = 1.0  # beyond what is usual
JUMP_S = 60.0  # what a delay changes by at once when a clock was set; the network does not do that
SPAN_S = 60.0  # wall seconds that one minimum stands for
SPANS = 10  # minima that say what is usual: clocks drift


class Lag:
    """Wall seconds everywhere; two clocks need not agree, only their difference is looked at.

    Attributes:
        late_s: how much later than usual the newest data are.
        jumped_s: by how much the other clock was last set; 0.0 if it was not.
        jumped_at: wall seconds, when that was seen.
    """

    def __init__(self) -> None:
        self.late_s = 0.0
        self.jumped_s = 0.0
        self.jumped_at = float("-inf")
        self._least: deque[tuple[float, float]] = deque(maxlen=SPANS)  # when its span began, least delay
        self._offset: float | None = None  # the newest delay

    def take(self, delay: float, wall: float) -> None:
        """The newest sample of a packet is `delay` seconds old."""
        if self._offset is not None and abs(delay - self._offset) > JUMP_S:
            self.jumped_s, self.jumped_at = self._offset - delay, wall
            self._least.clear()
        self._offset = delay
        if not self._least or wall - self._least[-1][0] > SPAN_S:
            self._least.append((wall, delay))
        elif delay < self._least[-1][1]:
            self._least[-1] = (self._least[-1][0], delay)
        self.late_s = delay - min(least for _, least in self._least)

    @property
    def is_late(self) -> bool:
        """Whether the newest data are later than usual by more than a second."""
        return self.late_s > LATE_S

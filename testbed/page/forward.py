"""Time that is passed over as fast as the run goes: to a moment of the story, or to the next alarm."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.clock import Throttle


@dataclass(slots=True)
class Forward:
    """Fast forward of one run; from the run's own event loop, as its throttle.

    Attributes:
        throttle: the run's.
        speed: how fast it goes when nothing is passed over; None: as fast as it goes.
        until: ns of source time up to which it is passed over, None: up to the next alarm.
        is_on: whether it is passed over now.
    """

    throttle: Throttle
    speed: float | None
    until: int | None = None
    is_on: bool = False

    def to(self, until: int | None) -> None:
        """Pass over what comes up to `until`, ns, or up to the next alarm."""
        self.until, self.is_on = until, True
        self.throttle.set(None)

    def end(self) -> None:
        """Go on as before."""
        if self.is_on:
            self.is_on = False
            self.throttle.set(self.speed)

    def at(self, speed: float | None) -> None:
        """From now on this fast; nothing is passed over any more."""
        self.speed, self.is_on = speed, False
        self.throttle.set(speed)

    def reached(self, now: int) -> bool:
        """Tell it how far the run has come, ns; whether that ends it."""
        ends = self.is_on and self.until is not None and now >= self.until
        if ends:
            self.end()
        return ends

    def alarmed(self) -> bool:
        """Tell it that an alarm has come; whether that ends it."""
        ends = self.is_on and self.until is None
        if ends:
            self.end()
        return ends

"""The line: its speed, and the coils it rolls without an end, one welded to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed.coldmill.chatter import PITCH
from testbed.coldmill.inputs import KNOT_S
from testbed.coldmill.rolling import EXIT, STANDS

RAMP = 1.0  # m/s2 of the strip behind the last stand; judgement
QUICK = 2.0  # m/s2, as fast as the drives can; judgement
STOP = 4.0  # m/s2, emergency stop; judgement
WELD_SPEED = 5.0  # m/s at which a weld is taken through; judgement


@dataclass(slots=True)
class Line:
    """Speeds in m/s of the strip behind the last stand.

    Attributes:
        run: the speed an operator asks for. speed: the present one. ramp: m/s2 it is reached with.
        coil_s: s that a coil is rolled until the mill slows down for its weld. number: of the coil.
        rolled: m of the coil behind the last stand. age: s of it.
    """

    run: float
    speed: float
    coil_s: float
    number: int = 0
    rolled: float = 0.0
    age: float = 0.0
    ramp: float = RAMP
    is_broken: bool = False
    changing: bool = False  # the mill is slow for a weld of its own coils
    careful: bool = False  # and for one that an operator or a model does not trust
    slower: float = 0.0  # m/s that it was asked to run slower

    def strip(self) -> np.ndarray:
        """m/s of the strip behind each stand, (5,): mass flow is one."""
        return self.speed * EXIT[-1] / EXIT

    def step(self) -> None:
        """20 ms later."""
        weld = WELD_SPEED if self.changing or self.careful else self.run
        wanted = 0.0 if self.is_broken else max(min(self.run - self.slower, weld), 0.0)
        rate = (STOP if self.is_broken else self.ramp) * KNOT_S
        self.speed += min(max(wanted - self.speed, -rate), rate)
        if self.speed == wanted:
            self.ramp = RAMP
        self.rolled += self.speed * KNOT_S
        self.age += KNOT_S

    def slow_down(self, by: float) -> None:
        """At once, by so many m/s."""
        self.slower, self.ramp = by, QUICK

    @property
    def is_slow(self) -> bool:
        """Slow enough for a weld."""
        return self.speed <= WELD_SPEED + 1e-9

    def next_coil(self, coil_s: float) -> None:
        """The shear has parted the coils."""
        self.number += 1
        self.rolled = self.age = 0.0
        self.coil_s, self.changing = coil_s, False


def transit(position: float, line: Line) -> tuple[float, int | None]:
    """A place of the strip 20 ms later: m from the first stand, and the stand it has passed meanwhile, if any.

    `position` counts the distance between stands, not the strip's own length, which the rolling stretches.
    """
    zone = min(int(position // PITCH), STANDS - 1)
    later = position + float(line.strip()[zone]) * KNOT_S
    passed = int(later // PITCH)
    return later, passed if passed > int(position // PITCH) and passed < STANDS else None

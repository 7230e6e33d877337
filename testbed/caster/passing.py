"""Something that begins, lasts and passes: the base of what resembles a fault and is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.caster.trouble import Trouble

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant


@dataclass(slots=True)
class Ramp:
    """A factor that moves to its target at a rate a second."""

    value: float
    target: float = 1.0
    rate: float = 0.01

    def run(self, n: int, dt: float) -> list[float]:
        """The next n steps of `dt` s: the value after each."""
        room, values = self.rate * dt, []
        for _ in range(n):
            if self.value == self.target:
                return values + [self.value] * (n - len(values))
            self.value += min(max(self.target - self.value, -room), room)
            values.append(self.value)
        return values


@dataclass(slots=True, kw_only=True)
class Passing(Trouble):
    """A look-alike of a length in s."""

    duration: float
    has_begun: bool = False

    def step(self, plant: CasterPlant, dt: float) -> None:
        if not self.has_begun:
            self.begin(plant)
            self.has_begun = True
        self.age += dt
        self.during(plant, dt)
        if self.age >= self.duration:
            self.end(plant)
            self.is_cleared = self.is_gone = True

    def begin(self, plant: CasterPlant) -> None: ...

    def during(self, plant: CasterPlant, dt: float) -> None: ...

    def end(self, plant: CasterPlant) -> None: ...

    @property
    def phase(self) -> float:
        """From 0 up to 1 and back, over the first and the last fifth of its length."""
        return max(min(self.age / (0.2 * self.duration), (self.duration - self.age) / (0.2 * self.duration), 1.0), 0.0)

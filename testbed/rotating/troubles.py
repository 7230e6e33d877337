"""What befalls a machine: faults that grow over weeks, and what only resembles them.

Each is a function of the hours it has lasted that changes the machine's state, and sees no tag.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from testbed.rotating.machines import SPALLS, State

FIRST = 0.01  # area of a spall that has just broken out, a share of that at which the bearing fails; judgement
DRYING_H = 40.0  # h over which dry grease gets worse; judgement

# name: days from onset to the consequence, and days of notice that a planned stop needs. Bearing: domain F27, weeks
# and 7 days; pump and fan: domain F28, 1 day. The spans are judgement.
FAULTS = {
    "outer_race": ((18.0, 22.0), 7.0),
    "inner_race": ((16.0, 22.0), 7.0),
    "rolling_element": ((16.0, 22.0), 7.0),
    "unbalance": ((12.0, 18.0), 1.0),
    "cavitation": ((8.0, 12.0), 1.0),
}
LOOKALIKES = ("speed_change", "load_change", "lubrication", "passing_impact", "neighbour", "loose_sensor")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault or look-alike under way.

    Attributes:
        key, name, code, end: of the injection; `end` of the bearing, of the machine's first where all ends share it.
        since: ns of its onset. until: ns at which a look-alike passes; None for a fault.
        days: of a fault, from onset to consequence.
        size: how much, see `_AFFECT`. pitch: Hz, of what beats beside the machine.
    """

    key: int
    name: str
    code: str
    end: str
    since: int
    until: int | None
    days: float = 0.0
    size: float = 0.0
    pitch: float = 0.0

    def life(self, hours: float) -> float:
        """Share of the way to the consequence after so many hours."""
        return hours / (24.0 * self.days)

    def affect(self, state: State, hours: float) -> None:
        """Change the state of the machine after so many hours."""
        _AFFECT[self.name](self, state, hours)


def _spall(trouble: Trouble, state: State, hours: float) -> None:
    """The spalled area grows exponentially (domain: 3h)."""
    state.spalls[trouble.end, trouble.name] = min(FIRST ** (1.0 - trouble.life(hours)), 1.0)


def _unbalance(trouble: Trouble, state: State, hours: float) -> None:
    """Dust cakes on the wheel: `size` is the multiple of a sound wheel's at which the machine trips."""
    state.unbalance += 0.3 + (trouble.size - 1.3) * trouble.life(hours)


def _cavitation(trouble: Trouble, state: State, hours: float) -> None:
    """The strainer before the pump clogs: bubbles, more from day to day, until the wheel is eroded."""
    state.cavitation = min(trouble.size + (1.0 - trouble.size) * trouble.life(hours), 1.0)


def _speed(trouble: Trouble, state: State, hours: float) -> None:
    state.speed *= trouble.size


def _load(trouble: Trouble, state: State, hours: float) -> None:
    state.load *= trouble.size


def _lubrication(trouble: Trouble, state: State, hours: float) -> None:
    """The grease dries up until the fitter comes: the whole bearing hisses, nothing beats."""
    state.film *= 1.0 + (trouble.size - 1.0) * (1.0 - float(np.exp(-hours / DRYING_H)))


def _impact(trouble: Trouble, state: State, hours: float) -> None:
    state.knock = trouble.size


def _neighbour(trouble: Trouble, state: State, hours: float) -> None:
    state.beats = (trouble.size, trouble.pitch)


def _loose(trouble: Trouble, state: State, hours: float) -> None:
    state.mounts[trouble.end] = trouble.size


_AFFECT: dict[str, Callable[[Trouble, State, float], None]] = {
    **dict.fromkeys(SPALLS, _spall), "unbalance": _unbalance, "cavitation": _cavitation, "speed_change": _speed,
    "load_change": _load, "lubrication": _lubrication, "passing_impact": _impact, "neighbour": _neighbour,
    "loose_sensor": _loose,
}  # fmt: skip

# name: range that its size is drawn from, and of how long a look-alike lasts, s of source time.
DRAWN = {
    "unbalance": ((4.0, 4.5), (0.0, 0.0)),
    "cavitation": ((0.15, 0.25), (0.0, 0.0)),
    "speed_change": ((1.13, 1.2), (16.0, 40.0)),
    "load_change": ((1.45, 1.6), (16.0, 40.0)),
    "lubrication": ((1.8, 2.4), (40.0, 70.0)),
    "passing_impact": ((60.0, 120.0), (4.0, 10.0)),
    "neighbour": ((5.0, 9.0), (20.0, 50.0)),
    "loose_sensor": ((0.4, 0.9), (20.0, 50.0)),
}

"""A place of the strip that passes the stands: a weld, or a weld that cracks until the strip tears.

Each bite moves force and tension and thumps on the stand. A crack opens in every bite and grows under tension between
the stands, and it clicks while it does: the kurtosis of the vibration rises (KR100929017B1). Growth laws are judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from testbed.coldmill.chatter import PITCH
from testbed.coldmill.inputs import KNOT_S, MS, Inputs
from testbed.coldmill.line import transit
from testbed.coldmill.places import whole_line
from testbed.coldmill.rolling import FORCE, STANDS
from testbed.coldmill.structure import RATE, N
from testbed.coldmill.tags import LINE
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.coldmill.unit import ColdMillPlant

BUMP, BUMP_S = 0.02, 0.06  # share of the force and s: the weld is thicker
DIP, DIP_S, SPIKE_S = 0.05, 0.12, 0.08  # share of the tension, and s of the dip and of the spike after it
THUMP = 1.5e4  # N, for THUMP_N samples
THUMP_N = 25  # samples: 5 ms
OPENS = 0.35  # share a crack grows by in a bite at usual tension
GROWS_S = 8.0  # s in which a crack grows by e between the stands at usual tension
TENSION_POWER = 4.0  # of the growth, after Paris and Erdogan 1963
TEARS = 0.25  # share of the width; a crack that long tears
CLICKS_HZ, CLICK = 14.0, 60.0  # clicks a second, and N s of a click at a crack as wide as the strip
REACTION_S = 0.5  # s in which the tension can be taken back


@dataclass(slots=True)
class Flaw:
    """A weld, with a crack of `crack` (share of the width) if it is a bad one."""

    rng: np.random.Generator
    crack: float = 0.0
    position: float = -0.1  # m from the first stand, distances between stands
    bites: list[list[float]] = field(default_factory=list)  # stand, age in s
    passed: list[int] = field(default_factory=list)

    def step(self, plant: ColdMillPlant, now: Inputs) -> bool:
        """20 ms later; True once it has left the line."""
        self.position, stand = transit(self.position, plant.line) if self.position >= 0.0 else (0.0, 0)
        growth = plant.level**TENSION_POWER
        if stand is not None:
            self.bites.append([stand, 0.0])
            self.passed.append(stand)
            self.crack *= 1.0 + OPENS * growth
        zone = int(self.position // PITCH)
        if self.crack and zone < STANDS - 1:
            self.crack *= float(np.exp(growth * KNOT_S / GROWS_S))
            self._click(now, zone)
        self._bite(now)
        if self.crack >= TEARS and zone < STANDS - 1:
            plant.tear(min(zone + 1, STANDS - 1), self)
        return zone >= STANDS and not self.bites

    def tore(self, stand: int) -> bool:
        """Whether it is to blame for strip that tore at `stand`: it tells by itself."""
        return False

    def _click(self, now: Inputs, zone: int) -> None:
        draws = self.rng.random(4)
        if draws[0] < CLICKS_HZ * KNOT_S:
            impulse = CLICK * self.crack * (0.5 + draws[1]) * RATE
            for stand, share in ((zone, 1.0), (zone + 1, 0.5 + 0.5 * draws[3])):
                now.push[stand, int(draws[2] * N)] += share * impulse

    def _bite(self, now: Inputs) -> None:
        depth = DIP + self.crack
        for bite in list(self.bites):
            stand, age = int(bite[0]), bite[1]
            t = age + np.arange(1, MS + 1) * 1e-3
            now.force[stand] += BUMP * FORCE[stand] * np.sin(np.pi * np.minimum(t / BUMP_S, 1.0))
            dip = -depth * np.sin(np.pi * np.minimum(t / DIP_S, 1.0))
            spike = 0.6 * depth * np.sin(np.pi * np.clip((t - DIP_S) / SPIKE_S, 0.0, 1.0))
            now.tension[stand] += 0.6 * (dip + spike)
            if stand:
                now.tension[stand - 1] += dip + spike
            if age == 0.0:
                blow = THUMP * (1.0 + 8.0 * self.crack)
                now.push[stand, :THUMP_N] += blow * np.sin(np.pi * np.arange(1, THUMP_N + 1) / THUMP_N)
            bite[1] += KNOT_S
            if bite[1] > DIP_S + SPIKE_S:
                self.bites.remove(bite)


def strip_break(
    plant: ColdMillPlant, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Flaw, Injection]:
    """A weld with a crack enters the first stand now.

    Parameters: `crack` (0.05 … 0.065 of the width).
    """
    whole_line(where)
    left = dict(params)
    crack = number(left, "crack", 0.05, 0.065, rng)
    nothing_left(left, "strip_break", ("crack",))
    details = {"crack": round(crack, 4), "speed_m_s": round(plant.line.speed, 2)}
    return Flaw(rng, crack), Injection(key, "strip_break", LINE, "fault", ("machine",), (), REACTION_S, None, details)

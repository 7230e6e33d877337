"""Crown, wedge and flatness behind the last stand: bending, the rolls' heat and wear. Constants are judgement."""

from __future__ import annotations

import math
from dataclasses import dataclass

BY_FORCE = 5.5  # um of crown for each MN
BY_BEND = 0.055  # um for each kN of bending
HOT, HEAT_S = 30.0, 1050.0  # um that warm rolls fill the gap, and s in which they warm; 15 … 20 min (domain: 3c)
WEAR = 0.25  # um for each km of strip
GROUND = 58.0  # um of crown the rolls as ground leave at no force
SEVERE = 1e5  # I units for a share


@dataclass(slots=True)
class Rolls:
    """The last stand's work rolls: `warm` 0 … 1, `km` of strip since they were changed."""

    warm: float = 0.6
    km: float = 20.0

    def step(self, seconds: float, metres: float) -> None:
        target = 1.0 if metres > 0.0 else 0.0
        self.warm += (target - self.warm) * (1.0 - math.exp(-seconds / HEAT_S))
        self.km += 1e-3 * metres

    def crown(self, force: float, bend: float) -> float:
        """um at 40 mm from the edge, for MN and kN."""
        return GROUND + BY_FORCE * force - BY_BEND * bend - HOT * self.warm + WEAR * self.km


def flatness(crown: float, usual: float, thickness: float) -> float:
    """I units, edge waves positive, of a crown that differs from the usual share of the thickness, um, um, mm."""
    return SEVERE * 1e-3 * (crown - usual) / thickness * 0.1


def buckles(thickness: float, width: float) -> float:
    """I units from which edge or centre buckles: 40 (h/w)2 (Shohet and Townsend, J. ISI 209 (1971) 769)."""
    return SEVERE * 40.0 * (thickness / width) ** 2

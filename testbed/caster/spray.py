"""Secondary cooling: nine zones of spray nozzles under flow control, and the pressure that tells how many are open.

A zone's water follows the casting speed. Its flow is controlled, so a blocked nozzle does not show in it while the
supply lasts: the others pass more, and the pressure before them rises with the square of the flow of each.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from testbed.caster.tags import ZONES

EDGES = (0.8, 1.1, 2.0, 3.2, 4.6, 6.2, 8.0, 10.2, 12.6, 15.0)  # m below the meniscus; judgement
SHARES = (0.05, 0.10, 0.14, 0.15, 0.14, 0.13, 0.12, 0.10, 0.07)  # of all spray water; judgement
SPECIFIC = 0.65  # L/kg of steel; 0.6 … 1.2 in practice (domain: 3a)
NOMINAL_T_MIN = 3.67  # t/min at 1.4 m/min
NOMINAL_V = 1.4  # m/min
NOZZLE_BAR = 3.0  # before the nozzles at the nominal flow; judgement
SUPPLY_BAR = 9.0  # what the pumps give at most; judgement
NOZZLES = 8  # across a zone's width; judgement
FLOWS = tuple(SPECIFIC * NOMINAL_T_MIN * 1e3 * share for share in SHARES)  # L/min at NOMINAL_V


def _ones() -> list[float]:
    return [1.0] * ZONES


@dataclass(slots=True)
class Spray:
    """State of the zones, lists of ZONES.

    Attributes:
        scale: set-point of all spray water over its table.
        trim: set-point of each zone over that.
        opened: share of each zone's nozzles that is open.
        gauge: what each zone's pressure transmitter says over what there is.
    """

    scale: float = 1.0
    trim: list[float] = field(default_factory=_ones)
    opened: list[float] = field(default_factory=_ones)
    gauge: list[float] = field(default_factory=_ones)

    def flows(self, speed: float) -> list[float]:
        """Water of each zone, L/min, at a casting speed in m/min."""
        most = (SUPPLY_BAR / NOZZLE_BAR) ** 0.5
        wanted = self.scale * max(speed, 0.2) / NOMINAL_V
        return [
            flow * min(wanted * trim, most * opened)
            for flow, trim, opened in zip(FLOWS, self.trim, self.opened, strict=True)
        ]

    def pressures(self, flows: list[float]) -> list[float]:
        """Before the nozzles of each zone, bar: P = P0 (Q / (Q0 open))²."""
        return [
            NOZZLE_BAR * (flow / (usual * opened)) ** 2
            for flow, usual, opened in zip(flows, FLOWS, self.opened, strict=True)
        ]

    def copy(self) -> Spray:
        twin = copy.copy(self)
        twin.trim, twin.opened, twin.gauge = self.trim.copy(), self.opened.copy(), self.gauge.copy()
        return twin

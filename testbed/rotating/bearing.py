"""Rolling bearings: how often a spot on a ring, a ball or the cage passes, from the geometry (domain: 3h)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """Geometry of a rolling bearing whose inner ring turns.

    Attributes:
        n: rolling elements. d, pitch: mm, their diameter and that of the circle of their middles.
        angle: degrees, contact angle.
    """

    n: int
    d: float
    pitch: float
    angle: float = 0.0

    @property
    def orders(self) -> dict[str, float]:
        """Events a turn of the shaft (domain: 3h; Randall and Antoni, Mech. Syst. Signal Process. 25 (2011) 485).

        `BPFO`, `BPFI`: rolling elements over a spot on the outer, inner ring; `BSF`: turns of a rolling element;
        `FTF`: turns of the cage.

        >>> cwru = Bearing(n=9, d=7.94, pitch=39.04)
        >>> [round(order * 1797 / 60, 1) for order in cwru.orders.values()]
        [107.4, 162.2, 70.6, 11.9]
        """
        c = self.d / self.pitch * math.cos(math.radians(self.angle))
        return {
            "BPFO": self.n / 2.0 * (1.0 - c),
            "BPFI": self.n / 2.0 * (1.0 + c),
            "BSF": self.pitch / (2.0 * self.d) * (1.0 - c * c),
            "FTF": 0.5 * (1.0 - c),
        }

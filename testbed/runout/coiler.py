"""The coiler: a mandrel that winds the strip under tension; the coil grows with every metre."""

from __future__ import annotations

import math
from dataclasses import dataclass

MANDREL = 0.381  # m, radius: 762 mm is a common mandrel
TENSION = 22.0  # MPa of coil tension; judgement, 15 … 30 is usual for hot strip
PINCH_KN = 25.0  # of the pinch rolls with strip between them; judgement
WRAP_OPEN, WRAP_CLOSED = 120.0, 2.0  # mm of the wrapper rolls from the coil
WRAP_TURNS = 3.0  # turns wound until the wrapper rolls let go


@dataclass(slots=True)
class Coiler:
    """What has been wound: m of strip `thickness` mm thick."""

    wound: float = 0.0
    thickness: float = 2.3

    @property
    def radius(self) -> float:
        """m: the coil's cross-section is the strip's length times its thickness."""
        return math.sqrt(MANDREL**2 + self.wound * self.thickness * 1e-3 / math.pi)

    def state(self, speed: float, width: float, has_strip: bool) -> tuple[float, ...]:
        """Mandrel /min and kN.m, tension kN, pinch rolls mm and kN, wrapper rolls mm, telescope mm."""
        turns = 60.0 * speed / (2.0 * math.pi * self.radius)
        tension = TENSION * width * self.thickness * 1e-3 if has_strip else 0.0
        holds = has_strip and self.wound < WRAP_TURNS * 2.0 * math.pi * MANDREL
        return (
            turns, tension * self.radius, tension, self.thickness * 0.95 if has_strip else 30.0,
            PINCH_KN if has_strip else 0.0, WRAP_CLOSED if holds else WRAP_OPEN, 2.0 + 1e-3 * self.wound,
        )  # fmt: skip

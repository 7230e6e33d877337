"""The way of a slab from the torch to the mill: which slab the next coil is rolled from, and the lineage it leaves.

Steel of one strand goes hot and directly to the mill, a fixed time after its slab is cut; between its slabs the mill
rolls slabs from the yard, since a mill rolls faster than one strand casts.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np

from connectors.times import SECOND
from testbed.genealogy import SCALE, Coil, Lineage, Segment, Slab, Way, segments, slabs

THICKNESS, WIDTH = 250.0, 1500.0  # mm of the slab (domain: 3a)
YARD = "YARD"  # what a coil's slab is called that is not of this strand
CROP_M = 0.15  # m of the slab's head that the crop shear takes; judgement


@dataclass(slots=True)
class Yard:
    """Slabs and coils so far. `lag_s`: from the end of a slab at the meniscus to its bar at the first stand."""

    lag_s: float
    time: list[int] = field(default_factory=list)  # ns, and m/s of the strand then
    speed: list[float] = field(default_factory=list)
    ids: list[tuple[int, str]] = field(default_factory=list)
    heats: list[tuple[int, str]] = field(default_factory=list)
    coils: list[Coil] = field(default_factory=list)

    def cast(self, time: np.ndarray, speed: np.ndarray) -> None:
        """Casting speeds, m/s, as the strand's own tag tells them."""
        self.time += time.tolist()
        self.speed += speed.tolist()

    def way(self) -> Way:
        """Of the strand at the meniscus."""
        return Way.of(np.array(self.time, np.int64), np.array(self.speed))

    def slabs(self) -> list[Slab]:
        """Slabs that are complete by now."""
        if not self.time:
            return []
        return slabs(segments(self.ids), segments(self.heats), self.way(), THICKNESS, WIDTH)

    def next_coil(self, name: str, now: int, thickness: tuple[float, ...], width: float, length: float) -> Slab | None:
        """The slab that a coil (mm, m) is rolled from whose head is at the first stand; None for one from the yard."""
        taken = {coil.slab.name for coil in self.coils}
        cut = {part.name: part.end for part in segments(self.ids)}
        needed = CROP_M + length * thickness[-1] * width / (THICKNESS * WIDTH * (1.0 - SCALE))
        for slab in self.slabs():
            end = cut[slab.name]
            is_there = end is not None and end + round(self.lag_s * SECOND) <= now
            if is_there and slab.name not in taken and slab.tail_m - slab.head_m >= needed:
                self.coils.append(Coil(name, slab, thickness, width, CROP_M))
                return slab
        return None

    def lineage(self) -> Lineage:
        """Everything up to now, the strand's way thinned to a point a second."""
        if not self.time:
            return Lineage(Way(np.array([0], np.int64), np.zeros(1)))
        way = self.way()
        keep = np.unique(np.append(np.arange(0, len(way.time), 10), len(way.time) - 1))
        return Lineage(Way(way.time[keep], way.metres[keep]), tuple(self.slabs()), tuple(self.coils))

    def begun(self) -> list[Segment]:
        """Slabs cast so far, the last one still growing."""
        return segments(self.ids)

    def copy(self) -> Yard:
        twin = copy.copy(self)
        twin.time, twin.speed, twin.ids = list(self.time), list(self.speed), list(self.ids)
        twin.heats, twin.coils = list(self.heats), list(self.coils)
        return twin

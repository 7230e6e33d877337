"""Genealogy: heat, slab, coil and metre of strip, joined by mass flow. Functions of texts, speeds and sections alone.

What passes the meniscus at one time lies at one metre of the strand, of its slab, and of the strip behind each stand:
rolling keeps the mass, so a metre of slab becomes thickness times width of the slab over thickness times width of the
strip. All of it can be asked both ways. Times are ns since 1970, thicknesses and widths mm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from connectors.times import SECOND

SCALE = 0.01  # share of a slab's mass that is lost as scale; 0.8 … 1.2 % (domain: reheating)
METRES_A_SECOND = {"m/s": 1.0, "m/min": 1.0 / 60.0}


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Metres that have passed a place.

    Attributes:
        time: int64 (n,), ns, rising.
        metres: float64 (n,), from the first time on, never falling.
    """

    time: np.ndarray
    metres: np.ndarray

    @classmethod
    def of(cls, time: np.ndarray, speed: np.ndarray) -> Way:
        """From samples of a speed in m/s, float64 (n,); where it is not known or backwards, nothing passes."""
        forward = np.maximum(np.nan_to_num(speed), 0.0)
        steps = np.diff(time) / SECOND * 0.5 * (forward[1:] + forward[:-1])
        return cls(time, np.concatenate([[0.0], np.cumsum(steps)]))

    def metre(self, time: np.ndarray) -> np.ndarray:
        """Metres that have passed at these times, int64 (m,); the ends hold beyond them."""
        return np.interp((np.asarray(time) - self.time[0]) / SECOND, self._seconds(), self.metres)

    def when(self, metre: float) -> int | None:
        """When a metre passed, ns; None before the first and after the last."""
        if not self.metres[0] <= metre <= self.metres[-1]:
            return None
        after = min(max(int(np.searchsorted(self.metres, metre)), 1), len(self.metres) - 1)
        low, high = self.metres[after - 1], self.metres[after]
        share = (metre - low) / (high - low) if high > low else 1.0
        return int(self.time[after - 1] + round(share * float(self.time[after] - self.time[after - 1])))

    def _seconds(self) -> np.ndarray:
        return (self.time - self.time[0]) / SECOND


@dataclass(frozen=True, slots=True)
class Segment:
    """A text in force from `begin` to `end`, ns; None where nothing followed."""

    name: str
    begin: int
    end: int | None


def segments(texts: Iterable[tuple[int, str]]) -> list[Segment]:
    """Stretches of (time, text) in which the text stayed; empty ones are gaps.

    >>> [s.name for s in segments([(0, "A"), (5, "A"), (9, "B"), (12, "")])]
    ['A', 'B']
    """
    found: list[Segment] = []
    begun: tuple[int, str] | None = None
    for time, text in texts:
        if begun is not None and text == begun[1]:
            continue
        if begun is not None and begun[1]:
            found.append(Segment(begun[1], begun[0], time))
        begun = (time, text)
    if begun is not None and begun[1]:
        found.append(Segment(begun[1], begun[0], None))
    return found


def along(time: np.ndarray, way: Way, parts: Sequence[Segment]) -> tuple[list[str], np.ndarray]:
    """Part and metre from its head of samples at these times, int64 (n,): names (n,) and float64 (n,).

    Before the first part the metres count from the beginning of the way, and the name is empty.
    """
    metres = way.metre(time)
    at = np.searchsorted([part.begin for part in parts], time, side="right") - 1
    heads = np.array([*(way.metre(np.array([part.begin]))[0] for part in parts), 0.0])
    names = [*(part.name for part in parts), ""]
    return [names[i] for i in at], metres - heads[at]


@dataclass(frozen=True, slots=True)
class Slab:
    """A slab: `head_m` and `tail_m` in metres of the strand from the first on; section in mm."""

    name: str
    heat: str
    head_m: float
    tail_m: float
    thickness: float
    width: float


def slabs(ids: Sequence[Segment], heats: Sequence[Segment], way: Way, thickness: float, width: float) -> list[Slab]:
    """Slabs that are complete, from the texts of the caster and the way of its strand at the meniscus."""
    found = []
    for part in ids:
        if part.end is None:
            continue
        head, tail = way.metre(np.array([part.begin, part.end])).tolist()
        heat = next((h.name for h in reversed(heats) if h.begin <= part.begin), "")
        found.append(Slab(part.name, heat, head, tail, thickness, width))
    return found


@dataclass(frozen=True, slots=True)
class Coil:
    """A coil and the slab it was rolled from.

    Attributes:
        thickness: mm behind each stand, the last one last. width: mm.
        crop_m: m of the slab's head that are not part of the coil.
    """

    name: str
    slab: Slab
    thickness: tuple[float, ...]
    width: float
    crop_m: float = 0.0

    def elongation(self, stand: int = -1) -> float:
        """Metres of strip behind a stand that a metre of slab becomes."""
        section = self.slab.thickness * self.slab.width * (1.0 - SCALE)
        return section / (self.thickness[stand] * self.width)

    def metre(self, slab_metre: float, stand: int = -1) -> float:
        """Metre of the strip behind a stand of a metre of the slab."""
        return (slab_metre - self.crop_m) * self.elongation(stand)

    def slab_metre(self, metre: float, stand: int = -1) -> float:
        """Metre of the slab of a metre of the strip behind a stand."""
        return self.crop_m + metre / self.elongation(stand)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a place on a coil comes from; `time` is when it passed the meniscus."""

    heat: str
    slab: str
    slab_metre: float
    cast_metre: float
    time: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where steel lies that passed the meniscus at some time; on no coil yet where `coil` is empty."""

    slab: str
    slab_metre: float
    coil: str = ""
    metre: float = 0.0


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything that joins a strand and the coils made of it."""

    strand: Way
    slabs: tuple[Slab, ...] = ()
    coils: tuple[Coil, ...] = field(default=())

    def origin(self, coil: str, metre: float, stand: int = -1) -> Origin | None:
        """Where a metre of a coil (behind a stand) was cast; None for a coil or a place that is not of this strand."""
        made = next((c for c in self.coils if c.name == coil), None)
        if made is None:
            return None
        on_slab = made.slab_metre(metre, stand)
        time = self.strand.when(made.slab.head_m + on_slab)
        if time is None or not 0.0 <= on_slab <= made.slab.tail_m - made.slab.head_m:
            return None
        return Origin(made.slab.heat, made.slab.name, on_slab, made.slab.head_m + on_slab, time)

    def place(self, time: int, stand: int = -1) -> Place | None:
        """Where the steel lies that passed the meniscus at a time; None if it is of no complete slab."""
        cast = float(self.strand.metre(np.array([time]))[0])
        slab = next((s for s in self.slabs if s.head_m <= cast < s.tail_m), None)
        if slab is None:
            return None
        on_slab = cast - slab.head_m
        coil = next((c for c in self.coils if c.slab.name == slab.name), None)
        if coil is None or on_slab < coil.crop_m:
            return Place(slab.name, on_slab)
        return Place(slab.name, on_slab, coil.name, coil.metre(on_slab, stand))

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        way = {"time": self.strand.time.tolist(), "metres": np.round(self.strand.metres, 6).tolist()}
        return {"strand": way, "slabs": [asdict(s) for s in self.slabs], "coils": [asdict(c) for c in self.coils]}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Lineage:
        """From JSON values."""
        way = Way(np.array(plain["strand"]["time"], np.int64), np.array(plain["strand"]["metres"], float))
        coils = tuple(
            Coil(**{**c, "slab": Slab(**c["slab"]), "thickness": tuple(c["thickness"])}) for c in plain["coils"]
        )
        return cls(way, tuple(Slab(**s) for s in plain["slabs"]), coils)

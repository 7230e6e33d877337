"""Cooler places on the mould that are no crack: a patch of thick slag film, and a gap that comes and goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster.crack import EDGE_M
from testbed.caster.operators import Begun
from testbed.caster.passing import Passing
from testbed.caster.place import place
from testbed.caster.tags import COLUMNS, FACES, UNIT
from testbed.drawn import number

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant


@dataclass(slots=True, kw_only=True)
class SlagPatch(Passing):
    """A thick piece of slag film is carried down with the strand: a dip as of a crack, over a sound shell."""

    face: int
    x0: float
    dip: float
    length: float
    half_width: float
    head: float = 0.0

    def during(self, plant: CasterPlant, dt: float) -> None:
        self.head += plant.speed.value / 60.0 * dt

    def heating(self, face: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray | None:
        inside = np.clip((self.head - z) / EDGE_M, 0.0, 1.0) * np.clip((z - self.head + self.length) / EDGE_M, 0.0, 1.0)
        return np.where(face == self.face, -self.dip * inside * np.exp(-(((x - self.x0) / self.half_width) ** 2)), 0.0)

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        face, _, column = place(where, rng)
        thing = cls(
            duration=number(left, "duration", 60.0, 90.0, rng), face=face, x0=_middle(column),
            dip=number(left, "dip", 8.0, 15.0, rng), length=number(left, "length", 0.25, 0.4, rng),
            half_width=number(left, "half_width", 0.12, 0.25, rng),
        )  # fmt: skip
        return thing, UNIT, (), {"face": FACES[face], "column": float(column), "dip_K": round(thing.dip, 1)}


@dataclass(slots=True, kw_only=True)
class AirGap(SlagPatch):
    """The strand stands off the copper at one place for a while: a column cools and warms again, nothing moves down."""

    def during(self, plant: CasterPlant, dt: float) -> None:
        pass

    def heating(self, face: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray | None:
        shape = self.phase * np.exp(-(((x - self.x0) / self.half_width) ** 2))
        return np.where(face == self.face, -self.dip * shape, 0.0)

    @classmethod
    def drawn(cls, plant: CasterPlant, where: str, left: dict, rng: np.random.Generator) -> Begun:
        face, _, column = place(where, rng)
        thing = cls(
            duration=number(left, "duration", 60.0, 120.0, rng), face=face, x0=_middle(column),
            dip=number(left, "dip", 8.0, 15.0, rng), length=1.0, half_width=number(left, "half_width", 0.06, 0.12, rng),
        )  # fmt: skip
        return thing, UNIT, (), {"face": FACES[face], "column": float(column), "dip_K": round(thing.dip, 1)}


def _middle(column: int) -> float:
    return (column - (COLUMNS + 1) / 2) * 0.125

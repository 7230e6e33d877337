"""A longitudinal crack: a groove in the shell that moves down with the strand, cooler at the copper, thin inside.

Where the shell shrinks away from the copper a gap opens: less heat passes, the thermocouples of one column dip one
row after the other at casting speed (a sticker's rise, and its tear is slower than the strand), and the shell there
stays thin. When the groove's head leaves the mould, the thin shell bursts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster.heat import EXIT_M, SAFE_SHELL, shell
from testbed.caster.place import place
from testbed.caster.tags import COLUMNS, FACES, UNIT
from testbed.caster.tear import FADING_S, HEALING_SPEED
from testbed.caster.trouble import Trouble
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

REACTION_S = 15.0  # domain: 4, F02
EDGE_M = 0.04  # m over which a groove begins and ends
HALF_WIDTH_M = 0.07  # m across at which its depth has fallen to 1/e: little more than one column
FORGOTTEN = 1e-4  # of its strength, when a healed groove has left the copper
FACE_SHARE = 0.04  # of a face's heat, missing under a groove of 15 K over the whole mould; judgement


@dataclass(slots=True, kw_only=True)
class Crack(Trouble):
    """State of one crack: head and tail in m below the meniscus, dip in K at 0.11 m depth."""

    face: int
    x0: float
    dip: float
    length: float
    head: float = 0.0
    strength: float = 1.0
    healed_for: float = 0.0

    def step(self, plant: CasterPlant, dt: float) -> None:
        speed = plant.speed.value / 60.0
        self.head += speed * dt
        if self.is_cleared:
            self.strength *= 1.0 - dt / FADING_S
            self.is_gone = self.has_struck or self.strength < FORGOTTEN
            return
        self.healed_for = self.healed_for + dt if speed <= HEALING_SPEED else 0.0
        self.is_cleared = shell(self.healed_for) >= SAFE_SHELL
        if self.head >= EXIT_M:
            self.has_struck = self.is_cleared = True
            plant.break_out()

    def heating(self, face: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray | None:
        inside = np.clip((self.head - z) / EDGE_M, 0.0, 1.0) * np.clip(
            (z - self.head + self.length) / EDGE_M + 1.0, 0.0, 1.0
        )
        dip = -self.dip * self.strength * inside * np.exp(-(((x - self.x0) / HALF_WIDTH_M) ** 2))
        return np.where(face == self.face, dip, 0.0)

    def of_face(self, face: int) -> float:
        covered = min(self.head, self.length) / EXIT_M * self.strength
        return 1.0 - FACE_SHARE * self.dip / 15.0 * covered if face == self.face else 1.0


def longitudinal_crack(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Crack, Injection]:
    """A crack that begins at the meniscus, at the column named in `where`.

    Parameters: `dip` 5 … 15 K, `length` 0.4 … 0.9 m of the groove.
    """
    face, _, column = place(where, rng)
    left = dict(params)
    offset = float(rng.uniform(-0.25, 0.25))
    x0 = (column - (COLUMNS + 1) / 2 + offset) * 0.125
    crack = Crack(
        face=face, x0=x0, dip=number(left, "dip", 7.0, 15.0, rng), length=number(left, "length", 0.4, 0.9, rng)
    )
    nothing_left(left, name, ("dip", "length"))
    details = {"face": FACES[face], "column": float(column), "dip_K": round(crack.dip, 1), "m": round(crack.length, 2)}
    return crack, Injection(
        key, name, UNIT, "fault", expects=("breakout", "process"), reaction_s=REACTION_S, details=details
    )

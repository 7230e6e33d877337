"""Begins a sticker on the mould, with everything the script leaves open drawn from published ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster.heat import EXIT_M
from testbed.caster.place import place
from testbed.caster.tags import COLUMNS, FACES, UNIT
from testbed.caster.tear import Tear
from testbed.caster.trouble import Trouble
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

REACTION_S = 20.0  # slowing down takes 5 … 10 s, healing a torn shell 12 … 15 s
ONE_COLUMN = 0.25  # share of stickers that touch one column only (14 of 61 in Liu et al. 2022)
FORGOTTEN = 1e-4  # of its strength, when a healed tear has faded from the copper
PARAMETERS = ("ratio", "sideways", "rise", "fall", "one_column", "rise_s", "fall_s")


@dataclass(slots=True, kw_only=True)
class Sticking(Trouble):
    """A sticker in the mould; the strand breaks out when its tear reaches the mould exit."""

    tear: Tear

    def step(self, plant: CasterPlant, dt: float) -> None:
        self.tear.step(plant.speed.value / 60.0, dt)
        self.is_cleared = self.tear.is_healed or self.tear.has_broken_out
        if self.tear.has_broken_out and not self.has_struck:
            self.has_struck = True
            plant.break_out()
        self.is_gone = self.has_struck or self.tear.strength < FORGOTTEN

    def heating(self, face: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray | None:
        return None if self.tear.has_broken_out else self.tear.heating(face, x, z)

    def drag(self) -> float:
        return self.tear.drag()


def sticker(
    plant: CasterPlant,
    name: str,
    where: str,
    params: Mapping[str, float | str],
    key: int,
    rng: np.random.Generator,
) -> tuple[Sticking, Injection]:
    """A tear just below the meniscus at the column named in `where`.

    Parameters: `ratio` of tear to casting speed (0.5 … 0.9), `sideways` tear speed (1 … 9 m/min), `rise` (10 … 30 K)
    and `fall` (10 … 20 K), `one_column` (1 or 0), `rise_s` (5 … 10 s), `fall_s` (3 … 6 s).
    """
    face, _, column = place(where, rng)
    left = dict(params)
    alone = number(left, "one_column", 0.0, 1.0 / ONE_COLUMN, rng)
    is_alone = alone == 1.0 if "one_column" in params else alone < 1.0
    offset = float(rng.uniform(-0.15, 0.15)) if is_alone else float(rng.uniform(-0.5, 0.5))
    ratio = number(left, "ratio", 0.5, 0.9, rng)
    wide = float(rng.uniform(0.25, 0.8))
    tear = Tear(
        face=face,
        x0=(column - (COLUMNS + 1) / 2 + offset) * 0.125,
        ratio=ratio,
        sideways=number(left, "sideways", 1.0, 9.0, rng) / 60.0,
        half_width=0.045 if is_alone else wide,
        rise=number(left, "rise", 10.0, 30.0, rng),
        fall=number(left, "fall", 10.0, 20.0, rng),
        rise_s=number(left, "rise_s", 5.0, 10.0, rng),
        fall_s=number(left, "fall_s", 3.0, 6.0, rng),
        speed0=max(ratio * plant.speed.value / 60.0, 1e-4),
        front=float(rng.uniform(0.01, 0.05)),
    )
    nothing_left(left, name, PARAMETERS)
    details = {
        "face": FACES[face], "column": float(column), "one_column": float(is_alone), "ratio": round(ratio, 3),
        "tear_m_min": round(tear.speed0 * 60, 3), "sideways_m_min": round(tear.sideways * 60, 2),
        "rise_K": round(tear.rise, 1), "fall_K": round(tear.fall, 1), "exit_m": EXIT_M,
    }  # fmt: skip
    injection = Injection(key, name, UNIT, "fault", expects=("breakout",), reaction_s=REACTION_S, details=details)
    return Sticking(tear=tear), injection

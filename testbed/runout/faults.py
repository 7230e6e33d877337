"""Blocked descaling nozzles: less flow through one header, and scale at one place of the width on every coil."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from testbed.drawn import nothing_left, number
from testbed.plant import Injection
from testbed.runout.cooling import DT
from testbed.runout.descaler import HEADERS, NOZZLES
from testbed.runout.tags import DESCALER

if TYPE_CHECKING:
    from testbed.runout.unit import RunOutPlant

SPOILT = 0.1  # of a coil's length under scale, from which on it is downgraded; judgement
COILS = 2  # so many downgraded coils are the consequence (domain: F12)
REACTION_S = 30.0  # until the headers are flushed in the next gap; judgement
BETWEEN = (7, 32)  # nozzles whose jets hit the strip, first and last
PARAMETERS = ("header", "nozzle", "blocked", "fill")


@dataclass(slots=True)
class Blocked:
    """Nozzles of one header that fill up within `fill` s, and what has been rolled under them."""

    header: int
    nozzles: tuple[int, ...]
    fill: float
    age: float = 0.0
    scaled: float = 0.0  # m of the present coil that bear scale
    rolled: float = 0.0  # m of it
    spoilt: int = 0  # coils downgraded
    is_over: bool = False

    def step(self, plant: RunOutPlant, metres: float) -> bool:
        """DT and `metres` of strip later; True when the consequence has come about."""
        if self.is_over:
            return False
        self.age += DT
        plant.descaler.open[self.header, list(self.nozzles)] = max(1.0 - self.age / self.fill, 0.0)
        if metres > 0.0:
            self.rolled += metres
            self.scaled += metres if self.age > 0.5 * self.fill else 0.0
            return False
        spoilt = self.rolled > 0.0 and self.scaled > SPOILT * self.rolled
        self.spoilt += spoilt
        self.scaled = self.rolled = 0.0
        return spoilt and self.spoilt == COILS

    def clean(self, plant: RunOutPlant) -> None:
        """The header is flushed."""
        plant.descaler.open[self.header, list(self.nozzles)] = 1.0
        self.is_over = True


def blocked_descaler(
    plant: RunOutPlant, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Blocked, Injection]:
    """Neighbouring nozzles fill up.

    Parameters: `header` 1 … 4, `nozzle` 7 … 28 the first of them, `blocked` 3 … 5 how many, `fill` 10 … 30 s.
    """
    nowhere_else(where)
    left = dict(params)
    header = whole(left, "header", 1, HEADERS, rng)
    blocked = whole(left, "blocked", 3, 5, rng)
    first = whole(left, "nozzle", BETWEEN[0], BETWEEN[1] - 4, rng)
    fill = number(left, "fill", 10.0, 30.0, rng)
    nothing_left(left, "blocked_descaler", PARAMETERS)
    nozzles = tuple(range(first, min(first + blocked, NOZZLES)))
    details: dict[str, float | str] = {"header": header, "nozzle": first, "blocked": blocked, "fill": round(fill, 1)}
    place = f"{DESCALER}/DESC_HDR_{header}"
    injection = Injection(
        key, "blocked_descaler", place, "fault", ("process", "surface"), (), REACTION_S, None, details
    )
    return Blocked(header - 1, nozzles, fill), injection


def whole(left: dict[str, float | str], name: str, low: int, high: int, rng: np.random.Generator) -> int:
    """A whole number between two, drawn where the script leaves it open. Raises InputError."""
    value = number(left, name, low, high + 1 - 1e-9, rng)
    if not low <= int(value) <= high:
        raise InputError(say("{name} takes {low} … {high}, but got {value}.", name=name, low=low, high=high,
                             value=value))  # fmt: skip
    return int(value)


def nowhere_else(where: str) -> None:
    """Raises InputError if a script names a place: parameters say which header."""
    if where not in ("", DESCALER):
        raise InputError(say("'{where}' is no place at the run-out table. Leave the place out.", where=where))

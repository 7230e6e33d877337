"""Where marks lie on a coil: drawn by class, seed and step of the script, never closer than a match could confuse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from testbed.strip.marks import Stamp, faded_by, stamp
from testbed.strip.render import Placed, apart
from testbed.strip.texture import COLUMNS

CLEAR = 320  # pixels between two marks: more than what an inspection takes for one, and than a match reaches
SIDE = 70  # columns at either side of the view that stay free of marks
TRIES = 400


def scattered(
    label: str, n: int, lines: tuple[int, int], there: Sequence[Placed], rng: np.random.Generator
) -> list[Placed]:
    """`n` marks of a class between two lines of the coil, clear of those `there`. Raises InputError if none fits."""
    placed: list[Placed] = []
    for _ in range(n):
        look = stamp(label, rng)
        place = _room(look, lines, [*there, *placed], rng)
        if place is None:
            raise InputError(say("The strip has no room left for {n} marks of '{label}'.", n=n, label=label))
        placed.append(Placed(label, *place, look))
    return placed


def rolled(
    pitch: int, series: int, lines: tuple[int, int], there: Sequence[Placed], rng: np.random.Generator
) -> list[Placed]:
    """The prints of one roll, `pitch` lines apart, each a little stronger or weaker. Raises InputError if none fits."""
    look = stamp("roll_mark", rng)
    first, last = lines
    n = max(1, min(3, (last - first - look.box[3]) // pitch + 1))  # so many must find room
    for _ in range(TRIES):
        spare = last - first - look.box[3] - (n - 1) * pitch
        start = first - look.box[1] + int(rng.integers(max(1, min(pitch, spare))))
        column = _column(look, rng)
        prints = [
            Placed("roll_mark", line, column, faded_by(look, rng.uniform(0.85, 1.1)), series)
            for line in range(start, last - look.box[3], pitch)
        ]
        if prints and all(apart(p.box, other.box, CLEAR) for p in prints for other in there):
            return prints
    raise InputError(say("The strip has no room left for {n} marks of '{label}'.", n=n, label="roll_mark"))


def _room(
    look: Stamp, lines: tuple[int, int], there: Sequence[Placed], rng: np.random.Generator
) -> tuple[int, int] | None:
    low, high = lines[0] - look.box[1], lines[1] - look.box[3]
    for _ in range(TRIES if high > low else 0):
        line, column = int(rng.integers(low, high)), _column(look, rng)
        box = Placed("", line, column, look).box
        if all(apart(box, other.box, CLEAR) for other in there):
            return line, column
    return None


def _column(look: Stamp, rng: np.random.Generator) -> int:
    return int(rng.integers(SIDE - look.box[0], COLUMNS - SIDE - look.box[2]))

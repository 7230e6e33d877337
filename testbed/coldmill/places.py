"""Which stand a script means."""

from __future__ import annotations

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from testbed.coldmill.rolling import STANDS
from testbed.coldmill.tags import UNITS


def stand_of(where: str, rng: np.random.Generator, first: int = 0) -> int:
    """Index of the stand called `where` ('S4' or its path), drawn from `first` on where left open.

    Always takes one draw. Raises InputError for a place that is no stand.
    """
    drawn = first + int(rng.integers(STANDS - first))
    if not where:
        return drawn
    for i, unit in enumerate(UNITS):
        if where in (unit, unit.rsplit("/", 1)[-1]):
            return i
    raise InputError(
        say("'{where}' is no place at the cold mill. Its stands are S1 … S{n}.", where=where, n=STANDS)
    )  # fmt: skip


def whole_line(where: str) -> None:
    """Raises InputError if a script names a stand for what takes the whole line."""
    if where not in ("", UNITS[0].rsplit("/", 1)[0]):
        raise InputError(say("'{where}' is no place for this: it takes the whole line. Leave the place out.",
                             where=where))  # fmt: skip

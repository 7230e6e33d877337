"""From scores of normal pictures to the level that one in so many of them reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anomaly.calibrate import Budget, Tail, threshold
from connectors.errors import InputError
from connectors.texts import say

LEAST = 4  # pictures


@dataclass(frozen=True, slots=True)
class Level:
    """The alarm level of a picture model, and how it came about.

    Attributes:
        value: scores at or above it are alarms.
        pictures: normal pictures it rests on.
        method: 'gumbel' (block maxima) or 'maximum' (too few pictures for a tail).
        seen: the highest score of them.
        tail: what the level was drawn from, a picture standing for a second.
    """

    value: float
    pictures: int
    method: str
    seen: float
    tail: Tail

    def told(self, pictures_per_alarm: float) -> dict[str, Any]:
        """For the card."""
        return {
            "normal_pictures": self.pictures,
            "budget": f"1/{pictures_per_alarm:g} pictures",
            "method": self.method,
            "highest_seen": float(f"{self.seen:.6g}"),
            "tail": self.tail.told(),
        }


def level(scores: Sequence[float], pictures_per_alarm: float) -> Level:
    """The score that one normal picture in `pictures_per_alarm` reaches: a picture is a second of a series.

    Raises InputError for fewer than LEAST pictures.
    """
    if len(scores) < LEAST:
        raise InputError(
            say("{n} normal pictures are too few to calibrate on. Give at least {least} more than are fitted on.",
                n=len(scores), least=LEAST)
        )  # fmt: skip
    found = threshold([np.asarray(scores, np.float64)], 1.0, Budget(1.0, pictures_per_alarm))
    return Level(found.value, len(scores), found.method, found.seen, found.tail)

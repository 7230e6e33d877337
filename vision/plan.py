"""How a training goes: how long, with which seed, and how the rate falls. The same for every net that is learned."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

STEADY = 0.65  # share of the epochs before the rate falls; until then it does not matter how many there will be
LAST_RATE = 0.01  # share of the learning rate at the end
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a training goes.

    Attributes:
        side: px of the square picture in the graph, a multiple of MULTIPLE.
        epochs: times every picture is seen; the rate falls after STEADY of them.
        seed: of the weights that are new, of order and variation.
    """

    side: int
    epochs: int
    seed: int = 1


def pace(plan: Plan, epochs: float) -> float:
    """Share of the learning rate after so many epochs: steady, then half a cosine down to LAST_RATE."""
    share = max(0.0, epochs / plan.epochs - STEADY) / (1 - STEADY)
    return LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * share)) / 2

"""What acts on the stands over the next 20 ms: faults and look-alikes add to it, the physics takes it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from testbed.coldmill.rolling import STANDS
from testbed.coldmill.structure import RATE, N

KNOT_S = N / RATE  # s
DRY, WEAK, OFF_HEAT = 0.5, 0.6, 0.004  # shares of friction: a share of flow, of concentration, a K; judgement
FAST = 5  # samples of vibration for one of force, tension and thickness
MS = N // FAST  # samples of 1 ms in a block


def _stands(n: int) -> np.ndarray:
    return np.zeros((STANDS, n))


@dataclass(slots=True)
class Inputs:
    """Additions to the usual, float64.

    Attributes:
        push: (5, N) N on the work rolls. shake: (5, N) m/s2 that the chock feels beside its modes.
        force: (5, MS) MN. tension: (5, MS), share of the mean behind each stand.
        lubricant: (5,) share of the emulsion that arrives at each stand.
        concentration, heat: of the emulsion, share of the usual and K above it.
    """

    push: np.ndarray = field(default_factory=lambda: _stands(N))
    shake: np.ndarray = field(default_factory=lambda: _stands(N))
    force: np.ndarray = field(default_factory=lambda: _stands(MS))
    tension: np.ndarray = field(default_factory=lambda: _stands(MS))
    lubricant: np.ndarray = field(default_factory=lambda: np.ones(STANDS))
    concentration: float = 1.0
    heat: float = 0.0

    def friction(self) -> np.ndarray:
        """Friction as a multiple of that with the usual emulsion, (5,): less oil, or oil off its heat, rubs more.

        In proportion to what is missing.
        """
        return 1.0 + DRY * (1.0 - self.lubricant) + WEAK * (1.0 - self.concentration) + OFF_HEAT * abs(self.heat)

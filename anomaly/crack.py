"""Longitudinal cracks in a mould: a narrow dip that runs down one column with the strand, and stays.

The shell shrinks away from the copper, so one thermocouple of a column after the other falls within seconds, at casting
speed: 5 … 10 s from row to row at 0.9 … 1.8 m/min and rows 0.15 m apart. Unlike a sticker the upper one stays cold, and
both fall by about as much; a failing thermocouple falls alone, or much further than the one below. A patch of thick
slag runs down too, but the columns beside it cool with it.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from anomaly.graph import Graph
from anomaly.sticker import LENGTH, SMOOTH, Sticker

FALL = 5  # samples a fall is measured over, 2.5 s: longer ones gather more of the film's own unrest
LAGS = tuple(range(9, 21))  # samples from row to row: 4.5 … 10 s
BESIDE = 3.0  # weight of what the columns beside a dip fall by
FREE = 0.5  # of their noise that they may fall by without counting


class Crack(Sticker):
    """The model under construction; as Sticker, with falls in place of rises.

    FALL, BESIDE and FREE were chosen on simulated cracks and slag patches of seeds from 10,800 up.
    """

    __slots__ = ()
    kind: ClassVar[str] = "crack"
    sign: ClassVar[float] = -1.0
    rise: ClassVar[int] = FALL

    def _pair(self, g: Graph, rises: str, upper: int) -> str:
        """Evidence that a dip ran from row `upper` to the next: (faces, 1, columns)."""
        n = LENGTH - self.rise - SMOOTH + 1
        above = g.slice(rises, upper, upper + 1, 2)
        below = g.slice(g.slice(rises, upper + 1, upper + 2, 2), n - 1, n, 0)
        lagged = g.add("Gather", above, g.integers([n - 1 - lag for lag in LAGS]), axis=0)
        own_below = g.add("Sub", below, g.add("Relu", g.slice(above, n - 1, n, 0)))  # falling together is no wave
        own = g.mul(g.add("Min", lagged, own_below), g.constant(np.sqrt(2.0)))
        beside = g.add("Add", self._beside(g, lagged), self._beside(g, below))
        beside = g.add("Relu", g.add("Sub", beside, g.constant(2.0 * FREE)))
        evidence = g.add("Sub", own, g.mul(beside, g.constant(BESIDE / np.sqrt(2.0))))
        best = g.add("ReduceMax", evidence, axes=[0], keepdims=1)
        return g.reshape(best, [self.wall.faces, 1, self.wall.columns])

    def _beside(self, g: Graph, falls: str) -> str:
        """Mean fall of the columns beside each, of the one beside an outer one; of the shape of `falls`."""
        n = self.wall.columns
        mean = np.zeros((n, n))
        for column in range(n):
            others = [c for c in (column - 1, column + 1) if 0 <= c < n]
            mean[others, column] = 1.0 / len(others)
        return g.add("MatMul", falls, g.constant(mean))

    def choices(self) -> dict[str, Any]:
        return {"rise": FALL, "smooth": SMOOTH, "lags": list(LAGS), "beside": BESIDE, "free": FREE}

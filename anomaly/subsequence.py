"""Shapes that were never seen: the distance of the last samples to the nearest of the shapes that normal data have.

Windowed k-means (KMeansAD; Schmidl, Wenig and Papenbrock, VLDB 2022): it sees oscillation and changed patterns that
leave every mean and variance where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.graph import Graph
from anomaly.scaled import Scaled, general_card, long_enough, scale_of, scaled

LENGTH = 16  # samples of a shape
SHAPES = 12
ROUNDS = 30  # of Lloyd's algorithm, at most
MOST = 20_000  # windows that are fitted on; of more, every so manieth


@dataclass(slots=True)
class Subsequence(Scaled):
    """The usual shapes of stretches."""

    shapes: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (SHAPES, LENGTH k)

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn the shapes of runs (n_i, k) at `rate_hz`. Raises InputError on too little data."""
        long = long_enough("subsequence", runs, LENGTH, 2 * SHAPES + LENGTH)
        self.mean, self.spread = scale_of(long)
        windows = np.concatenate([self._windows(run) for run in long])
        windows = windows[:: -(-len(windows) // MOST)]
        self.shapes = _k_means(windows, np.random.default_rng(0))

    def _windows(self, run: np.ndarray) -> np.ndarray:
        """Every window of a run on one scale, (n - LENGTH + 1, LENGTH k)."""
        z = (run - self.mean) / self.spread
        windows = np.lib.stride_tricks.sliding_window_view(z, LENGTH, axis=0)  # (m, k, LENGTH)
        return windows.transpose(0, 2, 1).reshape(len(windows), -1)

    def scores(self, run: np.ndarray) -> np.ndarray:
        """Score of each window of a run (n, k), (n - LENGTH + 1,): what the graph computes."""
        windows = self._windows(run)
        nearest = self.shapes[_distances(windows, self.shapes).argmin(axis=1)]
        return ((windows - nearest) ** 2).mean(axis=1) / self.level

    def graph(self) -> Graph:
        """Window (1, LENGTH, k) in the tags' units to score (1, 1) and contribution (1, k)."""
        k = len(self.channels)
        g = Graph("subsequence")
        z = scaled(g, g.input("window", [1, LENGTH, k]), (LENGTH, k), self.mean, self.spread)
        flat = g.reshape(z, [1, LENGTH * k])
        cross = g.add("MatMul", flat, g.constant(-2.0 * self.shapes.T))
        squares = g.add("Add", cross, g.constant((self.shapes**2).sum(axis=1)[None]))  # short of |flat|², alike for all
        which = g.reshape(g.add("ArgMin", squares, axis=1, keepdims=0), [1])
        nearest = g.add("Gather", g.constant(self.shapes), which, axis=0)
        rest = g.reshape(g.add("Sub", flat, nearest), [LENGTH, k])
        share = g.mul(g.mul(rest, rest), g.constant(1.0 / (LENGTH * k * self.level)))
        by_channel = g.add("ReduceSum", share, g.integers([0]), keepdims=1)
        g.output(g.add("ReduceSum", by_channel, g.integers([1]), keepdims=1), "score", [1, 1])
        g.output(by_channel, "contribution", [1, k])
        return g

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        choices = {"length": LENGTH, "shapes": SHAPES}
        card = general_card("subsequence", self.channels, self.rate_hz, LENGTH, self.level, choices)
        return {**card, **self.notes}


def _distances(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances short of what is alike for all centres, (n, c)."""
    return (centres**2).sum(axis=1) - 2.0 * rows @ centres.T


def _k_means(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Centres of SHAPES clusters, begun far from one another (k-means++; Arthur and Vassilvitskii 2007)."""
    centres = rows[[int(rng.integers(len(rows)))]]
    gap = ((rows - centres[0]) ** 2).sum(axis=1)
    while len(centres) < SHAPES:
        total = gap.sum()
        chosen = int(rng.choice(len(rows), p=gap / total)) if total > 0 else int(rng.integers(len(rows)))
        centres = np.concatenate([centres, rows[[chosen]]])
        gap = np.minimum(gap, ((rows - rows[chosen]) ** 2).sum(axis=1))
    for _ in range(ROUNDS):
        nearest = _distances(rows, centres).argmin(axis=1)
        moved = np.array(
            [rows[nearest == i].mean(axis=0) if (nearest == i).any() else centres[i] for i in range(SHAPES)]
        )
        if np.allclose(moved, centres, rtol=0.0, atol=1e-9):
            break
        centres = moved
    return centres

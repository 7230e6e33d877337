"""Changes in a plant whose normal state drifts: the last samples beside those just before them, on their own scale.

What the last rows do not foretell is averaged over RECENT rows and held against the REFERENCE rows before: their mean
and their scatter follow the plant by themselves, through the window alone. Between both lies a gap, so that what has
just begun is not taken for normal at once, and the scatter never counts for less than in the data that were learned: a
quiet hour makes the model no keener. What has stayed REFERENCE rows is normal to it, and what creeps in more slowly is
never seen: it finds changes, and stands beside models that know where the plant belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.graph import Graph
from anomaly.scaled import Scaled, general_card, long_enough, scale_of, scaled
from anomaly.var_residual import foretelling, unforetold, unforetold_in

ORDER = 2  # samples that foretell the next one; this and the rest as docs/researcher.md says, from lists
REFERENCE = 160  # samples that say what is normal now
GAP = 4  # samples that are neither
RECENT = 8  # samples whose mean is judged
RARE = 0.01  # share of samples in which a tag must move; judgement: once in a hundred


@dataclass(slots=True)
class DriftFollow(Scaled):
    """What foretells what, and how far the last samples are from those before."""

    weights: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (ORDER k + 1, k), the constant last
    scatter: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,), of what is not foretold; inf: left out

    @property
    def length(self) -> int:
        """Samples of a window."""
        return ORDER + REFERENCE + GAP + RECENT

    @property
    def lead(self) -> int:
        """First samples of a window that are only compared with."""
        return self.length - RECENT

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn what foretells what, and how well, from runs (n_i, k). Raises InputError on too little data."""
        k = len(self.channels)
        long = long_enough("drift-follow", runs, ORDER + RECENT, max(4 * k, self.length // 2))
        self.mean, spread = scale_of(long)
        moves = np.concatenate([run[1:] != run[:-1] for run in long]).mean(axis=0) >= RARE
        self.spread = np.where(moves, spread, np.inf)
        self.weights, rest = foretelling([(run - self.mean) / self.spread for run in long], ORDER)
        self.scatter = np.where(np.isfinite(self.spread), np.maximum(rest.std(axis=0), 1e-6), np.inf)

    def scores(self, run: np.ndarray) -> np.ndarray:
        """Score of each window of a run (n, k), (n - length + 1,): what the graph computes."""
        rest = unforetold((run - self.mean) / self.spread, self.weights, ORDER) / self.scatter
        n = len(run) - self.length + 1
        middle = _means(rest, REFERENCE)[:n]
        scatter = np.sqrt(np.maximum(_means(rest**2, REFERENCE)[:n] - middle**2, 0.0))
        off = np.abs(_means(rest, RECENT)[-n:] - middle)
        return (off / np.maximum(scatter, 1.0)).max(axis=1) / self.level

    def graph(self) -> Graph:
        """Window (1, length, k) in the tags' units to score (1, 1), the largest contribution, and those, (1, k)."""
        k, n = len(self.channels), self.length
        g = Graph("drift-follow")
        z = scaled(g, g.input("window", [1, n, k]), (n, k), self.mean, self.spread)
        rest = g.mul(unforetold_in(g, z, n, self.weights, ORDER), g.constant(1.0 / self.scatter[None]))
        before = g.slice(rest, 0, REFERENCE, 0)
        recent = g.slice(rest, REFERENCE + GAP, n - ORDER, 0)
        middle = g.add("ReduceMean", before, axes=[0], keepdims=1)
        apart = g.add("Sub", before, middle)
        scatter = g.add("Sqrt", g.add("ReduceMean", g.mul(apart, apart), axes=[0], keepdims=1))
        off = g.add("Abs", g.add("Sub", g.add("ReduceMean", recent, axes=[0], keepdims=1), middle))
        share = g.add("Div", off, g.add("Max", scatter, g.constant(np.ones((1, k)))))
        share = g.mul(share, g.constant(1.0 / self.level))
        g.output(g.add("ReduceMax", share, axes=[1], keepdims=1), "score", [1, 1])
        g.output(share, "contribution", [1, k])
        return g

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        choices = {"order": ORDER, "reference": REFERENCE, "gap": GAP, "recent": RECENT}
        card = general_card("drift-follow", self.channels, self.rate_hz, self.length, self.level, choices)
        return {**card, **self.notes}


def _means(rows: np.ndarray, n: int) -> np.ndarray:
    """Mean of each `n` rows on end, (m - n + 1, k)."""
    sums = np.cumsum(np.concatenate([np.zeros((1, rows.shape[1])), rows]), axis=0)
    return (sums[n:] - sums[:-n]) / n

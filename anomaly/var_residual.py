"""What the last samples do not foretell: the residual of a vector autoregression, and how large it is (T²).

It sees a change of dynamics before any level has moved. A linear one-step prediction is as good as deep ones on
public benchmarks (Sarfraz et al., ICML 2024); ridge regression keeps it sound on a few hundred rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.graph import Graph
from anomaly.scaled import Scaled, general_card, long_enough, scale_of, scaled

ORDER = 5  # samples that foretell the next one
RIDGE = 1.0  # penalty on the weights of scaled channels
SHRINK = 0.8  # of the residuals' covariance towards one variance for all channels, or the best foretold would rule
AVERAGE = 30  # samples whose mean T² is the score: one outlier is no change


@dataclass(slots=True)
class VarResidual(Scaled):
    """What foretells what, and how what is not foretold scatters."""

    weights: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (ORDER k + 1, k), the constant last
    precision: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (k, k), of the residuals

    @property
    def length(self) -> int:
        """Samples of a window."""
        return ORDER + AVERAGE

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn what foretells what from runs (n_i, k) at `rate_hz`. Raises InputError on too little data."""
        k = len(self.channels)
        long = long_enough("var-residual", runs, self.length, 4 * k)
        self.mean, self.spread = scale_of(long)
        self.weights, rest = foretelling([(run - self.mean) / self.spread for run in long], ORDER)
        covariance = rest.T @ rest / len(rest)
        even = np.eye(k) * max(float(np.trace(covariance)) / k, 1e-12)
        self.precision = np.linalg.inv((1.0 - SHRINK) * covariance + SHRINK * even) / k

    def scores(self, run: np.ndarray) -> np.ndarray:
        """Score of each window of a run (n, k), (n - length + 1,): what the graph computes."""
        rest = unforetold((run - self.mean) / self.spread, self.weights, ORDER)
        t2 = np.einsum("ij,jk,ik->i", rest, self.precision, rest)
        return np.convolve(t2, np.ones(AVERAGE) / AVERAGE, "valid") / self.level

    def graph(self) -> Graph:
        """Window (1, length, k) in the tags' units to score (1, 1) and contribution (1, k)."""
        k, n = len(self.channels), self.length
        g = Graph("var-residual")
        z = scaled(g, g.input("window", [1, n, k]), (n, k), self.mean, self.spread)
        rest = unforetold_in(g, z, n, self.weights, ORDER)
        share = g.mul(rest, g.add("MatMul", rest, g.constant(self.precision / self.level)))  # sums to T²
        by_channel = g.add("ReduceMean", share, axes=[0], keepdims=1)
        g.output(g.add("ReduceSum", by_channel, g.integers([1]), keepdims=1), "score", [1, 1])
        g.output(g.add("Relu", by_channel), "contribution", [1, k])
        return g

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        choices = {"order": ORDER, "ridge": RIDGE, "shrink": SHRINK, "average": AVERAGE}
        card = general_card("var-residual", self.channels, self.rate_hz, self.length, self.level, choices)
        return {**card, **self.notes}


def foretelling(runs: Sequence[np.ndarray], order: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (order k + 1, k) that foretell each row of runs (n_i, k) on one scale by `order` rows before it, ridged.

    With them all that they do not foretell, (m, k).
    """
    before, now = (np.concatenate(part) for part in zip(*(_pairs(run, order) for run in runs), strict=True))
    penalty = RIDGE * np.eye(before.shape[1])
    weights = np.linalg.solve(before.T @ before + penalty, before.T @ now)
    return weights, now - before @ weights


def unforetold(z: np.ndarray, weights: np.ndarray, order: int) -> np.ndarray:
    """What the weights do not foretell of a run (n, k) on one scale, (n - order, k)."""
    before, now = _pairs(z, order)
    return now - before @ weights


def unforetold_in(g: Graph, z: str, n: int, weights: np.ndarray, order: int) -> str:
    """The same in a graph, of its value `z` with n rows."""
    lags = [g.slice(z, order - 1 - lag, n - 1 - lag, 0) for lag in range(order)]
    foretold = g.add("MatMul", g.add("Concat", *lags, axis=1), g.constant(weights[:-1]))
    foretold = g.add("Add", foretold, g.constant(weights[-1:]))
    return g.add("Sub", g.slice(z, order, n, 0), foretold)


def _pairs(z: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """The last `order` rows before each row, newest first, and a one; and the row: (m, order k + 1) and (m, k)."""
    m = len(z) - order
    lags = [z[order - 1 - lag : len(z) - 1 - lag] for lag in range(order)]
    return np.concatenate([*lags, np.ones((m, 1))], axis=1), z[order:]

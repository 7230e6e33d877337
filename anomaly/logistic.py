"""Multinomial logistic regression with a quadratic penalty, fitted by L-BFGS in numpy.

Source: Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 7.5; Bishop 2006, section 4.3.4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

MEMORY = 10  # pairs L-BFGS remembers
STEPS = 300
TOLERANCE = 1e-4  # of the largest entry of the gradient
ARMIJO = 1e-4  # share of the promised fall that a step must keep

Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]


def fit(x: np.ndarray, labels: np.ndarray, classes: int, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights (features, classes) and bias (classes,) that minimise the mean loss plus penalty / 2 · |weights|².

    Args:
        x: standardised features, float (n, features).
        labels: int (n,), 0 … classes - 1. Every class counts the same, however many it has.
        classes: how many there are.
        penalty: of the weights; the bias goes free.
    """
    n, k = x.shape
    x = np.asarray(x, np.float32)
    counts = np.bincount(labels, minlength=classes).clip(min=1)
    share = (1.0 / (classes * counts))[labels].astype(np.float32)
    wanted = np.zeros((n, classes), np.float32)
    wanted[np.arange(n), labels] = 1.0

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = flat[: k * classes].reshape(k, classes), flat[k * classes :]
        logits = x @ weights.astype(np.float32) + bias.astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        likely = np.exp(logits)
        total = likely.sum(axis=1, keepdims=True)
        away = (likely / total - wanted) * share[:, None]
        cost = float(share @ (np.log(total[:, 0]) - (logits * wanted).sum(axis=1)))
        slope = np.concatenate([(x.T @ away).astype(np.float64).ravel(), away.sum(axis=0, dtype=np.float64)])
        slope[: k * classes] += penalty * flat[: k * classes]
        return cost + penalty / 2 * float(flat[: k * classes] @ flat[: k * classes]), slope

    best = minimise(loss, np.zeros((k + 1) * classes))
    return best[: k * classes].reshape(k, classes), best[k * classes :]


def minimise(loss: Loss, start: np.ndarray) -> np.ndarray:
    """Where a smooth convex loss, given with its gradient, is least."""
    at = start
    cost, slope = loss(at)
    pairs: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=MEMORY)
    first = max(float(np.abs(slope).max()), 1e-30)
    for _ in range(STEPS):
        if np.abs(slope).max() <= TOLERANCE * first:
            break
        way = _way(slope, pairs)
        promised = float(slope @ way)
        length = 1.0 if pairs else 1.0 / max(float(np.linalg.norm(slope)), 1e-30)
        while True:
            there = at + length * way
            new_cost, new_slope = loss(there)
            if new_cost <= cost + ARMIJO * length * promised or length < 1e-10:
                break
            length /= 2.0
        moved, turned = there - at, new_slope - slope
        if float(moved @ turned) > 1e-12 * float(turned @ turned):
            pairs.append((moved, turned, 1.0 / float(moved @ turned)))
        if new_cost >= cost:  # float32 can tell no further
            break
        at, cost, slope = there, new_cost, new_slope
    return at


def _way(slope: np.ndarray, pairs: deque[tuple[np.ndarray, np.ndarray, float]]) -> np.ndarray:
    """Downhill: the two-loop recursion."""
    way = -slope
    shares: list[float] = []
    for moved, turned, inverse in reversed(pairs):
        shares.append(inverse * float(moved @ way))
        way = way - shares[-1] * turned
    if pairs:
        _, turned, inverse = pairs[-1]
        way = way / (inverse * float(turned @ turned))
    for (moved, turned, inverse), share in zip(pairs, reversed(shares), strict=True):
        way = way + (share - inverse * float(turned @ way)) * moved
    return way

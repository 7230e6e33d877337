"""How far a figure may be off by chance: it is computed again on groups drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

ROUNDS = 400
LEAST = 3  # groups; of fewer nothing can be said
COVERED = 0.95


def interval(
    groups: Sequence[str], figure: Callable[[np.ndarray], float | None], seed: int = 1, rounds: int = ROUNDS
) -> tuple[float, float] | None:
    """From where to where a figure lies in COVERED of all draws (percentile bootstrap: Efron and Tibshirani 1993, 13).

    Args:
        groups: the group of each item; items of one group are alike, and are drawn together.
        figure: of items, by their numbers; None where these have none.
        seed: the same draws each time.
        rounds: draws.

    None for fewer than LEAST groups, or where half of the draws have no figure.
    """
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    each = [np.array(items) for items in members.values()]
    if len(each) < LEAST:
        return None
    rng = np.random.default_rng(seed)
    found = [figure(np.concatenate([each[i] for i in rng.integers(0, len(each), len(each))])) for _ in range(rounds)]
    known = [value for value in found if value is not None and np.isfinite(value)]
    if len(known) < rounds / 2:
        return None
    low, high = np.quantile(known, [(1 - COVERED) / 2, (1 + COVERED) / 2])
    return float(low), float(high)

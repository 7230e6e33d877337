"""A wall of thermocouples of another mould than ours, at rest, and what a model makes of a run of it."""

from __future__ import annotations

import numpy as np

from anomaly.sticker import LENGTH, RATE_HZ
from connectors.tags import Group, Tag
from edge.session import Session

FACES, ROWS, COLUMNS = ("N", "S"), 4, 7


def group() -> Group:
    names = [f"WORKS/M1/T_{f}_{r}_{c}" for f in FACES for r in range(1, ROWS + 1) for c in range(1, COLUMNS + 1)]
    return Group("copper", tuple(Tag(name=name, unit="Cel", rate_hz=RATE_HZ, group="copper") for name in names))


def quiet(n: int, seed: int) -> np.ndarray:
    """A wall at rest with slow wandering and noise, K, (n, faces, rows, columns)."""
    rng = np.random.default_rng(seed)
    shape = (n, len(FACES), ROWS, COLUMNS)
    wander = np.cumsum(0.05 * rng.standard_normal(shape), axis=0)
    rows = np.array([190.0, 160.0, 130.0, 110.0])[:, None]
    return rows + wander + 0.4 * rng.standard_normal(shape)


def score(session: Session, values: np.ndarray) -> tuple[float, np.ndarray]:
    """Highest score over the run, and the contribution at that moment."""
    best, shares = -1.0, np.empty(0)
    for end in range(LENGTH, len(values) + 1):
        window = values[end - LENGTH : end].reshape(1, LENGTH, -1).astype(np.float32)
        result = session.run({"window": window})
        if result["score"][0, 0] > best:
            best, shares = float(result["score"][0, 0]), result["contribution"][0]
    return best, shares

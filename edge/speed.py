"""How fast a model is on this machine, at this moment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from connectors.clock import Stopwatch, wall_s
from edge.model import OnnxModel

WARM_UP = 3  # runs that are not counted
MOST_S, MOST_RUNS = 1.0, 400  # whichever comes first
_TYPES = {"tensor(uint8)": np.uint8, "tensor(double)": np.float64, "tensor(int64)": np.int64}
_ASSUMED = 224  # px, for a size that the graph leaves open


def speed(model: OnnxModel, feeds: Mapping[str, np.ndarray] | None = None) -> tuple[float, float]:
    """Milliseconds a run takes, (p50, p99), one input at a time on one thread: the first golden one, or zeros."""
    feeds = first_feeds(model) if feeds is None else feeds
    for _ in range(WARM_UP):
        model.session.run(feeds)
    spent: list[float] = []
    watch = Stopwatch()
    while len(spent) < MOST_RUNS and (watch.seconds() < MOST_S or len(spent) < 10):
        before = wall_s()
        model.session.run(feeds)
        spent.append(wall_s() - before)
    return percentiles(spent)


def first_feeds(model: OnnxModel) -> dict[str, np.ndarray]:
    """One input of a model: the first golden one, or zeros."""
    return _one(model, model.card.golden[0].inputs) if model.card.golden else _zeros(model)


def _one(model: OnnxModel, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The first of several inputs, where the graph leaves open how many."""
    return {name: x if isinstance(model.session.inputs[name][0], int) else x[:1] for name, x in inputs.items()}


def percentiles(spent: list[float]) -> tuple[float, float]:
    """The p50 and p99 of seconds, in ms."""
    p50, p99 = np.percentile(np.array(spent) * 1e3, [50, 99])
    return round(float(p50), 4), round(float(p99), 4)


def _zeros(model: OnnxModel) -> dict[str, np.ndarray]:
    session = model.session
    return {
        name: np.zeros([n if isinstance(n, int) else _open(i) for i, n in enumerate(shape)],
                       _TYPES.get(session.types[name], np.float32))
        for name, shape in session.inputs.items()
    }  # fmt: skip


def _open(axis: int) -> int:
    return 1 if axis == 0 else _ASSUMED

"""The truth of a fault, by twins: the same plant and the same noise, with the fault and without, and nobody acting."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from connectors.items import Batch
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.plant import Injection, Plant

STEP_NS = SECOND  # twins are compared second by second
SIGMAS = 3.0  # a difference that a careful eye sees
SAMPLES = 3  # in so many samples running


def fault_truth(
    healthy: Plant,
    faulty: Plant,
    injection: Injection,
    end: int,
    meanwhile: Callable[[Plant], None] = lambda plant: None,
    stops: Sequence[int] = (),
) -> Truth:
    """The frozen truth of a fault injected into `faulty` at its present time; both twins are used up.

    `stops` are the times at which the script goes on, and `meanwhile(plant)` does what it holds for the plant's
    present; `end` is the run's end, ns.
    """
    onset = faulty.present
    seen = _Difference(faulty)
    detectable: int | None = None
    while faulty.present < end and faulty.struck(injection.key) is None:
        after = faulty.present
        until = min([after + STEP_NS, end, *(stop for stop in stops if stop > after)])
        for plant in (healthy, faulty):
            meanwhile(plant)
        first = seen.update(healthy.advance(until), faulty.advance(until))
        detectable = detectable if detectable is not None else first
    consequence = faulty.struck(injection.key)
    deadline = end if consequence is None else consequence - round(injection.reaction_s * SECOND)
    return Truth(
        name=injection.name,
        where=injection.where,
        onset=onset,
        detectable_from=detectable,
        alert_deadline=max(onset, deadline),
        consequence_time=consequence,
        expects=injection.expects,
        forbids=injection.forbids,
    )


class _Difference:
    """Looks for the first time a tag differs by over 3 σ of its noise in three samples running."""

    def __init__(self, plant: Plant) -> None:
        self._sigma = {
            group.name: np.array([max(plant.noise.get(tag.name, 0.0), 1e-12) for tag in group.tags])
            for group in plant.groups
        }
        self._last = {name: np.zeros((SAMPLES - 1, len(sigma)), bool) for name, sigma in self._sigma.items()}

    def update(self, healthy: list, faulty: list) -> int | None:
        """ns of the sample that settles it, or None."""
        found: list[int] = []
        there = {(b.group, int(b.time[0])): b for b in faulty if isinstance(b, Batch)}
        for a in healthy:
            if isinstance(a, Batch):
                time = self._one(a, there.get((a.group, int(a.time[0]))))
                if time is not None:
                    found.append(time)
        return min(found, default=None)

    def _one(self, a: Batch, b: Batch | None) -> int | None:
        other = np.full(a.values.shape, np.nan)  # what does not come differs from what does
        if b is not None:
            kept = np.isin(a.time, b.time)
            other[kept] = b.values[np.isin(b.time, a.time)]
        differs = ~(np.abs(a.values - other) <= SIGMAS * self._sigma[a.group])
        differs &= ~(np.isnan(a.values) & np.isnan(other))
        before = self._last[a.group]
        differs = np.concatenate([before, differs])
        self._last[a.group] = differs[len(differs) - len(before) :]
        n = len(a.time)
        settled = np.logical_and.reduce([differs[i : i + n] for i in range(SAMPLES)]).any(axis=1)
        return int(a.time[settled.argmax()]) if settled.any() else None

"""What one model made of one labelled series, in every figure that a row of a bench has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anomaly.batadal import Batadal
from anomaly.metrics import Points, Stretches, affiliation_f1, by_stretch, vus_pr
from anomaly.nab import Nab
from testbed.benching.scorers import Answer


@dataclass(frozen=True, slots=True)
class Moved:
    """What the alarms of another threshold would have been worth."""

    points: Points
    nab: Nab
    batadal: Batadal | None

    @classmethod
    def of(cls, answer: Answer, alarm: np.ndarray) -> Moved:
        """Of an alarm, bool (n,)."""
        return cls(Points.of(answer.truth, alarm), answer.nab(alarm), answer.batadal(alarm))


@dataclass(slots=True)
class Outcome:
    """Figures that are added or averaged over files; `moved` with the threshold at several multiples of it."""

    points: Points
    stretches: Stretches
    vus_pr: float | None
    affiliation_f1: float | None
    nab: Nab
    batadal: Batadal | None
    hours: float
    digest: str = ""
    lost: int = 0
    ms: tuple[float, float] | None = None
    moved: tuple[Moved, ...] = ()
    is_hidden: bool = False
    seen: tuple[int, int] | None = None  # hashes that the model had seen, of so many; None: its card does not say

    @classmethod
    def of(cls, answer: Answer, alarm: np.ndarray, score: np.ndarray) -> Outcome:
        """How an alarm, bool (n,), and a score, float (n,), do beside the truth."""
        return cls(
            Points.of(answer.truth, alarm),
            by_stretch(answer.truth, alarm, answer.seconds),
            vus_pr(answer.truth, score),
            affiliation_f1(answer.truth, alarm),
            answer.nab(alarm),
            answer.batadal(alarm),
            float(answer.seconds[-1]) / 3600.0,
        )

"""The score of the Battle of the Attack Detection Algorithms: how soon each attack is found, and how many hours right.

S = (S_TTD + S_CM) / 2, with S_TTD = 1 - mean over attacks of time to detection over the attack's length, an attack
that is never found counting 0, and S_CM = (true positive rate + true negative rate) / 2 over the samples (Taormina et
al., J. Water Resour. Plann. Manage. 144 (2018) 04018048).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from anomaly.metrics import Points, stretches


@dataclass(frozen=True, slots=True)
class Batadal:
    """Samples counted four ways, and for each attack the share of its length before it was found; added over files."""

    points: Points = field(default_factory=Points)
    late: tuple[float, ...] = ()

    @classmethod
    def of(cls, truth: np.ndarray, alarm: np.ndarray) -> Batadal:
        """Of two series of shape (n,), evenly sampled: other than 0 where there is an attack, and an alarm.

        >>> score = Batadal.of(np.array([0, 1, 1, 1, 1, 0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1, 1, 0, 0, 0, 0]))
        >>> score.late, round(score.s_ttd, 3), score.s_cm, round(score.s, 4)
        ((0.25, 1.0), 0.375, 0.625, 0.5)
        """
        said = np.asarray(alarm) != 0
        late = []
        for first, after in stretches(np.asarray(truth) != 0):
            hits = np.flatnonzero(said[first:after])
            late.append(float(hits[0] / (after - first)) if len(hits) else 1.0)
        return cls(Points.of(truth, said), tuple(late))

    def __add__(self, other: Batadal) -> Batadal:
        return Batadal(self.points + other.points, self.late + other.late)

    @property
    def s_ttd(self) -> float | None:
        """1 where every attack is found in its first sample, 0 where none is found; None without an attack."""
        return 1.0 - float(np.mean(self.late)) if self.late else None

    @property
    def s_cm(self) -> float | None:
        """Mean of the true positive and the true negative rate; None without both kinds of sample."""
        far, mar = self.points.far, self.points.mar
        return None if far is None or mar is None else 1.0 - (far + mar) / 2.0

    @property
    def s(self) -> float | None:
        """The score that ranked the competition."""
        ttd, cm = self.s_ttd, self.s_cm
        return None if ttd is None or cm is None else (ttd + cm) / 2.0

"""The score of the Numenta Anomaly Benchmark for changes of state, as SKAB uses it: early in the window counts more.

Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms – the Numenta Anomaly Benchmark", ICMLA 2015, with
the sigmoid and the windows of SKAB: a window begins with a change and lasts WINDOW_S.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WINDOW_S = 60.0  # data/README.md of SKAB
HIT, FALSE, MISS = 1.0, -0.11, -1.0  # weights of the standard profile; Lavin and Ahmad, table 1


@dataclass(frozen=True, slots=True)
class Nab:
    """Points won, and how many changes there were; pooled over files by adding."""

    points: float = 0.0
    changes: int = 0

    def __add__(self, other: Nab) -> Nab:
        return Nab(self.points + other.points, self.changes + other.changes)

    @property
    def score(self) -> float | None:
        """100 is perfect, 0 is silence, below 0 is worse than silence; None without a change."""
        if not self.changes:
            return None
        return 100.0 * (self.points - MISS * self.changes) / ((HIT - MISS) * self.changes)


def nab(changes: np.ndarray, alarm: np.ndarray, time: np.ndarray, window_s: float = WINDOW_S) -> Nab:
    """Points of an alarm whose every beginning and end says "something changed here".

    Args:
        changes: (n,), other than 0 where the state changed.
        alarm: (n,), other than 0 where there is an alarm.
        time: float (n,), s, rising.
        window_s: how long after a change it can be found.

    The first word in a window counts, the others in it do not; each word outside all windows is false.
    """
    said = np.asarray(alarm) != 0
    words = time[np.flatnonzero(said != np.concatenate(([False], said[:-1])))]
    points, free = 0.0, np.ones(len(words), bool)
    ended = -np.inf
    true = time[np.asarray(changes) != 0]
    for change in true:
        first, last = max(change, ended), change + window_s
        ended = last
        inside = (words >= first) & (words <= last)
        free &= ~inside
        hits = words[inside]
        points += MISS if not len(hits) else _worth((hits[0] - first) / max(last - first, 1e-9))
    return Nab(points + FALSE * float(free.sum()), len(true))


def _worth(share: float) -> float:
    """What a hit is worth after a share of its window: HIT at its beginning, FALSE at its end."""
    slope = -np.tanh(np.pi * (share - 0.5)) / np.tanh(np.pi / 2)
    return float((HIT - FALSE) / 2 * (slope + 1) + FALSE)

"""How good a detector of a time series is: point by point, stretch by stretch, and over all thresholds.

No figure here is point-adjusted: an alarm anywhere in a stretch does not make the whole stretch found (Kim et al.,
"Towards a rigorous evaluation of time-series anomaly detection", AAAI 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

THRESHOLDS = 250  # of the volume under the surface, spread over the ranks of the scores
BUFFER = 40  # samples around a stretch that the volume under the surface reaches at most


@dataclass(frozen=True, slots=True)
class Points:
    """Moments counted four ways; pooled over files by adding.

    >>> Points.of(np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1]))
    Points(hit=1, miss=1, wrong=1, right=1)
    """

    hit: int = 0
    miss: int = 0
    wrong: int = 0
    right: int = 0

    @classmethod
    def of(cls, truth: np.ndarray, alarm: np.ndarray) -> Points:
        """Counts of two series of shape (n,), other than 0 where something is wrong and where there is an alarm."""
        bad, said = np.asarray(truth) != 0, np.asarray(alarm) != 0
        counts = ((said & bad), (~said & bad), (said & ~bad), (~said & ~bad))
        return cls(*(int(count.sum()) for count in counts))

    def __add__(self, other: Points) -> Points:
        return Points(self.hit + other.hit, self.miss + other.miss, self.wrong + other.wrong, self.right + other.right)

    @property
    def f1(self) -> float | None:
        """2·hit / (2·hit + miss + wrong)."""
        return _share(2 * self.hit, 2 * self.hit + self.miss + self.wrong)

    @property
    def far(self) -> float | None:
        """False alarm rate: the share of good moments with an alarm."""
        return _share(self.wrong, self.wrong + self.right)

    @property
    def mar(self) -> float | None:
        """Missed alarm rate: the share of bad moments without one."""
        return _share(self.miss, self.hit + self.miss)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def stretches(flags: np.ndarray) -> np.ndarray:
    """First sample and sample after the last of each stretch other than 0, int64 (m, 2).

    >>> stretches(np.array([0, 1, 1, 0, 1])).tolist()
    [[1, 3], [4, 5]]
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(flags) != 0, [0]))))
    return edges.reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Stretches:
    """What became of the stretches of a series.

    Attributes:
        faults: stretches in which something was wrong.
        delays: s from the beginning of each one found to its first alarm.
        false_alarms: stretches of alarm that begin where nothing is wrong, also those that last into a fault.
    """

    faults: int
    delays: tuple[float, ...]
    false_alarms: int

    @property
    def recall(self) -> float | None:
        """The share of stretches with an alarm in them."""
        return _share(len(self.delays), self.faults)


def by_stretch(truth: np.ndarray, alarm: np.ndarray, time: np.ndarray) -> Stretches:
    """Which stretches of `truth` (n,) hold an alarm, how long after their first moment, and which alarms are false.

    `time` is float (n,), s. An alarm that is there before a fault finds it at once, and is a false one.
    """
    bad, said = np.asarray(truth) != 0, np.asarray(alarm) != 0
    found = stretches(bad)
    hits = ((first, np.flatnonzero(said[first:after])) for first, after in found)
    delays = tuple(float(time[first + hit[0]] - time[first]) for first, hit in hits if len(hit))
    false = sum(not bad[first] for first, _ in stretches(said))
    return Stretches(len(found), delays, false)


# -- volume under the surface --------------------------------------------------------------------------------


def vus_pr(truth: np.ndarray, score: np.ndarray, buffer: int = BUFFER) -> float | None:
    """Volume under the surface of precision and recall, 0 … 1; None where nothing is wrong, or everything.

    Recall and precision are taken with soft labels that fall off on both sides of a stretch over up to half of
    0 … `buffer` samples, and averaged over these widths: no threshold, and no penalty for being a moment early.
    Paparrizos et al., "Volume Under the Surface", PVLDB 15 (2022) 2774, in the reading of the TSB-AD benchmark
    (NeurIPS 2024): recall is weighed by the share of stretches touched, thresholds are 250 ranks of the scores.

    Args:
        truth: (n,), other than 0 where something is wrong.
        score: float (n,), higher is worse; NaN (blind) counts as the lowest.
        buffer: samples.
    """
    bad = np.asarray(truth) != 0
    if not bad.any() or bad.all():
        return None
    score = np.where(np.isnan(score), -np.inf, np.asarray(score, np.float64))
    order = np.argsort(-score, kind="stable")
    ranks = np.linspace(0, len(score) - 1, THRESHOLDS).astype(int)
    levels = score[order][ranks]
    said = np.searchsorted(-score[order], -levels, side="right")  # samples at or above each level
    areas = [_area(bad, score, levels, order, said, width) for width in range(buffer + 1)]
    return float(np.mean(areas))


def _area(
    bad: np.ndarray, score: np.ndarray, levels: np.ndarray, order: np.ndarray, said: np.ndarray, width: int
) -> float:
    """Area under precision over recall with labels softened over `width` samples."""
    soft = softened(bad, width)
    hit = np.cumsum(soft[order])[said - 1]  # at each level
    outside = hit - np.cumsum(bad[order])[said - 1]  # of that, beside the stretches
    labelled = bad.sum() + outside / 2
    spans = _widened(bad, width)
    peaks = np.array([score[first:after].max() for first, after in spans])
    touched = (peaks[None] >= levels[:, None]).mean(axis=1)
    recall = np.minimum(hit / labelled, 1.0) * touched
    precision = hit / said
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def softened(bad: np.ndarray, width: int) -> np.ndarray:
    """Labels (n,) that fall off beside each stretch, d samples from it, as sqrt(1 - d / width), for d <= width / 2."""
    soft, half = bad.astype(np.float64), width // 2
    for first, after in stretches(bad):
        right = np.arange(after, min(after + half, len(bad)))
        soft[right] += np.sqrt(1 - (right - after + 1) / max(width, 1))
        left = np.arange(max(first - half, 0), first)
        soft[left] += np.sqrt(1 - (first - left) / max(width, 1))
    return np.minimum(soft, 1.0)


def _widened(bad: np.ndarray, width: int) -> list[tuple[int, int]]:
    """The stretches with half a width on either side; those that then meet are one."""
    half = width // 2
    spans: list[tuple[int, int]] = []
    for first, after in stretches(bad):
        low, high = max(first - half, 0), min(after + half, len(bad))
        if spans and first - half < spans[-1][1]:
            low = spans.pop()[0]
        spans.append((low, high))
    return spans


# -- affiliation ---------------------------------------------------------------------------------------------


def affiliation_f1(truth: np.ndarray, alarm: np.ndarray) -> float | None:
    """Harmonic mean of affiliation precision and recall, 0 … 1; None where nothing is wrong, 0 without any alarm.

    Each moment belongs to the nearest stretch. Precision is the mean chance that a random moment of a stretch's zone
    lies farther from it than an alarm does, recall the mean chance that one lies farther from a moment of the
    stretch than the nearest alarm does. Huet, Navarro, Rossi, "Local evaluation of time series anomaly detection
    algorithms", KDD 2022.
    """
    faults, alarms = stretches(truth), stretches(alarm)
    if not len(faults):
        return None
    if not len(alarms):
        return 0.0
    between = (faults[:-1, 1] + faults[1:, 0]) / 2
    borders = np.concatenate(([0.0], between, [float(len(truth))]))
    precisions, recalls = [], []
    for fault, low, high in zip(faults.astype(np.float64), borders[:-1], borders[1:], strict=True):
        own = np.clip(alarms.astype(np.float64), low, high)
        own = own[own[:, 1] > own[:, 0]]
        if len(own):
            precisions.append(_closeness(own, fault, low, high))
        recalls.append(_coverage(own, fault, low, high) if len(own) else 0.0)
    precision, recall = float(np.mean(precisions)), float(np.mean(recalls))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _farther(distance: np.ndarray, left: np.ndarray | float, right: np.ndarray | float, zone: float) -> np.ndarray:
    """Chance that a random moment of a zone, which reaches `left` and `right` of something, lies farther from it."""
    return (np.clip(left - distance, 0.0, None) + np.clip(right - distance, 0.0, None)) / zone


def _closeness(alarms: np.ndarray, fault: np.ndarray, low: float, high: float) -> float:
    """Mean over the alarms (m, 2) of a zone low … high of the chance to lie farther from the fault than they do."""
    left, right, zone = fault[0] - low, high - fault[1], high - low
    total = 0.0
    for first, after in alarms:
        total += max(0.0, min(after, fault[1]) - max(first, fault[0]))  # inside, nothing lies nearer
        for near, far in ((fault[0] - after, fault[0] - first), (first - fault[1], after - fault[1])):
            if far > 0:  # a part of the alarm lies on this side
                steps = _steps(max(near, 0.0), far, (left, right))
                total += float(np.trapezoid(_farther(steps, left, right, zone), steps))
    return total / float((alarms[:, 1] - alarms[:, 0]).sum())


def _coverage(alarms: np.ndarray, fault: np.ndarray, low: float, high: float) -> float:
    """Mean over the moments of a fault of the chance to lie farther from them than the nearest alarm does."""
    firsts, afters = alarms[:, 0], alarms[:, 1]
    kinks = (firsts, afters, (afters[:-1] + firsts[1:]) / 2, (low + firsts) / 2, (high + afters) / 2)
    moments = _steps(fault[0], fault[1], np.concatenate(kinks))
    beyond = np.maximum(firsts[None] - moments[:, None], moments[:, None] - afters[None])
    distance = np.clip(beyond, 0.0, None).min(axis=1)
    chance = _farther(distance, moments - low, high - moments, high - low)
    return float(np.trapezoid(chance, moments)) / (fault[1] - fault[0])


def _steps(low: float, high: float, kinks: Sequence[float] | np.ndarray) -> np.ndarray:
    """Where a function that is straight between `kinks` must be known from `low` to `high`."""
    inside = [kink for kink in kinks if low < kink < high]
    return np.unique([low, *inside, high])

"""How good a detector is: average precision as COCO defines it (Lin et al., ECCV 2014; cocodataset.org, evaluation)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.boxes import overlaps

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # overlaps from which a box counts as found
RECALLS = np.linspace(0.0, 1.0, 101)
MOST = 100  # boxes of a class in a picture that are counted, the surest


def average_precision(
    truth: Sequence[np.ndarray], found: Sequence[np.ndarray], classes: int, thresholds: np.ndarray = THRESHOLDS
) -> np.ndarray:
    """Average precision of each class at each overlap, float64 (classes, thresholds); NaN for a class without a box.

    Args:
        truth: a picture each, boxes float (m, 5): x1 y1 x2 y2 and class.
        found: a picture each, float (n, 6): x1 y1 x2 y2, confidence, class.
        classes: how many.
        thresholds: overlaps from which a box counts.
    """
    made = np.full((classes, len(thresholds)), np.nan)
    for label in range(classes):
        wanted = [t[t[:, 4] == label, :4] for t in truth]
        total = sum(len(w) for w in wanted)
        if not total:
            continue
        sure, hits = [], []
        for want, got in zip(wanted, found, strict=True):
            mine = got[got[:, 5] == label]
            mine = mine[np.argsort(-mine[:, 4], kind="mergesort")][:MOST]
            sure.append(mine[:, 4])
            hits.append(_hits(overlaps(mine[:, :4], want), thresholds))
        order = np.argsort(-np.concatenate(sure), kind="mergesort")
        hit = np.concatenate(hits)[order]
        made[label] = [_area(hit[:, i], total) for i in range(len(thresholds))]
    return made


def _hits(overlap: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Whether each box found, surest first, is the first to find a true one: bool (n, thresholds).

    Each takes the true box it overlaps most of those not taken yet.
    """
    hits = np.zeros((len(overlap), len(thresholds)), bool)
    if not overlap.shape[1]:
        return hits
    least = np.minimum(thresholds, 1 - 1e-10)
    free = np.ones((len(thresholds), overlap.shape[1]), bool)
    for row, over in enumerate(overlap):
        left = np.where(free, over, -1.0)[:, ::-1]  # the last of equals is taken, as COCO's own code does
        best = left.argmax(axis=1)
        hits[row] = left.max(axis=1) >= least
        free[hits[row], overlap.shape[1] - 1 - best[hits[row]]] = False
    return hits


def _area(hit: np.ndarray, total: int) -> float:
    """Mean of the precision at RECALLS, each the best at that recall or beyond; `hit` from the surest box on."""
    right = np.cumsum(hit)
    recall, precision = right / total, right / np.arange(1, len(hit) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, RECALLS, side="left")
    return float(np.where(at < len(precision), np.append(precision, 0.0)[np.minimum(at, len(precision))], 0.0).mean())

"""How good a model of pictures is: which class, which picture, which part of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

FPR_LIMIT = 0.3  # false positives up to which the overlap of regions is integrated; Bergmann et al. 2021


def accuracy(truth: Sequence[str], said: Sequence[str]) -> float:
    """The share of right answers."""
    return float(np.mean([t == s for t, s in zip(truth, said, strict=True)]))


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """Mean over all classes, true or said, of 2·hit / (2·hit + miss + wrong): a rare class counts as much as any.

    >>> round(macro_f1(["a", "a", "b"], ["a", "b", "b"]), 4)
    0.6667
    """
    wanted, given = np.array(truth), np.array(said)
    shares = []
    for name in sorted({*truth, *said}):
        hit = int(((wanted == name) & (given == name)).sum())
        shares.append(2 * hit / int((wanted == name).sum() + (given == name).sum()))
    return float(np.mean(shares))


def auroc(is_bad: np.ndarray, score: np.ndarray) -> float | None:
    """Chance that a bad one scores higher than a good one, equal scores counting half; None without both.

    Area under the receiver operating characteristic as the Mann-Whitney statistic. Both of shape (n,).
    """
    bad = np.asarray(is_bad) != 0
    good, ill = int((~bad).sum()), int(bad.sum())
    if not good or not ill:
        return None
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]  # mean rank of equal scores, from 1
    return float((rank[bad].sum() - ill * (ill + 1) / 2) / (good * ill))


def aupro(regions: Iterable[np.ndarray], maps: Iterable[np.ndarray], limit: float = FPR_LIMIT) -> float | None:
    """Area under the per-region overlap up to a false-positive rate of `limit`, as a share of it; 0 … 1.

    Every region counts alike, however small. Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 129 (2021)
    1038, section 5.3.

    Args:
        regions: a picture each, int (h, w): 0 where good, 1 … m in the m regions that are wrong.
        maps: float (h, w) each, higher is worse.
        limit: false-positive rate up to which is integrated.

    None where there is no region, or nothing good.
    """
    scores, overlap, good = [], [], []
    for labels, heat in zip(regions, maps, strict=True):
        flat = labels.reshape(-1)
        size = np.bincount(flat)
        weight = np.where(flat > 0, 1.0 / np.maximum(size, 1)[flat], 0.0)
        scores.append(np.asarray(heat, np.float64).reshape(-1))
        overlap.append(weight)
        good.append(flat == 0)
    wrong, total = np.concatenate(overlap), float(np.concatenate(overlap).sum())
    healthy = np.concatenate(good)
    if total == 0 or not healthy.any():
        return None
    score = np.concatenate(scores)
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # of equal scores: all or none
    pro = np.concatenate(([0.0], np.cumsum(wrong[order])[last] / total))
    fpr = np.concatenate(([0.0], np.cumsum(healthy[order])[last] / healthy.sum()))
    inside = fpr < limit
    at_limit = float(np.interp(limit, fpr, pro))
    return float(np.trapezoid([*pro[inside], at_limit], [*fpr[inside], limit])) / limit

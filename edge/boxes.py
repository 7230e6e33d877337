"""From a detector's places to things found: those it is sure of, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

CONFIDENCE, IOU = 0.25, 0.5  # judgement, where a card says nothing: least share that counts, most overlap of two
CANDIDATES = 400  # of a class, the surest, among which doubles are looked for
MOST = 300  # things found in a picture that are kept


def found(places: np.ndarray, confidence: float = CONFIDENCE, iou: float = IOU) -> np.ndarray:
    """Things found, float32 (m, 6): x1, y1, x2, y2, confidence, class; the surest first.

    Args:
        places: float32 (p, 4 + classes), corners and the share of each class; a place may speak for several classes.
        confidence: least share that counts.
        iou: boxes of a class that overlap by more are one.
    """
    at, label = np.nonzero(places[:, 4:] >= confidence)
    rows = np.concatenate([places[at, :4], places[at, 4 + label, None], label[:, None]], axis=1)
    return rows[without_doubles(rows, iou)].astype(np.float32)


def in_picture(
    places: np.ndarray, size: Sequence[int], card: Mapping[str, Any], confidence: float | None = None
) -> np.ndarray:
    """Things found as `found`, in pixels of the picture.

    Args:
        places: float32 (p, 4 + classes), corners as shares of the picture's width and height.
        size: of the picture, height and width first.
        card: with `confidence` and `iou`.
        confidence: least share that counts, instead of the card's.
    """
    least = card.get("confidence", CONFIDENCE) if confidence is None else confidence
    rows = found(places, least, card.get("iou", IOU))
    rows[:, :4] *= np.array([size[1], size[0]] * 2, np.float32)
    return rows


def without_doubles(rows: np.ndarray, iou: float) -> np.ndarray:
    """Rows of (n, 6) that stay, surest first: of boxes of a class that overlap by more than `iou` the surest.

    Greedy suppression (Felzenszwalb et al., IEEE TPAMI 32(9), 2010, section 4.4); at most MOST.
    """
    kept = []
    for label in np.unique(rows[:, 5]):
        mine = np.flatnonzero(rows[:, 5] == label)
        mine = mine[np.argsort(-rows[mine, 4], kind="stable")][:CANDIDATES]
        doubles = overlaps(rows[mine, :4], rows[mine, :4]) > iou
        gone = np.zeros(len(mine), bool)
        for i, of_this in enumerate(doubles):
            if not gone[i]:
                kept.append(mine[i])
                gone |= of_this
    chosen = np.sort(np.array(kept, np.int64))
    return chosen[np.argsort(-rows[chosen, 4], kind="stable")][:MOST]


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of (n, 4) with every one of (m, 4), float (n, m)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = (high - low).clip(min=0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return shared / np.maximum(areas[0][:, None] + areas[1] - shared, 1e-9)

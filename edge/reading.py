"""What a foreign graph gives, read as its card says: scores, maps, shares of classes, boxes, reconstructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BOX_DECODES = ("yolo", "yolo5", "rows")
LABEL_DECODES = ("shares", "logits", "named")


def shares(values: np.ndarray, labels: Sequence[str], decode: str) -> np.ndarray:
    """The share of each class, float32 (1, classes).

    `decode` says what the graph gives: 'shares', 'logits' (softmax makes them shares), or 'named' (a share by name, as
    ZipMap writes it).
    """
    if decode == "named":
        first = values.reshape(-1)[0]
        by_name = {str(name): float(share) for name, share in first.items()}
        return np.array([[by_name.get(label, 0.0) for label in labels]], np.float32)
    row = values.reshape(len(values), -1)[0].astype(np.float32)
    if decode == "logits":
        row = np.exp(row - row.max())
        row /= row.sum()
    return row[None]


def places(values: np.ndarray, classes: int, decode: str) -> np.ndarray:
    """Places of the first picture as `edge.boxes` takes them: corners and the share of each class, float32 (p, 4 + c).

    Args:
        values: float (1, 4 + classes + more, p) for 'yolo' (centre, size, shares); (1, p, 5 + classes) for 'yolo5'
            (with an object's confidence before the shares); (1, p, 6) for 'rows' (corners, confidence, class).
        classes: how many there are; what follows their shares, such as coefficients of masks, is left out.
        decode: one of BOX_DECODES.
    """
    rows = values[0].T if decode == "yolo" else values[0]
    if decode == "rows":
        shares = np.zeros((len(rows), classes), np.float32)
        label = rows[:, 5].astype(int)
        is_box = (rows[:, 2] > rows[:, 0]) & (rows[:, 3] > rows[:, 1]) & (label >= 0) & (label < classes)
        shares[is_box, label[is_box]] = rows[is_box, 4]
        return np.concatenate([rows[:, :4], shares], axis=1).astype(np.float32)
    first = 5 if decode == "yolo5" else 4
    shares = rows[:, first : first + classes] * (rows[:, 4:5] if decode == "yolo5" else 1.0)
    centre, size = rows[:, :2], rows[:, 2:4]
    return np.concatenate([centre - size / 2, centre + size / 2, shares], axis=1).astype(np.float32)


def straight(values: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
    """A score or map at 1.0 = alarm level: `gain` · value + `offset`, float32."""
    return (values.astype(np.float64) * entry.get("gain", 1.0) + entry.get("offset", 0.0)).astype(np.float32)

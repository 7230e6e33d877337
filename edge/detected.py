"""From boxes in a picture to things found: on a strip each becomes a defect with its metres and millimetres."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from connectors.items import Frame
from connectors.pictures import encode, grey
from connectors.places import Box
from connectors.results import Detections, Finding, Result
from edge.boxes import CONFIDENCE
from edge.regions import crop


def detected(result: Result, frame: Frame, found: np.ndarray, card: Mapping[str, Any]) -> Result:
    """The result with what was found.

    Args:
        result: with the picture's score.
        frame: the picture. One that knows where it lies on a strip gives a finding a box of a class that is not
            harmless; any other gives detections.
        found: float32 (n, 6): x1, y1, x2, y2 in pixels of the picture, confidence, class.
        card: with `labels`, `harmless` and `confidence`.
    """
    if frame.position_m is None or frame.pixel_mm is None:
        label = found[:, 5].astype(np.int32)
        return replace(result, detections=Detections(found[:, :4].copy(), found[:, 4].copy(), label))
    return replace(result, findings=tuple(_findings(frame, found, card)))


def _findings(frame: Frame, found: np.ndarray, card: Mapping[str, Any]) -> Iterator[Finding]:
    labels, harmless = card.get("labels", ()), card.get("harmless", ())
    pixel, begin = frame.pixel_mm or 0.0, frame.position_m or 0.0
    levels = grey(frame.image)
    for x1, y1, x2, y2, sure, index in found.astype(float):
        label = str(labels[int(index)]) if 0 <= index < len(labels) else ""
        if label and label in harmless:
            continue
        box = Box(frame.part_id, begin + y1 * pixel / 1000, begin + y2 * pixel / 1000, x1 * pixel, x2 * pixel)
        corners = (int(x1), int(y1), int(np.ceil(x2)), int(np.ceil(y2)))
        middle = (int(y1 + y2) // 2, int(x1 + x2) // 2)
        score = sure / card.get("confidence", CONFIDENCE)
        yield Finding(box, label, score, encode(crop(levels, corners, middle)))

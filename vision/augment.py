"""Pictures with boxes as a detector in training sees them: turned, zoomed, brighter or darker, four in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectors.pictures import warped

# Ranges are judgement: the camera's distance hardly changes, its exposure does, and texture tells the class.
ZOOM = (0.85, 1.3)  # of the picture's size in the graph
STRETCH = 0.1  # largest share by which width and height are zoomed apart
GAIN = (0.75, 1.2)
OFFSET = 20.0  # grey levels
MOSAIC = 0.3  # share of pictures that are four in one
CENTRE = (0.3, 0.7)  # where the four meet, share of the side
VISIBLE = 0.3  # share of a box's area that must be left ...
PART = 32.0  # ... or both its sides so long, px: a part of a texture is still that texture


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture uint8 (h, w), and its boxes float32 (m, 5): x1 y1 x2 y2 in px, number of the class."""

    image: np.ndarray
    boxes: np.ndarray


def varied(samples: Sequence[Sample], i: int, side: int, rng: np.random.Generator, mosaic: bool) -> Sample:
    """Sample `i` varied, its picture (side, side); with `mosaic` at times three others beside it."""
    if mosaic and rng.random() < MOSAIC:
        others = rng.integers(0, len(samples), 3)
        made = _four([samples[i], *(samples[int(j)] for j in others)], side, rng)
    else:
        made = _zoomed(samples[i], (side, side), rng)
    made = _turned(made, side, rng)
    levels = made.image.astype(np.float32) * rng.uniform(*GAIN) + rng.uniform(-OFFSET, OFFSET)
    return Sample(np.rint(levels).clip(0, 255).astype(np.uint8), made.boxes)


def fitted(sample: Sample, side: int) -> Sample:
    """The whole picture, (side, side), as it is scored."""
    h, w = sample.image.shape
    matrix = np.array([[side / w, 0, 0], [0, side / h, 0]], np.float32)
    return _moved(sample, matrix, (side, side))


def _zoomed(sample: Sample, size: tuple[int, int], rng: np.random.Generator, full: int = 0) -> Sample:
    """A window (h, w) of the picture, zoomed so that its side is about `full` px, default the window's."""
    h, w = sample.image.shape
    zoom = rng.uniform(*ZOOM) * (full or max(size)) / max(h, w)
    stretch = 1.0 + rng.uniform(-STRETCH, STRETCH)
    sx, sy = zoom * stretch, zoom / stretch
    x, y = (rng.uniform(min(0.0, room), max(0.0, room)) for room in (size[1] - sx * w, size[0] - sy * h))
    return _moved(sample, np.array([[sx, 0, x], [0, sy, y]], np.float32), size)


def _moved(sample: Sample, matrix: np.ndarray, size: tuple[int, int]) -> Sample:
    """Picture and boxes under [[sx, 0, x], [0, sy, y]]; what leaves the window is cut off, what is nearly gone left."""
    image = warped(sample.image, matrix, size)
    if not len(sample.boxes):
        return Sample(image, sample.boxes)
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = boxes[:, [0, 2]] * matrix[0, 0] + matrix[0, 2]
    boxes[:, [1, 3]] = boxes[:, [1, 3]] * matrix[1, 1] + matrix[1, 2]
    before = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    boxes[:, [0, 2]] = boxes[:, [0, 2]].clip(0, size[1])
    boxes[:, [1, 3]] = boxes[:, [1, 3]].clip(0, size[0])
    sides = boxes[:, 2:4] - boxes[:, :2]
    keep = (sides.prod(axis=1) > VISIBLE * before) | (sides.min(axis=1) > PART)
    return Sample(image, boxes[keep & (sides.min(axis=1) > 1.0)])


def _four(four: Sequence[Sample], side: int, rng: np.random.Generator) -> Sample:
    """Windows of four pictures around one point, each at about the scale it has alone."""
    cx, cy = (round(side * rng.uniform(*CENTRE)) for _ in range(2))
    image, boxes = np.empty((side, side), np.uint8), []
    places = ((0, 0, cx, cy), (cx, 0, side, cy), (0, cy, cx, side), (cx, cy, side, side))
    for sample, (x1, y1, x2, y2) in zip(four, places, strict=True):
        part = _zoomed(sample, (y2 - y1, x2 - x1), rng, side)
        image[y1:y2, x1:x2] = part.image
        boxes.append(part.boxes + np.array([x1, y1, x1, y1, 0], np.float32))
    return Sample(image, np.concatenate(boxes))


def _turned(sample: Sample, side: int, rng: np.random.Generator) -> Sample:
    """One of the eight ways a square can lie."""
    image, boxes = sample.image, sample.boxes
    across, down, swapped = rng.random(3) < 0.5
    if across:
        image, boxes = image[:, ::-1], _flipped(boxes, side, 0)
    if down:
        image, boxes = image[::-1], _flipped(boxes, side, 1)
    if swapped:
        image, boxes = image.T, boxes[:, [1, 0, 3, 2, 4]]
    return Sample(np.ascontiguousarray(image), boxes)


def _flipped(boxes: np.ndarray, side: int, axis: int) -> np.ndarray:
    turned = boxes.copy()
    turned[:, axis], turned[:, axis + 2] = side - boxes[:, axis + 2], side - boxes[:, axis]
    return turned

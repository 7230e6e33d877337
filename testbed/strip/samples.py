"""Frames with known marks, for fitting models: strips of other seeds than any scenario is scored on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from connectors.pictures import resized
from edge.regions import CROP, crop
from testbed.noise import stream
from testbed.strip.fields import EDGE
from testbed.strip.marks import stamp
from testbed.strip.render import Box, Placed, Strip, apart, cut
from testbed.strip.texture import COLUMNS

FRAME = 1024  # lines
CLEAR = 120  # pixels between two marks
LABELS = ("scale", "scratch", "roll_mark", "water_drops", "oil_stain")  # what the shipped models learn and tell apart
NO_DEFECT = "no defect"
HARMLESS = ("water_drops", "oil_stain", NO_DEFECT)
CELL = 16  # px of the map that marks are found on


def frames(seed: int, n: int, marks: float = 3.0) -> Iterator[tuple[np.ndarray, list[tuple[str, Box]]]]:
    """`n` frames of the strip of one seed, each with about `marks` marks of any class; 0 gives a sound strip.

    Yields (image, truth): uint8 (FRAME, COLUMNS), and for each mark its label and box x1, y1, x2, y2 in pixels of the
    frame, cut at its borders. Use seeds of 10,000 and more; scores are made on seeds below 1,000.
    """
    strip = Strip(seed, "SAMPLE", scattered(seed, n * FRAME, round(n * marks)))
    for i in range(n):
        first = i * FRAME
        found = [(mark.label, cut(mark.box, first, FRAME)) for mark in strip.marks]
        yield strip.render(first, FRAME), [(label, box) for label, box in found if box is not None]


def scattered(seed: int, lines: int, n: int) -> list[Placed]:
    """Up to `n` marks of all classes in turn, nowhere closer than CLEAR; what finds no room is left out."""
    rng = stream(seed, "strip/samples")
    placed: list[Placed] = []
    for i in range(n):
        look = stamp(LABELS[i % len(LABELS)], rng)
        for _ in range(20):
            line = int(rng.integers(-look.box[1], max(lines - look.box[3], 1 - look.box[1])))
            column = int(rng.integers(60 - look.box[0], COLUMNS - 60 - look.box[2]))
            mark = Placed(LABELS[i % len(LABELS)], line, column, look)
            if all(apart(mark.box, other.box, CLEAR) for other in placed):
                placed.append(mark)
                break
    return placed


def sound(seeds: Sequence[int], n: int, lines: int = FRAME) -> Iterator[np.ndarray]:
    """`n` frames of a strip without marks for each seed, far apart on it; uint8 (lines, COLUMNS)."""
    for seed in seeds:
        strip = Strip(seed, "SOUND")
        for i in range(n):
            yield strip.render(1000 + 7777 * i, lines)


def crops(seeds: Sequence[int], n: int, marks: float = 6.0) -> Iterator[tuple[np.ndarray, str]]:
    """Crops of marks as an inspection cuts them out, and as many of sound strip, from `n` frames a seed.

    Yields (crop, label): uint8 (CROP, CROP), and a class of LABELS or NO_DEFECT. Which part of a mark stands out most,
    and how much of it, is drawn.
    """
    for seed in seeds:
        rng = stream(seed, "strip/crops")
        for image, truth in frames(seed, n, marks):
            for label, box in truth:
                if min(box[2] - box[0], box[3] - box[1]) >= 3 and box[3] - box[1] >= 16:
                    yield _crop(image, part_of(box, rng), rng), label
            for _ in truth:
                box = _nowhere(truth, rng)
                if box is not None:
                    yield _crop(image, box, rng), NO_DEFECT


def _crop(image: np.ndarray, box: Box, rng: np.random.Generator) -> np.ndarray:
    peak = (int(rng.integers(box[1], box[3])), int(rng.integers(box[0], box[2])))
    return resized(crop(image, box, peak), CROP, CROP)


def part_of(box: Box, rng: np.random.Generator, lines: int = FRAME) -> Box:
    """A box in so many lines as a map of cells shows it: on the grid, and of long marks sometimes only a part."""
    x1, y1, x2, y2 = box
    if y2 - y1 > 200 and rng.random() < 0.5:
        a, b = sorted(rng.integers(y1, y2, 2).tolist())
        y1, y2 = a, max(b, a + CELL)
    slack = rng.integers(0, 2, 4) * CELL
    x1, y1 = x1 // CELL * CELL - int(slack[0]), y1 // CELL * CELL - int(slack[1])
    x2, y2 = -(-x2 // CELL) * CELL + int(slack[2]), -(-y2 // CELL) * CELL + int(slack[3])
    return max(x1, 0), max(y1, 0), min(x2, COLUMNS), min(y2, lines)


def _nowhere(truth: Sequence[tuple[str, Box]], rng: np.random.Generator) -> Box | None:
    """A small box on sound strip; None if none was found."""
    for _ in range(20):
        w, h = (CELL * rng.integers(1, 4, 2)).tolist()
        x, y = int(rng.integers(EDGE + 16, COLUMNS - EDGE - 16 - w)), int(rng.integers(0, FRAME - h))
        box = (x, y, x + w, y + h)
        if all(apart(box, other, CROP // 2) for _, other in truth):
            return box
    return None

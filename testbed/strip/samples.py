"""Frames with known marks, for fitting models: strips of other seeds than any scenario is scored on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from testbed.noise import stream
from testbed.strip.marks import BENIGN, DEFECTS, stamp
from testbed.strip.render import Box, Placed, Strip, apart, cut
from testbed.strip.texture import COLUMNS

FRAME = 1024  # lines
CLEAR = 120  # pixels between two marks
LABELS = (*DEFECTS, *BENIGN)


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

"""Coils with every class on them, drawn as a scenario draws them: what models that know all classes learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from connectors.pictures import resized
from edge.regions import CROP, crop
from edge.tiles import MARGIN, TILE
from testbed.noise import stream
from testbed.plant import START
from testbed.strip.marks import BENIGN, CLASSES, DEFECTS
from testbed.strip.render import Box, Placed, Strip, apart, cut
from testbed.strip.samples import NO_DEFECT, part_of
from testbed.strip.texture import COLUMNS
from testbed.strip.unit import StripCamera
from vision.surface_augment import Masked
from vision.surface_graph import SHRUNK

LENGTH_M = 41.0
COUNTS = {"roll_mark": 0, "chatter_marks": 0, "weld": 1}  # 0: its own parameters say how much
USUAL, HARMLESS_USUAL = 3, 4  # of each other class
SIDE = 512  # px of the tile that a part of it spans, each way
BESIDE = 0.4  # share of parts without a mark beside those with one


def coil(seed: int, surface: str, names: Sequence[str] = CLASSES) -> tuple[Strip, int]:
    """A coil of LENGTH_M with some of each class, and its lines. Use seeds of 10,000 and more."""
    plant = StripCamera(length_m=LENGTH_M, surface=surface).build(seed, START)
    for key, name in enumerate(names):
        usual = HARMLESS_USUAL if name in BENIGN else USUAL
        count = COUNTS.get(name, usual)
        params = {"count": count} if count else {"length_m": 2.0} if name == "chatter_marks" else {}
        plant.inject(name, "", params, key)
    return plant.passing.strip, plant.passing.lines()[1]


def parts(seeds: Sequence[int], surface: str) -> Iterator[Masked]:
    """Parts of coils around each mark and where there is none, shrunk by SHRUNK, with the share that is defect."""
    for seed in seeds:
        strip, lines = coil(seed, surface)
        rng = stream(seed, "strip/parts")
        places = [_around(mark.box, lines, rng) for mark in strip.marks if mark.label != "chatter_marks"]
        bars = [mark for mark in strip.marks if mark.label == "chatter_marks"]
        places += [_around(bars[int(rng.integers(len(bars)))].box, lines, rng) for _ in range(6 if bars else 0)]
        places += [_corner(lines, rng) for _ in range(round(BESIDE * len(places)))]
        for line, column in places:
            image = strip.render(line, SIDE)[:, column : column + SIDE]
            known = strip.mask(line, SIDE)[:, column : column + SIDE]
            defect = ((known > 0) & (known <= len(DEFECTS))).astype(np.float32)
            small = SIDE // SHRUNK
            yield Masked(resized(image, small, small), resized(defect, small, small))


def harmless(seeds: Sequence[int], surface: str, n: int) -> Iterator[np.ndarray]:
    """`n` tiles a seed of coils on which everything harmless lies and no defect, uint8 (TILE + 2 MARGIN, columns)."""
    for seed in seeds:
        strip, lines = coil(seed, surface, BENIGN)
        high = TILE + 2 * MARGIN
        marks = stream(seed, "strip/tiles").permutation(len(strip.marks))[:n]
        for i in marks.tolist():
            line = strip.marks[i].box[1] - high // 2
            yield strip.render(min(max(line, 0), lines - high), high)


def named(seeds: Sequence[int], surface: str) -> Iterator[tuple[np.ndarray, str]]:
    """Crops as an inspection cuts them out, uint8 (CROP, CROP), and their class; NO_DEFECT of sound strip."""
    for seed in seeds:
        strip, lines = coil(seed, surface)
        rng = stream(seed, "strip/named")
        boxes = [(mark.label, mark.box) for mark in strip.marks if mark.label != "chatter_marks"]
        bars = [mark.box for mark in strip.marks if mark.label == "chatter_marks"]
        boxes += [("chatter_marks", bars[i]) for i in rng.permutation(len(bars))[:6].tolist()]
        for label, box in [*boxes, *((NO_DEFECT, _nowhere(strip.marks, lines, rng)) for _ in range(6))]:
            high = max(TILE, box[3] - box[1])
            first = min(max(0, (box[1] + box[3] - high) // 2), max(lines - high, 0))
            here = cut(box, first, high)
            if here is None:
                continue
            place = part_of(here, rng, high)
            peak = (int(rng.integers(place[1], place[3])), int(rng.integers(place[0], place[2])))
            yield resized(crop(strip.render(first, high), place, peak), CROP, CROP), label


def _around(box: Box, lines: int, rng: np.random.Generator) -> tuple[int, int]:
    """First line and column of a part that shows some of a box."""
    line = int(rng.integers(box[1], box[3])) - int(rng.integers(SIDE // 8, SIDE - SIDE // 8))
    column = int(rng.integers(box[0], box[2])) - int(rng.integers(SIDE // 8, SIDE - SIDE // 8))
    return min(max(line, 0), lines - SIDE), min(max(column, 0), COLUMNS - SIDE)


def _corner(lines: int, rng: np.random.Generator) -> tuple[int, int]:
    return int(rng.integers(lines - SIDE)), int(rng.integers(COLUMNS - SIDE + 1))


def _nowhere(marks: Sequence[Placed], lines: int, rng: np.random.Generator) -> Box:
    """A small box on sound strip, at times beside its edge."""
    while True:
        line, column = int(rng.integers(lines - 64)), int(rng.integers(16, COLUMNS - 64))
        box = (column, line, column + 48, line + 48)
        if all(apart(box, mark.box, CROP // 2) for mark in marks):
            return box

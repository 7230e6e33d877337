"""Draws the pictures of `strip.md`: `python docs/plant/strip_pictures.py`. One a class, and a stretch of strip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from connectors.pictures import encode, resized
from testbed.noise import stream
from testbed.strip.marks import BENIGN, DEFECTS, stamp
from testbed.strip.render import Placed, Strip
from testbed.strip.samples import scattered
from testbed.strip.texture import COLUMNS

HERE = Path(__file__).parent
SEED, SIDE, SHOWN = 10_000, 224, 3  # px of a crop, crops a class


def crop(strip: Strip, mark: Placed) -> np.ndarray:
    """What lies around a mark, uint8 (SIDE, SIDE)."""
    x1, y1, x2, y2 = mark.box
    first, left = max(0, (y1 + y2 - SIDE) // 2), min(max(0, (x1 + x2 - SIDE) // 2), COLUMNS - SIDE)
    return strip.render(first, SIDE)[:, left : left + SIDE]


def main() -> None:
    """Draw everything and say how large it is."""
    rng = stream(SEED, "strip/pictures")
    for label in (*DEFECTS, *BENIGN):
        marks = [Placed(label, 400 + 6000 * i, 400 + 700 * i, stamp(label, rng)) for i in range(SHOWN)]
        strip = Strip(SEED, "PICTURES", marks)
        (HERE / f"strip_{label}.png").write_bytes(encode(np.hstack([crop(strip, mark) for mark in marks])))
    strip = Strip(SEED + 1, "PICTURES", scattered(SEED + 1, 4096, 14))
    (HERE / "strip.png").write_bytes(encode(resized(strip.render(0, 4096), 1024, COLUMNS // 4)))
    for picture in sorted(HERE.glob("strip*.png")):
        print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

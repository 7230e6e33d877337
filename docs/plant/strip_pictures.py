"""Draws the pictures of `strip.md`: `python docs/plant/strip_pictures.py`.

strip_<class>.jpg   crops of three marks in bright field, and the same in dark field
strip_hot.jpg       two metres of hot strip; strip_cold.jpg of cold strip with chatter marks
strip_streak.jpg    one blocked descaling nozzle on three coils; strip_roll.jpg one print of a roll, three turns
strip_pixels.jpg    one mark at 0.25, 0.5 and 1 mm a pixel, and smeared by speed
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from connectors.pictures import resized
from edge.regions import CROP, crop
from testbed.noise import stream
from testbed.strip import causes
from testbed.strip.fields import EDGE
from testbed.strip.marks import ACROSS, CLASSES, faded_by, stamp
from testbed.strip.render import Placed, Strip
from testbed.strip.samples import scattered
from testbed.strip.texture import Wander
from testbed.strip.view import View

HERE = Path(__file__).parent
SEED, SHOWN, QUALITY = 10_000, 3, 88
COLD = ("chatter_marks", "weld")  # shown on cold strip, where they belong
GREY = 128  # of the line between two pictures


def main() -> None:
    """Draw everything and say how large it is."""
    for label in CLASSES:
        _save(f"strip_{label}", _class(label))
    hot = Strip(SEED + 1, "PICTURES", [*_prints(3000), *scattered(SEED + 1, 4096, 14)])
    _save("strip_hot", resized(hot.render(0, 4096), 1024, 640))
    _save("strip_cold", _cold())
    _save("strip_streak", _streak())
    _save("strip_roll", _row([_around(Strip(SEED, "PICTURES", _prints(4700)), mark) for mark in _prints(4700)]))
    _save("strip_pixels", _pixels())
    for picture in sorted(HERE.glob("strip_*.jpg")):
        print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


def _class(label: str) -> np.ndarray:
    """Bright field above, dark field below."""
    rng, rows = stream(SEED, f"strip/pictures/{label}"), []
    groups = [_laid(label, 600 + 6000 * i, 500 + 700 * i, rng) for i in range(SHOWN)]
    for field in ("bright", "dark"):
        view = View(surface="cold" if label in COLD else "hot", field=field)
        strip = Strip(SEED, "PICTURES", [mark for group in groups for mark in group], view)
        rows.append(_row([_around(strip, group[len(group) // 2]) for group in groups]))
    return np.vstack([rows[0], np.full((4, rows[0].shape[1]), GREY, np.uint8), rows[1]])


def _laid(label: str, line: int, column: int, rng: np.random.Generator) -> list[Placed]:
    if label == "chatter_marks":
        return causes.chatter((line, line + 500), rng.uniform(18, 21), rng.uniform(540, 660), rng)
    look = stamp(label, rng)
    if label == "edge_crack":
        column = Wander(SEED, "PICTURES").edges((line + len(look.gain) // 2) // 16)[0] - 2
    return [Placed(label, line, EDGE if label in ACROSS else column, look)]


def _around(strip: Strip, mark: Placed) -> np.ndarray:
    """What a person is shown of a mark, uint8 (CROP, CROP)."""
    x1, y1, x2, y2 = mark.box
    first = max(0, y1 - 400)
    image = strip.render(first, y2 - y1 + 800)
    if mark.label in ACROSS:
        x1, x2 = 600 + mark.line // 10, 620 + mark.line // 10
    box = (x1, y1 - first, x2, y2 - first)
    return resized(crop(image, box, ((box[1] + box[3]) // 2, (x1 + x2) // 2)), CROP, CROP)


def _prints(pitch: int) -> list[Placed]:
    """The same print again and again, a little stronger or weaker."""
    rng = stream(SEED + 3, "strip/pictures/roll")
    look = stamp("roll_mark", rng)
    return [Placed("roll_mark", 500 + pitch * i, 1490, faded_by(look, rng.uniform(0.85, 1.1))) for i in range(3)]


def _cold() -> np.ndarray:
    rng = stream(SEED + 2, "strip/pictures/cold")
    marks = causes.chatter((1300, 2900), 19.6, 590.0, rng)
    marks += [
        Placed("oil_stain", 500, 800, stamp("oil_stain", rng)),
        Placed("oil_stain", 700, 1700, stamp("oil_stain", rng)),
    ]
    marks += [Placed("scratch", 100, 1300, stamp("scratch", rng)), Placed("weld", 3700, EDGE, stamp("weld", rng))]
    strip = Strip(SEED + 2, "PICTURES", marks, View(surface="cold"))
    return resized(strip.render(0, 4096), 1024, 640)


def _streak() -> np.ndarray:
    """Two metres of three coils beside one another."""
    coils = []
    for i in range(3):
        marks = causes.descaler_streak((0, 4096), 420.0, 70.0, 0.85, stream(SEED, f"strip/pictures/streak/{i}"))
        coils.append(resized(Strip(SEED, f"COIL {i}", marks).render(0, 4096), 683, 426))
    return _row(coils)


def _pixels() -> np.ndarray:
    """The same mark at the same metres as four cameras see it, each brought to one size."""
    mark = Placed("sliver", 600, 700, stamp("sliver", stream(SEED + 4, "strip/pictures/pixels")))
    shown = []
    for view in (View(pixel_mm=0.25), View(), View(pixel_mm=1.0), View(smear_mm=8.0)):
        k = view.scale
        image = Strip(SEED, "PICTURES", [mark], view).render(round(500 * k), round(448 * k))
        shown.append(resized(image[:, round(500 * k) : round(948 * k)], 336, 336))
    return _row(shown)


def _row(pictures: list[np.ndarray]) -> np.ndarray:
    line = np.full((pictures[0].shape[0], 4), GREY, np.uint8)
    parts = [part for picture in pictures for part in (line, picture)]
    return np.hstack(parts[1:])


def _save(name: str, picture: np.ndarray) -> None:
    (HERE / f"{name}.jpg").write_bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())


if __name__ == "__main__":
    main()

"""An oracle a class of strip defect: knows how the class looks, not where it lies or how large it is.

Each takes a picture of strip in bright field, uint8 (h, w) at 0.5 mm a pixel, and answers with the boxes
x1, y1, x2, y2 that it takes for its class. Contrast and shape alone; a harmless mark of that shape fools it.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Box = tuple[int, int, int, int]
BESIDE = 30  # grey level below which there is no strip
MARGIN = 40  # columns beside the strip's edge that are not judged


def contrast(image: np.ndarray) -> np.ndarray:
    """How far each pixel is from its surroundings across, as a share; 0 beside the strip. float32 (h, w)."""
    profile = cv2.blur(np.median(image[::8], axis=0).astype(np.float32)[None], (61, 1))
    found = cv2.blur(image.astype(np.float32), (3, 3)) / np.maximum(profile, 1.0) - 1
    lit = np.flatnonzero(np.median(image[::16], axis=0) > BESIDE)
    found[:, : lit[0] + MARGIN] = 0
    found[:, lit[-1] + 1 - MARGIN * (lit[-1] + 1 < image.shape[1]) :] = 0
    return found


def parts(mask: np.ndarray, join: tuple[int, int] = (9, 5)) -> list[tuple[Box, int]]:
    """What hangs together in a mask within `join` lines and columns: boxes, and pixels of the mask in each."""
    grown = cv2.dilate(mask.astype(np.uint8), np.ones(join, np.uint8))
    _, named, stats, _ = cv2.connectedComponentsWithStats(grown)
    pixels = np.bincount(named[mask], minlength=len(stats)).tolist()
    boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in stats.tolist()]
    return list(zip(boxes, pixels, strict=True))[1:]


def scale(image: np.ndarray) -> list[Box]:
    """Dark, and longer than wide."""
    return [box for box, n in parts(contrast(image) < -0.17) if n > 40 and _long(box, 1.2)]


def red_scale(image: np.ndarray) -> list[Box]:
    """A broad stretch that is darker as a whole."""
    found = parts(cv2.blur(contrast(image), (15, 31)) < -0.11)
    return [box for box, n in found if n > 1500]


def sliver(image: np.ndarray) -> list[Box]:
    """Dark beside bright, longer than wide."""
    level = contrast(image)
    dark, bright = level < -0.09, level > 0.10
    found = [box for box, n in parts(dark | bright) if n > 60 and _long(box, 0.9)]
    return [box for box in found if _holds(bright, box, 6) and _holds(dark, box, 30)]


def seam(image: np.ndarray) -> list[Box]:
    """A dark line along the strip."""
    return _lines(-contrast(image))


def scratch(image: np.ndarray) -> list[Box]:
    """A line along the strip, bright or dark."""
    level = contrast(image)
    return _lines(level) + _lines(-level)


def roll_mark(image: np.ndarray) -> list[Box]:
    """A patch of another sheen, as wide as long."""
    found = parts(np.abs(cv2.blur(contrast(image), (5, 5))) > 0.12)
    return [box for box, n in found if n > 150 and not _long(box, 3.0)]


def pits(image: np.ndarray) -> list[Box]:
    """Small dark dots, several together."""
    dots = [box for box, n in parts(contrast(image) < -0.14, (3, 3)) if 3 <= n < 120]
    mask = np.zeros(image.shape, bool)
    for x1, y1, x2, y2 in dots:
        mask[(y1 + y2) // 2, (x1 + x2) // 2] = True
    return [box for box, n in parts(mask, (61, 61)) if n >= 3]


def edge_crack(image: np.ndarray) -> list[Box]:
    """Where the strip's left edge lies further in than before and after."""
    edge = np.argmax(image > BESIDE, axis=1)
    torn = edge - np.median(edge) > 6
    return [(0, y1, 60, y2) for (_, y1, _, y2), _ in parts(torn[:, None], (31, 1))]


def hole(image: np.ndarray) -> list[Box]:
    """No strip, inside the strip."""
    lit = np.flatnonzero(np.median(image[::16], axis=0) > BESIDE)
    black = image < BESIDE
    black[:, : lit[0] + MARGIN] = False
    return [box for box, n in parts(black) if n > 40]


def chatter_marks(image: np.ndarray) -> list[Box]:
    """Lines that are darker and lighter from edge to edge."""
    lit = np.flatnonzero(np.median(image[::16], axis=0) > BESIDE)
    level = image[:, lit[0] + MARGIN :].mean(axis=1)
    swing = np.abs(level / cv2.blur(level[:, None], (1, 301))[:, 0] - 1) > 0.025
    return [(0, y1, image.shape[1], y2) for (_, y1, _, y2), n in parts(swing[:, None], (61, 1)) if n > 5]


ORACLES: dict[str, Callable[[np.ndarray], list[Box]]] = {
    one.__name__: one
    for one in (scale, red_scale, sliver, seam, scratch, roll_mark, pits, edge_crack, hole, chatter_marks)
}


def _lines(level: np.ndarray) -> list[Box]:
    """Thin things above 0.09 on average over 30 mm, narrower than 6 mm."""
    drawn = cv2.blur(level, (1, 61)) - cv2.blur(level, (21, 61))
    return [
        box for box, n in parts(drawn > 0.09, (61, 3)) if n > 60 and box[2] - box[0] < 12 + 0.06 * (box[3] - box[1])
    ]


def _long(box: Box, share: float) -> bool:
    return box[3] - box[1] > share * (box[2] - box[0])


def _holds(mask: np.ndarray, box: Box, least: int) -> bool:
    x1, y1, x2, y2 = box
    return int(mask[y1:y2, x1:x2].sum()) >= least

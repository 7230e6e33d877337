"""What a camera makes of a mark: in dark field edges and grooves shine, speed smears it, pixels are finer or coarser.

Marks are drawn as bright field shows them, at 0.5 mm a pixel. The rest follows from that drawing.
"""

from __future__ import annotations

import cv2
import numpy as np

from testbed.strip.fields import box
from testbed.strip.marks import UNIT, Stamp
from testbed.strip.view import NATIVE_MM, View

BRIGHTEST = 6.0  # a gain in dark field, at most
# Of each class in dark field: share of its bright-field tone that stays, shine of its slopes, shine of its depth
# whatever the sign. After what dark field is used for (domain: 5): pits dark with a bright rim, edges bright; the
# figures are judgement.
DARK: dict[str, tuple[float, float, float]] = {
    "scale": (0.7, 2.0, 0.0),
    "scratch": (0.0, 0.8, 2.6),
    "roll_mark": (0.3, 3.5, 0.3),
    "red_scale": (-0.9, 0.6, 0.0),
    "sliver": (0.4, 2.2, 0.4),
    "seam": (0.2, 1.8, 0.6),
    "pits": (1.0, 2.4, 0.0),
    "edge_crack": (1.0, 1.6, 0.0),
    "hole": (1.0, 1.8, 0.0),
    "chatter_marks": (1.3, 0.0, 0.0),
    "water_drops": (0.3, 2.0, 0.0),
    "oil_stain": (0.35, 0.0, 0.0),
    "weld": (1.0, 1.5, 0.5),
}


def seen(label: str, look: Stamp, line: int, column: int, view: View) -> tuple[Stamp, int, int]:
    """A mark of a class as a view shows it, and its corner there.

    Args:
        label: its class.
        look: as drawn.
        line: of its corner, in lines of 0.5 mm.
        column: of its corner, in pixels of 0.5 mm.
        view: of the camera.
    """
    if not view.is_dark and not view.smear and view.scale == 1:
        return look, line, column
    gain = (look.gain / np.float32(UNIT)).astype(np.float32)
    if view.is_dark:
        gain = _scattering(gain, *DARK[label])
    if view.smear:
        gain = _smeared(gain, view.smear_mm / NATIVE_MM)
        line -= (len(gain) - len(look.gain)) // 2
    if view.scale != 1:
        gain, line, column = _resampled(gain, line, column, view.scale)
    shown = np.rint(UNIT * gain).clip(0, UNIT * BRIGHTEST).astype(np.int32)
    return Stamp(shown, (0, 0, shown.shape[1], shown.shape[0])), line, column


def _scattering(gain: np.ndarray, tone: float, slope: float, depth: float) -> np.ndarray:
    steep = np.hypot(cv2.Sobel(gain, -1, 1, 0, scale=0.125), cv2.Sobel(gain, -1, 0, 1, scale=0.125))
    return np.clip(1 + tone * (gain - 1) + 2.0 * slope * steep + depth * np.abs(gain - 1), 0, BRIGHTEST)


def _smeared(gain: np.ndarray, lines: float) -> np.ndarray:
    kernel = box(max(lines, 1.0))
    more = len(kernel) // 2
    padded = np.pad(gain, ((more, more), (0, 0)), constant_values=1.0)
    return cv2.filter2D(padded, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def _resampled(gain: np.ndarray, line: int, column: int, k: float) -> tuple[np.ndarray, int, int]:
    """At `k` pixels for one: each pixel of the camera sees the mean of what it covers; finer ones are drawn between."""
    y, x = int(np.floor(line * k)), int(np.floor(column * k))
    h = int(np.ceil((line + gain.shape[0]) * k)) - y
    w = int(np.ceil((column + gain.shape[1]) * k)) - x
    if k < 1:
        side = 1 / k
        gain = cv2.sepFilter2D(gain, -1, box(side)[:, 0], box(side)[:, 0], borderType=cv2.BORDER_REPLICATE)
    # the middle of the camera's pixel i lies at (i + y + 0.5) / k - line - 0.5 of the drawing
    turn = np.array([[1 / k, 0, (x + 0.5) / k - column - 0.5], [0, 1 / k, (y + 0.5) / k - line - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(gain, turn, (w, h), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0), y, x

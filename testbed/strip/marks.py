"""What may lie on a strip: ten classes of defects, and the harmless water drops, oil stains and welds.

Each is a stamp: a gain a pixel, 1.0 where the strip stays as it is, so that the strip's own texture shows through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed.strip import flaws, looks

DEFECTS = (
    "scale", "scratch", "roll_mark", "red_scale", "sliver", "seam", "pits", "edge_crack", "hole", "chatter_marks",
)  # fmt: skip
BENIGN = ("water_drops", "oil_stain", "weld")
CLASSES = (*DEFECTS, *BENIGN)  # a mask holds 1 + the index in here
ACROSS = ("chatter_marks", "weld")  # from edge to edge
UNIT = 128  # the gain that changes nothing
SEEN = 0.07  # a gain that differs by this much belongs to the mark's box
BAR = 66  # lines of a light and a dark bar together, where a chatter's pitch is not given: 33 mm


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A mark's look.

    Attributes:
        gain: int32 (h, w), in 1/UNIT.
        box: x1, y1, x2, y2 of what can be seen of it, in pixels of the stamp.
    """

    gain: np.ndarray
    box: tuple[int, int, int, int]

    @property
    def mask(self) -> np.ndarray:
        """Where it can be seen, bool (h, w)."""
        x1, y1, x2, y2 = self.box
        found = np.zeros(self.gain.shape, bool)
        found[y1:y2, x1:x2] = np.abs(self.gain[y1:y2, x1:x2] - UNIT) >= SEEN * UNIT
        return found

    def onto(self, image: np.ndarray, line: int, column: int) -> None:
        """Press the stamp into `image`, its corner at (line, column); what lies outside is cut off."""
        roi, gain = overlap(image, self.gain, line, column)
        if roi.size:
            roi[:] = np.clip((roi * gain + UNIT // 2) >> 7, 0, 255)


def overlap(image: np.ndarray, patch: np.ndarray, line: int, column: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a patch with its corner at (line, column) lies on an image: the views of both, empty where it does not."""
    h, w = patch.shape
    y0, y1 = max(line, 0), max(line, 0, min(line + h, image.shape[0]))
    x0, x1 = max(column, 0), max(column, 0, min(column + w, image.shape[1]))
    return image[y0:y1, x0:x1], patch[y0 - line : y1 - line, x0 - column : x1 - column]


def faded_by(look: Stamp, strength: float) -> Stamp:
    """The same mark, weaker (below 1) or stronger."""
    return Stamp(np.rint(UNIT + strength * (look.gain - UNIT)).clip(0).astype(np.int32), look.box)


def mirrored(look: Stamp) -> Stamp:
    """The same mark, left and right exchanged."""
    x1, y1, x2, y2 = look.box
    w = look.gain.shape[1]
    return Stamp(np.ascontiguousarray(look.gain[:, ::-1]), (w - x2, y1, w - x1, y2))


def stamp(label: str, rng: np.random.Generator) -> Stamp:
    """A mark of this class, drawn. Raises KeyError for a class that is none.

    `edge_crack` is torn into the strip's left edge; `chatter_marks` is one bar of many.
    """
    return pressed(_LOOKS[label](rng))


def pressed(gain: np.ndarray) -> Stamp:
    """A look, float32 (h, w), as a stamp."""
    seen = np.abs(gain - 1) >= SEEN
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Stamp(np.rint(UNIT * np.clip(gain, 0, 2.5)).astype(np.int32), box)


_LOOKS = {
    "scale": looks.scale,
    "scratch": looks.scratch,
    "roll_mark": looks.roll_mark,
    "red_scale": flaws.red_scale,
    "sliver": flaws.sliver,
    "seam": flaws.seam,
    "pits": flaws.pits,
    "edge_crack": flaws.edge_crack,
    "hole": flaws.hole,
    "chatter_marks": lambda rng: flaws.chatter_bar(rng, BAR),
    "water_drops": looks.water_drops,
    "oil_stain": looks.oil_stain,
    "weld": flaws.weld,
}

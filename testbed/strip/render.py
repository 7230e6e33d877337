"""The strip as the camera sees it: bare texture with marks pressed into it, addressed by line of the coil."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from testbed.strip.marks import Stamp
from testbed.strip.texture import COLUMNS, LINES_PER_M, PIXEL_MM, Texture, bare

Box = tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A mark on the coil.

    Attributes:
        label: its class.
        line, column: of the stamp's corner.
        stamp: its look.
        series: marks of one roll share a number above 0.
    """

    label: str
    line: int
    column: int
    stamp: Stamp
    series: int = 0

    @property
    def box(self) -> Box:
        """x1, y1, x2, y2 of what can be seen, in columns and lines of the coil."""
        x1, y1, x2, y2 = self.stamp.box
        return self.column + x1, self.line + y1, self.column + x2, self.line + y2

    @property
    def metres(self) -> tuple[float, float]:
        """Where it begins and ends along the coil."""
        return self.box[1] / LINES_PER_M, self.box[3] / LINES_PER_M

    @property
    def millimetres(self) -> tuple[float, float]:
        """Where it begins and ends across, from the left end of the camera's view."""
        return self.box[0] * PIXEL_MM, self.box[2] * PIXEL_MM


class Strip:
    """One coil under the camera.

    >>> strip = Strip(10_000, "C1")
    >>> whole = strip.render(40, 60)
    >>> bool((np.vstack([strip.render(40, 7), strip.render(47, 53)]) == whole).all())
    True
    """

    def __init__(self, seed: int, coil: str, marks: Iterable[Placed] = ()) -> None:
        self.seed, self.coil = seed, coil
        self.marks = tuple(sorted(marks, key=lambda mark: (mark.line, mark.column)))
        self._texture: Texture | None = None

    def with_marks(self, marks: Iterable[Placed]) -> Strip:
        """The same strip with more on it."""
        more = Strip(self.seed, self.coil, (*self.marks, *marks))
        more._texture = self._texture
        return more

    def render(self, first: int, n: int) -> np.ndarray:
        """Lines `first` … `first + n - 1` of the coil, uint8 (n, COLUMNS)."""
        if self._texture is None:
            self._texture = bare(self.seed, self.coil)
        image = self._texture.render(first, n)
        for mark in self.marks:
            if mark.line < first + n and mark.line + len(mark.stamp.gain) > first:
                mark.stamp.onto(image, mark.line - first, mark.column)
        return image


def apart(a: Box, b: Box, clear: int) -> bool:
    """Whether two boxes are at least `clear` pixels apart."""
    return a[0] - b[2] >= clear or b[0] - a[2] >= clear or a[1] - b[3] >= clear or b[1] - a[3] >= clear


def cut(box: Box, first: int, n: int) -> Box | None:
    """The part of a box of the coil that lies in lines `first` … `first + n - 1`, in pixels of that frame."""
    x1, y1, x2, y2 = box
    top, bottom = max(y1 - first, 0), min(y2 - first, n)
    if top >= bottom:
        return None
    return max(x1, 0), top, min(x2, COLUMNS), bottom

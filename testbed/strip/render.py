"""The strip as the camera sees it: bare texture with marks pressed into it, addressed by line of the coil."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from testbed.strip.marks import CLASSES, Stamp, overlap
from testbed.strip.optics import seen
from testbed.strip.texture import COLUMNS, LINES_PER_M, PIXEL_MM, Texture, bare
from testbed.strip.view import BRIGHT, View

KEPT = 64  # marks whose look in the camera is kept; one that runs through several frames is drawn once
Box = tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels of 0.5 mm


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A mark on the coil.

    Attributes:
        label: its class.
        line, column: of the stamp's corner, in pixels of 0.5 mm.
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
    """One coil under the camera. Marks lie on it in pixels of 0.5 mm, whatever the camera's own.

    >>> strip = Strip(10_000, "C1")
    >>> whole = strip.render(40, 60)
    >>> bool((np.vstack([strip.render(40, 7), strip.render(47, 53)]) == whole).all())
    True
    """

    def __init__(self, seed: int, coil: str, marks: Iterable[Placed] = (), view: View = BRIGHT) -> None:
        self.seed, self.coil, self.view = seed, coil, view
        self.marks = tuple(sorted(marks, key=lambda mark: (mark.line, mark.column)))
        self._texture: Texture | None = None
        self._seen: dict[tuple[int, int, int, str], tuple[Stamp, int, int]] = {}

    def with_marks(self, marks: Iterable[Placed]) -> Strip:
        """The same strip with more on it."""
        more = Strip(self.seed, self.coil, (*self.marks, *marks), self.view)
        more._texture = self._texture
        return more

    def render(self, first: int, n: int, out: np.ndarray | None = None) -> np.ndarray:
        """Lines `first` … `first + n - 1` of the coil as the camera counts them, uint8 (n, columns).

        Into `out`, if given: a program that keeps one buffer is spared the memory of a new one each frame.
        """
        if self._texture is None:
            self._texture = bare(self.seed, self.coil, self.view)
        image = self._texture.render(first, n, out)
        for look, line, column, _ in self._within(first, n):
            look.onto(image, line, column)
        return image

    def mask(self, first: int, n: int) -> np.ndarray:
        """What each pixel of these lines belongs to, uint8 (n, columns): 0 sound strip, else 1 + index in CLASSES.

        A pixel whose grey level a mark changes by SEEN or more is the mark's; the later one covers the earlier.
        """
        found = np.zeros((n, self.view.columns), np.uint8)
        for look, line, column, label in self._within(first, n):
            roi, part = overlap(found, look.mask, line, column)
            roi[part] = 1 + CLASSES.index(label)
        return found

    def _within(self, first: int, n: int) -> Iterator[tuple[Stamp, int, int, str]]:
        """Marks in these lines as the camera sees them: stamp, line from `first`, column, class."""
        k, more = self.view.scale, int(2 + self.view.smear)
        for mark in self.marks:
            if mark.line * k < first + n + more and (mark.line + len(mark.stamp.gain)) * k > first - more:
                look, line, column = self._look(mark)
                yield look, line - first, column, mark.label

    def _look(self, mark: Placed) -> tuple[Stamp, int, int]:
        key = (id(mark.stamp), mark.line, mark.column, mark.label)
        if key not in self._seen:
            if len(self._seen) > KEPT:
                self._seen.clear()
            self._seen[key] = seen(mark.label, mark.stamp, mark.line, mark.column, self.view)
        return self._seen[key]


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


def drained(strip: Strip, lines: int, block: int = 1024) -> int:
    """Render so many lines block by block into one buffer, and answer with the bytes: what a speed is measured on."""
    buffer = np.empty((block, strip.view.columns), np.uint8)
    for first in range(0, lines, block):
        n = min(block, lines - first)
        strip.render(first, n, buffer[:n])
    return lines * strip.view.columns

"""A coil's lines as tiles on a fixed grid: the same tiles, however the camera cut its frames.

A tile answers for TILE lines and sees MARGIN more on either side. The head and the tail of the coil are mirrored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TILE, MARGIN = 1024, 64  # lines


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A picture to be scored.

    Attributes:
        image: uint8 (TILE + 2 MARGIN, w).
        line: of the coil, of the first line it answers for.
        lines: that it answers for, at most TILE; they begin at `image[MARGIN]`.
    """

    image: np.ndarray
    line: int
    lines: int


class Lines:
    """The lines of one coil as they come."""

    def __init__(self, first: int) -> None:
        self.first = first  # line the coil's picture begins with
        self.end = first  # line after the last one that came
        self._next = first  # first line no tile has answered for
        self._held = np.empty((0, 0), np.uint8)
        self._from = first  # line of the first one held

    @property
    def width(self) -> int:
        """Columns of the lines that came; 0 before any came."""
        return self._held.shape[1]

    def add(self, line: int, image: np.ndarray) -> Iterator[Tile]:
        """Take lines that begin at or before `end`; yields the tiles they complete. Lines seen before are skipped."""
        new = image[max(0, self.end - line) :]
        if len(new):
            self._held = np.concatenate([self._held, new]) if self._held.size else new
            self.end += len(new)
        while self.end >= self._until() + MARGIN:
            yield self._tile(self._until())

    def close(self) -> Iterator[Tile]:
        """The tiles of the coil's last lines."""
        while self.end > self._next:
            yield self._tile(min(self._until(), self.end))

    def _until(self) -> int:
        return (self._next // TILE + 1) * TILE

    def _tile(self, until: int) -> Tile:
        line = self._next
        begin, stop = max(line - MARGIN, self.first), min(until + MARGIN, self.end)
        seen = self._held[begin - self._from : stop - self._from]
        above = MARGIN - (line - begin)
        below = TILE + 2 * MARGIN - above - len(seen)
        image = np.pad(seen, ((above, below), (0, 0)), mode="symmetric")
        self._next = until
        keep = max(until - MARGIN, self.first)
        self._held, self._from = self._held[keep - self._from :], keep
        return Tile(image, line, until - line)

"""From anomaly maps of tiles to defects: what lies together is one, however many tiles it runs through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from connectors.pictures import islands

JOIN = (240, 48)  # pixels along and across within which parts belong to one defect
CROP = 224  # pixels of the strip that a classifier sees, at least
CROP_MOST = 448  # and at most, before it is shrunk to CROP


@dataclass(slots=True, eq=False)
class Region:
    """A defect as far as it has been seen; lines and columns of the coil's own grid.

    Attributes:
        first, last: lines it spans, `last` not included.
        left, right: columns, `right` not included.
        score: highest value of the map in it, 1.0 = alarm level.
        crop: uint8 (s, s), what lies around that value.
    """

    first: int
    last: int
    left: int
    right: int
    score: float
    crop: np.ndarray

    def near(self, other: Region) -> bool:
        """Whether the two are parts of one defect."""
        return (
            self.first <= other.last + JOIN[0]
            and other.first <= self.last + JOIN[0]
            and self.left <= other.right + JOIN[1]
            and other.left <= self.right + JOIN[1]
        )

    def joined(self, other: Region) -> Region:
        """Both as one; the crop is that of the stronger part, of the earlier one where they are equal."""
        strong = self if (-self.score, self.first, self.left) <= (-other.score, other.first, other.left) else other
        return Region(
            min(self.first, other.first),
            max(self.last, other.last),
            min(self.left, other.left),
            max(self.right, other.right),
            strong.score,
            strong.crop,
        )


def regions(picture: np.ndarray, levels: np.ndarray, stride: int, own: tuple[int, int], at: int) -> list[Region]:
    """What stands out in one tile.

    Args:
        picture: uint8 (h, w).
        levels: float32 (h / stride, w / stride), 1.0 = alarm level.
        stride: pixels a cell.
        own: lines of the picture, from and to, that this tile answers for; multiples of `stride`.
        at: line of the coil of the picture's first line.
    """
    top, bottom = own[0] // stride, own[1] // stride
    mine = levels[top:bottom]
    found = []
    for x1, y1, x2, y2 in islands(mine >= 1.0, (JOIN[0] // stride, JOIN[1] // stride)):
        part = np.where(mine[y1:y2, x1:x2] >= 1.0, mine[y1:y2, x1:x2], 0)
        y, x = np.unravel_index(int(np.argmax(part)), part.shape)
        box = (stride * x1, stride * (y1 + top), stride * x2, stride * (y2 + top))
        peak = (stride * (int(y) + y1 + top) + stride // 2, stride * (int(x) + x1) + stride // 2)
        found.append(
            Region(box[1] + at, box[3] + at, box[0], box[2], float(part.max()), crop(picture, box, peak)),
        )
    return found


def crop(picture: np.ndarray, box: tuple[int, int, int, int], peak: tuple[int, int]) -> np.ndarray:
    """What a classifier is shown of a region, uint8 (s, s), CROP <= s <= CROP_MOST or the picture's smaller side.

    Args:
        picture: uint8 (h, w).
        box: x1, y1, x2, y2 of the region.
        peak: (line, column) where it stands out most; the middle of the crop, where the region is larger than it.
    """
    x1, y1, x2, y2 = box
    size = int(np.clip(1.25 * max(x2 - x1, y2 - y1), CROP, min(CROP_MOST, *picture.shape)))
    corner = []
    for low, high, middle, most in ((y1, y2, peak[0], picture.shape[0]), (x1, x2, peak[1], picture.shape[1])):
        centre = (low + high) // 2 if high - low <= size else middle
        corner.append(int(np.clip(centre - size // 2, 0, most - size)))
    return picture[corner[0] : corner[0] + size, corner[1] : corner[1] + size].copy()


class Open:
    """Defects that may go on in the next tile."""

    def __init__(self) -> None:
        self._regions: list[Region] = []

    def add(self, new: list[Region], upto: int) -> list[Region]:
        """Take what a tile showed up to line `upto`; answers with the defects that nothing can join any more."""
        for region in new:
            while (near := next((r for r in self._regions if r.near(region)), None)) is not None:
                self._regions.remove(near)
                region = near.joined(region)
            self._regions.append(region)
        done = [r for r in self._regions if r.last + JOIN[0] < upto]
        self._regions = [r for r in self._regions if r.last + JOIN[0] >= upto]
        return sorted(done, key=lambda r: (r.first, r.left))

    def close(self) -> list[Region]:
        """Everything that is still open."""
        done, self._regions = sorted(self._regions, key=lambda r: (r.first, r.left)), []
        return done

"""What the camera has just seen, as one picture for a page: the frames of a moment, end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectors.items import Frame
from connectors.pictures import encode_lossy, resized

WIDE, QUALITY = 960, 70  # px across and JPEG quality: judgement
MOST = 8  # frames in one picture: four metres of strip at 0.5 mm a pixel
TOUCH_M = 0.002  # frames this close go on from each other


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture for a page.

    Attributes:
        jpeg: its bytes.
        coil: part it shows.
        at: metre of its first line, None off the strip.
        mm: of a pixel as it came, along and across; None where that is not known.
        lines, pixels: how many of those it shows.
    """

    jpeg: bytes
    coil: str
    at: float | None
    mm: float | None
    lines: int
    pixels: int

    def plain(self) -> dict[str, object]:
        """What goes before its bytes."""
        return {
            "bytes": len(self.jpeg), "coil": self.coil, "at": self.at, "mm": self.mm, "lines": self.lines,
            "pixels": self.pixels,
        }  # fmt: skip


def shown(frames: Sequence[Frame]) -> Shown:
    """The last of these frames, and those before it that it goes on from."""
    last = frames[-1]
    kept = [last]
    for frame in reversed(frames[-MOST:-1]):
        if not _goes_on(frame, kept[0]):
            break
        kept.insert(0, frame)
    images = [frame.image for frame in kept]
    pixels = images[0].shape[1]
    small = [resized(image, max(1, round(image.shape[0] * WIDE / pixels)), WIDE) for image in images]
    jpeg = encode_lossy(np.concatenate(small), QUALITY)
    lines = sum(image.shape[0] for image in images)
    return Shown(jpeg, last.part_id, kept[0].position_m, last.pixel_mm, lines, pixels)


def _goes_on(frame: Frame, after: Frame) -> bool:
    """Whether `after` begins on the strip where `frame` ends."""
    if frame.position_m is None or after.position_m is None or frame.pixel_mm is None:
        return False
    end = frame.position_m + frame.image.shape[0] * frame.pixel_mm / 1000.0
    alike = frame.part_id == after.part_id and frame.image.shape[1:] == after.image.shape[1:]
    return alike and abs(end - after.position_m) <= TOUCH_M

"""What a foreign graph is fed: a picture or a window as its card says, in its layout, size, scale and type.

A picture comes as uint8 (1, h, w) or (1, h, w, 1) grey or (1, h, w, 3) BGR, a window as float32 (1, n, k).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.pictures import grey, resized
from connectors.texts import say

PICTURE_LAYOUTS = ("NCHW", "NHWC")
SERIES_LAYOUTS = ("NC", "NCT", "NTC", "NT")
COLOURS = ("rgb", "bgr", "grey")
FITS = ("stretch", "letterbox")
PADDING = 114  # grey level beside a letterboxed picture, as YOLO nets are trained with
DTYPES = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8, "tensor(int8)": np.int8, "tensor(int32)": np.int32, "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a picture of `height` and `width` px lies in the one the graph saw: x there = x · `across` + `left`."""

    height: int
    width: int
    across: float = 1.0
    down: float = 1.0
    left: int = 0
    top: int = 0

    @property
    def seen(self) -> tuple[float, float]:
        """Width and height of what the graph saw, px."""
        return self.width * self.across + 2 * self.left, self.height * self.down + 2 * self.top

    def back(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes x1, y1, x2, y2 (n, 4) in pixels of the picture itself, cut to it; float32."""
        moved = (boxes - [self.left, self.top] * 2) / ([self.across, self.down] * 2)
        return np.clip(moved, 0, [self.width, self.height] * 2).astype(np.float32)


def shaped(array: np.ndarray, kind: str, shape: Sequence[Any]) -> np.ndarray:
    """As the graph's type, and repeated where the graph takes several at once; the first one's result is read."""
    dtype = DTYPES[kind]
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        array = np.clip(np.rint(array), limits.min, limits.max)
    array = array.astype(dtype)
    many = shape[0] if shape and isinstance(shape[0], int) else 1
    return np.ascontiguousarray(np.repeat(array, many, axis=0) if many > 1 else array)


def constant(value: Any, kind: str, shape: Sequence[Any]) -> np.ndarray:
    """Numbers that an input always gets, in the graph's type and shape; an axis it leaves open is 1.

    Raises InputError if there are not as many as the shape takes.
    """
    sizes = [n if isinstance(n, int) else 1 for n in shape]
    numbers = np.asarray(value, DTYPES[kind])
    if numbers.size not in (1, int(np.prod(sizes))):
        raise InputError(say("An input of shape {shape} takes {n} numbers, but got {got}.",
                             shape="×".join(map(str, sizes)), n=int(np.prod(sizes)), got=numbers.size))  # fmt: skip
    return np.broadcast_to(numbers.reshape(-1), int(np.prod(sizes))).reshape(sizes).copy()


def picture(image: np.ndarray, entry: Mapping[str, Any]) -> tuple[np.ndarray, Placed]:
    """A picture as the graph wants it, float32 of one picture in the layout of `entry`, and where it lies in that.

    Args:
        image: uint8 (1, h, w), (1, h, w, 1) or (1, h, w, 3) BGR.
        entry: the input in the card: `layout`, `colour`, `size` [h, w], `fit`, `scale`, `mean`, `std`; in this order:
            colour, size, times `scale`, minus `mean`, by `std`.
    """
    levels = image[0, :, :, 0] if image.ndim == 4 and image.shape[3] == 1 else image[0]
    colour = entry.get("colour", "rgb")
    levels = _coloured(levels, colour)
    placed = Placed(*levels.shape[:2])
    if entry.get("size"):
        levels, placed = _sized(levels, *entry["size"], fit=entry.get("fit", "stretch"))
    values = levels.astype(np.float32)
    values = values[:, :, None] if values.ndim == 2 else values
    values = _scaled(values, entry)
    return (values.transpose(2, 0, 1) if entry["layout"] == "NCHW" else values)[None], placed


def _coloured(levels: np.ndarray, colour: str) -> np.ndarray:
    if colour == "grey":
        return grey(levels)
    if levels.ndim == 2:
        return np.repeat(levels[:, :, None], 3, axis=2)
    return levels[:, :, ::-1] if colour == "rgb" else levels


def _sized(levels: np.ndarray, height: int, width: int, fit: str) -> tuple[np.ndarray, Placed]:
    h, w = levels.shape[:2]
    if fit == "stretch":
        if (h, w) == (height, width):
            return levels, Placed(h, w)
        return resized(np.ascontiguousarray(levels), height, width), Placed(h, w, width / w, height / h)
    by = min(height / h, width / w)
    inner = max(1, round(h * by)), max(1, round(w * by))
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    whole = np.full((height, width, *levels.shape[2:]), PADDING, np.uint8)
    small = resized(np.ascontiguousarray(levels), *inner)
    whole[top : top + inner[0], left : left + inner[1]] = small.reshape(*inner, *levels.shape[2:])
    return whole, Placed(h, w, inner[1] / w, inner[0] / h, left, top)


def window(values: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
    """A window float32 (1, n, k) in the layout of `entry`, less its `mean` and by its `std`."""
    scaled = _scaled(values, entry)
    match entry["layout"]:
        case "NTC":
            return scaled
        case "NCT":
            return scaled.transpose(0, 2, 1)
        case "NT":
            return scaled[:, :, 0]
    return scaled[:, -1, :]


def back(values: np.ndarray, layout: str) -> np.ndarray:
    """What a graph gives in a layout, as (n, k): rows of time and columns of channels."""
    first = values[0]
    if layout == "NCT":
        return first.T
    return first[:, None] if layout == "NT" else np.atleast_2d(first)


def _scaled(values: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
    """Times `scale`, minus `mean`, by `std`: one number, or one a channel (the last axis)."""
    for key in ("mean", "std"):
        given = np.atleast_1d(entry.get(key, 0.0))
        if len(given) not in (1, values.shape[-1]):
            raise InputError(
                say("'{key}' has {n} numbers, but '{name}' has {k} channels.",
                    key=key, n=len(given), name=entry.get("name", ""), k=values.shape[-1])
            )  # fmt: skip
    moved = values * np.float32(entry.get("scale", 1.0)) - np.asarray(entry.get("mean", 0.0), np.float32)
    return moved / np.asarray(entry.get("std", 1.0), np.float32)

"""A camera's picture as a graph wants it: grey, in its size, in its layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from connectors.pictures import grey, resized

MULTIPLE = 32  # px; a graph of ours that takes any size takes multiples of it


def as_input(image: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
    """The picture as an input of one picture.

    Args:
        image: uint8 (h, w), or (h, w, 3) BGR.
        entry: the input in the model's card. Its `layout` NHWC asks for (1, h, w, 1) grey levels, brought to its `size`
            where that is fixed, else mirrored up to a `multiple`; without a layout the picture goes in as it is.
    """
    if entry.get("layout") != "NHWC":
        return image[None]
    _, height, width, _ = entry.get("size", (1, "h", "w", 1))
    levels = grey(image)
    if isinstance(height, int) and isinstance(width, int):
        levels = resized(levels, height, width)
    else:
        multiple = int(entry.get("multiple", MULTIPLE))
        levels = np.pad(levels, [(0, -n % multiple) for n in levels.shape], mode="symmetric")
    return np.ascontiguousarray(levels)[None, :, :, None]

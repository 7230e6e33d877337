"""Encoding, decoding and measuring of pictures: the only file of this floor that knows OpenCV."""

from __future__ import annotations

import cv2
import numpy as np

from connectors.errors import InputError
from connectors.texts import say


def encode(image: np.ndarray) -> bytes:
    """PNG bytes of a uint8 picture of shape (height, width) or (height, width, 3), BGR."""
    done, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError(f"A picture of shape {image.shape} and type {image.dtype} cannot be encoded.")
    return data.tobytes()


def encode_raw(image: np.ndarray) -> bytes:
    """TIFF bytes of a uint8 picture, uncompressed: 20 times as fast as PNG, for what a line-scan camera sends."""
    done, data = cv2.imencode(".tiff", image, [cv2.IMWRITE_TIFF_COMPRESSION, 1])
    if not done:
        raise ValueError(f"A picture of shape {image.shape} and type {image.dtype} cannot be encoded.")
    return data.tobytes()


def decode(data: bytes) -> np.ndarray:
    """The uint8 picture in `data` (PNG, JPEG, BMP, TIFF), grey as (h, w), colour as (h, w, 3) BGR.

    Raises InputError if it is none.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None or image.dtype != np.uint8:
        raise InputError(say("{n} bytes are not an 8-bit picture. PNG, JPEG, BMP and TIFF fit.", n=len(data)))
    return image[..., :3] if image.ndim == 3 and image.shape[2] == 4 else image


def regions(mask: np.ndarray) -> np.ndarray:
    """Parts of a mask (h, w) that hang together, also over corners: int32 (h, w), 0 outside and 1 … m inside."""
    return cv2.connectedComponents((np.asarray(mask) != 0).astype(np.uint8), connectivity=8)[1].astype(np.int32)


def grey(image: np.ndarray) -> np.ndarray:
    """Grey levels uint8 (h, w) of a picture (h, w) or (h, w, 3) BGR (ITU-R BT.601)."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The picture in another size: means of areas where it shrinks, bilinear where it grows."""
    shrinks = image.shape[0] > height or image.shape[1] > width
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def islands(mask: np.ndarray, reach: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Boxes x1, y1, x2, y2 of what is set in a bool (h, w) mask, by top and left; nearer than `reach` (y, x) is one."""
    if not mask.any():
        return []
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((2 * (reach[0] // 2) + 1, 2 * (reach[1] // 2) + 1), np.uint8))
    n, labels = cv2.connectedComponents(grown, connectivity=8)
    rows, columns = np.nonzero(mask)
    of = labels[rows, columns]
    boxes = []
    for i in range(1, n):
        y, x = rows[of == i], columns[of == i]
        boxes.append((int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1))
    return sorted(boxes, key=lambda box: (box[1], box[0]))


def recompressed(image: np.ndarray, quality: int) -> np.ndarray:
    """A grey picture as JPEG of that quality (1 … 100) would give it back."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"A picture of shape {image.shape} and type {image.dtype} cannot be encoded.")
    return grey(decode(data.tobytes()))

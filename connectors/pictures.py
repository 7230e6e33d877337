"""Encoding, decoding and measuring of pictures: the only file of this floor that knows OpenCV."""

from __future__ import annotations

import os

import numpy as np

from connectors.errors import InputError
from connectors.texts import say

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 2**26  # pixels, four times the largest frame of a line-scan camera here (judgement)
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(LARGEST))  # both are read when OpenCV is loaded
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # who decodes what is no picture says so, once
import cv2  # noqa: E402


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

    Raises InputError if it is none, or if its header states more than LARGEST pixels.
    """
    try:
        is_empty = not data or _is_torn_png(data)
        image = None if is_empty else cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError):  # a size that no picture has is no None, but raised
        image = None
    if image is None or image.dtype != np.uint8:
        raise InputError(say("{n} bytes are not an 8-bit picture. PNG, JPEG, BMP and TIFF fit.", n=len(data)))
    return image[..., :3] if image.ndim == 3 and image.shape[2] == 4 else image


def _is_torn_png(data: bytes) -> bool:
    """Whether a chunk of a PNG says that it is longer than what has come: OpenCV would take memory for all of it."""
    at = len(PNG)
    if data[:at] != PNG:
        return False
    name = b""
    while at + 8 <= len(data) and name != b"IEND":
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + size  # length, name and checksum stand around it (RFC 2083, 3.2)
        if at > len(data):
            return True
    return False


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


def warped(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int], mirrored: bool = False) -> np.ndarray:
    """A window (h, w) of the picture under an affine float32 (2, 3) matrix.

    Outside it lies its mean grey level; `mirrored`, it goes on as in a mirror at its edge.
    """
    if mirrored:
        return cv2.warpAffine(image, matrix, size[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    fill = float(image.mean())
    return cv2.warpAffine(image, matrix, size[::-1], flags=cv2.INTER_LINEAR, borderValue=fill)


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


def encode_lossy(image: np.ndarray, quality: int) -> bytes:
    """JPEG bytes of a uint8 picture, of that quality (1 … 100)."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"A picture of shape {image.shape} and type {image.dtype} cannot be encoded.")
    return data.tobytes()


def recompressed(image: np.ndarray, quality: int) -> np.ndarray:
    """A grey picture as JPEG of that quality (1 … 100) would give it back."""
    return grey(decode(encode_lossy(image, quality)))

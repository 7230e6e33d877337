"""What flows from a source: samples, pictures, texts and marks. Frozen, and checked once where they are built."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from connectors.status import is_bad
from connectors.tags import Tag


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Dense samples of one group on one time axis.

    Attributes:
        tags: k tags, all of one group.
        time: int64 (n,), ns since 1970 UTC, strictly rising.
        values: float64 (n, k), in each tag's unit; NaN where the status is Bad or GoodNoData.
        status: uint32 (n, k), OPC UA status codes; GoodNoData means that there is no sample here.
    """

    tags: tuple[Tag, ...]
    time: np.ndarray
    values: np.ndarray
    status: np.ndarray

    def __post_init__(self) -> None:
        shape = (len(self.time), len(self.tags))
        _expect(self.time, np.int64, (shape[0],), "time")
        _expect(self.values, np.float64, shape, "values")
        _expect(self.status, np.uint32, shape, "status")
        if not self.tags:
            raise ValueError("A batch needs at least one tag.")
        # count_nonzero on purpose: any() and all() take four times as long on what is small
        if shape[0] > 1 and np.count_nonzero(self.time[1:] <= self.time[:-1]):
            raise ValueError("time of a batch must rise from row to row.")
        if np.count_nonzero(self.status) and not np.isnan(self.values[is_bad(self.status)]).all():
            raise ValueError("A Bad sample's value must be NaN.")

    @property
    def group(self) -> str:
        return self.tags[0].group


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Samples reported by exception, as MonitoredItem notifications bring them.

    Attributes:
        tags: k tags of one group.
        tag: int32 (n,), index into `tags`.
        time: int64 (n,), ns since 1970 UTC; rises for each tag, in any order between tags.
        value: float64 (n,); NaN where the status is Bad.
        status: uint32 (n,), OPC UA status codes.
    """

    tags: tuple[Tag, ...]
    tag: np.ndarray
    time: np.ndarray
    value: np.ndarray
    status: np.ndarray

    def __post_init__(self) -> None:
        n = (len(self.time),)
        _expect(self.tag, np.int32, n, "tag")
        _expect(self.time, np.int64, n, "time")
        _expect(self.value, np.float64, n, "value")
        _expect(self.status, np.uint32, n, "status")
        if n[0] and not (0 <= self.tag.min() and self.tag.max() < len(self.tags)):
            got = f"{self.tag.min()} to {self.tag.max()}"
            raise ValueError(f"tag must index the {len(self.tags)} tags, but got {got}.")
        if self.status.any() and not np.isnan(self.value[is_bad(self.status)]).all():
            raise ValueError("A Bad sample's value must be NaN.")

    @property
    def group(self) -> str:
        return self.tags[0].group


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture, as the camera encoded it.

    Attributes:
        tag: the camera.
        time: ns since 1970 UTC, when the picture was complete: of the last line of a line-scan camera.
        data: the encoded bytes (PNG), the same on every path.
        position_m: strip position of the first line, in metres; None off the strip.
        part_id: coil, slab or sheet (OPC 40100-1 PartId).
        pixel_mm: size of a pixel on the strip, along and across; None where it is not known.
    """

    tag: Tag
    time: int
    data: bytes
    position_m: float | None = None
    part_id: str = ""
    pixel_mm: float | None = None

    @property
    def group(self) -> str:
        return self.tag.group

    @cached_property
    def image(self) -> np.ndarray:
        """Decoded picture, uint8 (height, width) or (height, width, 3) in BGR order."""
        from connectors.pictures import decode

        return decode(self.data)


@dataclass(frozen=True, slots=True)
class Context:
    """A text that changes: heat, slab, coil, grade. `time` is ns since 1970 UTC."""

    tag: Tag
    time: int
    text: str

    @property
    def group(self) -> str:
        return self.tag.group


@dataclass(frozen=True, slots=True)
class Mark:
    """A watermark: nothing of `group` at or before `time` comes any more. `times.END` ends the group.

    `count` is how many samples of the group were sent up to here (notifications over OPC UA, rows of tags over
    MQTT); None where the source cannot know. Fewer received than sent are lost.
    """

    group: str
    time: int
    count: int | None = None


Item = Batch | Changes | Frame | Context | Mark


def weight(item: Item) -> int:
    """Bytes of the samples, pictures and texts in an item."""
    match item:
        case Batch():
            return item.time.nbytes + item.values.nbytes + item.status.nbytes
        case Changes():
            return item.tag.nbytes + item.time.nbytes + item.value.nbytes + item.status.nbytes
        case Frame():
            return len(item.data)
        case Context():
            return len(item.text.encode())
    return 0


def block_times(first: int, rate_hz: float, n: int) -> np.ndarray:
    """Times of a block's samples, int64 (n,) ns: `first` and then steps of 1/rate_hz, each cut to a microsecond.

    >>> block_times(0, 1000.0, 3).tolist()
    [0, 1000000, 2000000]
    """
    return first + (np.arange(n) * (1e6 / rate_hz)).astype(np.int64) * 1000


def _expect(array: np.ndarray, dtype: type, shape: tuple[int, ...], name: str) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(
            f"{name} must be {np.dtype(dtype)} of shape {shape}, but got {array.dtype} of shape {array.shape}."
        )

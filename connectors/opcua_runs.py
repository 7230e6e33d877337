"""Runs of a foreign OPC UA server's notifications as readings: numbers in columns, texts one by one, arrays in blocks.

Every numeric type is a number, booleans are 0 and 1, enumerations their number, a DateTime is ns since 1970.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from connectors.clock import now_ns
from connectors.items import block_times
from connectors.opcua_publish import Rows, Run, in_columns
from connectors.readings import Block, Columns, Reading, Told, in_one
from connectors.status import BAD, BAD_WAITING_FOR_INITIAL_DATA, is_bad
from connectors.tags import Tag
from connectors.times import MICROSECOND, NONE

MOST_HZ = 1e6  # times are whole microseconds


class RunReader:
    """The tags behind client handles 1, 2, 3 …; one for each connection, since first values come again.

    Attributes:
        malformed: values that no tag can hold, among them an array of a tag without a rate.
        untimed: values without a source time: the server's time stands for it, or ours where there is none.
    """

    def __init__(self, tags: Sequence[Tag]) -> None:
        self.malformed = self.untimed = 0
        self._tags = tuple(tags)
        self._is_new = np.ones(len(tags) + 1, bool)  # by handle
        self._new = len(tags)  # so many have not told their first value
        self._next: dict[int, int] = {}  # ns by handle, where the samples of an array go on

    def take(self, runs: Sequence[Run | Rows]) -> list[Told]:
        """What the runs of one message tell. What waits for its first value tells nothing."""
        told: list[Told] = []
        numbers: list[tuple[np.ndarray, ...]] = []
        blocks: dict[int, list[Block]] = {}
        for run in in_columns(runs):
            is_known = (run.handle - np.uint32(1) < len(self._tags)) & (run.status != BAD_WAITING_FOR_INITIAL_DATA)
            chosen = slice(None) if is_known.all() else np.flatnonzero(is_known)
            handle, time, status = run.handle[chosen], self._times(run)[chosen], run.status[chosen]
            if not len(handle):
                continue
            if isinstance(run.values, list):
                told += self._texts(handle, time, status, run.values)
            elif run.values is not None and run.values.ndim == 2:
                for number, block in self._blocks(handle, time, status, run.values[chosen]):
                    blocks.setdefault(number, []).append(block)
            else:
                value = np.full(len(handle), np.nan) if run.values is None else run.values[chosen]
                numbers.append((handle, time, value, status))
        return [*told, *self._numbers(numbers), *(whole for parts in blocks.values() for whole in in_one(parts))]

    def _times(self, run: Run) -> np.ndarray:
        """Source times, int64 (n,)."""
        if run.source.min() != NONE:
            return run.source
        is_missing = run.source == NONE
        self.untimed += int(is_missing.sum())
        time = np.where(is_missing, run.server, run.source)
        return np.where(time == NONE, now_ns(), time)

    def _numbers(self, parts: Sequence[tuple[np.ndarray, ...]]) -> list[Told]:
        if not parts:
            return []
        handle, time, value, status = (
            parts[0] if len(parts) == 1 else (np.concatenate(part) for part in zip(*parts, strict=True))
        )
        value, status = _cleaned(value.astype(np.float64), status)
        columns = Columns(handle.astype(np.int32) - np.int32(1), time, value, status)
        if not self._new or not self._is_new[handle].any():
            return [columns]
        return [
            reading._replace(is_first=self._is_first(int(number)))
            for reading, number in zip(columns.singles(self._tags), handle, strict=True)
        ]

    def _is_first(self, handle: int) -> bool:
        is_new = bool(self._is_new[handle])
        self._is_new[handle] = False
        self._new -= is_new
        return is_new

    def _texts(self, handle: np.ndarray, time: np.ndarray, status: np.ndarray, values: Sequence[Any]) -> list[Told]:
        """A run of these has one row."""
        (value,), number = values, int(handle[0])
        is_first = self._is_first(number)
        if value is not None and not isinstance(value, str):
            self.malformed += 1
            return []
        if value is None:
            return [Reading(self._tags[number - 1], int(time[0]), math.nan, int(status[0]) | BAD, is_first)]
        return [Reading(self._tags[number - 1], int(time[0]), value, int(status[0]), is_first)]

    def _blocks(
        self, handle: np.ndarray, time: np.ndarray, status: np.ndarray, values: np.ndarray
    ) -> Iterator[tuple[int, Block]]:
        """An array is samples at its tag's rate, the first one at the source time. Each comes with its handle."""
        n = values.shape[1]
        for number, first, code, row in zip(handle.tolist(), time.tolist(), status.tolist(), values, strict=True):
            tag, is_first = self._tags[number - 1], self._is_first(number)
            if tag.rate_hz is None or tag.rate_hz > MOST_HZ:
                self.malformed += 1
            elif n:
                value, codes = _cleaned(row.astype(np.float64), np.full(n, code, np.uint32))
                moments = block_times(self._start(number, first, n, tag.rate_hz), tag.rate_hz, n)
                yield number, Block(tag, moments, value, codes, is_first)

    def _start(self, handle: int, first: int, n: int, rate_hz: float) -> int:
        """Where a block begins: clocks of a server are coarse, so one that seems to overlap follows the one before."""
        length = round(n / rate_hz * 1e6) * MICROSECOND
        due = self._next.get(handle, first)
        start = due if first < due <= first + length else first
        self._next[handle] = start + length
        return start


def _cleaned(value: np.ndarray, status: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """NaN where Bad, Bad where no finite number."""
    is_finite = np.isfinite(value)
    if is_finite.all() and not status.any():
        return value, status
    bad = is_bad(status)
    return np.where(bad | ~is_finite, np.nan, value), np.where(bad | is_finite, status, np.uint32(BAD))

"""Windows on a grid of source time: sample and hold, filled as the watermark passes, whatever the cut.

Grid times are whole multiples of the period since 1970; a window ends at a whole multiple of its stride.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectors.status import GOOD_NO_DATA, is_bad
from connectors.tags import Group
from edge.merge import Chunk


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """What a model wants to see.

    Attributes:
        channels: tag names, in the model's order.
        rate_hz: grid points a second.
        length: grid points a window.
        stride_s: seconds between window ends, a whole multiple of 1/rate_hz.
        hold_s: a value older than this counts as missing.
        max_bad: share of bad or missing cells above which the window is not scored.
    """

    channels: tuple[str, ...]
    rate_hz: float
    length: int
    stride_s: float
    hold_s: float = 5.0
    max_bad: float = 0.1

    def __post_init__(self) -> None:
        if not self.channels:
            raise ValueError("A window needs at least one channel.")
        if self.length < 1 or self.rate_hz <= 0 or self.stride_s <= 0 or self.hold_s <= 0:
            raise ValueError("length, rate_hz, stride_s and hold_s of a window must be above 0.")
        if self.stride_ns % self.period_ns:
            raise ValueError(
                f"stride_s must be a whole multiple of 1/rate_hz, but got {self.stride_s} s at {self.rate_hz} Hz."
            )

    @property
    def period_ns(self) -> int:
        return round(1e9 / self.rate_hz)

    @property
    def stride_ns(self) -> int:
        return round(1e9 * self.stride_s)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What a model sees.

    Attributes:
        end: ns, time of the last grid point.
        values: float64 (length, k): the last value at or before each grid time, held where bad or missing.
        bad: bool (length, k): the held value stands in for a bad, missing or outdated sample.
    """

    end: int
    values: np.ndarray
    bad: np.ndarray


class GroupColumns:
    """The columns of one window that one group feeds, filled grid point by grid point."""

    def __init__(self, spec: WindowSpec, group: Group) -> None:
        index = {tag.name: i for i, tag in enumerate(group.tags)}
        self.into = np.array([i for i, name in enumerate(spec.channels) if name in index])
        self._from = np.array([index[name] for name in spec.channels if name in index])
        self._period = spec.period_ns
        self._hold = round(spec.hold_s * 1e9)
        self._pending: list[Chunk] = []
        k = len(self.into)
        self._value = np.full(k, np.nan)  # last good value
        self._time = np.full(k, np.iinfo(np.int64).min // 2)  # of the last sample, good or bad
        self._is_bad = np.ones(k, bool)  # the last sample was bad

    def add(self, chunk: Chunk) -> None:
        if len(chunk.time):
            self._pending.append(chunk)

    def fill(self, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and bad flags, (len(grid), k) each, at rising grid times no earlier than those asked before."""
        time, values, status = self._samples()
        m = len(time)
        last = np.searchsorted(time, grid, side="right") - 1  # -1: still the value carried over
        sample = _last_index(status != GOOD_NO_DATA)
        good = _last_index((status != GOOD_NO_DATA) & ~is_bad(status))
        at_sample, at_good = _pick(sample, last), _pick(good, last)
        columns = np.arange(len(self.into))
        held = np.where(at_good >= 0, values[at_good, columns] if m else np.nan, self._value)
        seen = np.where(at_sample >= 0, time[at_sample] if m else 0, self._time)
        bad = np.where(at_sample >= 0, at_sample != at_good, self._is_bad)
        bad |= grid[:, None] - seen > self._hold
        self._carry(int(grid[-1]), time, values, sample, good)
        return held, bad

    def _samples(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if not self._pending:
            k = len(self.into)
            return np.empty(0, np.int64), np.empty((0, k)), np.empty((0, k), np.uint32)
        if len(self._pending) == 1:
            chunk = self._pending[0]
            return chunk.time, chunk.values[:, self._from], chunk.status[:, self._from]
        return (
            np.concatenate([c.time for c in self._pending]),
            np.concatenate([c.values[:, self._from] for c in self._pending]),
            np.concatenate([c.status[:, self._from] for c in self._pending]),
        )

    def _carry(self, until: int, time: np.ndarray, values: np.ndarray, sample: np.ndarray, good: np.ndarray) -> None:
        """Remember the last sample at or before `until`; keep what is newer."""
        used = int(np.searchsorted(time, until, side="right"))
        if used:
            columns = np.arange(len(self.into))
            s, g = sample[used - 1], good[used - 1]
            self._is_bad = np.where(s >= 0, s != g, self._is_bad)
            self._time = np.where(s >= 0, time[s], self._time)
            self._value = np.where(g >= 0, values[g, columns], self._value)
        self._pending = [rest for chunk in self._pending if (rest := _after(chunk, until)) is not None]


class Windows:
    """Collects chunks and hands out each window once the watermark has reached its end."""

    def __init__(self, spec: WindowSpec, groups: Sequence[Group]) -> None:
        self.spec = spec
        wanted = set(spec.channels)
        self._columns = {
            group.name: GroupColumns(spec, group) for group in groups if any(tag.name in wanted for tag in group.tags)
        }
        self.groups = tuple(self._columns)
        self._values = np.full((spec.length, len(spec.channels)), np.nan)
        self._bad = np.ones((spec.length, len(spec.channels)), bool)
        self._filled: int | None = None  # last grid time that is filled

    def add(self, chunk: Chunk) -> None:
        columns = self._columns.get(chunk.group.name)
        if columns is not None:
            columns.add(chunk)

    def window(self, end: int) -> Window:
        """The window that ends at `end`, a multiple of the stride later than the last one asked for."""
        period, length = self.spec.period_ns, self.spec.length
        first = end - (length - 1) * period
        begin = first if self._filled is None else self._filled + period
        grid = np.arange(begin, end + 1, period, dtype=np.int64)
        values = np.empty((len(grid), len(self.spec.channels)))
        bad = np.empty(values.shape, bool)
        for columns in self._columns.values():
            values[:, columns.into], bad[:, columns.into] = columns.fill(grid)
        self._values = np.concatenate([self._values, values])[-length:]
        self._bad = np.concatenate([self._bad, bad])[-length:]
        self._filled = end
        return Window(end, self._values, self._bad)


def _last_index(valid: np.ndarray) -> np.ndarray:
    """Row of the last valid cell at or above each cell, -1 if none; int64 of `valid`'s shape."""
    rows = np.where(valid, np.arange(len(valid))[:, None], -1)
    return np.maximum.accumulate(rows, axis=0) if len(rows) else rows


def _pick(index: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows of `index`, with -1 for row -1."""
    if not len(index):
        return np.full((len(rows), index.shape[1]), -1)
    return np.where(rows[:, None] >= 0, index[rows], -1)


def _after(chunk: Chunk, until: int) -> Chunk | None:
    cut = int(np.searchsorted(chunk.time, until, side="right"))
    if cut == len(chunk.time):
        return None
    if cut == 0:
        return chunk
    return Chunk(chunk.group, chunk.mark, chunk.time[cut:], chunk.values[cut:], chunk.status[cut:])

"""The recorded signals of a run as arrays, read once a group and thinned for drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.errors import TestbedError
from connectors.status import GOOD_NO_DATA
from connectors.tags import Group, Tag
from connectors.times import SECOND
from testbed.record import STATUS

if TYPE_CHECKING:
    from testbed.running import Run

POINTS = 1200  # of a plotted curve: least and greatest of 600 stretches
GAP = 5.0  # sample intervals without a sample that break a curve


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One tag over time.

    Attributes:
        tag: the tag.
        time: float64 (n,), s since the start of the run, rising.
        value: float64 (n,), in the tag's unit; NaN where the sample was Bad.
    """

    tag: Tag
    time: np.ndarray
    value: np.ndarray

    def between(self, low: float, high: float) -> Trace:
        """The samples of a stretch, both ends in it."""
        first, after = np.searchsorted(self.time, (low, np.nextafter(high, np.inf)))
        return Trace(self.tag, self.time[first:after], self.value[first:after])


class Signals:
    """What was recorded; everything is empty where nothing was."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.groups = tuple(g for g in run.groups if g.kind in ("scalars", "blocks") and g.tags)
        self._group_of = {tag.name: group for group in self.groups for tag in group.tags}
        self._frames: dict[str, tuple[np.ndarray, Any] | None] = {}
        self._traces: dict[str, Trace] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._group_of

    def label(self, name: str) -> str:
        """The last level of a tag's path; the last two where another tag ends in the same."""
        short = name.rsplit("/", 1)[-1]
        alike = [other for other in self._group_of if other.rsplit("/", 1)[-1] == short]
        return short if len(alike) < 2 else "/".join(name.split("/")[-2:])

    @property
    def is_empty(self) -> bool:
        """Whether no group has a sample."""
        return all(self._frame(group) is None for group in self.groups)

    def trace(self, name: str) -> Trace | None:
        """One tag's samples; None where it is not known or was not recorded."""
        if name not in self._traces:
            group = self._group_of.get(name)
            frame = None if group is None else self._frame(group)
            if group is None or frame is None or name not in frame[1].columns:
                return None
            tag = next(tag for tag in group.tags if tag.name == name)
            self._traces[name] = _trace(tag, *frame)
        return self._traces[name]

    def _frame(self, group: Group) -> tuple[np.ndarray, Any] | None:
        """Times in s and the table of a group, or None."""
        if group.name not in self._frames:
            self._frames[group.name] = self._read(group)
        return self._frames[group.name]

    def _read(self, group: Group) -> tuple[np.ndarray, Any] | None:
        from polars.exceptions import PolarsError

        try:
            table = self._run.signals(group.name)
        except (ValueError, OSError, TestbedError, PolarsError):
            return None  # a report of a damaged or absent record is still a report
        if not table.height:
            return None
        time = table["time"].to_physical().to_numpy()
        return (time - self._run.start) / SECOND, table


def _trace(tag: Tag, time: np.ndarray, table: Any) -> Trace:
    """One column; a row that only other tags have a sample in is left out."""
    import polars as pl

    value = table[tag.name].cast(pl.Float64).to_numpy()
    if tag.name + STATUS in table.columns:
        status = table[tag.name + STATUS].fill_null(0).to_numpy()
        is_there = status != GOOD_NO_DATA
        time, value = time[is_there], value[is_there]
    return Trace(tag, time, value)


def thin(trace: Trace, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Times and values (m,) that draw the same picture with about `points` points: least and greatest of each bin.

    NaN breaks the curve: where a sample was Bad, and where none came for a while.
    """
    time, value = trace.time, trace.value
    if len(time) <= points:
        return _with_gaps(time, value, trace.tag.rate_hz)
    bins = points // 2
    edges = np.linspace(time[0], time[-1], bins + 1)
    starts = np.searchsorted(time, edges[:-1])
    filled = np.diff(np.append(starts, len(time))) > 0
    middle, starts = 0.5 * (edges[:-1] + edges[1:]), starts[filled]
    low = np.full(bins, np.nan)
    high, first = low.copy(), low.copy()
    low[filled] = np.fmin.reduceat(value, starts)
    high[filled] = np.fmax.reduceat(value, starts)
    first[filled] = value[starts]
    rises = np.nan_to_num(first - low) <= np.nan_to_num(high - first)
    pairs = np.where(rises[:, None], np.stack([low, high], 1), np.stack([high, low], 1))
    quarter = 0.25 * (edges[1] - edges[0])
    return np.stack([middle - quarter, middle + quarter], 1).ravel(), pairs.ravel()


def _with_gaps(time: np.ndarray, value: np.ndarray, rate_hz: float | None) -> tuple[np.ndarray, np.ndarray]:
    if rate_hz is None or len(time) < 2:
        return time, value
    holes = np.flatnonzero(np.diff(time) > GAP / rate_hz) + 1
    return np.insert(time, holes, time[holes]), np.insert(value, holes, np.nan)


def binned(trace: Trace, edges: np.ndarray) -> np.ndarray:
    """Mean of the samples in each of the bins between `edges` (m + 1,); NaN where there is none."""
    good = np.isfinite(trace.value)
    at = np.searchsorted(edges, trace.time[good], side="right") - 1
    inside = (at >= 0) & (at < len(edges) - 1)
    at, value = at[inside], trace.value[good][inside]
    count = np.bincount(at, minlength=len(edges) - 1)
    total = np.bincount(at, value, minlength=len(edges) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / count

"""Marks for a group that sends none: what a foreign server or broker has told up to when, by its own source time.

A mark is the newest source time less `lateness`. A group that is silent for longer than `patience` stops holding the
others: its mark goes on with the wall clock. Time that jumps starts a new epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from connectors.items import Changes, Context, Item, Mark
from connectors.status import BAD
from connectors.tags import Group, Tag
from connectors.times import END, MICROSECOND, SECOND

LATENESS_S = 0.2  # two publishing intervals of 100 ms
PATIENCE_S = 5.0  # wall seconds
BACK_NS = SECOND  # time that falls back further begins a new epoch
AHEAD_NS = 60 * SECOND  # and so does time that runs ahead of the wall clock by more
REPEAT_NS = SECOND  # a value that is reported by exception is said again so often while it holds, or with its group
JITTER = 0.8  # of a period: samples that come a little early are not passed over
NEVER = -(2**62)


class Reading(NamedTuple):
    """One value as a foreign server or broker told it.

    `time` is its source time in ns, `value` NaN where the status is Bad, or a text. `is_first` says that it answers a
    subscription: it may have held for long.
    """

    tag: Tag
    time: int
    value: float | str
    status: int
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Epoch:
    """Time of `group` has jumped: what comes now is no continuation. `time` is where it goes on, ns."""

    group: str
    time: int


class GroupMarks:
    """The marks of one group. `wall` is always ns on a clock that never jumps.

    Attributes:
        mark: ns, None before the first.
        newest: ns, the newest source time of this epoch.
        epochs: how often time has jumped.
        repeated: samples said again, since they are reported by exception and hold.
        silent_since: wall ns of the last reading, or of the start.
    """

    def __init__(self, group: Group, lateness_s: float, patience_s: float, wall: int) -> None:
        self.group = group
        self.mark: int | None = None
        self.newest: int | None = None
        self.epochs = 0
        self.repeated = 0
        self.silent_since = wall
        self._lateness = round(lateness_s * SECOND)
        self._patience = round(patience_s * SECOND)
        self._column = {tag.name: i for i, tag in enumerate(group.tags)}
        k = len(group.tags)
        self._last = np.full(k, NEVER)  # source time of each tag's newest reading
        self._said = np.full(k, NEVER)  # when its value was last handed on
        self._value = np.full(k, np.nan)
        self._status = np.full(k, BAD, np.uint32)
        self._by_exception = np.array([tag.rate_hz is None for tag in group.tags])
        fastest = max((tag.rate_hz for tag in group.tags if tag.rate_hz is not None), default=0.0)
        self._step = min(REPEAT_NS, round(JITTER * SECOND / fastest)) if fastest else REPEAT_NS
        self._times: list[int] = []  # source times of readings, where what holds is said again
        self._holds = np.zeros(k, bool)  # to be said at the next mark: told on subscribing, older than it

    def take(self, readings: Sequence[Reading], wall: int) -> list[Item | Epoch]:
        """What these readings become, without their mark."""
        out: list[Item | Epoch] = []
        now: list[tuple[int, int, float, int]] = []
        ahead = self._newest_of(readings)
        for reading in readings:
            column = self._column[reading.tag.name]
            if self._has_jumped(column, reading, wall):
                out += self._changes(now)
                now = []
                out.append(self._new_epoch(reading.time))
                ahead = reading.time
            if isinstance(reading.value, str):
                out.append(Context(reading.tag, reading.time, reading.value))
            elif self._is_held(column, reading, ahead):
                self._holds[column] = True
                self._keep(column, reading)
            else:
                self._keep(column, reading)
                self._said[column] = max(self._said[column], reading.time)
                now.append((column, reading.time, reading.value, reading.status))
                if self.mark is None or reading.time > self.mark:
                    self._times.append(reading.time)
            self.newest = reading.time if self.newest is None else max(self.newest, reading.time)
            self.silent_since = wall
        return out + self._changes(now)

    def _newest_of(self, readings: Sequence[Reading]) -> int:
        """The newest source time that these readings leave behind."""
        known = NEVER if self.newest is None else self.newest
        return max(known, max((reading.time for reading in readings), default=known))

    def _has_jumped(self, column: int, reading: Reading, wall: int) -> bool:
        if self.newest is None or (reading.is_first and reading.time <= self.newest):
            return False
        if self._last[column] != NEVER and reading.time < self._last[column] - BACK_NS:
            return True
        return self.mark is not None and reading.time > self.newest + AHEAD_NS + 2 * (wall - self.silent_since)

    def _new_epoch(self, time: int) -> Epoch:
        self.epochs += 1
        self.mark = self.newest = None
        self._holds |= (self._last != NEVER) & self._by_exception
        self._last[:] = NEVER
        self._said[:] = NEVER
        self._times = []
        return Epoch(self.group.name, time)

    def _is_held(self, column: int, reading: Reading, ahead: int) -> bool:
        """Whether it was told on subscribing and is older than what can still be handed on in order."""
        floor = ahead - self._lateness if self.mark is None else max(self.mark, ahead - self._lateness)
        return reading.is_first and reading.time <= floor

    def _keep(self, column: int, reading: Reading) -> None:
        if reading.time >= self._last[column]:
            self._last[column] = reading.time
            self._value[column] = reading.value
            self._status[column] = reading.status

    def present(self, wall: int) -> int | None:
        """What time it should be at the source by now, ns."""
        if self.newest is None:
            return None
        return self.newest + (wall - self.silent_since) // MICROSECOND * MICROSECOND

    def is_silent(self, wall: int) -> bool:
        """Whether patience with it has run out."""
        return wall - self.silent_since >= self._patience

    def advance(self, wall: int, others: int | None, holds: bool) -> list[Item]:
        """The next mark, if there is one, and before it the values that hold and are said again.

        Args:
            wall: now.
            others: the present time of the other groups, for one that has never said anything.
            holds: whether what was told last still holds: its server or broker is connected and alive.
        """
        is_silent = self.is_silent(wall)
        present = self.present(wall) if is_silent else self.newest
        if present is None and is_silent:
            present = others
        if present is None:
            return []
        mark = present - self._lateness
        if self.mark is not None and mark <= self.mark:
            return []
        self.mark = mark
        return [*self._repeats(mark, holds), Mark(self.group.name, mark)]

    def _repeats(self, mark: int, holds: bool) -> Iterable[Item]:
        """What holds, said again beside the group's other samples, so that it is as dense as they are."""
        past = sorted({time for time in self._times if time <= mark})
        self._times = [time for time in self._times if time > mark]
        rows: list[tuple[int, int, float, int]] = []
        for time, step in [*((time, self._step) for time in past), (mark, REPEAT_NS)]:
            due = self._holds & (self._last < time)
            if holds:
                due |= self._by_exception & (self._last < time) & (self._last != NEVER) & (time - self._said >= step)
            columns = np.flatnonzero(due)
            self._holds[columns] = False
            self._said[columns] = time
            rows += [(int(i), time, float(self._value[i]), int(self._status[i])) for i in columns]
        self.repeated += len(rows)
        return self._changes(rows)

    def end(self) -> Mark:
        """The mark after the last sample."""
        return Mark(self.group.name, END)

    def _changes(self, rows: Sequence[tuple[int, int, float, int]]) -> list[Item]:
        if not rows:
            return []
        tag, time, value, status = zip(*rows, strict=True)
        return [
            Changes(
                self.group.tags, np.array(tag, np.int32), np.array(time, np.int64), np.array(value, np.float64),
                np.array(status, np.uint32),
            )
        ]  # fmt: skip

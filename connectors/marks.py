"""Marks for a group that sends none: what a foreign server or broker has told up to when, by its own source time.

A mark is the newest source time less `lateness`. A group that is silent for longer than `patience` stops holding the
others: its mark goes on with the wall clock. Time that jumps starts a new epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from connectors.items import Batch, Changes, Context, Frame, Item, Mark
from connectors.readings import Block, Columns, Reading, Told, is_sorted, joined, runs_of
from connectors.status import BAD
from connectors.tags import Group
from connectors.times import END, MICROSECOND, SECOND

LATENESS_S = 0.2  # two publishing intervals of 100 ms
PATIENCE_S = 5.0  # wall seconds
BACK_NS = SECOND  # time that falls back further begins a new epoch
AHEAD_NS = 60 * SECOND  # and so does time that runs ahead of the wall clock by more
REPEAT_NS = SECOND  # a value that is reported by exception is said again so often while it holds, or with its group
JITTER = 0.8  # of a period: samples that come a little early are not passed over
NEVER = -(2**62)


@dataclass(frozen=True, slots=True)
class Epoch:
    """Time of `group` has jumped: what comes now is no continuation. `time` is where it goes on, ns."""

    group: str
    time: int


@dataclass(frozen=True, slots=True)
class Filled:
    """What a server kept while nothing came, told too late to be scored: for the record alone."""

    changes: Changes

    @property
    def group(self) -> str:
        """Of all of it."""
        return self.changes.group


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
        self._by_exception = np.array([tag.rate_hz is None and group.kind != "frames" for tag in group.tags])
        fastest = max((tag.rate_hz for tag in group.tags if tag.rate_hz is not None), default=0.0)
        self._step = min(REPEAT_NS, round(JITTER * SECOND / fastest)) if fastest else REPEAT_NS
        self._times: list[tuple[int, np.ndarray]] = []  # newest and all times of readings: what holds is said again
        self._holds = np.zeros(k, bool)  # to be said at the next mark: told on subscribing, older than it
        self._longest = 0  # ns, of a block so far: samples of the others may be as old as its first one

    def take(self, told: Sequence[Told], wall: int) -> list[Item | Epoch]:
        """What this becomes, without its mark."""
        out: list[Item | Epoch] = []
        singles: list[Reading] = []
        ahead = NEVER if all(isinstance(one, Columns) for one in told) else self._newest_of(told)
        for one in joined(told):
            if isinstance(one, Reading):
                singles.append(one)
                continue
            out += self._take_singles(singles, wall, ahead)
            singles = []
            if isinstance(one, Block):
                out += self._take_block(one, wall, ahead)
                continue
            changes = self._take_columns(one, wall)
            out += self._take_singles(list(one.singles(self.group.tags)), wall, ahead) if changes is None else [changes]
        return out + self._take_singles(singles, wall, ahead)

    def take_frame(self, frame: Frame, wall: int) -> list[Item | Epoch]:
        """The same for a picture."""
        column = self._column[frame.tag.name]
        has_jumped = self._has_jumped(column, frame.time, False, wall)
        out: list[Item | Epoch] = [self._new_epoch(frame.time)] if has_jumped else []
        self._last[column] = max(self._last[column], frame.time)
        self._heard(frame.time, wall)
        return [*out, frame]

    def _take_singles(self, readings: Sequence[Reading], wall: int, ahead: int) -> list[Item | Epoch]:
        out: list[Item | Epoch] = []
        now: list[tuple[int, int, float, int]] = []
        for reading in readings:
            column = self._column[reading.tag.name]
            if self._has_jumped(column, reading.time, reading.is_first, wall):
                out += self._changes(now)
                now = []
                out.append(self._new_epoch(reading.time))
                ahead = reading.time
            if isinstance(reading.value, str):
                out.append(Context(reading.tag, reading.time, reading.value))
            elif reading.is_first and reading.time <= self._floor(ahead):
                self._holds[column] = True
                self._keep(column, reading.time, reading.value, reading.status)
            else:
                self._keep(column, reading.time, reading.value, reading.status)
                self._said[column] = max(self._said[column], reading.time)
                now.append((column, reading.time, reading.value, reading.status))
            self._heard(reading.time, wall)
        if now:
            times = np.array([time for _, time, _, _ in now], np.int64)
            self._remember(times, int(times.max()))
        return out + self._changes(now)

    def _take_columns(self, told: Columns, wall: int) -> Changes | None:
        """All at once where the time of every tag rises and none has jumped; None leaves it to be taken one by one."""
        order = None if is_sorted(told.tag) else np.argsort(told.tag, kind="stable")
        tag, time = (told.tag, told.time) if order is None else (told.tag[order], told.time[order])
        starts, last = runs_of(tag)
        columns, before = tag[last], self._last[tag[last]]
        newest = int(time.max())
        since = int(told.time[0]) if self.newest is None else self.newest
        steps = time[1:] < time[:-1]
        steps[last[:-1]] = False
        falls = bool(steps.any() or (time[starts] < before - BACK_NS).any())
        if falls or (self.mark is not None and newest > since + AHEAD_NS):
            return None
        is_new = time[last] >= before
        if not is_new.all():
            columns, last = columns[is_new], last[is_new]
        last = last if order is None else order[last]
        latest = told.time[last]
        self._last[columns], self._value[columns], self._status[columns] = latest, told.value[last], told.status[last]
        self._said[columns] = np.maximum(self._said[columns], latest)
        self._remember(told.time, newest)
        self._heard(newest, wall)
        return Changes(self.group.tags, told.tag, told.time, told.value, told.status)

    def _take_block(self, block: Block, wall: int, ahead: int) -> list[Item | Epoch]:
        """One that has been told before, or is too old to be in order, is passed over on subscribing."""
        column = self._column[block.tag.name]
        first, last = int(block.time[0]), int(block.time[-1])
        out: list[Item | Epoch] = []
        if self._has_jumped(column, first, block.is_first, wall):
            out.append(self._new_epoch(first))
        elif block.is_first and last <= max(self._last[column], self._floor(ahead)):
            return out
        self._keep(column, last, float(block.value[-1]), int(block.status[-1]))
        self._said[column] = max(self._said[column], last)
        self._longest = max(self._longest, last - first)
        self._remember(block.time, last)
        self._heard(last, wall)
        return [*out, Batch((block.tag,), block.time, block.value[:, None], block.status[:, None])]

    def _newest_of(self, told: Sequence[Told]) -> int:
        """The newest source time that this leaves behind."""
        times = (one.time if isinstance(one, Reading) else int(one.time.max()) for one in told)
        return max(times, default=NEVER) if self.newest is None else max(self.newest, *times, NEVER)

    def _heard(self, time: int, wall: int) -> None:
        self.newest = time if self.newest is None else max(self.newest, time)
        self.silent_since = wall

    def _remember(self, times: np.ndarray, newest: int) -> None:
        """Where what holds may be said again: after the mark."""
        self._times.append((newest, times))

    def _has_jumped(self, column: int, time: int, is_first: bool, wall: int) -> bool:
        if self.newest is None or (is_first and time <= self.newest):
            return False
        if self._last[column] != NEVER and time < self._last[column] - BACK_NS:
            return True
        return self.mark is not None and time > self.newest + AHEAD_NS + 2 * (wall - self.silent_since)

    def _new_epoch(self, time: int) -> Epoch:
        self.epochs += 1
        self.mark = self.newest = None
        self._holds |= (self._last != NEVER) & self._by_exception
        self._last[:] = NEVER
        self._said[:] = NEVER
        self._times = []
        self._longest = 0
        return Epoch(self.group.name, time)

    def _floor(self, ahead: int) -> int:
        """What was told on subscribing and is not newer can no longer be handed on in order: it is held."""
        late = ahead - self._lateness
        return late if self.mark is None else max(self.mark, late)

    def _keep(self, column: int, time: int, value: float | str, status: int) -> None:
        if time >= self._last[column]:
            self._last[column] = time
            self._value[column] = value
            self._status[column] = status

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
        mark = present - self._lateness - self._longest
        if self.mark is not None and mark <= self.mark:
            return []
        after, self.mark = self.mark, mark
        return [*self._repeats(after, mark, holds), Mark(self.group.name, mark)]

    def _repeats(self, after: int | None, mark: int, holds: bool) -> Iterable[Item]:
        """What holds, said again beside the group's other samples, so that it is as dense as they are."""
        rows: list[tuple[int, int, float, int]] = []
        past = self._past(mark)
        by_exception = self._by_exception & (self._last != NEVER) & holds
        if not (self._holds.any() or by_exception.any()):
            return []
        for time, step in [*((time, self._step) for time in _between(past, after, mark)), (mark, REPEAT_NS)]:
            if not self._holds.any() and time - step < self._said[by_exception].min(initial=END):
                continue
            due = self._holds & (self._last < time)
            due |= by_exception & (self._last < time) & (time - self._said >= step)
            columns = np.flatnonzero(due)
            self._holds[columns] = False
            self._said[columns] = time
            rows += [(int(i), time, float(self._value[i]), int(self._status[i])) for i in columns]
        self.repeated += len(rows)
        return self._changes(rows)

    def _past(self, mark: int) -> list[np.ndarray]:
        """Source times of readings, among them those up to the mark."""
        past = [times for _, times in self._times]
        self._times = [(newest, times) for newest, times in self._times if newest > mark]
        return past

    def filled(self, told: Columns) -> list[Item | Filled]:
        """History: what the mark has not passed is scored with the others, the rest is for the record."""
        past = np.full(len(told), False) if self.mark is None else told.time <= self.mark
        out: list[Item | Filled] = []
        if past.any():
            out.append(Filled(self._of(told, past)))
        if not past.all():
            out.append(self._of(told, ~past))
        return out

    def _of(self, told: Columns, rows: np.ndarray) -> Changes:
        return Changes(self.group.tags, told.tag[rows], told.time[rows], told.value[rows], told.status[rows])

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


def _between(times: Sequence[np.ndarray], after: int | None, mark: int) -> list[int]:
    """Source times after one mark and up to the next, each once, rising."""
    if not times:
        return []
    whole = np.concatenate(times)
    chosen = whole <= mark if after is None else (whole <= mark) & (whole > after)
    return np.unique(whole[chosen]).tolist()

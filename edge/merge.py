"""Puts a group's items in order of source time: what came in any cut leaves as the same dense chunks.

Late is a sample at or before its group's mark. Lost is one that was sent, as the mark's count says, and never came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from connectors.items import Batch, Changes, Context, Frame, Item, Mark
from connectors.status import GOOD_NO_DATA, is_sample
from connectors.tags import Group
from connectors.times import END

Single = TypeVar("Single", Frame, Context)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Everything of a group between two marks.

    Attributes:
        group: the group.
        mark: ns; nothing at or before it comes any more.
        time: int64 (n,) ns, strictly rising.
        values: float64 (n, k), one column a tag of the group; NaN where there is no good sample.
        status: uint32 (n, k); GoodNoData where there is no sample.
        frames: pictures, by time.
        texts: contexts, by time.
    """

    group: Group
    mark: int
    time: np.ndarray
    values: np.ndarray
    status: np.ndarray
    frames: tuple[Frame, ...] = ()
    texts: tuple[Context, ...] = ()


@dataclass(slots=True)
class Counts:
    """Samples of a group: sent (as marks say), received, late, lost, doubled."""

    expected: int = 0
    received: int = 0
    late: int = 0
    lost: int = 0
    doubled: int = 0


class GroupMerge:
    """Collects the items of one group and releases a chunk at each mark."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.mark: int | None = None
        self.last = 0  # ns, the newest mark or sample; where an ended group ended
        self.counts = Counts()
        self._column = {tag.name: i for i, tag in enumerate(group.tags)}
        self._columns_of: dict[int, tuple[object, np.ndarray]] = {}
        self._batches: list[Batch] = []
        self._changes: list[Changes] = []
        self._frames: list[Frame] = []
        self._texts: list[Context] = []

    def add(self, item: Item) -> Chunk | None:
        """Take one item; a mark answers with the chunk it closes."""
        match item:
            case Mark():
                return self._release(item)
            case Batch():
                self._add_batch(item)
            case Changes():
                self._add_changes(item)
            case Frame():
                self._add_single(item, self._frames)
            case Context():
                self._add_single(item, self._texts)
        return None

    def _add_batch(self, batch: Batch) -> None:
        samples = is_sample(batch.status) if batch.status.any() else None
        self.counts.received += batch.status.size if samples is None else int(samples.sum())
        if self.mark is not None and len(batch.time) and batch.time[0] <= self.mark:
            keep = batch.time > self.mark
            late = ~keep
            self.counts.late += int(late.sum()) * len(batch.tags) if samples is None else int(samples[late].sum())
            batch = Batch(batch.tags, batch.time[keep], batch.values[keep], batch.status[keep])
        if len(batch.time):
            self._batches.append(batch)

    def _add_changes(self, changes: Changes) -> None:
        self.counts.received += len(changes.time)
        if self.mark is not None:
            keep = changes.time > self.mark
            if not keep.all():
                self.counts.late += int((~keep).sum())
                changes = Changes(changes.tags, changes.tag[keep], changes.time[keep],
                                  changes.value[keep], changes.status[keep])  # fmt: skip
        if len(changes.time):
            self._changes.append(changes)

    def _add_single(self, item: Single, into: list[Single]) -> None:
        self.counts.received += 1
        if self.mark is not None and item.time <= self.mark:
            self.counts.late += 1
        else:
            into.append(item)

    def _release(self, mark: Mark) -> Chunk | None:
        if self.mark is not None and mark.time <= self.mark:
            return None
        frames = self._take(self._frames, mark.time)
        texts = self._take(self._texts, mark.time)
        time, values, status = self._dense(mark.time)
        self.mark = mark.time
        singles = [item.time for item in (*frames, *texts)]
        newest = [mark.time] if mark.time != END else [*time[-1:].tolist(), *singles]
        self.last = max(self.last, *newest, 0)
        if mark.count is not None:
            self.counts.expected = mark.count
            unique = self.counts.received - self.counts.doubled - self._waiting()
            self.counts.lost = max(0, mark.count - unique)
        return Chunk(self.group, mark.time, time, values, status, frames, texts)

    def _waiting(self) -> int:
        return (
            sum(int(is_sample(batch.status).sum()) for batch in self._batches)
            + sum(len(changes.time) for changes in self._changes)
            + len(self._frames)
            + len(self._texts)
        )

    def _take(self, items: list[Single], until: int) -> tuple[Single, ...]:
        """Items up to `until`, by time and tag; of equal ones the last."""
        if not items:
            return ()
        taken = {(item.time, self._column[item.tag.name]): item for item in items if item.time <= until}
        self.counts.doubled += sum(item.time <= until for item in items) - len(taken)
        items[:] = [item for item in items if item.time > until]
        return tuple(taken[key] for key in sorted(taken))

    def _dense(self, until: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows up to `until` on one rising time axis; what is newer stays for the next mark."""
        batches, self._batches = _split_batches(self._batches, until)
        changes, self._changes = _split_changes(self._changes, until)
        if not changes and _is_rising(batches, self.group):
            if len(batches) == 1:
                return batches[0].time, batches[0].values, batches[0].status
            if batches:
                return (
                    np.concatenate([b.time for b in batches]),
                    np.concatenate([b.values for b in batches]),
                    np.concatenate([b.status for b in batches]),
                )
        return self._pivot(batches, changes)

    def _pivot(self, batches: Sequence[Batch], changes: Sequence[Changes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Samples of single tags, brought onto the union of their times; of equal ones the last."""
        k = len(self.group.tags)
        times = [b.time for b in batches] + [c.time for c in changes]
        if not times:
            return np.empty(0, np.int64), np.empty((0, k)), np.empty((0, k), np.uint32)
        time = np.unique(np.concatenate(times))
        values = np.full((len(time), k), np.nan)
        status = np.full((len(time), k), GOOD_NO_DATA, np.uint32)
        sent = 0
        for batch in batches:
            row = np.searchsorted(time, batch.time)
            r, c = np.nonzero(is_sample(batch.status))
            sent += len(r)
            column = self._columns(batch.tags)[c]
            values[row[r], column] = batch.values[r, c]
            status[row[r], column] = batch.status[r, c]
        for change in changes:
            row = np.searchsorted(time, change.time)
            column = self._columns(change.tags)[change.tag]
            sent += len(row)
            values[row, column] = change.value
            status[row, column] = change.status
        self.counts.doubled += sent - int(is_sample(status).sum())
        return time, values, status

    def _columns(self, tags: tuple) -> np.ndarray:
        known = self._columns_of.get(id(tags))
        if known is None or known[0] is not tags:
            known = (tags, np.array([self._column[tag.name] for tag in tags]))
            self._columns_of[id(tags)] = known
        return known[1]


def _is_rising(batches: Sequence[Batch], group: Group) -> bool:
    """Whether the batches hold every tag of the group and follow each other in time."""
    last = None
    for batch in batches:
        if batch.tags is not group.tags and batch.tags != group.tags:
            return False
        if last is not None and batch.time[0] <= last:
            return False
        last = batch.time[-1]
    return bool(batches)


def _split_batches(batches: list[Batch], until: int) -> tuple[list[Batch], list[Batch]]:
    now, later = [], []
    for batch in batches:
        if batch.time[-1] <= until:
            now.append(batch)
        elif batch.time[0] > until:
            later.append(batch)
        else:
            cut = int(np.searchsorted(batch.time, until, side="right"))
            now.append(Batch(batch.tags, batch.time[:cut], batch.values[:cut], batch.status[:cut]))
            later.append(Batch(batch.tags, batch.time[cut:], batch.values[cut:], batch.status[cut:]))
    return now, later


def _split_changes(changes: list[Changes], until: int) -> tuple[list[Changes], list[Changes]]:
    now, later = [], []
    for change in changes:
        old = change.time <= until
        if old.all():
            now.append(change)
        elif not old.any():
            later.append(change)
        else:
            for into, rows in ((now, old), (later, ~old)):
                into.append(Changes(change.tags, change.tag[rows], change.time[rows],
                                    change.value[rows], change.status[rows]))  # fmt: skip
    return now, later

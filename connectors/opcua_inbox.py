"""What an OpcUaServer of ours publishes, put together again: samples wait for their group's mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connectors.errors import BadMessage
from connectors.items import Batch, Changes, Context, Frame, Item, Mark, block_times
from connectors.message import decode
from connectors.opcua_publish import Rows, Run, in_columns
from connectors.status import BAD, BAD_WAITING_FOR_INITIAL_DATA
from connectors.tags import Group
from connectors.times import END, NONE, SECOND

IS_MARK = -1  # in place of a tag's index


@dataclass(slots=True)
class _Block:
    """An array as it came; a Bad one comes without values, so its length is known only at the next mark."""

    first: int
    values: np.ndarray | None
    status: int


@dataclass(slots=True)
class _Pending:
    """What a group has received since its last mark: columns of (tag, time, value, status), blocks by tag, others."""

    scalars: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    blocks: dict[int, list[_Block]] = field(default_factory=dict)
    others: list[Item] = field(default_factory=list)
    marks: list[tuple[int, int, bool]] = field(default_factory=list)  # time, count, is the end


class Inbox:
    """Runs in, items out. Every client handle is named with `expect` first.

    Attributes:
        malformed: pictures that are none.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.malformed = 0
        self._groups = tuple(groups)
        self._by_name = {group.name: group for group in groups}
        self._pending = [_Pending() for _ in groups]
        self._is_scalar = np.array([group.kind == "scalars" for group in groups])
        self._group_of = np.zeros(1, np.int32)  # by handle
        self._tag_of = np.zeros(1, np.int32)

    def expect(self, places: Sequence[tuple[Group, int]]) -> None:
        """The group and the tag's index (or IS_MARK) of each handle, from handle 1 on."""
        self._group_of = np.array([-1, *(self._groups.index(group) for group, _ in places)], np.int32)
        self._tag_of = np.array([IS_MARK, *(tag for _, tag in places)], np.int32)

    def take(self, runs: Sequence[Run | Rows]) -> list[Item]:
        """The items that one notification message completes. Raises ValueError, IndexError or TypeError at a misfit."""
        for run in in_columns(runs):
            self._take(run)
        released: list[Item] = []
        for number, pending in enumerate(self._pending):
            if pending.marks:
                released += _released(self._groups[number], pending)
                self._pending[number] = _Pending()
        return released

    def _take(self, run: Run) -> None:
        known = (run.status != BAD_WAITING_FOR_INITIAL_DATA) & (run.source != NONE)
        handle = run.handle
        if (handle < 1).any() or (handle >= len(self._group_of)).any():
            raise IndexError(f"client handle {handle.max()}")
        groups, tags = self._group_of[handle], self._tag_of[handle]
        is_plain = known & (tags != IS_MARK) & self._is_scalar[groups]
        if is_plain.any():
            self._take_scalars(run, groups, tags, is_plain)
        for i in np.flatnonzero(known & ~is_plain):
            value = None if run.values is None else run.values[i]
            self._take_one(int(groups[i]), int(tags[i]), int(run.source[i]), value, int(run.status[i]))

    def _take_scalars(self, run: Run, groups: np.ndarray, tags: np.ndarray, chosen: np.ndarray) -> None:
        numbers = np.full(len(run), np.nan) if run.values is None else np.asarray(run.values, np.float64)
        values = np.where(run.status & BAD != 0, np.nan, numbers)
        for number in np.unique(groups[chosen]):
            own = chosen & (groups == number)
            self._pending[number].scalars.append((tags[own], run.source[own], values[own], run.status[own]))

    def _take_one(self, number: int, tag: int, time: int, value: Any, status: int) -> None:
        group, pending = self._groups[number], self._pending[number]
        if tag == IS_MARK:
            count, end = value
            pending.marks.append((time, int(count), bool(end)))
        elif group.kind == "blocks":
            values = None if status & BAD or value is None else np.array(value, np.float64)
            pending.blocks.setdefault(tag, []).append(_Block(time, values, status))
        elif group.kind == "frames":
            pending.others.extend(self._frames(value))
        else:
            pending.others.append(Context(group.tags[tag], time, str(value)))

    def _frames(self, value: Any) -> list[Frame]:
        try:
            message = decode(bytes(value), self._by_name)
        except (BadMessage, TypeError):
            self.malformed += 1
            return []
        return [item for item in message.items if isinstance(item, Frame)]


def _released(group: Group, pending: _Pending) -> list[Item]:
    """A group's items up to its newest mark, and the mark."""
    items: list[Item] = []
    if pending.scalars:
        tag, time, value, status = (np.concatenate(column) for column in zip(*pending.scalars, strict=True))
        items.append(Changes(group.tags, tag, time, value, status))
    times = sorted(time for time, _, _ in pending.marks)
    for index, blocks in pending.blocks.items():
        items.extend(_batches(group, index, blocks, times))
    items.extend(pending.others)
    time, count, _ = max(pending.marks)
    items.append(Mark(group.name, time, count))
    if any(end for _, _, end in pending.marks):
        items.append(Mark(group.name, END, count))
    return items


def _batches(group: Group, tag: int, blocks: list[_Block], marks: list[int]) -> list[Item]:
    """One Batch a block; a Bad block without values reaches up to the next block or mark."""
    tags = (group.tags[tag],)
    rate = group.tags[tag].rate_hz or 1.0
    made: list[Item] = []
    for i, block in enumerate(blocks):
        if block.values is None:
            later = [b.first - 1 for b in blocks[i + 1 : i + 2]] + [m for m in marks if m >= block.first]
            n = int((min(later, default=block.first) - block.first) * rate / SECOND) + 1
            values = np.full(n, np.nan)
        else:
            values = block.values
            n = len(values)
        time = block_times(block.first, rate, n)
        status = np.full((n, 1), block.status, np.uint32)
        made.append(Batch(tags, time, values[:, None], status))
    return made

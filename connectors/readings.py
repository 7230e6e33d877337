"""What a foreign server or broker told: single values, numbers in columns, and blocks of samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from connectors.tags import Tag


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


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Numbers that have come, none of them a first one, in the order in which they came.

    Attributes:
        tag: int32 (n,), index into the tags of the line, or of the group once shared out.
        time: int64 (n,), source time in ns.
        value: float64 (n,), NaN where the status is Bad.
        status: uint32 (n,).
    """

    tag: np.ndarray
    time: np.ndarray
    value: np.ndarray
    status: np.ndarray

    def __len__(self) -> int:
        return len(self.tag)

    def at(self, rows: np.ndarray, tag: np.ndarray) -> Columns:
        """These rows under other indices; `rows` is a mask, or a slice of everything."""
        return Columns(tag[rows], self.time[rows], self.value[rows], self.status[rows])

    def singles(self, tags: Sequence[Tag]) -> Iterator[Reading]:
        """The same one by one."""
        columns = (column.tolist() for column in (self.tag, self.time, self.value, self.status))
        for tag, time, value, status in zip(*columns, strict=True):
            yield Reading(tags[tag], time, value, status)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Successive samples of one tag.

    Attributes:
        time: int64 (n,), ns, strictly rising; n >= 1.
        value: float64 (n,), NaN where the status is Bad.
        status: uint32 (n,).
        is_first: it answers a subscription, and may have stood there for long.
    """

    tag: Tag
    time: np.ndarray
    value: np.ndarray
    status: np.ndarray
    is_first: bool = False

    def __len__(self) -> int:
        return len(self.time)


Told = Reading | Columns | Block


def samples(told: Sequence[Told]) -> int:
    """How many there are."""
    return sum(1 if isinstance(one, Reading) else len(one) for one in told)


def joined(told: Sequence[Told]) -> Iterator[Told]:
    """The same in the same order, successive columns in one."""
    waiting: list[Columns] = []
    for one in told:
        if isinstance(one, Columns):
            waiting.append(one)
            continue
        if waiting:
            yield _join(waiting)
            waiting = []
        yield one
    if waiting:
        yield _join(waiting)


def is_sorted(tag: np.ndarray) -> bool:
    """Whether an index, int (n,), never falls: samples of one tag stand together."""
    return bool((tag[1:] >= tag[:-1]).all())


def runs_of(tag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each tag's samples start and end in a sorted index, int (n,) with n >= 1: rows, both int (m,).

    >>> [rows.tolist() for rows in runs_of(np.array([0, 0, 3]))]
    [[0, 2], [1, 2]]
    """
    cuts = np.flatnonzero(tag[1:] != tag[:-1])
    starts, ends = np.empty(len(cuts) + 1, np.intp), np.empty(len(cuts) + 1, np.intp)
    starts[0], ends[-1] = 0, len(tag) - 1
    ends[:-1] = cuts
    np.add(cuts, 1, out=starts[1:])
    return starts, ends


def _join(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    return Columns(*(np.concatenate([getattr(part, name) for part in parts]) for name in Columns.__slots__))


def in_one(blocks: Sequence[Block]) -> list[Block]:
    """Blocks of one tag in one, as long as time rises; one that answers a subscription stands alone."""
    whole: list[list[Block]] = []
    for block in blocks:
        before = whole[-1][-1] if whole else None
        if before is None or before.is_first or block.is_first or block.time[0] <= before.time[-1]:
            whole.append([])
        whole[-1].append(block)
    return [parts[0] if len(parts) == 1 else _in_one(parts) for parts in whole]


def _in_one(parts: Sequence[Block]) -> Block:
    time, value, status = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("time", "value", "status")
    )
    return Block(parts[0].tag, time, value, status)

"""The same stream, cut otherwise: other batches, single changes, other marks, another order of the groups."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from connectors.items import Batch, Changes, Context, Frame, Item, Mark
from connectors.status import GOOD_NO_DATA, is_sample
from connectors.tags import Group
from connectors.times import END

US = 1_000  # ns


def cut(items: Iterable[Item], groups: Sequence[Group], rng: random.Random) -> list[Item]:
    """Every sample of `items` once, and each group's last mark and end; all else is drawn."""
    items = list(items)
    streams = [_one_group(group, [i for i in items if i.group == group.name], rng) for group in groups]
    return interleaved(streams, rng)


def interleaved(streams: Sequence[Sequence[Item]], rng: random.Random) -> list[Item]:
    """Items of all streams, each stream in its order."""
    order = [i for i, stream in enumerate(streams) for _ in stream]
    if rng.random() < 0.3:
        order.sort(key=lambda i: (i * 7919) % 5)  # one group after the other
    else:
        rng.shuffle(order)
    iterators = [iter(stream) for stream in streams]
    return [next(iterators[i]) for i in order]


def bundles(items: Sequence[Item], rng: random.Random) -> list[list[Item]]:
    """The items in stretches of any length, as a reader may receive them."""
    found, at = [], 0
    while at < len(items):
        n = rng.choice((1, 1, 2, 7, 40))
        found.append(list(items[at : at + n]))
        at += n
    return found


def _one_group(group: Group, items: Sequence[Item], rng: random.Random) -> list[Item]:
    marks = _marks([item for item in items if isinstance(item, Mark)], rng)
    pieces: list[tuple[int, Item]] = []
    batches = [item for item in items if isinstance(item, Batch)]
    if batches:
        pieces += _pieces(group, *_dense(batches), rng)
    pieces += [(item.time, item) for item in items if isinstance(item, Frame | Context)]
    slots: list[list[Item]] = [[] for _ in marks]
    for first, item in pieces:
        due = int(np.searchsorted(marks, first))  # the first mark that promises its first sample
        slots[max(0, due - rng.choice((0, 0, 0, 1, 3)))].append(item)  # some come early
    times = np.sort(np.concatenate([_sample_times(item) for _, item in pieces] or [np.empty(0, np.int64)]))
    stream: list[Item] = []
    for mark, slot in zip(marks, slots, strict=True):
        rng.shuffle(slot)
        stream += [*slot, Mark(group.name, mark, int(np.searchsorted(times, mark, side="right")))]
    return [*stream, Mark(group.name, END, len(times))]


def _marks(marks: Sequence[Mark], rng: random.Random) -> list[int]:
    """Some of the marks, some times between them, and the last."""
    times = [mark.time for mark in marks if mark.time != END]
    share = rng.choice((0.0, 0.1, 0.5, 1.0))
    chosen = {time for time in times if rng.random() < share}
    for _ in range(rng.choice((0, 3, 30))):
        chosen.add(rng.randrange(times[0] // US, times[-1] // US + 1) * US)
    return sorted({*chosen, times[-1]})


def _dense(batches: Sequence[Batch]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.concatenate([batch.time for batch in batches]),
        np.concatenate([batch.values for batch in batches]),
        np.concatenate([batch.status for batch in batches]),
    )


def _pieces(
    group: Group, time: np.ndarray, values: np.ndarray, status: np.ndarray, rng: random.Random
) -> list[tuple[int, Item]]:
    """(time of its first sample, item) of every piece: rows and columns split, each a Batch or Changes."""
    edges = sorted({0, len(time), *(rng.randrange(len(time)) for _ in range(rng.choice((0, 2, 10, 60))))})
    found: list[tuple[int, Item]] = []
    for begin, end in pairwise(edges):
        rows = slice(begin, end)
        for columns in _column_sets(len(group.tags), rng):
            tags = tuple(group.tags[c] for c in columns)
            block = time[rows], values[rows][:, columns], status[rows][:, columns]
            shape = rng.choice(("batch", "changes", "both"))
            if shape == "both":
                there = np.random.default_rng(rng.randrange(2**32)).random(block[1].shape) < 0.5
                batch, changes = _batch(tags, block, there), _changes(tags, block, ~there, rng)
                found += [(int(_sample_times(i).min()), i) for i in (batch, changes) if len(_sample_times(i))]
            else:
                every = np.ones(block[1].shape, bool)
                made = _batch(tags, block, every) if shape == "batch" else _changes(tags, block, every, rng)
                found.append((int(block[0][0]), made))
    return found


def _column_sets(k: int, rng: random.Random) -> list[list[int]]:
    columns = list(range(k))
    if rng.random() < 0.4:
        return [columns]
    rng.shuffle(columns)
    at = sorted({0, k, *(rng.randrange(1, k + 1) for _ in range(2))})
    return [columns[a:b] for a, b in pairwise(at)]


Block = tuple[np.ndarray, np.ndarray, np.ndarray]  # time (n,), values (n, k), status (n, k)


def _batch(tags: tuple, block: Block, there: np.ndarray) -> Batch:
    time, values, status = block
    status = np.where(there, status, GOOD_NO_DATA).astype(np.uint32)
    return Batch(tags, time, np.where(there, values, np.nan), status)


def _changes(tags: tuple, block: Block, there: np.ndarray, rng: random.Random) -> Changes:
    """Single samples, tag by tag or moment by moment; each tag's rise in time."""
    time, values, status = block
    row, column = np.nonzero(there)
    if rng.random() < 0.5:
        order = np.lexsort((row, column))
        row, column = row[order], column[order]
    return Changes(tags, column.astype(np.int32), time[row], values[row, column], status[row, column])


def _sample_times(item: Item) -> np.ndarray:
    """int64 (n,), one entry a sample."""
    match item:
        case Batch():
            return np.repeat(item.time, is_sample(item.status).sum(axis=1))
        case Changes():
            return item.time
        case _:
            return np.array([item.time])

"""A file of plant data as a source: its rows come out as any line's samples do, in order of source time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from connectors.clock import sleep
from connectors.items import Batch, Item, Mark
from connectors.status import GOOD, GOOD_NO_DATA
from connectors.tags import Group, Tag, grouped
from connectors.times import END, SECOND

if TYPE_CHECKING:
    from connectors.tables import Table

HELD = 4  # steps a value may be held over before it counts as missing: models hold five
NEAR = 0.02
ROUND = (1.0, 2.0, 2.5, 4.0, 5.0, 10.0)  # steps of a decade that clocks are made with


class FileSource:
    """A CSV, Parquet or Excel file. Enter it, iterate it; every group ends with its mark at END.

    Args:
        path: the file.
        tags: what to take; None takes every column of numbers as '<file name>/<column>' in `group`.
        drop, sheet, zone, labels: as in `connectors.tables.read_table`.
        group: of the tags made from columns.
        rows_per_batch: a batch has at most so many rows.
        table: what was read already, such as the record of a run; then nothing is read.

    Attributes:
        groups: tags by group; a tag without a rate has the one its samples show.
        table: what was read.
        reordered, doubled: rows put in order, and rows left out for a later one with the same time.
        bytes: of samples handed out so far.

    Raises:
        InputError: naming every fault of the file.
    """

    def __init__(
        self,
        path: str | Path,
        tags: Sequence[Tag] | None = None,
        *,
        drop: Sequence[str] = (),
        sheet: str | None = None,
        zone: str = "UTC",
        labels: Sequence[str] | None = None,
        group: str = "main",
        rows_per_batch: int = 1000,
        table: Table | None = None,
    ) -> None:
        from connectors.tables import read_table

        if rows_per_batch < 1:
            raise ValueError(f"rows_per_batch must be 1 or more, but got {rows_per_batch}.")
        self.table = table or read_table(path, tags=tags, drop=drop, sheet=sheet, zone=zone, labels=labels)
        self.bytes = 0
        self.reordered, self.doubled = self.table.reordered, self.table.doubled
        named = self.table.tags or _named(self.table.columns, Path(path).stem, group)
        self._tags = tuple(
            tag if tag.rate_hz is not None else replace(tag, rate_hz=_rate(self.table.time, column))
            for tag, column in zip(named, self.table.values.T, strict=True)
        )
        self.groups: tuple[Group, ...] = grouped(self._tags)
        self._rows = rows_per_batch

    async def __aenter__(self) -> FileSource:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[Item]:
        for bundle in self.bundles():
            for item in bundle:
                if isinstance(item, Batch):
                    self.bytes += item.time.nbytes + item.values.nbytes + item.status.nbytes
                yield item
            await sleep(0)  # a file never waits by itself: let the others run

    def bundles(self, until: int | None = None) -> Iterator[list[Item]]:
        """The same items without an event loop, a bundle a stretch of rows; only rows up to `until` (ns) if given."""
        time, values = self.table.time, self.table.values
        end = len(time) if until is None else int(np.searchsorted(time, until, side="right"))
        columns = {g.name: [i for i, tag in enumerate(self._tags) if tag.group == g.name] for g in self.groups}
        sent = dict.fromkeys(columns, 0)
        for start in range(0, end, self._rows):
            rows = slice(start, min(start + self._rows, end))
            bundle: list[Item] = []
            for group in self.groups:
                batch = _batch(group, time[rows], values[rows][:, columns[group.name]])
                sent[group.name] += int((batch.status == GOOD).sum())
                bundle += [batch, Mark(group.name, int(batch.time[-1]), sent[group.name])]
            yield bundle
        yield [Mark(name, END, count) for name, count in sent.items()]


def _batch(group: Group, time: np.ndarray, values: np.ndarray) -> Batch:
    status = np.where(np.isnan(values), np.uint32(GOOD_NO_DATA), np.uint32(GOOD))
    return Batch(group.tags, time, values, status)


def _named(columns: Sequence[str], stem: str, group: str) -> tuple[Tag, ...]:
    """A tag for each column; its address is the column."""
    tags: dict[str, Tag] = {}
    for column in columns:
        name = f"{stem}/{column.replace('/', '_')}"
        while name in tags:  # 'a/b' stands beside 'a_b'
            name += "_"
        tags[name] = Tag(name=name, group=group, address=column)
    return tuple(tags.values())


def _rate(time: np.ndarray, values: np.ndarray) -> float | None:
    """Samples a second of a column; None if it has fewer than two.

    The median step says it, unless steps differ so much that a value held for HELD steps would not bridge all but the
    longest hundredth of the gaps. A step within NEAR of a round one is that.
    """
    steps = np.diff(time[~np.isnan(values)]) / SECOND
    if not len(steps):
        return None
    step = max(float(np.median(steps)), float(np.percentile(steps, 99)) / HELD)
    power = 10.0 ** np.floor(np.log10(step))
    near = [power * part for part in ROUND if abs(step / (power * part) - 1.0) < NEAR]
    return float(f"{1.0 / (near[0] if near else step):.6g}")

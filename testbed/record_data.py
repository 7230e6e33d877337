"""Data at hand, whatever holds it: a file, or the record of a run or watch, cut to a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError, nearest
from connectors.files import FileSource
from connectors.tables import Table, read_table
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import parse, text, zone
from testbed.record import RunRecord


def open_data(
    path: Path, tags: Sequence[Tag] | None = None, *, drop: Sequence[str] = (), sheet: str | None = None,
    tz: str = "UTC", labels: Sequence[str] | None = None, since: str | None = None, until: str | None = None,
    rows_per_batch: int = 1000,
) -> FileSource:  # fmt: skip
    """The file or record at `path` as a source; `since` and `until` are ISO times, the latter not included.

    Raises InputError naming every fault.
    """
    if path.is_dir() and (path / "run.json").is_file():
        table = record_table(path, tags, drop)
    else:
        table = read_table(path, tags=tags, drop=drop, sheet=sheet, zone=tz, labels=labels)
    return FileSource(path, table=cut(table, since, until, tz), rows_per_batch=rows_per_batch)


def record_table(folder: Path, tags: Sequence[Tag] | None = None, drop: Sequence[str] = ()) -> Table:
    """What a record's scalar groups measured, on one time axis; tags that measured nothing are left out.

    Raises InputError for tags the record does not have.
    """
    record = RunRecord(folder)
    scalars = [group for group in record.groups if group.kind == "scalars"]
    known = {tag.name: tag for group in scalars for tag in group.tags}
    missing = [tag.name for tag in tags or () if tag.name not in known]
    if missing:
        raise InputError(
            say("The record {folder} has no tag '{tag}'.", folder=folder, tag=missing[0]) + nearest(missing[0], known)
        )
    wanted = [tag for tag in (tags or known.values()) if tag.name not in drop and tag.short not in drop]
    signals = [record.signals(group.name) for group in scalars]
    times = [_ns(frame) for frame in signals if len(frame)]
    if not times:
        raise InputError(say("{folder} holds no recorded samples.", folder=folder))
    time = np.unique(np.concatenate(times))
    columns: dict[str, np.ndarray] = {}
    for frame in (frame for frame in signals if len(frame)):
        rows = np.searchsorted(time, _ns(frame))
        for tag in wanted:
            if tag.name in frame.columns:
                columns[tag.name] = np.full(len(time), np.nan)
                columns[tag.name][rows] = frame[tag.name].fill_null(np.nan).to_numpy()
    kept = [tag for tag in wanted if tag.name in columns and np.isfinite(columns[tag.name]).any()]
    if not kept:
        raise InputError(say("{folder} holds no recorded samples.", folder=folder))
    names = tuple(tag.name for tag in kept)
    values = np.column_stack([columns[name] for name in names])
    left_out = tuple(name for name in known if name not in names)
    return Table(time=time, columns=names, values=values, dropped=left_out, tags=tuple(kept))


def _ns(frame: Any) -> np.ndarray:
    return frame["time"].to_physical().to_numpy()


def cut(table: Table, since: str | None, until: str | None, tz: str = "UTC") -> Table:
    """The rows from `since` on and before `until`. Raises InputError if a time does not fit or nothing is left."""
    first, last = moment("--from", since, tz), moment("--to", until, tz)
    keep = np.ones(len(table.time), bool)
    if first is not None:
        keep &= table.time >= first
    if last is not None:
        keep &= table.time < last
    if keep.all():
        return table
    if not keep.any():
        span = (text(int(table.time[0])), text(int(table.time[-1])))
        raise InputError(
            say(
                "Nothing lies between --from and --to. The data go from {first} to {last}.", first=span[0], last=span[1]
            )
        )
    labels = {name: column[keep] for name, column in table.labels.items()}
    return replace(table, time=table.time[keep], values=table.values[keep], labels=labels)


def moment(option: str, told: str | None, tz: str) -> int | None:
    """A time that was given with an option, ns; None where none was. Raises InputError if it is none."""
    if told is None:
        return None
    try:
        return parse(told, zone(tz))
    except ValueError:
        raise InputError(
            say("{option} takes a time such as 2026-01-05T09:00:00, but got '{told}'.", option=option, told=told)
        ) from None

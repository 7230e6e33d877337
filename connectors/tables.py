"""Tables of plant data: CSV, Parquet or Excel, on one rising time axis, and every fault found at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from connectors.cell_times import LAST, NO_TIME, joined, looks_like_times, short, time_fault, times_of
from connectors.errors import InputError, Problem, nearest
from connectors.raw_tables import RawTable, open_table
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import MICROSECOND, SECOND, zone

TRUTH_NAMES = (
    "anomaly",
    "changepoint",
    "label",
)  # answers, not signals: dropped unless a tag list names them
TIME_NAMES = (
    "datetime",
    "date_time",
    "date time",
    "timestamp",
    "일시",
    "시각",
    "time",
    "시간",
    "date",
    "날짜",
    "일자",
)
CLOCK_NAMES = ("time", "시각", "시간")  # may stand beside a column of dates
ELAPSED = {"second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}  # s


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Plant data on one time axis.

    Attributes:
        time: int64 (n,), ns since 1970 UTC, strictly rising.
        columns: names of the k columns, as the file has them.
        values: float64 (n, k); NaN where a cell is empty.
        labels: columns taken out as truth, float64 (n,) each.
        reordered: rows that stood below a newer one.
        doubled: rows left out because a later one has the same time.
        dropped: names of the columns left out.
        unread: other sheets of the file, where nobody said which one to read.
        tags: the tag of each column when a tag list was given, else empty.
    """

    time: np.ndarray
    columns: tuple[str, ...]
    values: np.ndarray
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    reordered: int = 0
    doubled: int = 0
    dropped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()


def read_table(
    path: str | Path,
    *,
    tags: Sequence[Tag] | None = None,
    drop: Sequence[str] = (),
    sheet: str | None = None,
    zone: str = "UTC",
    labels: Sequence[str] | None = None,
) -> Table:
    """The table in a file.

    Args:
        path: a CSV (tab, ';' or ',', also with decimal commas), Parquet or Excel file.
        tags: columns to take, found by a tag's address, its name or the name's last level; None takes every
            column of numbers but those called `anomaly`, `changepoint` or `label`.
        drop: columns to leave out, even when a tag names them.
        sheet: of an Excel file; None takes the first.
        zone: of times without one. An hour that the end of daylight saving doubles is resolved by file order.
        labels: columns to take out as truth; they are never tags.

    Raises:
        InputError: naming every fault, as `lint_table` lists them.
    """
    table, problems = _read(path, tags, drop, sheet, zone, labels)
    if table is None:
        raise InputError.of(problems)
    return table


def lint_table(
    path: str | Path,
    *,
    tags: Sequence[Tag] | None = None,
    drop: Sequence[str] = (),
    sheet: str | None = None,
    zone: str = "UTC",
    labels: Sequence[str] | None = None,
) -> list[Problem]:
    """Every fault that keeps `read_table` from reading a file; the header is line 1. Arguments as there.

    Raises InputError only for a zone that is not known.
    """
    return _read(path, tags, drop, sheet, zone, labels)[1]


def _read(
    path: str | Path,
    tags: Sequence[Tag] | None,
    drop: Sequence[str],
    sheet: str | None,
    zone_name: str,
    labels: Sequence[str] | None,
) -> tuple[Table | None, list[Problem]]:
    where = zone(zone_name)
    try:
        raw = open_table(path, sheet)
    except InputError as error:
        return None, list(error.problems)
    table = _Reading(raw, where).table(tags, drop, labels or ())
    problems = dict.fromkeys(raw.problems)  # two tags may name one column
    return (None if problems else table), sorted(problems, key=lambda problem: problem.line or 0)


# -- columns and numbers -------------------------------------------------------------------------------------


class _Times(NamedTuple):
    """The time column: its index (two where a date stands beside a clock), its cells, and int64 (n,) ns."""

    columns: tuple[int, ...]
    cells: pl.Series
    time: np.ndarray


class _Reading:
    """Makes the table of one opened file and notes every fault on the way."""

    def __init__(self, raw: RawTable, where: tzinfo) -> None:
        self.raw = raw
        self.where = where
        self.index: dict[str, int] = {}
        for i, name in enumerate(raw.header):
            if name:
                self.index.setdefault(name, i)

    def table(self, tags: Sequence[Tag] | None, drop: Sequence[str], labels: Sequence[str]) -> Table | None:
        raw, index = self.raw, self.index
        self._check_header(drop, labels)
        if not raw.rows:
            raw.fault(say("holds no rows of data below its header."))
            return None
        taken = {i for i, name in enumerate(raw.header) if name in (*drop, *labels)}
        free = [i for i in range(len(raw.header)) if i not in taken]
        times = self._times(free)
        kept: tuple[Tag, ...] = ()
        if tags:
            columns, kept = self._of_tags(tags, taken)
        else:
            signals = (i for i in free if self._is_signal(i) and not (times and i in times.columns))
            columns = [(i, column) for i in signals if (column := self._numbers(i, may_drop=True)) is not None]
        if not columns and not raw.problems:
            raw.fault(say("holds no column of numbers beside its times."))
        truth = {name: self._numbers(index[name]) for name in labels if name in index}
        if raw.problems or times is None:
            return None
        used = {*times.columns, *(i for i, _ in columns), *(index[name] for name in labels)}
        left_out = [i for i in range(len(raw.header)) if i not in used and self._is_something(i)]
        order, reordered = _order(times.time)
        values = np.empty((len(order), len(columns)))
        for j, (_, column) in enumerate(columns):
            values[:, j] = column[order]
        return Table(
            time=times.time[order],
            columns=tuple(raw.header[i] for i, _ in columns),
            values=values,
            labels={name: column[order] for name, column in truth.items() if column is not None},
            reordered=reordered,
            doubled=raw.rows - len(order),
            dropped=tuple(raw.header[i] or f"column {i + 1}" for i in left_out),
            unread=raw.unread,
            tags=kept,
        )

    def _check_header(self, drop: Sequence[str], labels: Sequence[str]) -> None:
        header = self.raw.header
        for name, first in self.index.items():
            again = [i + 1 for i in range(first + 1, len(header)) if header[i] == name]
            if again and name not in drop:
                places = say("columns {first} and {second}", first=first + 1, second=again[0])
                self.raw.fault(
                    say("column '{name}' is there twice ({places}). Rename or drop one.", name=name, places=places)
                )
        for name in (*drop, *labels):
            if name not in self.index:
                self.raw.fault(say("column '{name}' is not there.", name=name) + nearest(name, self.index))

    def _is_something(self, i: int) -> bool:
        """Not only separators that a spreadsheet left at the end of its lines."""
        return bool(self.raw.header[i]) or self.raw.cells[i].null_count() < self.raw.rows

    def _is_signal(self, i: int) -> bool:
        name = self.raw.header[i]
        return bool(name) and name.lower() not in TRUTH_NAMES

    def _of_tags(self, tags: Sequence[Tag], taken: set[int]) -> tuple[list[tuple[int, np.ndarray]], tuple[Tag, ...]]:
        """Columns of the tags, and the tags themselves, without those whose column is dropped or truth."""
        columns, kept = [], []
        for tag in tags:
            known = (self.index.get(name) for name in (tag.address, tag.name, tag.short))
            i = next((i for i in known if i is not None), None)
            if i is None:
                wanted = tag.address or tag.short
                self.raw.fault(say("column '{wanted}' is not there.", wanted=wanted) + nearest(wanted, self.index))
            elif i not in taken:
                columns.append((i, self._numbers(i)))
                kept.append(tag)
        return columns, tuple(kept)

    def _numbers(self, i: int, may_drop: bool = False) -> np.ndarray | None:
        """A column as float64 (n,); None for one of texts, or without any sample, that may be dropped."""
        name, cells = self.raw.header[i], self.raw.cells[i]
        values, is_bad = _numbers(cells, self.raw.decimal_comma)
        if may_drop and 2 * int(is_bad.sum()) >= len(cells) - cells.null_count():
            return None
        self.raw.faults(
            np.flatnonzero(is_bad),
            lambda row: say("column '{name}': '{cell}' is not a number.", name=name, cell=short(cells[row])),
            lambda more: say("column '{name}': {more} more cells from here on are no numbers.", name=name, more=more),
        )
        return values

    # -- which column holds the times ---------------------------------------------------------------------

    def _times(self, free: Sequence[int]) -> _Times | None:
        """The time column, after its faults have been noted."""
        found = self._named_times(free) or self._other_times(free)
        if found is None:
            self.raw.fault(
                say("has no column of times. Name one 'time', with times such as 2026-01-05T09:00:00 in it.")
            )
            return None
        if times_of([self.raw.header[found.columns[0]]], self.where)[0] != NO_TIME:
            self.raw.fault(say("begins with data. Its first line must name the columns."))
        self.raw.faults(
            np.flatnonzero(found.time == NO_TIME),
            lambda row: time_fault(found.cells[row], self.where),
            lambda more: say("{more} more times from here on do not fit.", more=more),
        )
        return found

    def _named_times(self, free: Sequence[int]) -> _Times | None:
        """A column called as times are: the first that holds any, else the first."""
        cells, names = self.raw.cells, [name.lower() for name in self.raw.header]
        named = [i for name in TIME_NAMES for i in free if names[i] == name]
        for date, clock in ((i, j) for i in named for j in named if i != j and names[j] in CLOCK_NAMES):
            both = joined(cells[date], cells[clock])
            if both is not None:
                return _Times((date, clock), both, times_of(both, self.where))
        tried = [_Times((i,), cells[i], times_of(cells[i], self.where)) for i in named]
        return next((found for found in tried if (found.time != NO_TIME).any()), tried[0] if tried else None)

    def _other_times(self, free: Sequence[int]) -> _Times | None:
        """A column that looks like times, else one that counts seconds, minutes or hours."""
        for i in free:
            cells = self.raw.cells[i]
            if looks_like_times(cells, self.where):
                return _Times((i,), cells, times_of(cells, self.where))
        for i in free:
            unit = ELAPSED.get(self.raw.header[i].lower())
            if unit is not None:
                values = _numbers(self.raw.cells[i], self.raw.decimal_comma)[0] * unit
                if (np.diff(values) > 0).all() and values[0] >= 0 and values[-1] <= LAST / SECOND:
                    time = np.round(values * 1e6).astype(np.int64) * MICROSECOND
                    return _Times((i,), self.raw.cells[i], time)
        return None


def _numbers(cells: pl.Series, decimal_comma: bool) -> tuple[np.ndarray, np.ndarray]:
    """float64 (n,), NaN where a cell is empty or no number, and bool (n,), true where it is no number."""
    if cells.dtype == pl.String:
        text = cells
        if decimal_comma:
            text = text.str.replace(r"^.*\..*$", "?").str.replace(",", ".", literal=True)
        text = text.str.replace("(?i)^true$", "1").str.replace("(?i)^false$", "0")
        values = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy()
        is_bad = ~np.isfinite(values) & cells.is_not_null().to_numpy()
    elif cells.dtype.is_numeric() or cells.dtype in (pl.Boolean, pl.Null):
        values = cells.cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
        is_bad = np.isinf(values)
    else:
        return np.full(len(cells), np.nan), cells.is_not_null().to_numpy()
    values[is_bad] = np.nan
    return values, is_bad


def _order(time: np.ndarray) -> tuple[np.ndarray, int]:
    """Rows by rising time, of equal times the last, and how many rows stood below a newer one."""
    order = np.argsort(time, kind="stable")
    rising = time[order]
    is_last = np.append(rising[1:] != rising[:-1], True)
    return order[is_last], int((time < np.maximum.accumulate(time)).sum())

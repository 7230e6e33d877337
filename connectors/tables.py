"""Tables of plant data: CSV, Parquet or Excel, on one rising time axis, and every fault found at once.

The only file of this floor that knows polars.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from connectors.errors import InputError, Problem, nearest
from connectors.tags import Tag
from connectors.text import CsvText, existing, wrong_length
from connectors.times import MICROSECOND, SECOND, to_datetime, zone

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
BLANKS = [
    "",
    "-",
    "--",
    "?",
    "#N/A",
    "N/A",
    "n/a",
    "NA",
    "NaN",
    "nan",
    "NULL",
    "null",
    "None",
]  # no sample here
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls")
SHOWN = 3  # faulty cells named one by one; the rest of a column is counted

NO_TIME: int = np.iinfo(np.int64).min  # what `times_of` gives for a cell that is no time
MINUTE, DAY = 60 * SECOND, 86_400 * SECOND
_YEARS = (1900, 2200)  # a time outside is a typing error; 64 bits of ns end in 2262
_LAST = 7_258_118_400 * SECOND  # 2200-01-01


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
        tags: the tag of each column when a tag list was given, else empty.
    """

    time: np.ndarray
    columns: tuple[str, ...]
    values: np.ndarray
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    reordered: int = 0
    doubled: int = 0
    dropped: tuple[str, ...] = ()
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
        raw = _open(path, sheet)
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

    def __init__(self, raw: _Raw, where: tzinfo) -> None:
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
            raw.fault("holds no rows of data below its header.")
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
            raw.fault("holds no column of numbers beside its times.")
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
            tags=kept,
        )

    def _check_header(self, drop: Sequence[str], labels: Sequence[str]) -> None:
        header = self.raw.header
        for name, first in self.index.items():
            again = [i + 1 for i in range(first + 1, len(header)) if header[i] == name]
            if again and name not in drop:
                places = f"columns {first + 1} and {again[0]}"
                self.raw.fault(f"column '{name}' is there twice ({places}). Rename or drop one.")
        for name in (*drop, *labels):
            if name not in self.index:
                self.raw.fault(f"column '{name}' is not there.{nearest(name, self.index)}")

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
                self.raw.fault(f"column '{wanted}' is not there.{nearest(wanted, self.index)}")
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
            lambda row: f"column '{name}': '{_short(cells[row])}' is not a number.",
            lambda more: f"column '{name}': {more} more cells from here on are no numbers.",
        )
        return values

    # -- which column holds the times ---------------------------------------------------------------------

    def _times(self, free: Sequence[int]) -> _Times | None:
        """The time column, after its faults have been noted."""
        found = self._named_times(free) or self._other_times(free)
        if found is None:
            self.raw.fault("has no column of times. Name one 'time', with times such as 2026-01-05T09:00:00 in it.")
            return None
        if times_of([self.raw.header[found.columns[0]]], self.where)[0] != NO_TIME:
            self.raw.fault("begins with data. Its first line must name the columns.")
        self.raw.faults(
            np.flatnonzero(found.time == NO_TIME),
            lambda row: time_fault(found.cells[row], self.where),
            lambda more: f"{more} more times from here on do not fit.",
        )
        return found

    def _named_times(self, free: Sequence[int]) -> _Times | None:
        """A column called as times are: the first that holds any, else the first."""
        cells, names = self.raw.cells, [name.lower() for name in self.raw.header]
        named = [i for name in TIME_NAMES for i in free if names[i] == name]
        for date, clock in ((i, j) for i in named for j in named if i != j and names[j] in CLOCK_NAMES):
            joined = _joined(cells[date], cells[clock])
            if joined is not None:
                return _Times((date, clock), joined, times_of(joined, self.where))
        tried = [_Times((i,), cells[i], times_of(cells[i], self.where)) for i in named]
        return next((found for found in tried if (found.time != NO_TIME).any()), tried[0] if tried else None)

    def _other_times(self, free: Sequence[int]) -> _Times | None:
        """A column that looks like times, else one that counts seconds, minutes or hours."""
        for i in free:
            cells = self.raw.cells[i]
            if _looks_like_times(cells, self.where):
                return _Times((i,), cells, times_of(cells, self.where))
        for i in free:
            unit = ELAPSED.get(self.raw.header[i].lower())
            if unit is not None:
                values = _numbers(self.raw.cells[i], self.raw.decimal_comma)[0] * unit
                if (np.diff(values) > 0).all() and values[0] >= 0 and values[-1] <= _LAST / SECOND:
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


# -- times ---------------------------------------------------------------------------------------------------

_TIME = (
    r"(?i)^(\d{4})[-/.] ?(\d{1,2})[-/.] ?(\d{1,2})\.?"  # year, month, day
    r"(?:(?:T| +)(?:(AM|PM|오전|오후) ?)?(\d{1,2}):(\d{2})"  # half of the day, hour, minute
    r"(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?(?: ?(AM|PM))?)?"  # second, its fraction, half of the day
    r"(?: ?(Z|UTC|([+-])(\d{2}):?(\d{2})?))?$"  # zone; its sign, hours, minutes
)
_COMPACT = (  # 20260105, 202601050900, 20260105T090000.5Z
    (r"^((?:19|20)\d\d)(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)([^\d].*)?$", "$1-$2-$3 $4:$5:$6$7"),
    (r"^((?:19|20)\d\d)(\d\d)(\d\d)[T ]?(\d\d)(\d\d)$", "$1-$2-$3 $4:$5"),
    (r"^((?:19|20)\d\d)(\d\d)(\d\d)$", "$1-$2-$3"),
)
_DIGITS = r"^(\d{1,19})(?:[.,](\d{1,9})\d*)?$"


def times_of(cells: pl.Series | Sequence[str], where: tzinfo) -> np.ndarray:
    """Times of cells in file order, int64 (n,) ns; NO_TIME where a cell is empty or no time.

    Texts may be ISO 8601, also with '/' or '.' and without leading zeros, or numbers since 1970 in s, ms, µs
    or ns, told apart by their size. Without a zone they are taken in `where`.

    >>> times_of(["2026-01-05 09:00", "2026/1/5 9:00:00.5", "soon"], UTC).tolist()[:2]
    [1767603600000000000, 1767603600500000000]
    """
    series = cells if isinstance(cells, pl.Series) else pl.Series(list(cells), dtype=pl.String)
    if isinstance(series.dtype, pl.Datetime) or series.dtype == pl.Date:
        return _of_moments(series, where)
    if series.dtype.is_float():
        exact = series.fill_nan(None).cast(pl.Decimal(38, 6), strict=False)
        series = exact.cast(pl.String).str.strip_suffix(".000000")
    elif series.dtype.is_numeric():
        series = series.cast(pl.String)
    if series.dtype != pl.String:
        return np.full(len(series), NO_TIME)
    return _of_texts(series.str.strip_chars(), where)


def time_fault(cell: object, where: tzinfo) -> str:
    """Why a cell is no time, and what would be one."""
    shown = "" if cell is None else _short(cell)
    if not shown:
        return "time is empty. Every row needs one."
    if where is not UTC and times_of([shown], UTC)[0] != NO_TIME:
        return f"time '{shown}' does not exist in {where}, where clocks are put forward. Name its own zone."
    if re.match(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}", shown):
        return f"time '{shown}' may have the day or the month first. Write it as 2026-01-05 09:00:00."
    return f"time '{shown}' is not a time. 2026-01-05T09:00:00, 2026/01/05 09:00 or seconds since 1970 fit."


def _of_moments(series: pl.Series, where: tzinfo) -> np.ndarray:
    """Times of dates, and of moments with a zone or without."""
    is_zoned = isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None
    utc = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if is_zoned else series
    fits = utc.dt.year().is_between(*_YEARS).fill_null(False).to_numpy()
    ns = utc.cast(pl.Datetime("ns"), strict=False).to_physical().fill_null(0).to_numpy()
    times = np.full(len(series), NO_TIME)
    times[fits] = ns[fits] if is_zoned else _utc(ns[fits], where)
    return times


def _of_texts(series: pl.Series, where: tzinfo) -> np.ndarray:
    local, is_zoned, fits = _civil(series)
    rest = series.is_not_null().to_numpy() & ~fits
    times = np.full(len(series), NO_TIME)
    if rest.any():
        spread = series
        for pattern, spelled in _COMPACT:
            spread = spread.str.replace(pattern, spelled)
        compact = _civil(spread)
        local, is_zoned, fits = (np.where(fits, a, b) for a, b in zip((local, is_zoned, fits), compact, strict=True))
        if (rest & ~fits).any():
            times = _of_digits(series)
    utc, naive = fits & is_zoned, fits & ~is_zoned
    times[utc] = local[utc]
    times[naive] = _utc(local[naive], where)
    return times


def _civil(series: pl.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """int64 (n,) ns, in UTC where a cell names a zone; bool (n,), it names one; bool (n,), it is a time."""
    part = series.str.extract_groups(_TIME).struct.unnest().get_columns()

    def number(i: int) -> np.ndarray:
        return part[i].cast(pl.Int64).fill_null(0).to_numpy()

    year, month, day, hour, minute, second = (number(i) for i in (0, 1, 2, 4, 5, 6))
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    first = months.astype("M8[D]").astype(np.int64)
    length = (months + 1).astype("M8[D]").astype(np.int64) - first
    fits = (_YEARS[0] <= year) & (year <= _YEARS[1])
    fits &= (1 <= month) & (month <= 12) & (1 <= day) & (day <= length) & (minute < 60) & (second < 60)
    fits &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    halved = (part[3].is_not_null() | part[8].is_not_null()).to_numpy()
    if halved.any():
        half = part[3].fill_null(part[8]).str.to_uppercase()
        fits &= ~halved | ((1 <= hour) & (hour <= 12))
        hour = np.where(halved, hour % 12 + 12 * half.is_in(["PM", "오후"]).fill_null(False).to_numpy(), hour)
    fraction = part[7].str.pad_end(9, "0").cast(pl.Int64).fill_null(0).to_numpy()
    local = (first + day - 1) * DAY + (hour * 60 + minute) * MINUTE + second * SECOND + fraction
    offset = (number(11) * 60 + number(12)) * MINUTE
    is_west = (part[10] == "-").fill_null(False).to_numpy()
    return local + np.where(is_west, offset, -offset), part[9].is_not_null().to_numpy(), fits


def _of_digits(series: pl.Series) -> np.ndarray:
    """Numbers since 1970, exactly: of s up to 2286, else of ms, µs or ns, by the largest of the column."""
    whole, fraction = series.str.extract_groups(_DIGITS).struct.unnest().get_columns()
    count = whole.cast(pl.Int64, strict=False)
    largest = int(count.fill_null(0).to_numpy().max(initial=0))
    units = ((10**10, SECOND), (10**13, 1000 * MICROSECOND), (10**16, MICROSECOND))
    unit = next((unit for limit, unit in units if largest < limit), 1)
    fits = (count <= _LAST // unit).fill_null(False).to_numpy()
    rest = fraction.str.pad_end(9, "0").cast(pl.Int64).fill_null(0).to_numpy() * unit // SECOND
    return np.where(fits, count.fill_null(0).to_numpy() * unit + rest, NO_TIME)


def _utc(local: np.ndarray, where: tzinfo) -> np.ndarray:
    """UTC of wall-clock times in file order, both int64 (n,) ns; NO_TIME where the clock leapt over one."""
    if where is UTC or not len(local):
        return local
    step = 15 * MINUTE  # no clock is changed but at the end of one
    shown, at = np.unique(local // step, return_inverse=True)
    before, after = np.array([_offsets(int(quarter) * step, where) for quarter in shown])[at].T
    times = np.where(before < after, NO_TIME, local - before)
    twice = np.flatnonzero(before > after)
    if local[-1] < local[0]:
        twice = twice[::-1]  # the file has its newest row first
    for stretch in np.split(twice, np.flatnonzero(np.abs(np.diff(local[twice])) > DAY // 2) + 1):
        second = stretch[_second_pass(local[stretch]) :]
        times[second] = local[second] - after[second]
    return times


def _offsets(local: int, where: tzinfo) -> tuple[int, int]:
    """UTC offsets, ns, that a wall-clock time has the first and the second time it is shown (PEP 495)."""
    shown = to_datetime(local).replace(tzinfo=where)
    first, second = (shown.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return round(first.total_seconds()) * SECOND, round(second.total_seconds()) * SECOND


def _second_pass(local: np.ndarray) -> int:
    """Where in a doubled hour its second pass begins: at the greatest step back, else at an equal time."""
    steps = np.diff(local)
    if (steps < 0).any():
        return int(steps.argmin()) + 1
    return int(steps.argmin()) + 1 if (steps == 0).any() else len(local)


def _looks_like_times(cells: pl.Series, where: tzinfo) -> bool:
    """Whether a column without a telling name holds times; numbers must rise, and lie in 2000 … 2100."""
    if isinstance(cells.dtype, pl.Datetime) or cells.dtype == pl.Date:
        return True
    filled = cells.drop_nulls()
    if not len(filled) or (times_of(filled[:50], where) == NO_TIME).any():
        return False
    if not filled[:50].cast(pl.String).str.contains(r"^[\d.,]+$").any():
        return True
    times = times_of(filled, where)
    first, last = times_of(["2000-01-01", "2100-01-01"], UTC)
    return bool((np.diff(times) >= 0).all() and times[0] >= first and times[-1] <= last)


def _joined(dates: pl.Series, clocks: pl.Series) -> pl.Series | None:
    """A column of dates and one of clock times as one of texts; None if they are not that."""
    day = dates.dt.strftime("%Y-%m-%d") if dates.dtype in (pl.Date, pl.Datetime) else dates
    clock = clocks.dt.strftime("%H:%M:%S%.f") if clocks.dtype == pl.Time else clocks
    if day.dtype != pl.String or clock.dtype != pl.String:
        return None
    has_days = day.drop_nulls()[:50].str.contains(r"^\d{4}[-/.] ?\d{1,2}[-/.] ?\d{1,2}\.?$")
    has_clocks = clock.drop_nulls()[:50].str.contains(r"^(?:\D{2} ?)?\d{1,2}:\d{2}")
    return day + " " + clock if len(has_days) and has_days.all() and len(has_clocks) and has_clocks.all() else None


# -- files ---------------------------------------------------------------------------------------------------


@dataclass
class _Raw:
    """A file's cells, before anybody asks what they mean.

    Attributes:
        path: as it was given.
        header: names of the columns, '' where one has none.
        cells: a series a column; empty cells are null.
        lines: line of each row, asked for only when there is a fault; None for a file without lines.
        header_line: line of the header; None for a file without lines.
        decimal_comma: numbers are written 1,5.
        problems: faults found so far.
    """

    path: str
    header: tuple[str, ...]
    cells: list[pl.Series]
    lines: Callable[[], Sequence[int]] | None = None
    header_line: int | None = None
    decimal_comma: bool = False
    problems: list[Problem] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    @cached_property
    def _line_of(self) -> Sequence[int]:
        return self.lines() if self.lines is not None else ()

    def fault(self, text: str, row: int | None = None) -> None:
        """Note a fault of the header, or of a row."""
        if row is None:
            self.problems.append(Problem(self.path, text, self.header_line))
        elif self.lines is None:
            self.problems.append(Problem(self.path, f"row {row + 1}: {text}"))
        else:
            self.problems.append(Problem(self.path, text, self._line_of[row]))

    def faults(self, rows: np.ndarray, sentence: Callable[[int], str], rest: Callable[[int], str]) -> None:
        """Note the first of many faulty rows one by one, and how many more there are."""
        for row in rows[:SHOWN].tolist():
            self.fault(sentence(row), row)
        if len(rows) > SHOWN:
            self.fault(rest(len(rows) - SHOWN), int(rows[SHOWN]))


def _short(cell: object) -> str:
    text = " ".join(str(cell).split())
    return text if len(text) <= 40 else text[:39] + "…"


def _refuse(path: str | Path, text: str) -> InputError:
    return InputError.of([Problem(str(path), text)])


def _open(path: str | Path, sheet: str | None) -> _Raw:
    suffix = existing(path).suffix.lower()
    if suffix == ".parquet":
        raw = _open_parquet(path)
    elif suffix in EXCEL:
        raw = _open_excel(path, sheet)
    else:
        raw = _open_csv(path)
    return _without_blanks(raw)


def _without_blanks(raw: _Raw) -> _Raw:
    """Cells that say 'no value' made null, and rows without any cell left out."""
    for i, series in enumerate(raw.cells):
        if isinstance(series.dtype, pl.Categorical | pl.Enum):
            series = series.cast(pl.String)
        if series.dtype == pl.String:
            text = series.str.strip_chars()
            series = text.set(text.is_in(BLANKS), None)
        raw.cells[i] = series
    if raw.cells and all(series.null_count() for series in raw.cells):
        filled = np.any([series.is_not_null().to_numpy() for series in raw.cells], axis=0)
        if not filled.all():
            keep, lines = np.flatnonzero(filled), raw.lines
            raw.cells = [series.gather(keep) for series in raw.cells]
            if lines is not None:
                raw.lines = lambda: np.asarray(lines())[keep].tolist()
    return raw


def _open_parquet(path: str | Path) -> _Raw:
    try:
        frame = pl.read_parquet(Path(path))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _refuse(path, f"is no Parquet file that can be read: {_first_line(error)}") from None
    return _Raw(str(path), tuple(name.strip() for name in frame.columns), frame.get_columns())


def _open_excel(path: str | Path, sheet: str | None) -> _Raw:
    import fastexcel

    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of every empty column
    try:
        book = fastexcel.read_excel(Path(path))
        if not book.sheet_names:
            raise _refuse(path, "holds no sheet of cells.")
        if sheet is not None and sheet not in book.sheet_names:
            raise _refuse(path, f"sheet '{sheet}' is not there.{nearest(sheet, book.sheet_names)}")
        name = book.sheet_names[0] if sheet is None else sheet

        def load(skip: int, rows: int | None = None, dtypes: object = None) -> pl.DataFrame:
            options: dict[str, Any] = {
                "header_row": None,
                "skip_rows": skip,
                "n_rows": rows,
                "dtypes": dtypes,
            }
            return pl.DataFrame(book.load_sheet(name, schema_sample_rows=None, **options))

        top = load(0, 100, "string").rows()
        above = next((i for i, row in enumerate(top) if any(row)), None)
        if above is None:
            raise _refuse(path, f"sheet '{name}' is empty. Sheets: {', '.join(book.sheet_names)}.")
        frame = load(above + 1)
        texts = [i for i, dtype in enumerate(frame.dtypes) if dtype == pl.String]
        exact = load(above + 1, None, dict.fromkeys(texts, "float")) if texts else frame
    except fastexcel.FastExcelError as error:
        raise _refuse(path, f"is no Excel file that can be read: {_first_line(error)}") from None
    header = tuple((cell or "").strip() for cell in top[above])
    cells = [_exact(text, number) for text, number in zip(frame, exact, strict=True)]
    return _Raw(str(path), header, cells, lambda: range(above + 2, above + 2 + len(frame)), above + 1)


def _exact(text: pl.Series, number: pl.Series) -> pl.Series:
    """A mixed column's numbers were shortened as texts: take them as numbers, if the rest says 'no value'."""
    if number.dtype != pl.Float64 or text.dtype != pl.String:
        return text
    rest = text.filter(number.is_null()).drop_nulls().str.strip_chars()
    return number if rest.is_in(BLANKS).all() and number.count() else text


def _open_csv(path: str | Path) -> _Raw:
    csv = CsvText.read(path)
    raw = _Raw(csv.path, csv.header, [], None, csv.header_line, csv.has_decimal_commas())
    frame = _parse(csv, raw.decimal_comma)
    if frame is None:
        frame = _parse_patiently(csv, raw.problems)
    raw.cells = frame.get_columns()
    raw.lines = lambda: csv.lines(len(frame))
    return raw


def _parse(csv: CsvText, decimal_comma: bool) -> pl.DataFrame | None:
    """Columns '0', '1', …: of numbers where all cells are, else of texts; None where polars gives up."""
    data = (csv.mark.join(map(str, range(len(csv.header)))) + "\n" + csv.body).encode()
    attempts: tuple[dict[str, Any], ...] = (
        {"infer_schema_length": 1000, "null_values": BLANKS},
        {"infer_schema": False},
    )
    for options in attempts:
        with suppress(pl.exceptions.PolarsError):
            return pl.read_csv(io.BytesIO(data), separator=csv.mark, decimal_comma=decimal_comma, **options)
    return None


def _parse_patiently(csv: CsvText, problems: list[Problem]) -> pl.DataFrame:
    """Row by row, naming every row that is too long."""
    width = len(csv.header)
    cells: list[list[str | None]] = []
    try:
        for row in csv.rows():
            if any(row.cells[width:]):
                problems.append(Problem(csv.path, wrong_length(len(row.cells), width, csv.mark), row.line))
            cells.append([*row.cells[:width], *[None] * (width - len(row.cells))])
    except InputError as error:
        problems.extend(error.problems)
    return pl.DataFrame(cells, schema={str(i): pl.String for i in range(width)}, orient="row")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

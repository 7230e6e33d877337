"""Times as people and machines write them into cells, read into ns since 1970."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, timedelta, tzinfo

import numpy as np
import polars as pl

from connectors.texts import say
from connectors.times import MICROSECOND, SECOND, to_datetime

NO_TIME: int = np.iinfo(np.int64).min  # what `times_of` gives for a cell that is no time
MINUTE, DAY = 60 * SECOND, 86_400 * SECOND
LAST = 7_258_118_400 * SECOND  # 2200-01-01
_YEARS = (1900, 2200)  # a time outside is a typing error; 64 bits of ns end in 2262

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
    shown = "" if cell is None else short(cell)
    if not shown:
        return say("time is empty. Every row needs one.")
    if where is not UTC and times_of([shown], UTC)[0] != NO_TIME:
        return say(
            "time '{shown}' does not exist in {where}, where clocks are put forward. Name its own zone.",
            shown=shown,
            where=where,
        )
    if re.match(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}", shown):
        return say("time '{shown}' may have the day or the month first. Write it as 2026-01-05 09:00:00.", shown=shown)
    return say(
        "time '{shown}' is not a time. 2026-01-05T09:00:00, 2026/01/05 09:00 or seconds since 1970 fit.", shown=shown
    )


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
    fits = (count <= LAST // unit).fill_null(False).to_numpy()
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


def looks_like_times(cells: pl.Series, where: tzinfo) -> bool:
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


def joined(dates: pl.Series, clocks: pl.Series) -> pl.Series | None:
    """A column of dates and one of clock times as one of texts; None if they are not that."""
    day = dates.dt.strftime("%Y-%m-%d") if dates.dtype in (pl.Date, pl.Datetime) else dates
    clock = clocks.dt.strftime("%H:%M:%S%.f") if clocks.dtype == pl.Time else clocks
    if day.dtype != pl.String or clock.dtype != pl.String:
        return None
    has_days = day.drop_nulls()[:50].str.contains(r"^\d{4}[-/.] ?\d{1,2}[-/.] ?\d{1,2}\.?$")
    has_clocks = clock.drop_nulls()[:50].str.contains(r"^(?:\D{2} ?)?\d{1,2}:\d{2}")
    return day + " " + clock if len(has_days) and has_days.all() and len(has_clocks) and has_clocks.all() else None


def short(cell: object) -> str:
    """A cell as a message shows it."""
    text = " ".join(str(cell).split())
    return text if len(text) <= 40 else text[:39] + "…"

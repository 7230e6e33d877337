"""Numbers and times as a person reads them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from connectors.texts import language, say
from connectors.times import to_datetime, zone

NOTHING = "–"
LONG_S = 1800.0  # longer runs are told in hours and minutes
DAYS_S = 2 * 86_400.0  # and still longer ones in days
_SCALES = {"en": ((1e9, " bn"), (1e6, " M"), (1e3, " k")), "ko": ((1e8, "억"), (1e4, "만"))}


def number(value: float | None, digits: int = 3) -> str:
    """A number with about so many significant digits.

    >>> number(0.0123456), number(1234567.0), number(480.0), number(None)
    ('0.0123', '1,234,567', '480', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    if decimals > 6:
        return f"{value:.{digits - 1}e}"
    text = f"{value:,.{max(0, decimals)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def fixed(value: float | None, decimals: int) -> str:
    """A number with so many decimals."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:,.{decimals}f}"


def span(seconds: float | None) -> str:
    """How long something lasts.

    >>> span(36.0), span(7200.0), span(0.25), span(-5400.0)
    ('36 s', '2:00:00 h', '0.25 s', '-1:30:00 h')
    """
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if abs(seconds) > DAYS_S:
        return say("{n} d", n=number(seconds / 86_400))
    if abs(seconds) > LONG_S:
        return f"{_hours(seconds)} h"
    if abs(seconds) < 10:
        return f"{number(seconds, 2)} s"
    return f"{fixed(seconds, 1).removesuffix('.0')} s"


def size(count: float) -> str:
    """Bytes.

    >>> size(864720), size(119)
    ('865 kB', '119 B')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{number(count)} {unit}"


def money(low: float, high: float, currency: str) -> str:
    """A range of money, two digits each end, in the units a reader of the language spoken now counts in.

    >>> money(287_900_000, 5_999_685_000, "KRW"), money(-52_000, -2_100, "USD"), money(0, 0, "KRW")
    ('₩290 M – ₩6 bn', '−USD 52 k – −USD 2.1 k', '₩0')
    """
    if low == high:
        return _amount(low, currency)
    return f"{_amount(low, currency)} – {_amount(high, currency)}"


def _amount(value: float, currency: str) -> str:
    rounded = abs(float(f"{value:.2g}"))
    scale, unit = next(((s, u) for s, u in _SCALES[language()] if rounded >= s), (1.0, ""))
    sign = "−" if value < 0 else ""
    if language() == "ko":  # counts in 만 (10⁴) and 억 (10⁸), and names the currency behind
        name = "원" if currency == "KRW" else currency
        return f"{sign}{number(rounded / scale, 2)}{unit}{' ' if unit else ''}{name}"
    return f"{sign}{'₩' if currency == 'KRW' else f'{currency} '}{number(rounded / scale, 2)}{unit}"


def share(part: float, whole: float) -> str:
    """A part of a whole, in per cent."""
    if whole <= 0:
        return NOTHING
    percent = 100 * part / whole
    return "< 0.01 %" if 0 < percent < 0.01 else f"{number(percent, 2)} %"


def moment(ns: int, zone_name: str = "UTC") -> str:
    """A source time as date and time of day in a zone.

    >>> moment(1_767_571_200_000_000_000)
    '2026-01-05 00:00:00 UTC'
    """
    at = to_datetime(ns).astimezone(zone(zone_name))
    return f"{at:%Y-%m-%d %H:%M:%S} {zone_name}"


@dataclass(frozen=True, slots=True)
class Clock:
    """How the times of one run are told; `duration` is the run's, in s.

    >>> Clock(180.0).at(104.85), Clock(7200.0).at(2422.0)
    ('104.8 s', '0:40:22')
    """

    duration: float

    def at(self, seconds: float | None) -> str:
        """A moment, counted from the start."""
        if seconds is None:
            return NOTHING
        return _hours(seconds) if self.duration > LONG_S else f"{fixed(seconds, 1)} s"

    def tick(self, seconds: float, step: float) -> str:
        """A moment at an axis whose ticks are `step` s apart."""
        if self.duration > DAYS_S and step >= 3600:
            day, rest = divmod(seconds, 86_400.0)
            hour = f" {rest / 3600:02.0f} h" if step % 86_400 else ""
            return say("{n} d", n=round(day)) + hour
        if self.duration <= LONG_S:
            return number(seconds, 6)
        return _hours(seconds) if step < 60 else _hours(seconds).rsplit(":", 1)[0]

    def unit(self, step: float) -> str:
        """What the ticks of an axis count, `step` s apart."""
        if self.duration > DAYS_S and step >= 3600:
            return say("days since start")
        return say("seconds since start") if self.duration <= LONG_S else say("h:mm since start")


def _hours(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    whole = round(abs(seconds))
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def percent(share: float) -> str:
    """A share that is not 0.

    >>> percent(0.0004), percent(0.25)
    ('< 1 %', '25 %')
    """
    return "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"

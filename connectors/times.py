"""Source time: int64 nanoseconds since 1970 UTC, read from and written as ISO 8601 text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from connectors.errors import InputError, nearest
from connectors.texts import say

SECOND = 1_000_000_000  # ns
MICROSECOND = 1_000  # ns; our plant's time is whole microseconds, as OPC UA stacks cut there
END = 2**63 - 1  # the mark after the last sample of a finite source
NONE = -(2**63)  # where a time was not given
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(ns: int) -> float:
    """Nanoseconds as seconds."""
    return ns / SECOND


def nanoseconds(s: float) -> int:
    """Seconds as nanoseconds, rounded to whole microseconds.

    >>> nanoseconds(0.1)
    100000000
    """
    return round(s * 1e6) * MICROSECOND


def of_datetime(moment: datetime) -> int:
    """Nanoseconds of an aware datetime, or of a naive one taken as UTC. Exact to the microsecond."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * MICROSECOND


def to_datetime(ns: int) -> datetime:
    """An aware UTC datetime, cut to microseconds."""
    return EPOCH + timedelta(microseconds=ns // MICROSECOND)


def text(ns: int) -> str:
    """ISO 8601 in UTC.

    >>> text(1_767_571_200_000_000_000)
    '2026-01-05T00:00:00Z'
    """
    return to_datetime(ns).isoformat().replace("+00:00", "Z")


def zone(name: str) -> tzinfo:
    """The time zone called `name`. Raises InputError with the nearest name."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = nearest(name, available_timezones() or {"Asia/Seoul", "UTC"})
        raise InputError(say("Time zone '{name}' is not known.{hint}", name=name, hint=hint)) from None


def parse(value: str, default_zone: tzinfo = UTC) -> int:
    """Nanoseconds of an ISO 8601 text; without a zone it is taken in `default_zone`. Raises ValueError.

    >>> parse("2026-01-05 09:00:00", zone("Asia/Seoul")) == parse("2026-01-05T00:00:00Z")
    True
    """
    moment = datetime.fromisoformat(value.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=default_zone)
    return of_datetime(moment)


def duration(value: str) -> float:
    """Seconds of a text such as '90', '90s', '15m', '24h' or '3d'. Raises ValueError.

    >>> duration("24h")
    86400.0
    """
    scale = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
    stripped = value.strip()
    if stripped and stripped[-1] in scale:
        return float(stripped[:-1]) * scale[stripped[-1]]
    return float(stripped)

"""Source time: exact to the microsecond, in any zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InputError
from connectors.times import (
    END,
    MICROSECOND,
    SECOND,
    duration,
    nanoseconds,
    of_datetime,
    parse,
    seconds,
    text,
    to_datetime,
    zone,
)

whole_us = st.integers(-(10**15), 4 * 10**15)  # 1938 to 2096


@given(whole_us)
def test_a_time_comes_back_from_datetime_and_from_text(us):
    ns = us * MICROSECOND
    assert of_datetime(to_datetime(ns)) == ns
    assert parse(text(ns)) == ns


@given(whole_us, st.integers(1, 999))
def test_a_datetime_is_cut_to_microseconds_never_rounded_up(us, rest):
    assert of_datetime(to_datetime(us * MICROSECOND + rest)) == us * MICROSECOND


@given(st.integers(0, 10**12))
def test_seconds_become_whole_microseconds(us):
    assert nanoseconds(us / 1e6) == us * MICROSECOND
    assert seconds(us * MICROSECOND) == pytest.approx(us / 1e6)


def test_a_datetime_without_zone_is_utc_and_one_with_is_converted():
    moment = datetime(2026, 1, 5)
    assert of_datetime(moment) == of_datetime(moment.replace(tzinfo=UTC)) == 1_767_571_200 * SECOND
    assert of_datetime(moment.replace(tzinfo=timezone(timedelta(hours=9)))) == 1_767_538_800 * SECOND


@pytest.mark.parametrize(
    ("written", "zone_name", "utc"),
    [
        ("2026-01-05T09:00:00", "Asia/Seoul", "2026-01-05T00:00:00Z"),
        ("2026-01-05T09:00:00+01:00", "Asia/Seoul", "2026-01-05T08:00:00Z"),
        (" 2026-01-05 09:00 ", "UTC", "2026-01-05T09:00:00Z"),
        ("2026-07-05T09:00:00", "Europe/Berlin", "2026-07-05T07:00:00Z"),
        ("2026-01-05T09:00:00.000001Z", "Asia/Seoul", "2026-01-05T09:00:00.000001Z"),
    ],
)
def test_a_text_is_read_in_its_own_zone_or_in_the_one_given(written, zone_name, utc):
    assert text(parse(written, zone(zone_name))) == utc


@pytest.mark.parametrize("written", ["", "yesterday", "2026-13-01", "2026-01-05T25:00"])
def test_what_is_no_time_raises_value_error(written):
    with pytest.raises(ValueError, match=r"."):
        parse(written)


def test_an_unknown_zone_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"'Asia/Soul' is not known\. Did you mean 'Asia/Seoul'\?"):
        zone("Asia/Soul")
    assert zone("utc") is UTC


@pytest.mark.parametrize(
    ("written", "s"), [("90", 90.0), ("90s", 90.0), ("1.5m", 90.0), (" 24h ", 86_400.0), ("3d", 259_200.0)]
)
def test_a_duration_is_a_number_and_a_letter(written, s):
    assert duration(written) == s


@pytest.mark.parametrize("written", ["", "h", "3 weeks", "1:30"])
def test_what_is_no_duration_raises_value_error(written):
    with pytest.raises(ValueError, match=r"."):
        duration(written)


def test_the_end_mark_is_after_every_time_a_message_can_carry():
    assert END > (2**63 - 1) // MICROSECOND * MICROSECOND

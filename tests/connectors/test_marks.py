"""Marks of our own: what a foreign group has told up to when, by its source time."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.items import Changes, Mark
from connectors.marks import Epoch, GroupMarks, Reading
from connectors.status import BAD
from connectors.tags import Group, Tag
from connectors.times import SECOND

FAST = Tag(name="L/FAST", rate_hz=10.0)
SLOW = Tag(name="L/SLOW", rate_hz=10.0)
SETPOINT = Tag(name="L/SETPOINT")  # reported by exception
GROUP = Group("main", (FAST, SLOW, SETPOINT))
START = 1_767_571_200 * SECOND
MS = 1_000_000


@pytest.fixture
def marks() -> GroupMarks:
    return GroupMarks(GROUP, lateness_s=0.2, patience_s=5.0, wall=0)


def at(tag: Tag, ms: int, value: float | str = 1.0, status: int = 0, is_first: bool = False) -> Reading:
    return Reading(tag, START + ms * MS, value, status, is_first)


def mark_of(items) -> int | None:
    """The mark among items, in ms since START."""
    found = [item.time for item in items if isinstance(item, Mark)]
    return None if not found else (found[-1] - START) // MS


def rows(items) -> list[tuple[str, int, float]]:
    return [
        (c.tags[t].short, (time - START) // MS, value)
        for c in items if isinstance(c, Changes)
        for t, time, value in zip(c.tag, c.time.tolist(), c.value.tolist(), strict=True)
    ]  # fmt: skip


def test_a_mark_stays_behind_the_newest_source_time_by_the_lateness(marks):
    assert rows(marks.take([at(FAST, 1000), at(SLOW, 900)], wall=0)) == [("FAST", 1000, 1.0), ("SLOW", 900, 1.0)]
    assert mark_of(marks.advance(0, None, True)) == 800
    assert marks.advance(1, None, True) == []  # nothing newer has come


def test_marks_never_fall_back(marks):
    marks.take([at(FAST, 1000)], 0)
    marks.advance(0, None, True)
    marks.take([at(SLOW, 500)], 1)
    assert marks.advance(1, None, True) == []


def test_a_silent_group_holds_the_others_no_longer_than_patience(marks):
    marks.take([at(FAST, 1000)], wall=0)
    assert mark_of(marks.advance(0, None, False)) == 800
    assert marks.advance(4 * SECOND, None, False) == []
    assert mark_of(marks.advance(5 * SECOND, None, False)) == 5800
    assert mark_of(marks.advance(6 * SECOND, None, False)) == 6800


def test_a_group_that_never_spoke_follows_the_others_after_patience(marks):
    assert marks.advance(4 * SECOND, START, False) == []
    assert mark_of(marks.advance(5 * SECOND, START, False)) == -200


def test_time_that_falls_back_by_over_a_second_starts_a_new_epoch(marks):
    marks.take([at(FAST, 60_000)], 0)
    marks.advance(0, None, True)
    assert marks.epochs == 0
    items = marks.take([at(FAST, 60_100), at(FAST, 10_000)], SECOND)
    assert rows(items) == [("FAST", 60_100, 1.0), ("FAST", 10_000, 1.0)]
    assert [item.time for item in items if isinstance(item, Epoch)] == [START + 10_000 * MS]
    assert mark_of(marks.advance(SECOND, None, True)) == 9800


def test_a_sample_out_of_order_by_less_than_a_second_is_no_new_epoch(marks):
    marks.take([at(FAST, 60_000)], 0)
    items = marks.take([at(FAST, 59_100)], 1)
    assert not [item for item in items if isinstance(item, Epoch)]


def test_a_tag_whose_clock_lags_behind_its_group_is_no_new_epoch(marks):
    for tick in range(0, 3000, 100):
        items = marks.take([at(FAST, 10_000 + tick), at(SLOW, tick)], tick * MS)
        assert not [item for item in items if isinstance(item, Epoch)]


def test_time_that_runs_far_ahead_of_the_wall_clock_starts_a_new_epoch(marks):
    marks.take([at(FAST, 0)], 0)
    marks.advance(0, None, True)
    assert marks.take([at(FAST, 50_000)], SECOND)[0].__class__ is Changes
    assert isinstance(marks.take([at(FAST, 50_000 + 3_600_000)], 2 * SECOND)[0], Epoch)


def test_a_line_that_was_lost_for_an_hour_goes_on_in_its_epoch(marks):
    marks.take([at(FAST, 0)], 0)
    marks.advance(0, None, True)
    marks.advance(3600 * SECOND, None, False)
    items = marks.take([at(FAST, 3_600_000)], 3600 * SECOND)
    assert not [item for item in items if isinstance(item, Epoch)]


def test_a_value_told_on_subscribing_that_is_old_is_said_at_the_next_mark(marks):
    items = marks.take([at(SETPOINT, -3_600_000, 7.0, is_first=True), at(FAST, 1000, is_first=True)], 0)
    assert rows(items) == [("FAST", 1000, 1.0)]
    items = marks.advance(0, None, True)
    assert (rows(items), mark_of(items)) == ([("SETPOINT", 800, 7.0)], 800)


def test_what_is_reported_by_exception_is_said_again_beside_the_others_while_its_line_holds(marks):
    marks.take([at(SETPOINT, 0, 7.0)], 0)
    said = []
    for tick in range(100, 2100, 100):
        marks.take([at(FAST, tick)], tick * MS)
        said += rows(marks.advance(tick * MS, None, True))
    assert [ms for name, ms, _ in said if name == "SETPOINT"] == list(range(100, 1900, 100))
    assert {value for _, _, value in said} == {7.0}
    assert marks.repeated == len(said)


def test_nothing_is_said_again_once_the_line_is_lost(marks):
    marks.take([at(SETPOINT, 0, 7.0), at(FAST, 0)], 0)
    marks.take([at(FAST, 5000)], 5 * SECOND)
    assert rows(marks.advance(5 * SECOND, None, False)) == []


def test_a_regular_tag_is_never_said_again(marks):
    marks.take([at(SLOW, 0), at(FAST, 0)], 0)
    marks.take([at(FAST, 5000)], 5 * SECOND)
    assert rows(marks.advance(5 * SECOND, None, True)) == []


def test_the_same_value_told_again_after_a_reconnect_is_not_taken_for_new(marks):
    marks.take([at(FAST, 1000), at(SLOW, 1000)], 0)
    marks.advance(0, None, True)
    marks.take([at(FAST, 9000)], 8 * SECOND)
    marks.advance(8 * SECOND, None, True)
    items = marks.take([at(SLOW, 1000, is_first=True)], 8 * SECOND)
    assert items == []
    assert marks.epochs == 0


def test_a_text_is_a_context_and_a_bad_value_stays_bad(marks):
    items = marks.take([at(SLOW, 0, "coil 7"), at(FAST, 0, np.nan, BAD)], 0)
    assert [getattr(item, "text", None) for item in items] == ["coil 7", None]
    assert items[1].status.tolist() == [BAD]

"""What came, what came twice, and what did not: gaps by source time and the rates of the tag list."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.lag import Lag
from connectors.ledger import Ledger
from connectors.readings import Columns, Reading
from connectors.tags import Tag
from connectors.times import NONE, SECOND

T0 = 1_767_571_200 * SECOND
TICK = SECOND // 10
TAGS = (Tag(name="L/A", rate_hz=10.0), Tag(name="L/B", rate_hz=10.0), Tag(name="L/SET"))


def book(*ticks: int) -> Ledger:
    """A ledger that has heard both rated tags at these ticks, and the set-point at the first."""
    made = Ledger(TAGS)
    for tick in ticks:
        hear(made, tick)
    made.take_told([Reading(TAGS[2], T0, 900.0, 0, True)], 0)
    return made


def hear(ledger: Ledger, tick: int, tags: tuple[int, ...] = (0, 1), wall: int | None = None) -> None:
    n = len(tags)
    told = Columns(np.array(tags, np.int32), np.full(n, T0 + tick * TICK), np.zeros(n), np.zeros(n, np.uint32))
    ledger.take_told([told], tick * TICK if wall is None else wall)


def test_a_gap_counts_what_the_rates_promise_and_names_its_ends():
    it = book(0, 1, 2)
    it.interrupt("the connection broke", 2 * TICK)
    for tick in range(50, 64):
        hear(it, tick)
    (gap,) = it.gaps
    assert (gap.start, gap.end) == (T0 + 2 * TICK, T0 + 50 * TICK)
    assert it.totals.lost == gap.lost == 2 * 47
    assert not it.is_open
    assert it.totals.received == 2 * 17 + 1


def test_what_a_server_had_waiting_comes_first_and_hides_no_hole():
    it = book(0, 1, 2)
    it.interrupt("no sign of life", 2 * TICK)
    hear(it, 3, wall=80 * TICK)
    for tick in range(80, 95):
        hear(it, tick)
    assert it.totals.lost == 2 * 76
    assert [hole.start for hole in it.gaps[0].holes] == [T0 + 3 * TICK] * 2


def test_nothing_is_missing_where_everything_was_waiting():
    it = book(0, 1, 2)
    it.interrupt("no sign of life", 2 * TICK)
    for tick in range(3, 95):
        hear(it, tick, wall=80 * TICK + tick * TICK // 10)
    assert it.totals.lost == 0
    assert it.status()["gaps"] == []


def test_a_tag_that_speaks_later_ends_its_gap_later():
    it = book(0)
    it.interrupt("the connection broke", 0)
    hear(it, 10, tags=(0,))
    assert it.is_open
    assert it.totals.lost == 9
    hear(it, 21, tags=(1,))
    assert it.totals.lost == 9 + 20


def test_a_clock_that_was_set_meanwhile_leaves_the_gap_to_the_clock_that_never_jumps():
    it = book(0)
    it.interrupt("the server went away", 0)
    hear(it, -36_000, wall=50 * TICK)
    assert it.totals.lost == 2 * 49


def test_history_fills_the_hole_and_nothing_else():
    it = book(0)
    it.interrupt("the connection broke", 0)
    hear(it, 10)
    (hole, _) = it.gaps[0].holes
    times = T0 + np.arange(-5, 20) * TICK
    assert it.fill(it.gaps[0], hole, times).sum() == 9
    assert (it.totals.filled, it.totals.lost) == (9, 9)


def test_a_value_told_again_on_subscribing_is_no_double_and_ends_no_gap():
    it = book(0, 1)
    it.interrupt("the connection broke", TICK)
    it.take_told([Reading(TAGS[0], T0 + TICK, 0.0, 0, True)], 5 * TICK)
    assert it.totals.doubled == 0
    assert it.totals.received == 5
    assert it.gaps[0].resumed == NONE


def test_doubles_and_what_comes_out_of_order_are_counted():
    it = book(0, 1, 3)
    hear(it, 2)
    hear(it, 2)
    hear(it, 4)
    assert (it.totals.doubled, it.totals.reordered, it.totals.received) == (2, 2, 2 * 5 + 1)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_clock_that_was_set_is_told_from_data_that_come_late(jump_s):
    lag = Lag()
    for i in range(10):
        lag.take(0.2, i / 10)
    lag.take(0.2 - jump_s, 1.0)
    assert lag.jumped_s == pytest.approx(jump_s)
    assert not lag.is_late
    lag.take(0.2 - jump_s, 1.1)
    lag.take(2.2 - jump_s, 1.2)
    assert lag.is_late
    assert lag.late_s == pytest.approx(2.0)

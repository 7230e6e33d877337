"""What a page draws: of every stretch of time the lowest and the highest, complete once all groups have passed."""

from __future__ import annotations

import numpy as np

from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.merge import Chunk
from testbed.page.rows import MOST, Rows
from testbed.plant import START

SLOW = Group("slow", (Tag(name="L/A", group="slow"),))
FAST = Group(
    "fast", (Tag(name="L/B", group="fast", rate_hz=1000.0), Tag(name="L/C", group="fast", rate_hz=1000.0)), "blocks"
)


def chunk(group: Group, mark_s: float, times_s, values) -> Chunk:
    time = START + np.round(np.asarray(times_s) * SECOND).astype(np.int64)
    values = np.asarray(values, float).reshape(len(time), len(group.tags))
    mark = END if mark_s == np.inf else START + round(mark_s * SECOND)
    return Chunk(group, mark, time, values, np.zeros(values.shape, np.uint32))


def test_a_row_holds_the_lowest_and_the_highest_of_its_stretch():
    rows = Rows((SLOW, FAST), START, 1.0)
    rows.add(chunk(FAST, 0.2, [0.05, 0.1, 0.101, 0.2], [[1, 9], [3, 8], [-5, np.nan], [2, 7]]))
    rows.add(chunk(SLOW, 0.2, [0.2], [[4.0]]))
    assert rows.complete == 2
    block = rows.block(0, 2, [rows.column["L/B"], rows.column["L/C"], rows.column["L/A"]])
    assert np.array_equal(
        block, np.array([[1, 3, 8, 9, np.nan, np.nan], [-5, 2, 7, 7, 4, 4]], np.float32), equal_nan=True
    )


def test_however_the_stream_is_cut_the_rows_are_the_same():
    values = np.random.default_rng(1).normal(size=(1000, 2))
    times = np.arange(1, 1001) / 1000.0
    whole, cut = Rows((FAST,), START, 1.0), Rows((FAST,), START, 1.0)
    whole.add(chunk(FAST, np.inf, times, values))
    for i in range(0, 1000, 37):
        part = slice(i, i + 37)
        cut.add(chunk(FAST, float(times[part][-1]), times[part], values[part]))
    assert np.array_equal(whole.block(0, 9, [0, 1]), cut.block(0, 9, [0, 1]))
    assert whole.complete == cut.complete == 10


def test_rows_are_complete_when_the_slowest_group_has_passed():
    rows = Rows((SLOW, FAST), START, 1.0)
    rows.add(chunk(FAST, 0.5, [], np.empty((0, 2))))
    assert rows.complete == 0
    rows.add(chunk(SLOW, 0.31, [], np.empty((0, 1))))
    assert (rows.complete, rows.present_s) == (3, 0.3)


def test_a_long_run_has_longer_stretches_and_not_more_rows():
    rows = Rows((SLOW,), START, 86_400.0)
    assert rows.n <= MOST and rows.step_ns * rows.n >= 86_400 * SECOND


def test_the_way_a_tag_went_is_told_from_what_it_did_before():
    rows = Rows((SLOW,), START, 60.0)
    times = np.arange(1, 301) / 10
    values = np.where(times > 28.0, 5.0, 0.0) + np.random.default_rng(2).normal(0, 0.1, 300)
    rows.add(chunk(SLOW, 30.0, times, values))
    at = START + 30 * SECOND
    assert rows.way("L/A", at) == 1
    assert rows.way("L/A", START + 20 * SECOND) == 0
    assert rows.way("L/unknown", at) == 0


def test_what_swings_more_where_it_stands_is_told_apart_from_what_moves_and_from_what_only_shakes():
    times, noise = np.arange(1, 301) / 10, np.random.default_rng(7).normal(0.0, 0.05, (2, 300))
    swing = np.where(times > 24.0, 0.5, 0.1) * np.sin(2 * np.pi * 0.8 * times)
    values = np.stack(
        [5.0 + swing + noise[0], 5.0 + noise[1], 5.0 + np.where(times > 28.5, 1.0, 0.0) + noise[1]], axis=1
    )
    group = Group("g", tuple(Tag(name=f"L/{name}", group="g") for name in "ABC"))
    rows = Rows((group,), START, 60.0)
    time = START + np.round(times * SECOND).astype(np.int64)
    rows.add(Chunk(group, int(time[-1]), time, values, np.zeros(values.shape, np.uint32)))
    assert [rows.way(f"L/{name}", int(time[-1])) for name in "ABC"] == [2, 0, 1]


def test_the_mean_of_a_vibration_goes_nowhere():
    times = np.arange(1, 301) / 10
    values = np.where(times > 28.0, 5.0, 0.0) + np.random.default_rng(2).normal(0, 0.1, 300)
    group = Group("g", tuple(Tag(name=f"L/{rate}", group="g", rate_hz=rate) for rate in (10.0, 5000.0)))
    rows = Rows((group,), START, 60.0)
    rows.add(chunk(group, 30.0, times, np.stack([values, values], axis=1)))
    assert rows.way("L/10.0", START + 30 * SECOND) == 1
    assert rows.way("L/5000.0", START + 30 * SECOND) in (0, 2)

"""Runs of notifications as readings, and marks that are the same whether numbers come in columns or one by one."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.items import Batch, Changes, Mark
from connectors.marks import Epoch, GroupMarks
from connectors.opcua_publish import Run
from connectors.opcua_runs import RunReader
from connectors.readings import Block, Columns, Reading
from connectors.status import BAD, BAD_SENSOR_FAILURE, BAD_WAITING_FOR_INITIAL_DATA
from connectors.tags import Group, Tag
from connectors.times import NONE, SECOND

START = 1_767_571_200 * SECOND
MS = 1_000_000
A, B, WAVE = Tag(name="L/A", rate_hz=10.0), Tag(name="L/B"), Tag(name="L/WAVE", rate_hz=1000.0)
TAGS = (A, B, WAVE)


def run(handles, values, ms=0, status=0, source=True, server=True) -> Run:
    n = len(handles)
    moment = np.full(n, START + ms * MS)
    none = np.full(n, NONE)
    return Run(np.array(handles, np.uint32), np.full(n, status, np.uint32), moment if source else none,
               moment + MS if server else none, values)  # fmt: skip


@pytest.fixture
def reader() -> RunReader:
    """It has told every first value."""
    made = RunReader(TAGS)
    made.take([run([1, 2], np.array([1.0, 2.0])), run([3], np.ones((1, 4)))])
    return made


def test_first_values_come_one_by_one_and_all_others_in_columns():
    reader = RunReader(TAGS)
    first = reader.take([run([2, 1, 2], np.array([5, 6, 7], np.int16))])
    assert [(one.tag, one.value, one.is_first) for one in first] == [(B, 5.0, True), (A, 6.0, True), (B, 7.0, False)]
    (columns,) = reader.take([run([1, 2], np.array([True, False])), run([2], np.array([2.5], np.float32))])
    assert isinstance(columns, Columns)
    assert (columns.tag.tolist(), columns.value.tolist()) == ([0, 1, 1], [1.0, 0.0, 2.5])


def test_what_is_bad_or_no_number_is_bad_and_nan_and_keeps_its_reason(reader):
    (columns,) = reader.take([
        run([1], np.array([3.0]), status=BAD_SENSOR_FAILURE), run([1, 2], np.array([np.inf, 4.0])), run([2], None)
    ])  # fmt: skip
    assert columns.status.tolist() == [BAD_SENSOR_FAILURE, BAD, 0, BAD]
    assert np.isnan(columns.value).tolist() == [True, True, False, True]


def test_a_missing_source_time_is_the_servers_and_counted(reader):
    (columns,) = reader.take([run([1, 2], np.zeros(2), source=False)])
    assert columns.time.tolist() == [START + MS] * 2
    assert reader.untimed == 2


def test_what_waits_for_its_first_value_and_what_nobody_asked_for_tells_nothing(reader):
    waiting = run([1], np.zeros(1), status=BAD_WAITING_FOR_INITIAL_DATA)
    assert reader.take([waiting, run([0, 77], np.zeros(2))]) == []


def test_texts_are_single_and_bytes_are_no_value(reader):
    told = reader.take([run([2], ["coil 7"]), run([2], [b"x"]), run([2], [None])])
    assert told[0].value == "coil 7"
    assert told[1].status == BAD
    assert reader.malformed == 1


def test_an_array_is_samples_at_the_rate_of_its_tag_and_arrays_that_follow_are_one_block(reader):
    parts = [run([3], np.full((1, 4), i), ms=4 * i) for i in (1, 2, 3)]
    (block,) = reader.take(parts)
    assert isinstance(block, Block)
    assert ((block.time - START) // MS).tolist() == list(range(4, 16))
    assert block.value.tolist() == [1.0] * 4 + [2.0] * 4 + [3.0] * 4
    assert reader.take([run([1], np.zeros((1, 4)))]) != [] and reader.malformed == 0


def test_an_array_that_seems_to_overlap_follows_the_one_before_but_not_without_end(reader):
    told = [reader.take([run([3], np.zeros((1, 4)), ms=ms)])[0] for ms in (100, 102, 103, 104, 105)]
    assert [int(block.time[0] - START) // MS for block in told] == [100, 104, 103, 107, 105]


def test_an_array_of_a_tag_without_a_rate_is_counted(reader):
    assert reader.take([run([2], np.zeros((1, 4)))]) == []
    assert reader.malformed == 1


def both_ways(seed: int):
    """The same stream in columns and one by one, through marks of their own: the items of each."""
    rng = np.random.default_rng(seed)
    group = Group("main", tuple(Tag(name=f"L/T{i}", rate_hz=10.0 if i % 3 else None) for i in range(6)))
    ways = [GroupMarks(group, 0.2, 5.0, 0) for _ in range(2)]
    out: list[list] = [[], []]
    now = 0
    for step in range(60):
        n = int(rng.integers(1, 40))
        now += int(rng.integers(20, 200))
        time = START + (now - rng.integers(0, 100, n)) * MS
        time = np.sort(time) if rng.random() < 0.7 else time
        time = time + (0 if rng.random() < 0.95 else rng.integers(-90, 90) * SECOND)
        columns = Columns(rng.integers(0, 6, n).astype(np.int32), time, rng.normal(size=n), np.zeros(n, np.uint32))
        first = [Reading(group.tags[0], START, 1.0, 0, True)] if step == 0 else []
        wall = now * MS
        out[0] += ways[0].take([*first, columns], wall)
        out[1] += ways[1].take([*first, *columns.singles(group.tags)], wall)
        for items, marks in zip(out, ways, strict=True):
            items += marks.advance(wall, None, step % 7 != 0)
    return out


def flat(items) -> list[tuple]:
    """Samples, marks and epochs in order, however they were cut into items."""
    rows: list[tuple] = []
    for item in items:
        if isinstance(item, Changes):
            columns = (item.tag.tolist(), item.time.tolist(), item.value.tolist(), item.status.tolist())
            rows += zip(*columns, strict=True)
        elif isinstance(item, Mark | Epoch):
            rows.append((type(item).__name__, item.time))
    return rows


@pytest.mark.parametrize("seed", range(30))
def test_columns_become_what_the_same_readings_become(seed):
    columns, singles = both_ways(seed)
    assert flat(columns) == flat(singles)
    assert len(flat(columns)) > 500


def test_a_block_holds_marks_back_by_its_own_length():
    marks = GroupMarks(Group("main", TAGS), lateness_s=0.2, patience_s=5.0, wall=0)
    time = START + np.arange(1000) * MS
    items = marks.take([Block(WAVE, time, np.zeros(1000), np.zeros(1000, np.uint32))], 0)
    assert [(type(item), len(item.time)) for item in items] == [(Batch, 1000)]
    (mark,) = marks.advance(0, None, True)
    assert (mark.time - START) // MS == 999 - 999 - 200


def test_a_block_that_is_told_again_on_subscribing_is_passed_over():
    marks = GroupMarks(Group("main", TAGS), lateness_s=0.2, patience_s=5.0, wall=0)
    block = Block(WAVE, START + np.arange(10) * MS, np.zeros(10), np.zeros(10, np.uint32))
    assert len(marks.take([block], 0)) == 1
    assert marks.take([Block(WAVE, block.time, block.value, block.status, is_first=True)], 0) == []

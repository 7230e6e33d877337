"""Runs of notifications become the items that were published, whatever stood between them."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.items import Batch, Changes, Context, Mark
from connectors.opcua_inbox import IS_MARK, Inbox
from connectors.opcua_publish import Run
from connectors.status import BAD_WAITING_FOR_INITIAL_DATA
from connectors.tags import Group, Tag
from connectors.times import END, NONE, SECOND

SLOW = Group("slow", (Tag(name="L/A", group="slow"), Tag(name="L/B", group="slow")))
FAST = Group("fast", (Tag(name="L/V", group="fast", rate_hz=10.0),), "blocks")
NAMES = Group("names", (Tag(name="L/HEAT", group="names"),), "texts")
BAD = 0x80000000


@pytest.fixture
def inbox():
    made = Inbox([SLOW, FAST, NAMES])
    made.expect([(SLOW, 0), (SLOW, 1), (SLOW, IS_MARK), (FAST, 0), (FAST, IS_MARK), (NAMES, 0), (NAMES, IS_MARK)])
    return made


def run(handles, time, values, status=0):
    n = len(handles)
    return Run(
        np.array(handles, np.uint32),
        np.full(n, status, np.uint32),
        np.full(n, time, np.int64),
        np.full(n, NONE, np.int64),
        values,
    )


def mark(handle, time, count, end=0):
    return run([handle], time, np.array([[count, end]]))


def test_samples_wait_for_their_mark(inbox):
    assert inbox.take([run([1, 2], SECOND, np.array([1.0, 2.0]))]) == []
    changes, reached = inbox.take([run([1], 2 * SECOND, np.array([3.0])), mark(3, 2 * SECOND, 3)])
    assert isinstance(changes, Changes)
    assert changes.value.tolist() == [1.0, 2.0, 3.0]
    assert changes.tag.tolist() == [0, 1, 0]
    assert reached == Mark("slow", 2 * SECOND, 3)


def test_a_mark_before_its_samples_in_one_message_comes_after_them(inbox):
    changes, reached = inbox.take([mark(3, SECOND, 1), run([1], SECOND, np.array([1.0]))])
    assert isinstance(changes, Changes)
    assert isinstance(reached, Mark)


def test_a_bad_sample_is_nan_and_a_waiting_one_is_none(inbox):
    waiting = run([1], SECOND, None, BAD_WAITING_FOR_INITIAL_DATA)
    changes, _ = inbox.take([waiting, run([2], SECOND, np.array([7.0]), BAD), mark(3, SECOND, 1)])
    assert isinstance(changes, Changes)
    assert changes.tag.tolist() == [1]
    assert np.isnan(changes.value[0])


def test_a_bad_block_reaches_up_to_the_mark(inbox):
    batch, _ = inbox.take([run([4], SECOND, None, BAD), mark(5, SECOND + 300_000_000, 4)])
    assert isinstance(batch, Batch)
    assert len(batch.time) == 4
    assert np.isnan(batch.values).all()


def test_texts_and_the_end(inbox):
    heat, reached, end = inbox.take([run([6], SECOND, ["H-4711"]), mark(7, SECOND, 1, end=1)])
    assert isinstance(heat, Context)
    assert heat.text == "H-4711"
    assert reached == Mark("names", SECOND, 1)
    assert end == Mark("names", END, 1)


@pytest.mark.parametrize(
    "misfit",
    [run([99], SECOND, np.array([1.0])), run([0], SECOND, np.array([1.0])), run([1], SECOND, ["no number"])],
    ids=["a handle nobody asked for", "handle 0", "text where a number belongs"],
)
def test_a_misfit_is_raised_not_dropped(inbox, misfit):
    with pytest.raises((IndexError, ValueError)):
        inbox.take([misfit])

"""A group's items come out in order of time, whatever the cut, and what is missing is counted."""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.items import Batch, Changes, Context, Frame, Item, Mark
from connectors.status import GOOD_NO_DATA
from connectors.tags import Group, Tag
from connectors.times import END
from edge.merge import Chunk, Counts, GroupMerge
from tests.cuts import cut
from tests.models import plain

ENGINE, TICKS = plain(4.0)
ITEMS = [item for tick in TICKS for item in tick]
LINE = Group("g", (Tag(name="L/A", group="g"), Tag(name="L/B", group="g")))
CAMERA = Group("c", (Tag(name="L/CAM", group="c"),), "frames")


def merged(group: Group, items: Iterable[Item]) -> tuple[GroupMerge, list[Chunk]]:
    merge = GroupMerge(group)
    chunks = [merge.add(item) for item in items if item.group == group.name]
    return merge, [chunk for chunk in chunks if chunk is not None]


def whole(chunks: list[Chunk]) -> tuple:
    """Everything the chunks hold, end to end, NaN equal to NaN."""
    return (
        np.concatenate([chunk.time for chunk in chunks]).tolist(),
        np.concatenate([chunk.values for chunk in chunks]).tobytes(),
        np.concatenate([chunk.status for chunk in chunks]).tobytes(),
        [(frame.time, frame.data) for chunk in chunks for frame in chunk.frames],
        [text for chunk in chunks for text in chunk.texts],
    )


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_any_cut_comes_out_the_same_with_nothing_late_lost_or_doubled(seed):
    cut_items = cut(ITEMS, ENGINE.groups, random.Random(seed))
    for group in ENGINE.groups:
        (was, before), (merge, chunks) = merged(group, ITEMS), merged(group, cut_items)
        assert whole(chunks) == whole(before)
        assert merge.counts == was.counts
        assert (merge.counts.late, merge.counts.lost, merge.counts.doubled) == (0, 0, 0)
        assert merge.counts.expected == merge.counts.received


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1))
def test_a_chunk_holds_what_lies_after_the_last_mark_up_to_its_own(seed):
    for group in ENGINE.groups:
        _, chunks = merged(group, cut(ITEMS, ENGINE.groups, random.Random(seed)))
        after = 0
        for chunk in chunks:
            times = [*chunk.time.tolist(), *(f.time for f in chunk.frames), *(t.time for t in chunk.texts)]
            assert all(after < time <= chunk.mark for time in times)
            assert (np.diff(chunk.time) > 0).all()
            after = chunk.mark


# -- single cases ------------------------------------------------------------------------------------------


def batch(*times: int, tags: tuple[Tag, ...] = LINE.tags, value: float = 1.0) -> Batch:
    shape = (len(times), len(tags))
    return Batch(tags, np.array(times, np.int64), np.full(shape, value), np.zeros(shape, np.uint32))


def changes(*samples: tuple[int, int, float]) -> Changes:
    """(tag, time, value) each."""
    tag, time, value = zip(*samples, strict=True)
    return Changes(LINE.tags, np.array(tag, np.int32), np.array(time, np.int64),
                   np.array(value, np.float64), np.zeros(len(samples), np.uint32))  # fmt: skip


def mark(time: int, count: int | None = None) -> Mark:
    return Mark("g", time, count)


def test_tags_with_times_of_their_own_share_one_axis_with_holes():
    _, (chunk,) = merged(LINE, [changes((0, 1, 5.0), (1, 2, 6.0), (0, 3, 7.0)), mark(3)])
    assert chunk.time.tolist() == [1, 2, 3]
    assert chunk.status.tolist() == [[0, GOOD_NO_DATA], [GOOD_NO_DATA, 0], [0, GOOD_NO_DATA]]
    assert np.isnan(chunk.values).tolist() == [[False, True], [True, False], [False, True]]
    assert chunk.values[[0, 2], 0].tolist() == [5.0, 7.0]


def test_nothing_comes_out_before_its_mark():
    merge, chunks = merged(LINE, [batch(1, 2, 3), mark(2)])
    assert [chunk.time.tolist() for chunk in chunks] == [[1, 2]]
    assert merge.add(mark(3)).time.tolist() == [3]


def test_of_equal_samples_the_last_counts():
    merge, (chunk,) = merged(LINE, [batch(1, value=1.0), batch(1, value=2.0), mark(1, 2)])
    assert chunk.values.tolist() == [[2.0, 2.0]]
    assert merge.counts == Counts(expected=2, received=4, doubled=2)
    merge, (chunk,) = merged(LINE, [changes((0, 1, 1.0), (0, 1, 2.0)), mark(1, 1)])
    assert chunk.values[0, 0] == 2.0
    assert merge.counts == Counts(expected=1, received=2, doubled=1)


def test_of_equal_pictures_the_last_counts():
    frames = [Frame(CAMERA.tags[0], 1, b"first"), Frame(CAMERA.tags[0], 1, b"second")]
    merge, (chunk,) = merged(CAMERA, [*frames, Mark("c", 1, 1)])
    assert [frame.data for frame in chunk.frames] == [b"second"]
    assert merge.counts == Counts(expected=1, received=2, doubled=1)


LATE = {
    "a whole batch": (batch(1, 2), 4),
    "the old half of a batch": (batch(2, 3), 2),
    "one tag of a batch": (batch(1, 2, 3, tags=LINE.tags[:1]), 2),
    "changes": (changes((0, 2, 1.0), (0, 3, 1.0), (1, 1, 1.0)), 2),
    "a batch at the very mark": (batch(2), 2),
}


@pytest.mark.parametrize(("item", "late"), LATE.values(), ids=LATE.keys())
def test_what_comes_at_or_before_its_mark_is_late_and_left_out(item, late):
    merge, chunks = merged(LINE, [mark(2), item, mark(10)])
    assert merge.counts.late == late
    assert all((chunk.time > 2).all() for chunk in chunks)


def test_a_hole_is_neither_received_nor_late():
    status = np.array([[0, GOOD_NO_DATA]], np.uint32)
    holed = Batch(LINE.tags, np.array([1]), np.array([[1.0, np.nan]]), status)
    assert merged(LINE, [holed, mark(1, 1)])[0].counts == Counts(expected=1, received=1)
    assert merged(LINE, [mark(1, 0), holed, mark(2, 1)])[0].counts == Counts(expected=1, received=1, late=1)


def test_late_pictures_and_texts_are_counted_too():
    text = Group("c", (Tag(name="L/COIL", group="c"),), "texts")
    for group, item in ((CAMERA, Frame(CAMERA.tags[0], 1, b"")), (text, Context(text.tags[0], 1, "x"))):
        merge, chunks = merged(group, [Mark("c", 1), item, Mark("c", 2)])
        assert merge.counts == Counts(received=1, late=1)
        assert not any(chunk.frames or chunk.texts for chunk in chunks)


def test_what_was_sent_and_never_came_is_lost():
    merge, _ = merged(LINE, [batch(1), mark(1, 2), mark(2, 4), batch(3), mark(3, 6)])
    assert merge.counts == Counts(expected=6, received=4, lost=2)


def test_what_comes_late_after_all_was_not_lost():
    merge, _ = merged(LINE, [mark(1, 2)])
    assert merge.counts.lost == 2
    merge.add(batch(1))
    merge.add(mark(2, 2))
    assert merge.counts == Counts(expected=2, received=2, late=2)


def test_a_sample_that_came_early_does_not_hide_a_lost_one():
    merge, _ = merged(LINE, [batch(5), mark(1, 2)])
    assert merge.counts.lost == 2


def test_a_doubled_sample_does_not_hide_a_lost_one():
    merge, _ = merged(LINE, [batch(1), batch(1), mark(2, 4)])
    assert merge.counts == Counts(expected=4, received=4, lost=2, doubled=2)


@pytest.mark.parametrize("seed", range(40))
def test_a_lost_doubled_or_late_piece_of_a_cut_stream_is_counted_to_the_sample(seed):
    rng = random.Random(seed)
    group = ENGINE.groups[seed % 2]
    items = [item for item in cut(ITEMS, ENGINE.groups, rng) if item.group == group.name]
    i = rng.choice([i for i, item in enumerate(items) if not isinstance(item, Mark)])
    alone, _ = merged(group, [items[i], Mark(group.name, END)])
    n = alone.counts.received
    lost, _ = merged(group, items[:i] + items[i + 1 :])
    assert (lost.counts.lost, lost.counts.late, lost.counts.doubled) == (n, 0, 0)
    doubled, _ = merged(group, [*items[: i + 1], items[i], *items[i + 1 :]])
    assert (doubled.counts.lost, doubled.counts.late, doubled.counts.doubled) == (0, 0, n)
    final = items.index(Mark(group.name, END, items[-1].count))
    late, _ = merged(group, [*items[:i], *items[i + 1 : final], items[i], items[final]])
    assert (late.counts.late, late.counts.lost, late.counts.doubled) == (n, 0, 0)


def test_a_mark_that_does_not_rise_releases_nothing():
    merge, _ = merged(LINE, [batch(1), mark(5)])
    assert merge.add(mark(5)) is None
    assert merge.add(mark(4)) is None
    assert merge.mark == 5


def test_a_silent_group_gives_empty_chunks():
    merge, chunks = merged(LINE, [mark(1, 0), mark(2, 0), mark(END, 0)])
    assert [chunk.mark for chunk in chunks] == [1, 2, END]
    assert all(chunk.values.shape == (0, 2) for chunk in chunks)
    assert merge.counts == Counts()


def test_a_group_ends_at_its_last_mark_or_at_its_newest_sample():
    assert merged(LINE, [batch(1), mark(7), mark(END)])[0].last == 7
    assert merged(LINE, [batch(1, 9), mark(END)])[0].last == 9
    assert merged(CAMERA, [Frame(CAMERA.tags[0], 8, b""), Mark("c", END)])[0].last == 8


def test_a_group_of_texts_ends_at_its_newest_text():
    texts = Group("t", (Tag(name="L/COIL", group="t"),), "texts")
    assert merged(texts, [Context(texts.tags[0], 8, "x"), Mark("t", END)])[0].last == 8

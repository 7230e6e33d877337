"""Items are checked at the door, once."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InputError
from connectors.items import Batch, Changes, Context, Frame, Mark, block_times
from connectors.pictures import encode
from connectors.status import BAD_SENSOR_FAILURE, GOOD_NO_DATA
from connectors.tags import Tag

A, B = Tag(name="L/A", group="g"), Tag(name="L/B", group="g")
TIME = np.array([1, 2], np.int64)
GOOD = np.zeros((2, 2), np.uint32)


def batch(**changed: object) -> Batch:
    return Batch(**{"tags": (A, B), "time": TIME, "values": np.ones((2, 2)), "status": GOOD, **changed})


def changes(**changed: object) -> Changes:
    tag, status = np.array([1, 0], np.int32), np.zeros(2, np.uint32)
    return Changes(**{"tags": (A, B), "tag": tag, "time": TIME, "value": np.ones(2), "status": status, **changed})


def test_an_item_knows_its_group():
    items = [batch(), changes(), Frame(A, 1, b""), Context(A, 1, "x"), Mark("g", 1)]
    assert {item.group for item in items} == {"g"}


BAD = np.full((2, 2), BAD_SENSOR_FAILURE, np.uint32)
WRONG_BATCH = {
    "one row too few": ({"values": np.ones((1, 2))}, r"values must be float64 of shape \(2, 2\), but got"),
    "a column too few": ({"values": np.ones((2, 1))}, "values must be"),
    "whole numbers": ({"values": np.ones((2, 2), np.int64)}, "values must be float64"),
    "times of another type": ({"time": np.array([1.0, 2.0])}, "time must be int64"),
    "a status of another type": ({"status": np.zeros((2, 2), np.int64)}, "status must be uint32"),
    "no tags": ({"tags": (), "values": np.ones((2, 0)), "status": GOOD[:, :0]}, "at least one tag"),
    "time that stands": ({"time": np.array([1, 1])}, "must rise"),
    "time that falls": ({"time": np.array([2, 1])}, "must rise"),
    "a Bad number": ({"status": BAD}, "must be NaN"),
}


@pytest.mark.parametrize(("changed", "said"), WRONG_BATCH.values(), ids=WRONG_BATCH.keys())
def test_a_batch_that_does_not_fit_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        batch(**changed)


def test_a_batch_may_hold_bad_samples_and_holes_as_nan():
    status = np.array([[0, BAD_SENSOR_FAILURE], [GOOD_NO_DATA, 0]], np.uint32)
    values = np.where(status == 0, 1.0, np.nan)
    assert batch(status=status, values=values).group == "g"


WRONG_CHANGES = {
    "a tag too many": ({"tag": np.array([0, 2], np.int32)}, "tag must index the 2 tags, but got 0 to 2"),
    "a tag from the back": ({"tag": np.array([0, -1], np.int32)}, "but got -1 to 0"),
    "a value too few": ({"value": np.ones(1)}, "value must be"),
    "a Bad number": ({"status": BAD[0]}, "must be NaN"),
}


@pytest.mark.parametrize(("changed", "said"), WRONG_CHANGES.values(), ids=WRONG_CHANGES.keys())
def test_changes_that_do_not_fit_are_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        changes(**changed)


def test_an_empty_batch_and_no_changes_are_fine():
    none = np.empty(0, np.int64)
    assert len(batch(time=none, values=np.empty((0, 2)), status=GOOD[:0]).time) == 0
    assert len(changes(tag=none.astype(np.int32), time=none, value=np.empty(0), status=GOOD[0, :0]).time) == 0


def test_an_item_does_not_change():
    with pytest.raises(FrozenInstanceError):
        batch().time = TIME


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
def test_a_frame_decodes_once_to_the_picture_that_was_encoded(shape):
    picture = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    frame = Frame(A, 1, encode(picture))
    assert (frame.image == picture).all()
    assert frame.image is frame.image


def test_a_frame_that_is_no_picture_says_what_fits():
    with pytest.raises(InputError, match=r"3 bytes are not an 8-bit picture\. PNG, JPEG"):
        _ = Frame(A, 1, b"png").image


@given(st.integers(0, 10**15), st.floats(0.01, 1e6), st.integers(1, 200))
def test_block_times_are_whole_microseconds_within_one_of_the_exact_time(first_us, rate_hz, n):
    time = block_times(first_us * 1000, rate_hz, n)
    exact = np.arange(n) * (1e6 / rate_hz)
    assert time.dtype == np.int64
    assert time[0] == first_us * 1000
    assert (time % 1000 == 0).all()
    assert ((time // 1000 - first_us <= exact) & (exact < time // 1000 - first_us + 1)).all()


@given(st.sampled_from([1, 2, 5, 10, 100, 1000, 20_000, 1_000_000]), st.integers(1, 99))
def test_a_block_of_a_rate_that_divides_a_million_can_be_cut_anywhere(rate, cut):
    whole = block_times(0, rate, 100)
    assert (np.concatenate([whole[:cut], block_times(int(whole[cut]), rate, 100 - cut)]) == whole).all()

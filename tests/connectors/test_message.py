"""A group message comes out as it went in, and whatever else comes is a BadMessage."""

from __future__ import annotations

import json
import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import BadMessage
from connectors.items import Batch, Changes, Context, Frame, Item, Mark, block_times
from connectors.message import FORMAT, LAST_US, decode, encode
from connectors.pictures import encode as png
from connectors.status import BAD_SENSOR_FAILURE, GOOD, GOOD_NO_DATA, UNCERTAIN
from connectors.tags import Group, Tag

MUTATIONS = 4_000
START = 1_767_571_200_000_000_000  # ns


def tags(names: str, group: str) -> tuple[Tag, ...]:
    return tuple(Tag(name=f"L/{name}", group=group, rate_hz=1000.0) for name in names.split())


SCALARS = Group("scalars", tags("A B C", "scalars"))
BLOCKS = Group("blocks", tags("V W", "blocks"), "blocks")
FRAMES = Group("frames", tags("CAM_1 CAM_2", "frames"), "frames")
TEXTS = Group("texts", tags("COIL", "texts"), "texts")
KNOWN = {group.name: group for group in (SCALARS, BLOCKS, FRAMES, TEXTS)}

numbers = st.floats(allow_nan=False, width=64)
moments = st.integers(START // 1000, START // 1000 + 10**9).map(lambda us: us * 1000)
words = st.text(max_size=30)


@st.composite
def batches(draw: st.DrawFn, group: Group) -> Batch:
    """Any batch of the group: some of its tags, regular or irregular times, any status, holes."""
    chosen = tuple(draw(st.permutations(group.tags))[: draw(st.integers(1, len(group.tags)))])
    if draw(st.booleans()):
        time = block_times(draw(moments), 1000.0, draw(st.integers(0, 6)))
    else:
        time = np.array(sorted(draw(st.sets(moments, max_size=6))), np.int64)
    shape = (len(time), len(chosen))
    size = shape[0] * shape[1]
    codes = st.sampled_from([GOOD, UNCERTAIN, BAD_SENSOR_FAILURE, GOOD_NO_DATA])
    status = np.array(draw(st.lists(codes, min_size=size, max_size=size)), np.uint32).reshape(shape)
    values = np.array(draw(st.lists(numbers, min_size=size, max_size=size)), np.float64).reshape(shape)
    values[(status == BAD_SENSOR_FAILURE) | (status == GOOD_NO_DATA)] = np.nan
    return Batch(chosen, time, values, status)


def frames() -> st.SearchStrategy[Frame]:
    position = st.none() | st.floats(allow_nan=False, allow_infinity=False)
    return st.builds(Frame, st.sampled_from(FRAMES.tags), moments, st.binary(max_size=60), position, words, position)


def texts() -> st.SearchStrategy[Context]:
    return st.builds(Context, st.just(TEXTS.tags[0]), moments, words)


@st.composite
def messages(draw: st.DrawFn) -> tuple[Group, int, list[Item], Mark, bool]:
    group = draw(st.sampled_from(list(KNOWN.values())))
    kind = {"frames": frames, "texts": texts}.get(group.kind, lambda: batches(group))
    count = draw(st.none() | st.integers(0, 2**53))
    mark = Mark(group.name, draw(moments), count)
    return group, draw(st.integers(0, 2**40)), draw(st.lists(kind(), max_size=3)), mark, draw(st.booleans())


def astuple_of(frame: Frame) -> tuple:
    return frame.tag, frame.time, frame.data, frame.position_m, frame.part_id, frame.pixel_mm


def as_plain(item: Item) -> tuple:
    """Everything an item holds, NaN equal to NaN."""
    if isinstance(item, Batch):
        return item.tags, item.time.tolist(), item.values.tobytes(), item.status.tolist()
    return (item,) if isinstance(item, Context) else astuple_of(item)


@given(messages())
def test_a_message_comes_out_as_it_went_in(sent):
    group, seq, items, mark, is_last = sent
    got = decode(encode(group, seq, items, mark, is_last), KNOWN)
    assert (got.group, got.seq, got.mark, got.is_last) == (group.name, seq, mark, is_last)
    assert [as_plain(item) for item in got.items] == [as_plain(item) for item in items]


def test_a_regular_batch_of_good_samples_costs_eight_bytes_a_sample():
    batch = Batch(BLOCKS.tags, block_times(START, 1000.0, 500), np.ones((500, 2)), np.zeros((500, 2), np.uint32))
    empty = len(encode(BLOCKS, 0, [], Mark("blocks", START, 1000)))
    assert len(encode(BLOCKS, 0, [batch], Mark("blocks", START, 1000))) - empty < 1000 * 8 + 100


def test_changes_do_not_travel_in_a_group_message():
    one = np.zeros(1)
    changes = Changes(SCALARS.tags, one.astype(np.int32), one.astype(np.int64), one, one.astype(np.uint32))
    with pytest.raises(TypeError, match="Changes"):
        encode(SCALARS, 0, [changes], Mark("scalars", START))


# -- what does not fit -------------------------------------------------------------------------------------


def samples() -> list[bytes]:
    """One message of each kind, with every part a message can have."""
    time = np.array([START, START + 1000, START + 7000])
    status = np.array([[0, 0, 0], [0, BAD_SENSOR_FAILURE, 0], [GOOD_NO_DATA, 0, 0]], np.uint32)
    values = np.where(status == 0, 1.5, np.nan)
    regular = block_times(START, 1000.0, 20)
    good = Batch(BLOCKS.tags, regular, np.ones((20, 2)), np.zeros((20, 2), np.uint32))
    one = Batch(BLOCKS.tags[1:], regular, np.ones((20, 1)), np.zeros((20, 1), np.uint32))
    picture = Frame(FRAMES.tags[1], START, png(np.zeros((8, 9), np.uint8)), 12.5, "COIL-1")
    text = Context(TEXTS.tags[0], START, "코일-0001")
    return [
        encode(SCALARS, 3, [Batch(SCALARS.tags, time, values, status)], Mark("scalars", START + 8000, 7)),
        encode(BLOCKS, 0, [good, one], Mark("blocks", START + 10**9, 40)),
        encode(FRAMES, 1, [picture], Mark("frames", START, 1), is_last=True),
        encode(TEXTS, 2, [text], Mark("texts", START)),
    ]


def assert_decodes_or_is_bad(data: bytes) -> bool:
    """True if refused. Any exception but BadMessage passes through and fails the test."""
    try:
        decode(data, KNOWN)
    except BadMessage as error:
        assert str(error)
        return True
    return False


@pytest.mark.parametrize("which", range(4))
def test_a_truncated_message_is_refused_at_every_length(which):
    data = samples()[which]
    assert not assert_decodes_or_is_bad(data)
    assert all(assert_decodes_or_is_bad(data[:n]) for n in range(len(data)))
    assert assert_decodes_or_is_bad(data + b"\0")


def test_thousands_of_mutated_messages_raise_nothing_but_bad_message():
    rng, originals = random.Random(1), samples()
    refused = 0
    for _ in range(MUTATIONS):
        data = bytearray(rng.choice(originals))
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[at] ^= 1 << rng.randrange(8)
                case 1:
                    data[at] = rng.randrange(256)
                case 2:
                    del data[at : at + rng.randrange(1, 9)]
                case _:
                    data[at:at] = rng.randbytes(rng.randrange(1, 9))
            if not data:
                break
        refused += assert_decodes_or_is_bad(bytes(data))
    assert refused > MUTATIONS // 2


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data):
    assert assert_decodes_or_is_bad(data)


def with_header(header: object, payload: bytes = b"") -> bytes:
    head = json.dumps(header).encode()
    return struct.pack("<I", len(head)) + head + payload


HEADER = {
    "format": FORMAT,
    "group": "blocks",
    "seq": 0,
    "time": START // 1000,
    "count": 0,
    "end": 0,
    "parts": [],
}
BATCH = {"kind": "batch", "n": 1, "t0": START // 1000, "rate_hz": 1000.0}
TEXT = {"kind": "text", "tag": 0, "t": START // 1000, "text": "a"}
FRAME = {"kind": "frame", "tag": 0, "t": START // 1000, "bytes": 0, "position_m": None, "part_id": ""}
PARTS = {"blocks": BATCH, "texts": TEXT, "frames": FRAME}
MORE_THAN_ALL = 10**18


def of(group: str, **changed: object) -> dict[str, object]:
    """A header with one part, changed in one place."""
    return {**HEADER, "group": group, "parts": [{**PARTS[group], **changed}]}


# what is wrong: a header, and the bytes of payload it would need if it were right
FOREIGN = {
    "no object": ([1, 2], 0),
    "another format": ({**HEADER, "format": "testbed.group/2"}, 0),
    "an unknown group": ({**HEADER, "group": "elsewhere"}, 0),
    "a group that is a list": ({**HEADER, "group": ["blocks"]}, 0),
    "no sequence number": ({k: v for k, v in HEADER.items() if k != "seq"}, 0),
    "a negative sequence number": ({**HEADER, "seq": -1}, 0),
    "a negative count": ({**HEADER, "count": -1}, 0),
    "a mark beyond all time": ({**HEADER, "time": 10**30}, 0),
    "a mark after the end of time": ({**HEADER, "time": 2**63 // 1000 + 1}, 0),
    "an endless mark": ({**HEADER, "time": float("inf")}, 0),
    "a mark in words": ({**HEADER, "time": "1767571200000000"}, 0),
    "a bare word for parts": ({**HEADER, "parts": "batch"}, 0),
    "a part that is a list": ({**HEADER, "parts": [["kind", "batch"]]}, 0),
    "an unknown part": (of("blocks", kind="changes"), 16),
    "fewer samples than none": (of("blocks", n=-1), 0),
    "more samples than memory": (of("blocks", n=MORE_THAN_ALL), 16),
    "more samples than memory of no tag": (of("blocks", n=MORE_THAN_ALL, tags=[]), 0),
    "more samples than came, in a moment": (of("blocks", n=10**14, rate_hz=1e14), 16),
    "half a sample": (of("blocks", n=0.5), 0),
    "no rate": (of("blocks", rate_hz=0.0), 16),
    "a rate that is none": (of("blocks", rate_hz=float("nan")), 16),
    "a rate without limit": (of("blocks", rate_hz=float("inf")), 16),
    "a rate back in time": (of("blocks", rate_hz=-1.0), 16),
    "a rate slower than all time": (of("blocks", n=2, rate_hz=1e-300), 32),
    "a batch beyond all time": (of("blocks", t0=10**30), 16),
    "a tag from the back": (of("blocks", tags=[-1]), 8),
    "a tag too many": (of("blocks", tags=[2]), 8),
    "a tag twice": (of("blocks", tags=[0, 0]), 16),
    "a text from the back": (of("texts", tag=-1), 0),
    "a text beyond all time": (of("texts", t=10**30), 0),
    "a text that is a number": (of("texts", text=7), 0),
    "a frame of less than nothing": (of("frames", bytes=-1), 0),
    "a frame of more than came": (of("frames", bytes=10_000), 9_999),
    "a frame of nothing": (of("frames", part_id=None), 0),
    "a frame at no place": (of("frames", position_m="here"), 0),
    "a frame of no scale": (of("frames", pixel_mm="fine"), 0),
    "a batch among frames": ({**HEADER, "group": "frames", "parts": [BATCH]}, 32),
    "a text among blocks": ({**HEADER, "parts": [TEXT]}, 0),
}


@pytest.mark.parametrize(("header", "payload"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_header_that_does_not_fit_is_refused(header, payload):
    with pytest.raises(BadMessage):
        decode(with_header(header, bytes(payload)), KNOWN)


@pytest.mark.parametrize(("group", "payload"), [("blocks", 16), ("texts", 0), ("frames", 0)])
def test_the_headers_those_are_made_of_fit(group, payload):
    assert len(decode(with_header(of(group), bytes(payload)), KNOWN).items) == 1


def test_irregular_times_beyond_int64_nanoseconds_are_refused():
    part = {k: v for k, v in BATCH.items() if k != "rate_hz"}
    for us, fits in ((LAST_US, True), (LAST_US + 1, False), (-LAST_US - 1, False), (2**63 - 1, False)):
        data = with_header({**HEADER, "parts": [part]}, struct.pack("<q2d", us, 1.0, 2.0))
        assert assert_decodes_or_is_bad(data) is not fits


@settings(max_examples=300)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | words,
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4)),
       st.sampled_from(sorted(HEADER) + sorted(BATCH)))  # fmt: skip
def test_any_json_in_any_place_of_the_header_raises_nothing_but_bad_message(value, place):
    header = {**HEADER, place: value} if place in HEADER else of("blocks", **{place: value})
    assert_decodes_or_is_bad(with_header(header, bytes(16)))


def test_a_deeply_nested_header_is_refused():
    head = b"[" * 100_000
    with pytest.raises(BadMessage):
        decode(struct.pack("<I", len(head)) + head, KNOWN)

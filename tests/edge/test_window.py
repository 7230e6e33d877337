"""Windows equal what a plain loop over grid times, channels and samples finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.status import BAD_SENSOR_FAILURE, GOOD, GOOD_NO_DATA, UNCERTAIN
from connectors.tags import Group, Tag
from edge.merge import Chunk
from edge.window import Windows, WindowSpec

START = 1_767_571_200_000_000_000  # ns, a whole multiple of every stride used here
MS = 1_000_000  # ns
SPAN_MS = 8_000
A = Group("a", (Tag(name="L/A1", group="a"), Tag(name="L/A2", group="a")))
B = Group("b", (Tag(name="L/B1", group="b"),))
CHANNELS = ("L/A1", "L/A2", "L/B1")

statuses = st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD_SENSOR_FAILURE, GOOD_NO_DATA])


@dataclass
class Samples:
    """A group's samples: ns (n,), float64 (n, k), uint32 (n, k)."""

    group: Group
    time: np.ndarray
    values: np.ndarray
    status: np.ndarray

    def chunk(self, begin: int, end: int, mark: int) -> Chunk:
        return Chunk(self.group, mark, self.time[begin:end], self.values[begin:end], self.status[begin:end])


@st.composite
def samples(draw: st.DrawFn, group: Group) -> Samples:
    grid = st.integers(0, SPAN_MS // 100).map(lambda n: n * 100)  # on grid times as often as between them
    moments = sorted(draw(st.sets(grid | st.integers(-2000, SPAN_MS), max_size=25)))
    shape = (len(moments), len(group.tags))
    size = shape[0] * shape[1]
    status = np.array(draw(st.lists(statuses, min_size=size, max_size=size)), np.uint32).reshape(shape)
    values = np.arange(1.0, size + 1).reshape(shape)
    values[(status == BAD_SENSOR_FAILURE) | (status == GOOD_NO_DATA)] = np.nan
    return Samples(group, START + np.array(moments, np.int64) * MS, values, status)


@st.composite
def specs(draw: st.DrawFn) -> WindowSpec:
    rate = draw(st.sampled_from([1.0, 2.0, 5.0, 10.0]))
    channels = draw(st.permutations(CHANNELS))[: draw(st.integers(1, 3))]
    stride_s = draw(st.integers(1, 12)) / rate
    hold_s = draw(st.sampled_from([0.05, 0.3, 1.0, 5.0]))
    return WindowSpec(tuple(channels), rate, draw(st.integers(1, 9)), stride_s, hold_s)


def naive(spec: WindowSpec, end: int, known: list[Samples]) -> tuple[list[list[float]], list[list[bool]]]:
    """The window of `edge.window`'s docstrings, by a plain loop."""
    values, bad = [], []
    for step in range(spec.length):
        grid = end - (spec.length - 1 - step) * spec.period_ns
        cells = [_cell(grid, name, spec, known) for name in spec.channels]
        values.append([value for value, _ in cells])
        bad.append([is_bad for _, is_bad in cells])
    return values, bad


def _cell(grid: int, name: str, spec: WindowSpec, known: list[Samples]) -> tuple[float, bool]:
    value, seen, is_bad = float("nan"), None, True
    for of in known:
        for column, tag in enumerate(of.group.tags):
            for time, number, status in zip(of.time, of.values[:, column], of.status[:, column], strict=True):
                if tag.name == name and time <= grid and status != GOOD_NO_DATA:
                    seen, is_bad = time, bool(status & 0x8000_0000)
                    value = value if is_bad else float(number)
    return value, is_bad or grid - seen > spec.hold_s * 1e9


@settings(max_examples=400)
@given(specs(), samples(A), samples(B), st.data())
def test_every_window_equals_a_plain_loop_whatever_the_cut(spec, a, b, data):
    windows = Windows(spec, (A, B))
    ahead = data.draw(st.sampled_from([0, 0, 1_000 * MS, SPAN_MS * MS]))
    given_up_to = {"a": 0, "b": 0}
    first = -(-START // spec.stride_ns) * spec.stride_ns
    for end in range(first, START + SPAN_MS * MS + 1, spec.stride_ns):
        for of in (a, b):  # all that the watermark promises, and some of what comes after
            until = int(np.searchsorted(of.time, end + ahead, side="right"))
            cuts = sorted(data.draw(st.sets(st.integers(given_up_to[of.group.name], until), max_size=2)))
            for stop in [*cuts, until]:
                windows.add(of.chunk(given_up_to[of.group.name], stop, end))
                given_up_to[of.group.name] = max(stop, given_up_to[of.group.name])
        if data.draw(st.integers(0, 5)) == 0:
            continue  # a window nobody asks for
        window = windows.window(end)
        values, bad = naive(spec, end, [a, b])
        assert window.end == end
        np.testing.assert_array_equal(window.values, values)
        assert window.bad.tolist() == bad


def steady(n: int, status: int = GOOD) -> Samples:
    """One sample of A a second from START on, with the second as value."""
    values = np.repeat(np.arange(float(n))[:, None], 2, axis=1)
    values = values if status == GOOD else np.full((n, 2), np.nan)
    return Samples(A, START + np.arange(n) * 1000 * MS, values, np.full((n, 2), status, np.uint32))


def test_a_window_handed_out_is_not_changed_by_the_next():
    windows = Windows(WindowSpec(("L/A1",), 1.0, 3, 1.0), (A,))
    windows.add(steady(10).chunk(0, 10, START + 9_000 * MS))
    first = windows.window(START + 3_000 * MS)
    was = first.values.copy(), first.bad.copy()
    windows.window(START + 4_000 * MS)
    assert (first.values == was[0]).all()
    assert (first.bad == was[1]).all()
    assert first.values[:, 0].tolist() == [1.0, 2.0, 3.0]


def test_a_bad_sample_keeps_the_last_good_value_and_is_flagged():
    windows = Windows(WindowSpec(("L/A1",), 1.0, 2, 1.0), (A,))
    good, bad = steady(2), steady(1, BAD_SENSOR_FAILURE)
    windows.add(good.chunk(0, 2, START + 1_000 * MS))
    bad.time += 2_000 * MS
    windows.add(bad.chunk(0, 1, START + 2_000 * MS))
    window = windows.window(START + 2_000 * MS)
    assert window.values[:, 0].tolist() == [1.0, 1.0]
    assert window.bad[:, 0].tolist() == [False, True]


def test_a_value_is_held_exactly_as_long_as_hold_s():
    windows = Windows(WindowSpec(("L/A1",), 1.0, 4, 1.0, hold_s=2.0), (A,))
    windows.add(steady(1).chunk(0, 1, START))
    assert windows.window(START + 3_000 * MS).bad[:, 0].tolist() == [False, False, False, True]


def test_a_silent_group_is_missing_all_along():
    windows = Windows(WindowSpec(CHANNELS, 1.0, 2, 1.0), (A, B))
    windows.add(steady(3).chunk(0, 3, START + 2_000 * MS))
    window = windows.window(START + 2_000 * MS)
    assert np.isnan(window.values[:, 2]).all()
    assert window.bad[:, 2].all()
    assert not window.bad[:, :2].any()


def test_only_groups_with_a_channel_are_waited_for():
    assert Windows(WindowSpec(("L/B1",), 1.0, 2, 1.0), (A, B)).groups == ("b",)


WRONG = {
    "no channel": ({"channels": ()}, "at least one channel"),
    "no length": ({"length": 0}, "above 0"),
    "no rate": ({"rate_hz": 0.0}, "above 0"),
    "no stride": ({"stride_s": 0.0}, "above 0"),
    "no hold": ({"hold_s": 0.0}, "above 0"),
    "half a grid point of stride": (
        {"stride_s": 1.5},
        r"whole multiple of 1/rate_hz, but got 1\.5 s at 1\.0 Hz",
    ),
}


@pytest.mark.parametrize(("changed", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_window_that_cannot_be_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        WindowSpec(**{"channels": ("A",), "rate_hz": 1.0, "length": 1, "stride_s": 1.0, **changed})

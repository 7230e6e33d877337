"""The same events however the stream was cut, in which order its groups came, and when."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.items import Batch, Frame, Item, Mark
from connectors.results import Event, Result
from connectors.status import BAD_SENSOR_FAILURE
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.alarm import AlarmSpec
from edge.digest import digest, line
from edge.merge import Chunk
from edge.pipeline import Pipeline, Watch
from edge.rules import Rules
from edge.window import WindowSpec
from testbed.scenario import Fault
from tests.cuts import bundles, cut, interleaved
from tests.models import Shade, Spread, picture, plain, series

UNIT = "TEST/LINE/UNIT"
ENGINE, TICKS = plain(12.0, steps=(Fault(at=9.05, name="step", params={"size": 300.0}),))
ITEMS = [item for tick in TICKS for item in tick]
WALKS = WindowSpec((f"{UNIT}/WALK_1", f"{UNIT}/CONSTANT"), 10.0, 6, 0.1, hold_s=0.35)
VIBRATION = WindowSpec((f"{UNIT}/VIB_2", f"{UNIT}/VIB_1"), 1000.0, 40, 0.1, max_bad=0.3)
# waits for two of three, returns slowly, and is suppressed for a second by every alarm of the pictures
HELD_BACK = AlarmSpec(k=2, n=3, off_delay_s=0.4, deadband=0.1, suppressed_by=("surface",), suppressed_for_s=1.0)


def models() -> list[object]:
    """Two groups in one model, one of them alone in another, pictures, and a rule over all tags."""
    return [
        Spread("both", WALKS, VIBRATION, level=3.0),
        Spread("walk", WALKS, level=0.5, alarm=HELD_BACK),
        Shade("shade", f"{UNIT}/CAMERA", level=12.0),
        Rules(ENGINE.groups),
    ]


Parts = Iterable[Sequence[Item]]


def events_of(parts: Parts, start: int | None = ENGINE.start) -> tuple[list[Event], Pipeline]:
    pipeline = Pipeline(ENGINE.groups, models(), start=start)
    return [event for part in parts for event in pipeline.feed(part)], pipeline


PLAIN, PLAIN_PIPELINE = events_of(TICKS)


def lines(events: Sequence[Event]) -> list[str]:
    return [line(event, ENGINE.start) for event in events]


def test_the_plain_stream_raises_events_of_every_model_and_condition():
    assert len(PLAIN) > 60
    assert {event.model for event in PLAIN} == {"both", "walk", "shade", "rules"}
    assert PLAIN_PIPELINE.blind_s()["both"] > 0


@settings(max_examples=120)
@given(st.integers(0, 2**32 - 1))
def test_any_cut_and_any_order_of_the_groups_gives_the_same_events(seed):
    rng = random.Random(seed)
    events, pipeline = events_of(bundles(cut(ITEMS, ENGINE.groups, rng), rng))
    assert lines(events) == lines(PLAIN)
    assert digest(events, ENGINE.start) == digest(PLAIN, ENGINE.start)
    assert pipeline.blind_s() == pytest.approx(PLAIN_PIPELINE.blind_s())
    assert pipeline.counts() == PLAIN_PIPELINE.counts()
    assert pipeline.finished == ENGINE.end
    assert pipeline.ended()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_any_cut_gives_the_same_events_when_windows_begin_at_the_first_sample(seed):
    rng = random.Random(seed)
    events, _ = events_of(bundles(cut(ITEMS, ENGINE.groups, rng), rng), start=None)
    assert lines(events) == lines(events_of(TICKS, start=None)[0])


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_any_cut_gives_the_same_events_of_onnx_models(seed):
    rng = random.Random(seed)

    def run(parts: Parts) -> list[Event]:
        bound = [series(0.2).bind(ENGINE.groups), picture().bind(ENGINE.groups)]
        pipeline = Pipeline(ENGINE.groups, bound, start=ENGINE.start)
        return [event for part in parts for event in pipeline.feed(part)]

    plain_events = run(TICKS)
    assert len(plain_events) > 20
    assert lines(run(bundles(cut(ITEMS, ENGINE.groups, rng), rng))) == lines(plain_events)


def test_events_leave_by_time_place_condition_and_change():
    keys = [(event.time, event.source, event.condition, event.change, event.model) for event in PLAIN]
    assert keys == sorted(keys)
    assert len({event.time for event in PLAIN}) < len(PLAIN)


def test_the_order_of_models_does_not_matter():
    pipeline = Pipeline(ENGINE.groups, models()[::-1], start=ENGINE.start)
    assert lines([event for tick in TICKS for event in pipeline.feed(tick)]) == lines(PLAIN)


@pytest.mark.parametrize("seed", range(20))
def test_events_come_as_soon_as_the_slowest_model_allows_and_never_before(seed):
    rng = random.Random(seed)
    pipeline = Pipeline(ENGINE.groups, models(), start=ENGINE.start)
    said = ENGINE.start - 1
    for part in bundles(cut(ITEMS, ENGINE.groups, rng), rng):
        events = pipeline.feed(part)
        reached = -1 if pipeline.finished is None else pipeline.finished
        assert all(said < event.time <= reached for event in events)
        said = max(said, reached)


def test_windows_end_at_whole_multiples_of_their_stride_wherever_they_begin():
    found: list[Result] = []
    start = ENGINE.start + 37_000_000
    pipeline = Pipeline(ENGINE.groups, [Spread("walk", WALKS)], start=start, watch=Watch(result=found.append))
    pipeline.feed(ITEMS)
    assert [result.time for result in found] == list(range(ENGINE.start + 100_000_000, ENGINE.end + 1, 100_000_000))


def test_results_reach_the_alarms_by_time_and_model():
    found: list[Result] = []
    pipeline = Pipeline(ENGINE.groups, models(), start=ENGINE.start, watch=Watch(result=found.append))
    pipeline.feed(ITEMS)
    keys = [(result.time, result.model) for result in found]
    assert keys == sorted(keys)
    assert len(keys) > 200


# -- groups that are silent or end early -------------------------------------------------------------------


def tag(name: str, group: str) -> Tag:
    return Tag(name=f"L/{name}", group=group, rate_hz=1.0)


A, B = Group("a", (tag("A", "a"),)), Group("b", (tag("B", "b"),))
CAMERA = Group("c", (tag("CAM", "c"),), "frames")
BOTH = WindowSpec(("L/A", "L/B"), 1.0, 2, 1.0, max_bad=0.6)


def stair(group: Group, second: int, value: float, status: int = 0) -> tuple[Batch, Mark]:
    """One sample and its mark."""
    cell = np.array([[value]], np.float64), np.array([[status]], np.uint32)
    return Batch(group.tags, np.array([second * SECOND]), *cell), Mark(group.name, second * SECOND)


def ramp(group: Group, first: int, last: int, ends_at: int | None = None) -> list[Item]:
    """A sample and a mark every second from `first` to `last`, the second as value; and an end."""
    items: list[Item] = [item for second in range(first, last + 1) for item in stair(group, second, second)]
    if ends_at is not None and ends_at > last:
        items.append(Mark(group.name, ends_at * SECOND))
    return items if ends_at is None else [*items, Mark(group.name, END)]


def results_of(groups: Sequence[Group], parts: Parts, *specs: WindowSpec) -> list[Result]:
    found: list[Result] = []
    pipeline = Pipeline(groups, [Spread("m", *specs)], start=0, watch=Watch(result=found.append))
    for part in parts:
        pipeline.feed(part)
    return found


def ends(results: Sequence[Result]) -> list[float]:
    return [result.time / SECOND for result in results]


def test_a_window_waits_for_the_least_mark_of_the_groups_it_reads():
    pipeline = Pipeline([A, B], [Spread("m", BOTH)], start=0)
    assert pipeline.feed(ramp(A, 1, 9)) == []
    assert pipeline.finished is None
    pipeline.feed(ramp(B, 1, 4))
    assert pipeline.finished == 4 * SECOND


def test_a_model_does_not_wait_for_groups_it_does_not_read():
    assert ends(results_of([A, B], [ramp(A, 1, 3)], WindowSpec(("L/A",), 1.0, 2, 1.0))) == [0, 1, 2, 3]


def test_a_silent_group_holds_up_nothing_as_long_as_it_marks():
    silent = [Mark("b", second * SECOND) for second in range(1, 6)]
    results = results_of([A, B], [ramp(A, 1, 5), silent], BOTH)
    assert ends(results) == [0, 1, 2, 3, 4, 5]
    assert [bool(np.isnan(result.score)) for result in results] == [True, True, False, False, False, False]


def test_a_group_that_ends_early_holds_up_nothing_and_its_values_grow_old():
    spec = WindowSpec(("L/A", "L/B"), 1.0, 1, 1.0, hold_s=2.0, max_bad=0.4)
    results = results_of([A, B], [ramp(B, 1, 3, ends_at=3), ramp(A, 1, 8, ends_at=8)], spec)
    assert ends(results) == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert [result.time / SECOND for result in results if np.isnan(result.score)] == [0, 6, 7, 8]


@pytest.mark.parametrize("seed", range(20))
def test_when_all_groups_have_ended_windows_go_to_where_the_last_one_did(seed):
    streams = [ramp(A, 1, 5, ends_at=7), ramp(B, 1, 3, ends_at=3)]
    results = results_of([A, B], bundles(interleaved(streams, random.Random(seed)), random.Random(seed)), BOTH)
    assert ends(results) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_group_that_ends_without_any_sample_ends_nothing_else():
    results = results_of([A, B], [[Mark("b", END)], ramp(A, 1, 4, ends_at=4)], BOTH)
    assert ends(results) == [0, 1, 2, 3, 4]


def test_a_late_sample_is_counted_and_changes_no_result():
    late = Batch(A.tags, np.array([2 * SECOND]), np.array([[99.0]]), np.zeros((1, 1), np.uint32))
    spec = WindowSpec(("L/A",), 1.0, 4, 1.0)
    found: list[Chunk] = []
    pipeline = Pipeline([A], [Spread("m", spec)], start=0, watch=Watch(chunk=found.append))
    pipeline.feed([*ramp(A, 1, 3), late, *ramp(A, 4, 5)])
    assert pipeline.counts()["a"].late == 1
    assert np.concatenate([chunk.values for chunk in found])[:, 0].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


# -- windows that cannot be scored -------------------------------------------------------------------------


def test_a_window_with_too_many_bad_cells_is_blind_and_its_alarm_stays_as_it_is():
    spec = WindowSpec(("L/A",), 1.0, 2, 1.0, max_bad=0.4)
    bad = [stair(A, second, np.nan, BAD_SENSOR_FAILURE) for second in (5, 6, 7)]
    items = [*ramp(A, 1, 4), *(item for pair in bad for item in pair)]
    found: list[Result] = []
    model = Spread("m", spec, level=0.5)
    pipeline = Pipeline([A], [model], start=0, watch=Watch(result=found.append))
    events = pipeline.feed(items)
    assert [(event.time / SECOND, event.change) for event in events] == [(2.0, "active")]
    assert [result.time / SECOND for result in found if np.isnan(result.score)] == [0, 1, 5, 6, 7]
    assert pipeline.blind_s() == {"m": 5.0}
    assert all(alarm.is_active for alarm in pipeline.alarms().values())


def test_results_and_events_say_whether_the_plant_was_simulated():
    found: list[Result] = []
    spec = WindowSpec(("L/A",), 1.0, 2, 1.0)
    pipeline = Pipeline([A], [Spread("m", spec)], start=0, watch=Watch(result=found.append), is_simulated=True)
    events = pipeline.feed(ramp(A, 1, 5))
    assert events
    assert all(event.is_simulated for event in events)
    assert all(result.is_simulated for result in found)


# -- where an alarm is -------------------------------------------------------------------------------------


def test_one_alarm_a_channel_names_the_channel_and_its_share():
    spec = WindowSpec(("L/A", "L/B"), 1.0, 2, 1.0, max_bad=0.6)
    pipeline = Pipeline([A, B], [Spread("m", spec)], start=0)
    (event,) = pipeline.feed([*ramp(A, 1, 5), Mark("b", 5 * SECOND)])
    assert (event.source, event.evidence) == ("L/A", (("L/A", 1.0),))


@pytest.mark.parametrize(("place", "source"), [("unit", "L"), ("top", "L/B")])
def test_one_alarm_for_the_unit_names_the_unit_or_the_channel_that_stands_out(place, source):
    model = Spread("m", WindowSpec(("L/A", "L/B"), 1.0, 2, 1.0, max_bad=0.6))
    model.place = place
    steep = [
        Batch(B.tags, item.time, item.values * 3, item.status) if isinstance(item, Batch) else item
        for item in ramp(B, 1, 5)
    ]
    events = Pipeline([A, B], [model], start=0).feed([*ramp(A, 1, 5), *steep])
    assert [(event.source, event.change, event.advice) for event in events] == [(source, "active", "look")]
    assert events[0].evidence[0] == ("L/B", 3.0)


def test_an_alarm_returns_from_the_place_it_was_raised_at():
    model = Spread("m", WindowSpec(("L/A", "L/B"), 1.0, 2, 1.0, max_bad=0.6), level=2.0)
    model.place = "top"

    def stairs(group: Group, values: Sequence[float]) -> list[Item]:
        return [item for second, value in enumerate(values, 1) for item in stair(group, second, value)]

    items = stairs(A, [0, 2, 2, 2, 2]) + stairs(B, [0, 0, 3, 3.5, 3.5])
    events = Pipeline([A, B], [model], start=0).feed(items)
    assert [(event.time / SECOND, event.source, event.change) for event in events] == [
        (2.0, "L/A", "active"),
        (4.0, "L/A", "returned"),
    ]


@pytest.mark.parametrize("suppressed_by", [(), ("process",)])
def test_an_alarm_is_suppressed_by_design_while_another_condition_is_answered(suppressed_by):
    first = Spread("first", WindowSpec(("L/A",), 1.0, 2, 1.0), level=2.0)
    second = Spread("second", WindowSpec(("L/B",), 1.0, 2, 1.0), level=2.0)
    second.condition, second.alarm = "sensor", AlarmSpec(suppressed_by=suppressed_by, suppressed_for_s=3.0)
    jumps = [stair(A, i, 9.0 * (i > 2)) for i in range(1, 9)] + [stair(B, i, 9.0 * (i > 3)) for i in range(1, 9)]
    events = Pipeline([A, B], [first, second], start=0).feed([item for pair in jumps for item in pair])
    active = [(event.time / SECOND, event.model) for event in events if event.change == "active"]
    assert active == ([(3.0, "first")] if suppressed_by else [(3.0, "first"), (4.0, "second")])


# -- pictures ----------------------------------------------------------------------------------------------


def test_pictures_are_scored_by_time_once_their_mark_has_come():
    found: list[Result] = []
    model = Shade("shade", f"{UNIT}/CAMERA", level=12.0)
    pipeline = Pipeline(ENGINE.groups, [model], start=ENGINE.start, watch=Watch(result=found.append))
    frames = [item for item in ITEMS if isinstance(item, Frame)][:3]
    pipeline.feed(frames[::-1])
    assert found == []
    pipeline.feed([Mark("camera", frames[1].time)])
    assert [result.time for result in found] == [frames[0].time, frames[1].time]
    assert pipeline.finished == frames[1].time


# -- the pipeline itself -----------------------------------------------------------------------------------


def test_two_models_of_one_name_are_refused():
    spec = WindowSpec(("L/A",), 1.0, 1, 1.0)
    with pytest.raises(ValueError, match="different names, but got m, m"):
        Pipeline([A], [Spread("m", spec), Spread("m", spec)])


def test_a_pipeline_without_models_still_merges_counts_and_finishes():
    found: list[Chunk] = []
    pipeline = Pipeline([A], [], watch=Watch(chunk=found.append))
    assert pipeline.feed(ramp(A, 1, 3, ends_at=3)) == []
    assert pipeline.finished == 3 * SECOND
    assert pipeline.counts()["a"].received == 3
    assert len(found) == 4

"""Rules find a sensor that is out of range, jumps, sticks or falls silent, and leave a healthy one alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from connectors.items import Batch, Item, Mark
from connectors.results import Event
from connectors.status import BAD_SENSOR_FAILURE, GOOD_NO_DATA
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.pipeline import Pipeline
from edge.rules import Rules
from tests.models import plain

START = 1_767_571_200 * SECOND
RANGE = (0.0, 100.0)
SECONDS = 120

Signal = Callable[[np.ndarray], np.ndarray]  # seconds to values (n,); NaN is a Bad sample, inf none at all


def noisy(t: np.ndarray) -> np.ndarray:
    return 50.0 + np.random.default_rng(1).standard_normal(len(t))


def items_of(signal: Signal, rate_hz: float, tag: Tag) -> list[Item]:
    """A second of samples and a mark, second by second."""
    n = round(SECONDS * rate_hz)
    t = np.arange(1, n + 1) / rate_hz
    values = signal(t)
    status = np.where(np.isnan(values), BAD_SENSOR_FAILURE, np.where(np.isinf(values), GOOD_NO_DATA, 0))
    values = np.where(np.isinf(values), np.nan, values)
    time = START + np.round(t * 1e6).astype(np.int64) * 1000
    items: list[Item] = []
    for second in range(1, SECONDS + 1):
        rows = (t > second - 1) & (t <= second)
        items.append(Batch((tag,), time[rows], values[rows, None], status[rows, None].astype(np.uint32)))
        items.append(Mark(tag.group, START + second * SECOND))
    return [*items, Mark(tag.group, END)]


def events_of(signal: Signal, rate_hz: float = 10.0, **tag: object) -> list[tuple[float, str]]:
    """(second, change) of the one tag's alarm."""
    a_tag = Tag(**{"name": "L/A", "group": "g", "rate_hz": rate_hz, "eu_range": RANGE, **tag})
    group = Group("g", (a_tag,))
    events = Pipeline([group], [Rules([group])], start=START).feed(items_of(signal, rate_hz, a_tag))
    return [((event.time - START) / SECOND, event.change) for event in events]


def first(events: Sequence[tuple[float, str]]) -> tuple[float, str]:
    return events[0]


HEALTHY: dict[str, Signal] = {
    "noise": noisy,
    "a constant": lambda t: np.full(len(t), 7.5),
    "a ramp of a fifth of its range a second": lambda t: 50 + 20 * np.sin(t),
    "a step of a tenth": lambda t: np.where(t < 50, 45.0, 55.0) + noisy(t) - 50,
    "an operator's step": lambda t: np.where(t < 50, 40.0, 60.0),
    "a stop at the end of its range": lambda t: np.where(t < 70, 4.0 + np.abs(noisy(t) - 50), 0.0),
    "a tag that moves once in four samples": lambda t: np.round(noisy(t) / 1.6),
    "the edge of its range": lambda t: np.full(len(t), 109.0),
    "nothing yet": lambda t: np.full(len(t), np.inf),
    "one lost sample in ten": lambda t: np.where(np.arange(len(t)) % 10 == 3, np.inf, noisy(t)),
    "silence of nine seconds": lambda t: np.where((t > 40) & (t < 49), np.inf, noisy(t)),
    "a constant after a long silence": lambda t: np.where(t < 61, np.inf, 7.5),
}


@pytest.mark.parametrize("signal", HEALTHY.values(), ids=HEALTHY.keys())
def test_a_healthy_sensor_raises_no_alarm(signal):
    assert events_of(signal) == []


@pytest.mark.parametrize("rate_hz", [0.2, 0.7, 1.0, 3.0, 7.0, 9.0, 25.0, 1000.0])
def test_a_sensor_of_any_rate_is_looked_at_and_left_alone(rate_hz):
    assert events_of(noisy, rate_hz) == []


@pytest.mark.parametrize("rate_hz", [1.0, 10.0])
def test_a_value_out_of_range_is_found_when_it_comes_and_returns_5_s_after_it_jumped_back(rate_hz):
    events = events_of(lambda t: np.where((t > 50) & (t <= 60), 115.0, 95.0) + 0.1 * noisy(t) - 5, rate_hz)
    assert events == [(51.0, "active"), (67.0, "returned")]


@pytest.mark.parametrize(("low", "high"), [(-11.0, None), (None, 111.0)])
def test_a_tenth_of_the_range_beyond_either_end_is_too_far(low, high):
    beyond = low if low is not None else high
    assert first(events_of(lambda t: np.full(len(t), beyond))) == (1.0, "active")


def test_a_jump_of_a_quarter_of_the_range_is_found():
    assert first(events_of(lambda t: np.where(t <= 50.5, 30.0, 56.0))) == (51.0, "active")


def test_a_jump_of_twenty_usual_steps_is_found():
    assert first(events_of(lambda t: np.where(t <= 80.5, 0.0, 8.0) + 0.1 * noisy(t))) == (81.0, "active")


def test_one_that_is_far_from_its_peers_is_found():
    tags = tuple(Tag(name=f"L/T{i}", unit="Cel", group="g", rate_hz=1.0, eu_range=RANGE) for i in range(9))
    group = Group("g", tags)
    items: list[Item] = []
    for second in range(1, SECONDS + 1):
        values = np.full((1, 9), 50.0)
        values[0, 3] = max(10.0, 50.0 - second)  # a slow drift: no jump, not out of range
        time = np.array([START + second * SECOND])
        items += [Batch(tags, time, values, np.zeros((1, 9), np.uint32)), Mark("g", int(time[0]))]
    events = Pipeline([group], [Rules([group])], start=START).feed(items)
    assert [(e.source, (e.time - START) / SECOND) for e in events] == [("L/T3", 34.0)]


def test_a_jump_of_all_peers_at_once_is_the_plants_and_one_beyond_theirs_is_found():
    tags = tuple(Tag(name=f"L/{i}", group="g", rate_hz=1.0, eu_range=RANGE) for i in range(9))
    time = START + np.arange(1, 121) * SECOND
    values = 50.0 + 0.1 * np.random.default_rng(1).standard_normal((120, 9))
    values[80:] -= 8.0  # twenty times the usual step and more than a twentieth of the range
    values[100:, 3] += 8.0
    items = [Batch(tags, time, values, np.zeros(values.shape, np.uint32)), Mark("g", END)]
    group = Group("g", tags)
    events = Pipeline([group], [Rules([group])], start=START).feed(items)
    raised = [((event.time - START) / SECOND, event.source) for event in events if event.change == "active"]
    assert raised == [(101.0, "L/3")]


def test_a_sensor_that_sticks_after_it_has_moved_is_found():
    when, change = first(events_of(lambda t: np.where(t <= 80, noisy(t), 50.0)))
    assert change == "active"
    assert 90.0 <= when <= 92.0


def test_a_silent_sensor_is_found():
    when, change = first(events_of(lambda t: np.where(t <= 80, noisy(t), np.inf)))
    assert change == "active"
    assert 90.0 <= when <= 92.0


def test_a_sensor_that_says_it_is_bad_is_found_at_once():
    assert first(events_of(lambda t: np.where(t <= 80, noisy(t), np.nan))) == (81.0, "active")


def test_a_sensor_slower_than_ten_seconds_is_silent_only_after_three_periods():
    assert events_of(noisy, rate_hz=0.05) == []


@pytest.mark.parametrize(("rate_hz", "stride_s"), [(None, 1.0), (10.0, 1.0), (0.3, 1.0), (0.05, 10.0), (1 / 180, 90.0)])
def test_tags_are_looked_at_once_a_second_or_twice_a_sample_where_all_are_slower(rate_hz, stride_s):
    group = Group("g", (Tag(name="L/A", group="g", rate_hz=rate_hz, eu_range=RANGE),))
    assert Rules([group]).windows[0].stride_s == stride_s


def test_every_sample_of_a_slow_tag_is_looked_at_whenever_it_comes():
    tag = Tag(name="L/A", group="g", rate_hz=1 / 180, eu_range=RANGE)
    time = START + np.arange(60) * 180 * SECOND + np.random.default_rng(2).integers(0, 80, 60) * SECOND
    values = np.where(np.arange(60) % 20 == 13, 115.0, 95.0)[:, None]  # three samples out of range
    group = Group("g", (tag,))
    items = [Batch((tag,), time, values, np.zeros((60, 1), np.uint32)), Mark("g", END)]
    events = Pipeline([group], [Rules([group])], start=START).feed(items)
    found = [event.time for event in events if event.change == "active"]
    late = [(at - time[i]) / SECOND for at, i in zip(found, (13, 33, 53), strict=True)]
    assert all(0.0 <= s <= 90.0 for s in late)


def test_a_tag_reported_by_exception_is_never_silent():
    assert events_of(lambda t: np.where(t <= 10, noisy(t), np.inf), rate_hz=1.0)[0][1] == "active"
    tag = Tag(name="L/A", group="g", eu_range=RANGE)
    group = Group("g", (tag,))
    items = items_of(lambda t: np.where(t <= 10, noisy(t), np.inf), 1.0, tag)
    assert Pipeline([group], [Rules([group])], start=START).feed(items) == []


def test_without_a_range_only_sticking_and_silence_are_found():
    wild = lambda t: 1e6 * noisy(t)  # noqa: E731
    assert events_of(wild, eu_range=None) == []
    assert first(events_of(lambda t: np.where(t <= 80, wild(t), np.inf), eu_range=None))[1] == "active"


def test_the_instruments_range_counts_where_there_is_one():
    assert events_of(lambda t: 500 + noisy(t), instrument_range=(0.0, 1000.0)) == []


def events_of_the_test_plant(seconds: float, **scenario: object) -> list[Event]:
    engine, ticks = plain(seconds, **scenario)
    pipeline = Pipeline(engine.groups, [Rules(engine.groups)], start=engine.start)
    return [event for tick in ticks for event in pipeline.feed(tick)]


def test_the_test_plant_is_healthy_from_its_first_second_on():
    assert events_of_the_test_plant(30.0) == []


def test_each_tag_has_an_alarm_of_its_own_over_groups_of_different_rates():
    slow = Tag(name="L/SLOW", group="s", rate_hz=0.3, eu_range=RANGE)
    fast = Tag(name="L/FAST", group="f", rate_hz=1000.0, eu_range=RANGE)
    groups = [Group("s", (slow,)), Group("f", (fast,), "blocks")]
    rules = Rules(groups)
    assert {spec.stride_s for spec in rules.windows} == {1.0}
    pipeline = Pipeline(groups, [rules], start=START)
    events = pipeline.feed(items_of(lambda t: np.where(t < 30, 50.0, 500.0), 0.3, slow))
    events += pipeline.feed(items_of(lambda t: np.where(t < 60, 50.0, 500.0), 1000.0, fast))
    found = [((event.time - START) / SECOND, event.source) for event in events if event.change == "active"]
    assert found == [(30.0, "L/SLOW"), (60.0, "L/FAST")]
    assert {event.condition for event in events} == {"sensor"}

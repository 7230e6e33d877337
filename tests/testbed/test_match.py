"""An event finds a fault if condition, place and time fit; everything else is a false alarm."""

from __future__ import annotations

import pytest

from connectors.results import AlarmState, Event
from connectors.truth import Truth
from testbed.match import agree, match
from testbed.scenario import Detect, Quiet
from testbed.score import Facts, score

S = 1_000_000_000
UNIT = "POH/CC1/MOLD"


def fault(onset=100, deadline=130, cleared=150, **more) -> Truth:
    return Truth(
        name="sticker", where=UNIT, onset=onset * S, detectable_from=(onset + 5) * S, alert_deadline=deadline * S,
        consequence_time=(deadline + 20) * S, cleared=None if cleared is None else cleared * S, expects=("breakout",),
        **more,
    )  # fmt: skip


def loose(onset=40, cleared=90) -> Truth:
    return Truth(
        name="loose", kind="lookalike", where=f"{UNIT}/TC_1", onset=onset * S, alert_deadline=cleared * S,
        cleared=cleared * S, expects=("sensor",), forbids=("breakout",),
    )  # fmt: skip


def event(at: float, condition="breakout", source=f"{UNIT}/TC_7", change="active", model="sticker") -> Event:
    return Event(round(at * S), source, condition, 500, change, AlarmState.UNACK, 1.23456, model)


def test_the_first_activation_finds_and_further_ones_are_repeats():
    result = match([fault()], [event(110), event(120), event(140)])
    assert [e.time // S for e in result.found[0].events] == [110, 120, 140]
    assert not result.false_alarms


@pytest.mark.parametrize(
    ("at", "condition", "source", "hit"),
    [
        (99.9, "breakout", UNIT, False),
        (100.0, "breakout", UNIT, True),
        (150.0, "breakout", UNIT, True),
        (150.1, "breakout", UNIT, False),
        (110.0, "process", UNIT, False),
        (110.0, "breakout", "POH/CC2/MOLD", False),
        (110.0, "breakout", "POH/CC1", True),
        (110.0, "breakout", "", True),
    ],
)
def test_time_condition_and_place_must_fit(at, condition, source, hit):
    result = match([fault()], [event(at, condition, source)])
    assert bool(result.found[0].events) is hit
    assert bool(result.false_alarms) is not hit


def test_a_deadline_after_the_clearing_keeps_the_window_open():
    assert match([fault(cleared=120)], [event(129)]).found[0].events


def test_a_look_alike_that_raises_what_it_forbids_is_named():
    result = match([loose(), fault()], [event(50, source=f"{UNIT}/TC_1")])
    assert result.forbidden[0].truth.name == "loose"
    assert len(result.false_alarms) == 1


def test_a_look_alike_found_as_what_it_is_is_no_false_alarm():
    result = match([loose()], [event(50, "sensor", f"{UNIT}/TC_1", model="rules")])
    assert result.found[0].events
    assert not result.false_alarms


def test_each_fault_needs_its_own_activation():
    second = Truth(name="sticker", where=UNIT, onset=105 * S, alert_deadline=140 * S, expects=("breakout",))
    result = match([fault(), second], [event(110), event(112)])
    assert [len(entry.events) for entry in result.found] == [1, 1]


def test_a_stop_is_found_before_it_begins():
    stop = Truth(
        name="stop", kind="stop", onset=200 * S, detectable_from=200 * S, alert_deadline=200 * S, cleared=260 * S,
        expects=("process",),
    )  # fmt: skip
    assert match([stop], [event(150, "process")]).found[0].events
    assert match([stop], [event(201, "process")]).false_alarms


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [("L/U", "L/U", True), ("L/U", "L/U/T", True), ("L/U/T", "L/U", True), ("L/U", "L/UV", False), ("", "x", True)],
)
def test_paths_that_nest_agree(a, b, same):
    assert agree(a, b) is same


def facts(events, truths, expect=(), **more) -> Facts:
    return Facts(start=0, end=3600 * S, truths=truths, events=events, expect=expect, **more)


def test_the_score_counts_times_from_the_start():
    result = score(facts([event(110)], [fault()], (Detect("sticker"), Quiet(1))))
    row = result["faults"][0]
    assert (row["onset"], row["detected_at"], row["delay_s"], row["lead_s"]) == (100.0, 110.0, 10.0, 20.0)
    assert row["detected"]
    assert result["met"]
    assert len(result["digest"]) == 64


def test_a_fault_found_after_its_deadline_is_not_detected():
    row = score(facts([event(140)], [fault()]))["faults"][0]
    assert (row["detected"], row["lead_s"]) == (False, -10.0)


def test_a_fault_that_nobody_could_see_in_time_is_listed_and_not_counted():
    hidden = Truth(name="sticker", where=UNIT, onset=100 * S, detectable_from=140 * S, alert_deadline=130 * S,
                   expects=("breakout",))  # fmt: skip
    result = score(facts([], [hidden], (Detect("sticker"),)))
    assert not result["faults"][0]["in_time"]
    assert result["met"]


@pytest.mark.parametrize(("limit", "n", "met"), [(1, 1, False), (24, 1, True), (24, 2, False), (48, 2, True)])
def test_a_limit_of_false_alarms_is_cut_to_the_run(limit, n, met):
    events = [event(500 + i, "process") for i in range(n)]
    assert score(facts(events, [], (Quiet(limit),)))["met"] is met


def test_lost_samples_leave_no_digest():
    from edge.merge import Counts

    result = score(facts([], [], counts={"main": Counts(expected=10, received=9, lost=1)}))
    assert result["digest"] is None
    assert not result["met"]


@pytest.mark.parametrize(
    ("struck", "at", "source", "is_false"),
    [
        (150, 151, f"{UNIT}/TC_7", False),  # the mould has broken out: everything in it rings
        (150, 151, "POH/CC2/MOLD", True),  # another mould has not
        (150, 90, f"{UNIT}/TC_7", True),  # nor had this one, before
        (None, 151, f"{UNIT}/TC_7", True),  # it healed
    ],
)
def test_what_rings_after_a_breakout_is_its_aftermath(struck, at, source, is_false):
    truth = fault(struck=None if struck is None else struck * S)
    result = match([truth], [event(at, "sensor", source)])
    assert bool(result.false_alarms) is is_false
    assert bool(result.aftermath) is not is_false

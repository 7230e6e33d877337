"""The shipped models of the cold mill find its faults in time, and the strip is saved."""

from __future__ import annotations

import pytest

from testbed.coldmill.tags import UNITS
from testbed.running import run


@pytest.mark.parametrize("seed", [11, 222])
def test_chatter_is_found_within_a_fraction_of_a_second_and_the_strip_holds(seed):
    done = run("tcm-chatter", seed=seed, record="none")
    assert done.score["met"]
    found = done.score["faults"][0]
    assert found["detected_at"] < found["deadline"]
    assert found["deadline"] - found["detectable_from"] < 2.0
    assert any(done.events[0].source == f"{unit}/ACC" for unit in UNITS)
    assert all(truth.struck is None for truth in done.truths)


def test_without_a_model_the_strip_tears():
    done = run("tcm-chatter", seed=11, models=[], record="none")
    assert not done.score["met"]
    assert done.score["faults"][0]["detected_at"] is None
    assert any(truth.struck is not None for truth in done.truths)


def test_what_hums_and_is_no_chatter_raises_no_alarm():
    assert run("tcm-quiet", seed=11, record="none").score["met"]


@pytest.mark.parametrize("seed", [11, 222])
def test_a_cracked_weld_is_found_and_led_through(seed):
    done = run("tcm-strip-break", seed=seed, record="none")
    assert done.score["met"]
    assert all(truth.struck is None for truth in done.truths)


@pytest.mark.parametrize("seed", [11, 222])
def test_marks_are_found_while_gears_and_bearings_are_not_taken_for_them(seed):
    done = run("tcm-chatter-marks", seed=seed, record="none")
    assert done.score["met"]

"""Scenarios of the machines, run to their score with the shipped model."""

from __future__ import annotations

import pytest

import testbed
from anomaly.calibrate import Budget
from edge.model import OnnxModel
from testbed.train import train_on_scenario


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_the_bearing_is_found_in_time_and_nothing_else(seed):
    done = testbed.run("rot-bearing", seed=seed, record="none")
    assert done.score["met"], done.score


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rot-quiet", "rot-normal-day"])
@pytest.mark.parametrize("seed", range(1, 4))
def test_sound_machines_raise_no_alarm(name, seed):
    done = testbed.run(name, seed=seed, record="none")
    assert done.score["met"], done.score


@pytest.mark.slow
def test_the_model_can_be_trained_anew_from_its_scenario():
    data = train_on_scenario("envelope", "rot-quiet", (10_000, 10_001), Budget(1, 86400))
    assert OnnxModel(data, "envelope").card.kind == "envelope"

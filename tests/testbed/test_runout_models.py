"""Blocked descaling nozzles are found by the bar's warm zone, and nothing that resembles them is called so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.model import SHIPPED, load_model
from testbed import LookAlike, Quiet
from testbed.library import load
from testbed.running import run
from testbed.runout.fitting import VIEW
from testbed.train import FIRST_TRAINING_SEED

SCENARIO = load("descaler-blocked")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_blocked_nozzles_are_found_in_time_beside_another_pump_and_a_drifting_meter(seed):
    score = run(SCENARIO, seed=seed, record="none").score
    assert score["met"]
    assert score["faults"][0]["detected_at"] < score["faults"][0]["deadline"] - 60.0
    assert score["false_alarms"] == 0


@pytest.mark.parametrize("name", ["pump_change", "flow_meter", "header_rest"])
def test_what_resembles_blocked_nozzles_raises_no_alarm(name):
    fooling = replace(SCENARIO, name=f"only-{name}", duration=180.0, steps=(LookAlike(at=40.0, name=name),),
                      expect=(Quiet(false_alarms_per_24h=1),), responses=())  # fmt: skip
    assert run(fooling, seed=4, record="none").score["false_alarms"] == 0


def test_the_card_says_what_the_model_rests_on():
    card = load_model(SHIPPED / "runout-descaler.onnx").card.raw
    assert int(card["training"]["seeds"].split("-")[0]) >= FIRST_TRAINING_SEED
    assert (card["condition"], card["inputs"][0]["channels"]) == ("process", list(VIEW.channels))

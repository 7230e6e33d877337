"""The hot mill's scenarios are met with their shipped models; the answer to the alarm averts what would follow."""

from __future__ import annotations

import pytest

from edge.model import SHIPPED, load_model
from testbed.hotmill.fitting import MODELS
from testbed.running import run
from testbed.train import FIRST_TRAINING_SEED

NAMES = (
    "cobble",
    "gauge-drift",
    "load-cell",
    "looper-hunting",
    "servo-valve",
    "strip-walk",
    "backup-roll",
    "work-roll-spalling",
)


def test_a_quick_fault_is_found_in_time():
    score = run("hsm-strip-walk", seed=1, record="none").score
    assert score["met"]
    assert score["faults"][0]["detected"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_is_met(name, seed):
    assert run(f"hsm-{name}", seed=seed, record="none").score["met"]


@pytest.mark.parametrize("name", MODELS)
def test_the_cards_say_what_the_models_rest_on(name):
    card = load_model(SHIPPED / f"{name}.onnx").card.raw
    assert int(card["training"]["seeds"].split("-")[0]) >= FIRST_TRAINING_SEED
    assert card["condition"] == MODELS[name].condition

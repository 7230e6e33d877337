"""The caster's scenarios are met with their shipped models; the answer to the alarm averts what would follow."""

from __future__ import annotations

import pytest

from testbed.running import run

NAMES = (
    "blocked-nozzle", "bulging", "clog-release", "longitudinal-crack", "sen-clogging", "sticker", "stopper-stiction",
    "water-loss",
)  # fmt: skip


@pytest.mark.parametrize("name", ["bulging", "water-loss"])
def test_a_quick_fault_is_found_in_time(name):
    score = run(f"caster-{name}", seed=1, record="none").score
    assert score["met"]
    assert score["faults"][0]["detected"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_is_met(name, seed):
    assert run(f"caster-{name}", seed=seed, record="none").score["met"]

"""The shipped spectrum of the mill finds a bad roll within the coil, and takes nothing else for one."""

from __future__ import annotations

import pytest

from edge.model import SHIPPED, load_model
from testbed.mill import Mill, tags
from testbed.running import Run, run
from testbed.scenario import Fault, LookAlike, Scenario, SetPoint
from testbed.train import FIRST_TRAINING_SEED


def coil(*steps: Fault | LookAlike | SetPoint, seed: int = 1, **mill: float | bool) -> Run:
    """What is found in most of a coil."""
    spec = Scenario(name="coil", plant=Mill(coil_s=96.0, **mill), duration=70.0, steps=steps, tick_s=1.0)
    return run(spec, seed=seed, models=["spectrum"], record="none")


@pytest.mark.parametrize("seed", [11, 222, 333])
def test_the_scenario_is_met(seed):
    done = run("hsm-eccentricity", seed=seed, record="none")
    assert done.score["met"]
    assert done.score["faults"][0]["delay_s"] < 30.0
    assert done.events[0].source == tags.UNIT
    assert done.events[0].evidence[0][0] == f"{tags.UNIT}/ROLL_FORCE"


@pytest.mark.parametrize("agc", [False, True])
@pytest.mark.parametrize("turns", [0.5, 2.5])
def test_a_bad_roll_is_found_at_either_end_of_its_speed_with_and_without_control(turns, agc):
    done = coil(Fault(at=14.0, name="eccentricity", params={"amplitude": 15}), turns=turns, agc=agc)
    assert done.score["faults"][0]["detected"]


@pytest.mark.parametrize("agc", [False, True])
@pytest.mark.parametrize(("turns", "frequency"), [(0.5, 0.2), (0.5, 0.5 / 3), (0.55, 0.1375), (1.0, 0.1)])
def test_skid_marks_are_not_called_eccentricity_even_where_their_overtones_meet_the_roll(turns, frequency, agc):
    marks = LookAlike(at=4.0, name="skid_marks", params={"heat": 15, "frequency": frequency, "duration": 60})
    assert coil(marks, turns=turns, agc=agc).events == []


def test_control_put_on_and_off_and_a_change_of_speed_are_not_either():
    steps = (
        SetPoint(at=20.0, name="agc_on", value=0), LookAlike(at=30.0, name="speed_change", params={"factor": 0.85}),
        SetPoint(at=45.0, name="agc_on", value=1), LookAlike(at=50.0, name="coil_change"),
    )  # fmt: skip
    assert coil(*steps, turns=1.5).events == []


def test_the_card_says_what_it_rests_on():
    card = load_model(SHIPPED / "mill-spectrum.onnx").card.raw
    assert card["training"]["data"] == "scenario:hsm-quiet"
    assert int(card["training"]["seeds"].split("-")[0]) >= FIRST_TRAINING_SEED
    assert card["choices"]["axis"] == "orders"
    assert card["calibration"]["normal_hours"] > 5.0
    assert card["condition"] == "machine"

"""What the hot mill's faults lead to if nobody acts, what heals them, and how control hides them."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.times import SECOND
from testbed.hotmill import HotMill
from testbed.plant import START, Action
from tests.testbed.hotmill.rolled import checks, delivery, gaps, ripple, rolled, stands, true_thickness


@pytest.fixture(scope="module")
def rolling():
    """All stands hold strip, and 30 s are left."""
    plant = HotMill(grade="SPHC", coil_s=48.0).build(3, START)
    rolled(plant, 26.0)
    return plant


@pytest.mark.parametrize(
    ("name", "params", "within"),
    [
        ("cobble", {"creep": 0.9}, 12.0),
        ("strip_walk", {"rate": 0.12}, 10.0),
        ("looper_hunting", {"growth": 0.45, "frequency": 1.0}, 16.0),
        ("servo_valve", {"severity": 1.0, "left": 5.0}, 10.0),
    ],
)
def test_nobody_acts_and_the_mill_stops(name, params, within, rolling):
    plant = rolling.copy()
    plant.inject(name, "", params, 1)
    force = stands(rolled(plant, within + 3.0), "ROLL_FORCE")
    assert 1.0 < (plant.struck(1) - rolling.present) / SECOND < within
    assert plant.is_stopped
    assert force[-1].max() < 0.1


@pytest.mark.parametrize(
    ("name", "where", "params"),
    [
        ("gauge_drift", "", {"rate": 3.0}),
        pytest.param("eccentricity", "F7", {"amplitude": 40.0}, marks=pytest.mark.slow),
        pytest.param("work_roll_spalling", "F7", {}, marks=pytest.mark.slow),
    ],
)
def test_nobody_acts_and_the_coil_is_rejected_at_its_tail(name, where, params, rolling):
    plant = rolling.copy()
    plant.inject(name, where, params, 1)
    rolled(plant, 44.0)
    assert plant.struck(1) is not None
    assert not plant.is_stopped


@pytest.mark.parametrize(
    ("name", "params", "after", "setpoint", "value"),
    [
        ("cobble", {"creep": 0.8}, 2.0, "rematch_speeds", 1.0),
        ("strip_walk", {"rate": 0.08}, 2.0, "level_rolls", 1.0),
        ("looper_hunting", {"growth": 0.3, "frequency": 0.8}, 4.0, "looper_safe", 1.0),
        ("servo_valve", {"severity": 1.0, "left": 5.0}, 3.0, "agc_on", 0.0),
    ],
)
def test_the_answer_heals_and_nothing_strikes(name, params, after, setpoint, value, rolling):
    plant = rolling.copy()
    plant.inject(name, "", params, 1)
    rolled(plant, after)
    plant.act(Action(plant.present, setpoint, value))
    rolled(plant, 14.0)
    assert plant.cleared(1) is not None
    assert plant.struck(1) is None
    assert not plant.is_stopped


def test_a_spalled_roll_is_gone_with_the_next_coil(rolling):
    plant = rolling.copy()
    plant.inject("work_roll_spalling", "F6", {}, 1)
    plant.act(Action(plant.present, "change_roll", 1.0))
    rolled(plant, 44.0)
    assert plant.things[1].is_gone


def test_a_drifting_gauge_shows_the_thickness_asked_for_while_the_steel_goes_off(rolling):
    """A constant limit on what control holds does not find it; mass flow does."""
    plant = rolling.copy()
    plant.inject("gauge_drift", "", {"rate": 2.5}, 1)
    since = plant.present
    got = rolled(plant, 20.0)
    shown = delivery(got, "H_X")
    assert np.abs(shown - 2.3).max() < 0.015
    assert abs(shown[-2000:].mean() - 2.3) < 0.006
    assert abs(true_thickness(plant, since)[-200:].mean() - 2.3) > 0.030
    assert np.abs(checks(got, "MASS_DEV")[-10:]).min() > 25.0
    plant.act(Action(plant.present, "monitor_on", 0.0))
    rolled(plant, 5.0)
    since = plant.present
    rolled(plant, 2.0)
    assert abs(true_thickness(plant, since).mean() - 2.3) < 0.012


def test_an_eccentric_roll_shows_in_the_force_and_not_in_the_gaugemeter_of_a_slow_stand(rolling):
    """At the second stand, 0.4 turns a second: control holds the gaugemeter, and rolls the roll into the strip."""
    seen = {}
    turns = float(rolling.line.bar.lines.roll[1]) / (np.pi * 1.5)
    for amplitude in (0.0, 40.0):
        plant = rolling.copy()
        plant.inject("eccentricity", "F2", {"amplitude": amplitude, "harmonic": 0}, 1)
        rolled(plant, 2.0)
        got = rolled(plant, 15.0)
        seen[amplitude] = [ripple(stands(got, name)[:, 1], turns, 1000.0) for name in ("ROLL_FORCE", "H_GM")]
    force, gauge = np.array(seen[40.0]) - np.array(seen[0.0])
    assert force > 0.08  # MN, of 5 MN/mm and 40 um
    assert 1e3 * gauge < 8.0  # um, of 40


def test_the_notch_takes_the_eccentric_roll_out_of_the_control(rolling):
    plant = rolling.copy()
    turns = float(rolling.line.bar.lines.roll[6]) / (np.pi * 1.5)
    plant.inject("eccentricity", "F7", {"amplitude": 40, "harmonic": 0}, 1)
    rolled(plant, 2.0)
    seen = []
    for on in (0.0, 1.0):
        plant.act(Action(plant.present, "eccentricity_notch", on))
        rolled(plant, 6.0)
        since = plant.present
        rolled(plant, 6.0)
        seen.append(1e3 * ripple(true_thickness(plant, since), turns, 100.0))
    assert seen[0] > 20.0
    assert seen[1] < 11.0
    assert plant.cleared(1) is not None


def test_a_hunting_looper_swings_wider_and_wider_and_pulls_the_strip(rolling):
    plant = rolling.copy()
    plant.inject("looper_hunting", "F4", {"growth": 0.4, "frequency": 0.9}, 1)
    got = rolled(plant, 8.0)
    angle, tension = gaps(got, "LPR_ANG")[:, 3], gaps(got, "TENS")[:, 3]
    swings = [np.ptp(angle[at : at + 1500]) for at in (2000, 4000, 6000)]
    assert swings[0] < 0.8 * swings[1] < 0.64 * swings[2]
    pulls = [np.ptp(tension[at : at + 1500]) for at in (2000, 6000)]
    assert pulls[1] > 2.0 * pulls[0]

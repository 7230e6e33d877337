"""The finishing mill does what published figures say, read as a client would read its tags."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.items import Context
from connectors.times import SECOND
from testbed.hotmill import HotMill, tags
from testbed.hotmill.looper import TARGET
from testbed.hotmill.schedule import TENSION, THICK, THIN, Lines
from testbed.mill.stand import STIFFNESS
from testbed.plant import START, Action
from tests.testbed.hotmill.rolled import delivery, gaps, ripple, rolled, stands, true_thickness

FORCES = {  # MN, F1 to F7
    "SPHC": (18.8, 18.2, 17.4, 15.6, 13.7, 13.1, 11.6),
    "SS400": (22.3, 20.6, 18.5, 15.1, 13.9, 12.4, 12.3),
}
SPEEDS = (1.32, 2.13, 3.29, 4.77, 6.57, 8.72, 11.0)  # m/s of the strip, first schedule
POWERS = (4.0, 4.8, 5.5, 5.6, 5.6, 6.0, 5.6)  # MW
SLOW = {"even": True, "coil_s": 85.0}


@pytest.mark.parametrize(("grade", "width"), [("SPHC", 1250.0), ("SS400", 1500.0)])
def test_force_of_both_published_schedules_within_five_percent(grade, width):
    plant = HotMill(grade=grade, width=width, **SLOW).build(1, START)
    rolled(plant, 30.0)
    got = rolled(plant, 2.0)
    assert stands(got, "ROLL_FORCE").mean(axis=0) == pytest.approx(FORCES[grade], rel=0.05)
    if grade == "SPHC":
        slip = Lines.of(THIN, 1250.0).slip
        assert stands(got, "ROLL_SPEED").mean(axis=0) * (1.0 + slip) == pytest.approx(SPEEDS, rel=0.01)
        assert stands(got, "MOTOR_P").mean(axis=0) == pytest.approx(POWERS, rel=0.06)
        assert slip[[0, -1]] == pytest.approx((0.09, 0.05), abs=0.005)


def test_an_ordinary_coil_lies_on_its_schedule_too():
    plant = HotMill(grade="SPHC", width=1250.0).build(3, START)
    rolled(plant, 40.0)
    got = rolled(plant, 5.0)
    assert stands(got, "ROLL_FORCE").mean(axis=0) == pytest.approx(FORCES["SPHC"], rel=0.05)
    assert delivery(got, "H_X").mean() == pytest.approx(2.3, abs=0.005)
    assert 840.0 < delivery(got, "T_FDT").mean() < 900.0


def test_answers_of_the_stands_as_published():
    lines = Lines.of(THIN, 1250.0)
    total = STIFFNESS + lines.plastic
    assert lines.plastic == pytest.approx((1.9, 3.4, 5.7, 8.9, 12.8, 18.7, 25.8), rel=0.05)
    assert STIFFNESS / total == pytest.approx((0.72, 0.60, 0.47, 0.36, 0.28, 0.21, 0.16), abs=0.01)
    assert 1e3 * lines.by_heat * -20.0 / total == pytest.approx((104, 87, 69, 51, 38, 30, 22), rel=0.06)
    assert 1e3 * lines.by_entry * 0.05 / total == pytest.approx((8, 12, 17, 21, 25, 28, 31), abs=0.7)


@pytest.mark.parametrize(
    ("agc", "speed", "true_um", "gauge_um", "force"),
    [
        (False, 1.0, (5.5, 6.5), (23.0, 25.0), 0.12),
        (True, 1.0, (21.0, 24.0), (19.0, 22.0), 0.46),
        pytest.param(True, 0.6, (26.0, 30.0), (12.0, 16.0), 0.54, marks=pytest.mark.slow),
    ],
)
def test_gauge_control_rolls_an_eccentric_backup_roll_into_the_strip(agc, speed, true_um, gauge_um, force):
    """30 um at the last stand with Q = 20 MN/mm: +-6 um without control, +-22 ... 30 um with it."""
    plant = HotMill(grade="SPHC", width=969.0, agc=agc, monitor=False, **SLOW).build(1, START)
    plant.act(Action(START, "mill_speed", speed))
    rolled(plant, 34.0)
    plant.inject("eccentricity", "F7", {"amplitude": 30, "harmonic": 0}, 1)
    rolled(plant, 3.0)
    since = plant.present
    got = rolled(plant, 15.0)
    turns = speed * float(plant.line.bar.lines.roll[-1]) / (np.pi * 1.5)
    assert true_um[0] <= 1e3 * ripple(true_thickness(plant, since), turns, 100.0) <= true_um[1]
    assert gauge_um[0] <= 1e3 * ripple(stands(got, "H_GM")[:, -1], turns, 1000.0) <= gauge_um[1]
    assert ripple(stands(got, "ROLL_FORCE")[:, -1], turns, 1000.0) == pytest.approx(force, abs=0.03)


def test_control_evens_out_skid_marks_that_would_pass_seven_stands():
    seen = {}
    for agc in (False, True):
        plant = HotMill(grade="SPHC", width=1250.0, agc=agc, **SLOW).build(1, START)
        rolled(plant, 14.0)
        plant.inject("skid_marks", "", {"heat": 13, "frequency": 0.15, "duration": 70}, 1)
        rolled(plant, 15.0)
        since = plant.present
        force = stands(rolled(plant, 20.0), "ROLL_FORCE")
        seen[agc] = 1e3 * ripple(true_thickness(plant, since), 0.15, 100.0)
        assert 0.3 < ripple(force[:, 0], 0.15, 1000.0) < 0.5  # MN
    assert seen[False] > 10.0  # um
    assert seen[True] < 1.5


def test_a_tenth_of_a_percent_of_speed_makes_a_fifth_of_a_megapascal():
    """Loopers locked, E = 100 GPa: 0.15 ... 0.25 MPa; slip regulates it, or it would be 180 MPa/s for 1 cm/s."""
    spec = HotMill(grade="SPHC", width=1250.0, agc=False, monitor=False, loopers=False, **SLOW)
    plant = spec.build(1, START)
    rolled(plant, 28.0)
    before = gaps(rolled(plant, 2.0), "TENS").mean(axis=0)
    plant.act(Action(plant.present, "speed_trim", -0.1))
    rolled(plant, 1.0)
    more = gaps(rolled(plant, 2.0), "TENS").mean(axis=0) - before
    assert 0.15 <= more[4] <= 0.25
    assert np.abs(np.delete(more, 4)).max() < 0.05


def test_loopers_hold_their_angle_and_the_strip_its_tension():
    plant = HotMill(grade="SPHC").build(5, START)
    rolled(plant, 30.0)
    got = rolled(plant, 5.0)
    assert gaps(got, "LPR_ANG").mean(axis=0) == pytest.approx([np.degrees(TARGET)] * 6, abs=0.5)
    assert gaps(got, "TENS").mean(axis=0) == pytest.approx(TENSION, abs=0.2)
    assert gaps(got, "TENS").std(axis=0).max() < 0.4


def test_the_head_threads_stand_by_stand_and_the_tail_leaves_them_one_by_one():
    plant = HotMill(grade="SPHC", coil_s=26.0).build(2, START)
    force = stands(rolled(plant, 48.0), "ROLL_FORCE")
    there = force > 5.0
    heads, tails = there.argmax(axis=0), len(there) - there[::-1].argmax(axis=0)
    way = 5.5 / (0.85 * np.array(SPEEDS[:-1]))
    assert np.diff(heads) / 1e3 == pytest.approx(way, rel=0.1)
    assert (np.diff(tails) > 0).all()
    assert force[heads[6] + 500 : tails[0] - 500].min() > 5.0


def test_the_x_ray_gauge_sees_the_strip_two_metres_late():
    plant = HotMill(grade="SPHC", width=1250.0, monitor=False, **SLOW).build(1, START)
    rolled(plant, 30.0)
    plant.inject("eccentricity", "F7", {"amplitude": 40}, 1)
    rolled(plant, 3.0)
    since = plant.present
    gauge = delivery(rolled(plant, 10.0), "H_X")[9::10]
    true = true_thickness(plant, since)
    late = [np.corrcoef(gauge[k:], true[: len(true) - k])[0, 1] for k in range(40)]
    assert int(np.argmax(late)) == pytest.approx(18.2 + 2.0, abs=1.5)  # 2 m at 11 m/s, and the gauge's lag, in 10 ms


def test_heat_is_lost_about_twenty_kelvin_a_stand_and_speed_brings_it_back():
    lines = Lines.of(THIN, 1250.0)
    assert -np.diff(lines.heat).mean() == pytest.approx(21.7, abs=0.1)
    assert (Lines.of(THICK, 1500.0).cooling.spray > 0.0).all()
    plant = HotMill(grade="SPHC", width=1250.0, **SLOW).build(1, START)
    rolled(plant, 30.0)
    fast = delivery(rolled(plant, 2.0), "T_FDT").mean()
    plant.act(Action(plant.present, "mill_speed", 0.8))
    rolled(plant, 12.0)
    assert 20.0 < fast - delivery(rolled(plant, 2.0), "T_FDT").mean() < 60.0


def test_coils_follow_each_other_with_their_papers_widths_and_grades():
    plant = HotMill(coil_s=12.0, wait_s=4.0).build(1, START)
    texts = [item for item in plant.advance(START + 56 * SECOND) if isinstance(item, Context)]
    ids = [t.text for t in texts if t.tag.short == "COIL_ID"]
    assert len(ids) == len(set(ids)) >= 2
    bars = [plant._bar(number)[0].lines for number in range(12)]
    assert {lines.schedule.grade for lines in bars} == {"SPHC", "SS400"}
    assert len({lines.width for lines in bars}) == 12


def test_there_are_a_hundred_and_twenty_tags_at_a_kilohertz():
    assert sum(len(group.tags) for group in tags.FAST) == 120
    assert all(tag.rate_hz == 1000.0 for group in tags.FAST for tag in group.tags)
    names = [tag.name for group in tags.GROUPS for tag in group.tags]
    assert len(names) == len(set(names))

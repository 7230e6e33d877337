"""The hot mill as a plant: the same bytes however time is cut, twins that go their own way, refusals in words."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from testbed.hotmill import HotMill, tags
from testbed.hotmill.schedule import THIN, Lines
from testbed.hotmill.system import RATE, SLEW, STRESS, Shape
from testbed.hotmill.train import Train
from testbed.hotmill.troubles import FAULTS, KINDS, LOOKALIKES
from testbed.plant import START, Action
from tests.testbed.hotmill.rolled import rolled

SHORT = HotMill(coil_s=12.0, wait_s=2.0)


@pytest.fixture(scope="module")
def rolling():
    """A mill with strip in all stands; take a copy."""
    plant = HotMill(grade="SPHC").build(9, START)
    rolled(plant, 18.0)
    return plant


@pytest.mark.parametrize("step", [0.001, 0.037, pytest.param(0.35, marks=pytest.mark.slow)])
def test_samples_do_not_depend_on_how_time_is_cut(step):
    whole, cut = SHORT.build(5, START), SHORT.build(5, START)
    got = []
    for plant, by in ((whole, 20.0), (cut, step)):
        rolled(plant, 4.0, by)
        plant.inject("servo_valve", "F2", {}, 1)
        plant.act(Action(plant.present + 333_000_000, "eccentricity_notch", 1.0))
        got.append(rolled(plant, 3.0 if step < 0.01 else 19.0, by))
    for name, values in got[0].items():
        assert np.array_equal(values, got[1][name]), name


@pytest.mark.parametrize("name", KINDS)
def test_trouble_leaves_the_noise_of_all_other_tags_as_it_is(name, rolling):
    """No draw of any stream moves."""
    plant, twin = rolling.copy(), rolling.copy()
    twin.inject(name, "", {}, 1)
    for one in (plant, twin):
        rolled(one, 0.5)
    for group in tags.FAST:
        assert np.array_equal(plant._rows[group.name].noise(), twin._rows[group.name].noise())
    for group in tags.SLOW:
        assert np.array_equal(plant._slow[group.name]._noise.take(3), twin._slow[group.name]._noise.take(3))
    assert np.array_equal(plant.line._noise.take(3), twin.line._noise.take(3))


def test_a_bad_roll_leaves_what_it_does_not_touch_bit_identical(rolling):
    plant, twin = rolling.copy(), rolling.copy()
    twin.inject("eccentricity", "F7", {}, 1)
    a, b = rolled(plant, 0.5), rolled(twin, 0.5)
    assert np.array_equal(a["delivery"][:, 1:3], b["delivery"][:, 1:3])  # heat before and behind
    assert not np.array_equal(a["stands"], b["stands"])


def test_a_copy_goes_its_own_way(rolling):
    plant, twin, fresh = rolling.copy(), rolling.copy(), rolling.copy()
    for key, name in enumerate(("eccentricity", "skid_marks", "speed_change", "load_cell")):
        twin.inject(name, "", {}, key)
    twin.act(Action(twin.present, "agc_on", 0.0))
    rolled(twin, 3.0)
    a, b = rolled(plant, 3.0), rolled(fresh, 3.0)
    assert all(np.array_equal(a[name], b[name]) for name in a)


def test_bounds_hold_at_every_step_and_change_nothing_where_nothing_reaches_them():
    lines, shapes = Lines.of(THIN, 1250.0), [Shape(0, 6, 1.0)] * 10
    rng = np.random.default_rng(1)
    u = 1e-3 * rng.standard_normal((100, 36))

    def still(part, x, system):
        return np.zeros(20)

    free, bounded = Train(), Train()
    free.x[STRESS] = bounded.x[STRESS] = 0.0
    a = free.roll(lines, u, shapes, still, lambda: None)
    b = bounded.roll(lines, u, shapes, still, lambda: None, push=lambda x: None)
    assert np.allclose(a.x, b.x, rtol=1e-9, atol=1e-13)  # but for rounding
    u[40:45, 7:14] += 8.0  # MN at once
    u[60:, 28:35] += 40.0  # mm/s that the valves would run
    again = []
    hard = Train()
    hard.x[STRESS] = 0.0
    got = hard.roll(lines, u, shapes, still, lambda: again.append(True))
    assert again
    assert np.abs(got.x[:, RATE]).max() <= SLEW
    assert np.abs(np.diff(got.x[:, :7], axis=0)).max() <= SLEW * 1e-3 + 1e-12


@pytest.mark.parametrize(
    ("name", "where", "params", "sentence"),
    [
        ("eccentricty", "", {}, "Did you mean 'eccentricity'"),
        ("eccentricity", "F9", {}, "'F9' is no place"),
        ("looper_hunting", "F7", {}, "F1 to F6"),
        ("skid_marks", "F3", {}, "Leave the place out"),
        ("eccentricity", "", {"amplitud": 1.0}, "takes no parameter 'amplitud'"),
        ("skid_marks", "", {"heat": "hot"}, "heat must be a number"),
    ],
)
def test_a_script_that_asks_for_what_there_is_not_is_told_so(name, where, params, sentence):
    plant = SHORT.build(1, START)
    with pytest.raises(InputError, match=sentence):
        plant.inject(name, where, params, 1)


def test_unknown_set_points_grades_and_wild_values_are_refused():
    plant = SHORT.build(1, START)
    with pytest.raises(InputError, match="agc_on"):
        plant.act(Action(START, "agc_onn", 1.0))
    with pytest.raises(InputError, match=r"0\.6 to 1\.1"):
        plant.act(Action(START, "mill_speed", 7.0))
    with pytest.raises(InputError, match="SPHC"):
        HotMill(grade="SPHD").build(1, START)


def test_every_stand_can_be_named_and_every_fault_has_look_alikes_three_to_one():
    plant = SHORT.build(1, START)
    for i in range(7):
        assert plant.copy().inject("load_cell", f"F{i + 1}", {}, 1).where == tags.PLACES[i]
    assert len(FAULTS) == 8
    assert len(LOOKALIKES) >= 8


def test_a_run_hands_over_the_true_thickness_beside_its_tags():
    from testbed.running import run
    from testbed.scenario import Scenario

    done = run(Scenario(name="hot", plant=SHORT, duration=20.0, tick_s=1.0), models=[])
    true = done.true_signals()[f"{tags.EXIT}/TRUE_THICKNESS"]
    assert len(true) == 2000
    assert true.drop_nulls().drop_nans().mean() == pytest.approx(4.0, abs=0.1) or true.drop_nans().mean() < 2.5
    assert not any(tag.short == "TRUE_THICKNESS" for group in done.groups for tag in group.tags)

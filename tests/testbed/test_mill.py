"""The stand does what published figures say, read as a client would read its tags; the truth is read beside them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Batch, Context
from connectors.times import SECOND
from testbed.mill import Mill, tags
from testbed.mill.rolling import Pass, SetUp
from testbed.mill.unit import KNOT_NS, MillPlant
from testbed.plant import START, Action


def rolled(plant, seconds: float, step: float = 1.0) -> dict[str, np.ndarray]:
    """Measured values by group, (n, k), of `seconds` of rolling handed out in steps."""
    rows: dict[str, list[np.ndarray]] = {}
    end = plant.present + round(seconds * SECOND)
    while plant.present < end:
        for item in plant.advance(min(end, plant.present + round(step * SECOND))):
            if isinstance(item, Batch):
                rows.setdefault(item.group, []).append(item.values)
    return {name: np.concatenate(parts) for name, parts in rows.items()}


def column(group, name: str) -> int:
    return [tag.short for tag in group.tags].index(name)


def ripple(values: np.ndarray, hz: float, rate: float) -> float:
    """Amplitude at one frequency, a straight line taken out."""
    t = np.arange(len(values)) / rate
    base = np.column_stack([np.cos(2 * np.pi * hz * t), np.sin(2 * np.pi * hz * t), np.ones_like(t), t])
    return float(np.hypot(*np.linalg.lstsq(base, values, rcond=None)[0][:2]))


def true_ripple(plant, since: int, hz: float) -> float:
    time, thickness = plant.probe.read()
    return 1e3 * ripple(thickness[time > since], hz, 100.0)


F1_TO_F7 = [  # entry, exit mm, Cel, work-roll radius mm, m/s, force MN, plastic stiffness MN/mm
    (32.0, 19.2, 1010, 380, 1.32, 18.8, 1.9),
    (19.2, 11.9, 988, 380, 2.13, 18.2, 3.4),
    (11.9, 7.7, 967, 380, 3.29, 17.4, 5.7),
    (7.7, 5.3, 945, 370, 4.77, 15.6, 8.9),
    (5.3, 3.85, 923, 350, 6.57, 13.7, 12.8),
    (3.85, 2.9, 902, 345, 8.72, 13.1, 18.7),
    (2.9, 2.3, 880, 340, 11.0, 11.6, 25.8),
]


@pytest.mark.parametrize(("entry", "exit_mm", "heat", "radius", "speed", "force", "plastic"), F1_TO_F7)
def test_force_and_plastic_stiffness_of_the_published_schedule(entry, exit_mm, heat, radius, speed, force, plastic):
    """1250 mm wide, 0.05 % carbon; within 5 %."""
    work = Pass(entry, exit_mm, heat, radius, speed)
    assert 1250.0 * work.rolled().force == pytest.approx(force, rel=0.05)
    setup = SetUp.of(work, plastic)
    assert setup.width == pytest.approx(1250.0, rel=0.05)


def test_the_last_stand_answers_to_entry_heat_and_slip_as_published():
    setup = SetUp.of(Pass(), 25.8)
    stiff = 5.0 + setup.plastic
    assert 1e3 * setup.by_temperature * -20.0 / stiff == pytest.approx(22.0, rel=0.06)  # um
    assert 1e3 * setup.by_entry * 0.05 / stiff == pytest.approx(31.0, rel=0.06)  # um
    assert setup.slip == pytest.approx(0.054, abs=0.002)
    assert setup.torque * setup.force == pytest.approx(184.0, rel=0.05)  # kNm


@pytest.mark.parametrize(
    ("turns", "agc", "true_um", "gauge_um", "force"),
    [
        (0.5, False, (5.5, 6.5), (23.0, 25.0), 0.12),
        (0.5, True, (27.0, 31.0), (5.0, 7.0), 0.59),
        (2.33, False, (5.5, 6.5), (23.0, 25.0), 0.12),
        (2.33, True, (21.0, 23.0), (20.0, 22.0), 0.44),
    ],
)
def test_gauge_control_rolls_a_roll_of_thirty_micrometres_into_the_strip(turns, agc, true_um, gauge_um, force):
    plant = Mill(turns=turns, agc=agc, coil_s=80.0).build(1, START)
    rolled(plant, 18.0)
    plant.inject("eccentricity", "", {"amplitude": 30, "harmonic": 0}, 1)
    rolled(plant, 6.0)
    since = plant.present
    fast = rolled(plant, 40.0)["fast"]
    assert true_um[0] <= true_ripple(plant, since, turns) <= true_um[1]
    assert gauge_um[0] <= 1e3 * ripple(fast[:, column(tags.FAST, "H_GM")], turns, 1000.0) <= gauge_um[1]
    assert ripple(fast[:, column(tags.FAST, "ROLL_FORCE")], turns, 1000.0) == pytest.approx(force, abs=0.02)


def test_the_notch_takes_the_ripple_back_out_while_control_goes_on():
    plant = Mill(turns=0.8, coil_s=90.0).build(2, START)
    rolled(plant, 12.0)
    plant.inject("eccentricity", "", {"amplitude": 30, "harmonic": 0}, 1)
    rolled(plant, 20.0)
    assert true_ripple(plant, plant.present - 10 * SECOND, 0.8) > 25.0
    plant.act(Action(plant.present, "eccentricity_notch", 1.0))
    rolled(plant, 15.0)
    assert plant.cleared(1) is not None
    rolled(plant, 20.0)
    assert true_ripple(plant, plant.present - 20 * SECOND, 0.8) < 8.0
    assert plant.agc_on


def test_control_evens_out_skid_marks_which_pass_without_it():
    """12 K at 0.15 Hz: 13 um without control, about 1 um with it, apart from the monitor."""
    seen = {}
    for agc in (False, True):
        plant = Mill(turns=1.5, agc=agc, coil_s=90.0).build(3, START)
        rolled(plant, 16.0)
        plant.inject("skid_marks", "", {"heat": 13.4, "frequency": 0.15, "duration": 70}, 1)
        rolled(plant, 5.0)
        rolled(plant, 40.0)
        seen[agc] = true_ripple(plant, plant.present - 40 * SECOND, 0.15)
    assert seen[False] == pytest.approx(13.4, abs=2.0)
    assert seen[True] < 2.5


def test_the_x_ray_gauge_sees_the_true_thickness_two_metres_late():
    plant = Mill(turns=0.5, coil_s=90.0).build(1, START)
    rolled(plant, 18.0)
    plant.inject("eccentricity", "", {"amplitude": 30, "harmonic": 0}, 1)
    rolled(plant, 5.0)
    since = plant.present
    gauge = rolled(plant, 40.0)["gauge"][:, column(tags.GAUGE, "H_X")]
    time, true = plant.probe.read()
    true = true[time > since][9::10]
    late = [np.corrcoef(gauge[k:], true[: len(true) - k])[0, 1] for k in range(15)]
    assert int(np.argmax(late)) == 8  # 2 m at 2.48 m/s: 0.8 s


def test_measured_is_not_true():
    plant = Mill(turns=1.0).build(3, START)
    rolled(plant, 20.0)
    force = rolled(plant, 2.0)["fast"][:, column(tags.FAST, "ROLL_FORCE")]
    assert np.allclose(np.rint(force / 0.002) * 0.002, force)  # quantised
    assert 0.01 < np.diff(force).std() / np.sqrt(2.0) < 0.02  # and noisy


@pytest.mark.parametrize("step", [0.001, 0.037, 0.1, 0.35])
def test_samples_do_not_depend_on_how_time_is_cut(step):
    spec = Mill(turns=1.0, coil_s=6.0, wait_s=2.0)
    whole, cut = spec.build(5, START), spec.build(5, START)
    got = []
    for plant, by in ((whole, 20.0), (cut, step)):
        rolled(plant, 3.0, by)
        plant.inject("eccentricity", "", {}, 1)
        plant.act(Action(plant.present + 333_000_000, "eccentricity_notch", 1.0))
        got.append(rolled(plant, 9.0, by))
    for name, values in got[0].items():
        assert np.array_equal(values, got[1][name]), name
    assert np.array_equal(whole.probe.read()[1], cut.probe.read()[1], equal_nan=True)


def test_coils_follow_each_other_with_their_papers():
    plant = Mill(turns=1.0, coil_s=6.0, wait_s=2.0).build(1, START)
    texts = [item for item in plant.advance(START + 20 * SECOND) if isinstance(item, Context)]
    assert [t.tag.short for t in texts] == ["COIL_ID", "GRADE"] * 3
    assert len({t.text for t in texts}) == 3 + 1  # three coils of one grade
    force = rolled(plant, 20.0)["fast"][:, 0]
    assert force.min() < 0.1  # MN, no strip in the stand
    assert force.max() > 8.0


def test_nobody_acts_and_the_coil_is_rejected_at_its_tail():
    plant = Mill(turns=0.5, coil_s=40.0).build(7, START)
    rolled(plant, 10.0)
    plant.inject("eccentricity", "", {"amplitude": 30}, 1)
    rolled(plant, 40.0)
    assert plant.struck(1) == pytest.approx(START + 42 * SECOND, abs=KNOT_NS)


def test_without_control_the_coil_is_good_and_nothing_strikes():
    plant = Mill(turns=0.5, agc=False, coil_s=40.0).build(7, START)
    rolled(plant, 10.0)
    plant.inject("eccentricity", "", {"amplitude": 20}, 1)
    rolled(plant, 40.0)
    assert plant.struck(1) is None


@pytest.mark.parametrize("name", ["skid_marks", "speed_change", "agc_toggle", "coil_change"])
def test_look_alikes_pass(name):
    plant = Mill(turns=1.0).build(4, START)
    rolled(plant, 20.0)
    injection = plant.inject(name, "", {}, 1)
    rolled(plant, injection.duration_s + 1.0)
    assert plant.cleared(1) is not None
    assert injection.forbids == ("machine",)
    assert plant.agc_on


def test_a_bad_roll_leaves_the_drive_bit_identical():
    plant = Mill(turns=1.0).build(9, START)
    rolled(plant, 20.0)
    healthy = plant.copy()
    plant.inject("eccentricity", "", {}, 1)
    a, b = rolled(plant, 5.0), rolled(healthy, 5.0)
    speed = column(tags.FAST, "BUR_SPEED")
    assert np.array_equal(a["fast"][:, speed], b["fast"][:, speed])
    assert not np.array_equal(a["fast"][:, 0], b["fast"][:, 0])
    assert np.array_equal(a["stand"], b["stand"])


def test_a_copy_goes_its_own_way():
    plant = Mill().build(2, START)
    rolled(plant, 20.0)
    twin = plant.copy()
    twin.inject("eccentricity", "", {}, 1)
    twin.inject("skid_marks", "", {}, 2)
    twin.act(Action(twin.present, "agc_on", 0.0))
    rolled(twin, 30.0)
    fresh = Mill().build(2, START)
    rolled(fresh, 20.0)
    a, b = rolled(plant, 30.0), rolled(fresh, 30.0)
    assert all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("name", "where", "params", "sentence"),
    [
        ("eccentricty", "", {}, "Did you mean 'eccentricity'"),
        ("eccentricity", "F3", {}, "'F3' is no place at the mill"),
        ("eccentricity", "", {"amplitud": 1.0}, "takes no parameter 'amplitud'"),
        ("skid_marks", "", {"heat": "hot"}, "heat must be a number"),
    ],
)
def test_a_script_that_asks_for_what_there_is_not_is_told_so(name, where, params, sentence):
    plant = Mill().build(1, START)
    with pytest.raises(InputError, match=sentence):
        plant.inject(name, where, params, 1)


def test_unknown_set_points_and_wild_values_are_refused():
    plant = Mill().build(1, START)
    with pytest.raises(InputError, match="agc_on"):
        plant.act(Action(START, "agc_onn", 1.0))
    with pytest.raises(InputError, match="0 or 1"):
        plant.act(Action(START, "agc_on", 7.0))


def test_a_run_hands_over_the_true_thickness_beside_its_tags(tmp_path):
    from testbed.running import run
    from testbed.scenario import Scenario

    spec = Scenario(name="mill", plant=Mill(turns=1.0), duration=6.0)
    done = run(spec, models=[], out=tmp_path / "run")
    true = done.true_signals()
    assert true.columns == ["time", f"{tags.UNIT}/TRUE_THICKNESS"]
    assert len(true) == 600
    assert true[f"{tags.UNIT}/TRUE_THICKNESS"].drop_nulls().mean() == pytest.approx(2.3, abs=0.05)
    assert (tmp_path / "run" / "truth.parquet").is_file()
    assert not any(tag.short == "TRUE_THICKNESS" for group in done.groups for tag in group.tags)


def test_the_page_about_the_mill_shows_what_its_block_prints(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "plant" / "mill.md").read_text(encoding="utf-8")
    code, shown = (re.search(rf"```{kind}\n(.*?)```", page, re.DOTALL)[1] for kind in ("python", "text"))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == shown, done.stderr
    for group in tags.GROUPS:
        assert all(f"`{tag.short}`" in page for tag in group.tags)
    assert all(f"`{name}`" in page for name in (*MillPlant.KINDS, *MillPlant.SETPOINTS))

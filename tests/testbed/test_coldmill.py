"""The cold mill does what published figures say, read as a client would read its tags."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Batch, Context
from connectors.times import SECOND
from testbed.coldmill import ColdMill, tags
from testbed.coldmill.chatter import REACTION_S
from testbed.coldmill.rolling import EXIT, FORCE, FRONT, ROLL_SPEED, SPEED
from testbed.coldmill.structure import N, Structure, modes
from testbed.coldmill.unit import KNOT_NS
from testbed.plant import START, Action
from tests.testbed.oracles import coldmill as oracle


def rolled(plant, seconds: float, step: float = 1.0) -> dict[str, np.ndarray]:
    """Measured values by group, (n, k), of `seconds` of rolling handed out in steps."""
    rows: dict[str, list[np.ndarray]] = {}
    end = plant.present + round(seconds * SECOND)
    while plant.present < end:
        for item in plant.advance(min(end, plant.present + round(step * SECOND))):
            if isinstance(item, Batch):
                rows.setdefault(item.group, []).append(item.values)
    return {name: np.concatenate(parts) for name, parts in rows.items()}


def columns(group, short: str) -> list[int]:
    return [i for i, tag in enumerate(group.tags) if tag.short == short]


def peaks(acc: np.ndarray, bands: list[tuple[float, float]]) -> list[float]:
    """Where the spectrum of one accelerometer is highest in each band, Hz, as the middle of what is above its half."""
    n = 1000
    power = np.mean([np.abs(np.fft.rfft(acc[at : at + n] * np.hanning(n))) ** 2
                     for at in range(0, len(acc) - n, n // 2)], axis=0)  # fmt: skip
    hz = np.fft.rfftfreq(n, 1.0 / 5000.0)
    power[1:] /= hz[1:] ** 2  # from acceleration: a force's noise tilts a broad peak
    found = []
    for low, high in bands:
        inside = (hz >= low) & (hz <= high)
        loud = inside & (power >= 0.6 * power[inside].max())
        found.append(float((hz[loud] * power[loud]).sum() / power[loud].sum()))
    return found


def test_the_mill_runs_at_the_published_conditions():
    got = rolled(ColdMill(speed=SPEED).build(1, START), 6.0)
    assert np.allclose(got["gap"][:, columns(tags.GAP, "ROLL_FORCE")].mean(axis=0), FORCE, rtol=0.02)
    assert np.allclose(got["gap"][:, columns(tags.GAP, "TENS")].mean(axis=0), FRONT, rtol=0.02)
    assert np.allclose(got["gap"][:, columns(tags.GAP, "H_X")].mean(axis=0), EXIT, rtol=0.02)
    assert np.allclose(got["drive"][:, columns(tags.DRIVE, "V_ROLL")].mean(axis=0), ROLL_SPEED, rtol=0.01)


@pytest.mark.parametrize("stand", [0, 4])
def test_without_strip_an_accelerometer_shows_the_published_modes(stand):
    acc = rolled(ColdMill(strip=False, speed=5.0).build(1, START), 60.0)["vib"][:, stand]
    assert peaks(acc, [(100.0, 180.0), (200.0, 290.0), (320.0, 420.0)]) == pytest.approx([135, 237, 362], rel=0.03)


def test_strip_lifts_the_first_mode_to_what_the_literature_calls_the_third_octave():
    first = [float(modes(strip)[0][0]) / (2 * np.pi) for strip in (2e9, 1e10)]
    assert first == pytest.approx([157.0, 196.0], rel=0.005)
    acc = rolled(ColdMill(speed=20.0).build(1, START), 60.0)["vib"][:, 0]
    assert peaks(acc, [(120.0, 200.0)])[0] == pytest.approx(157.0, rel=0.03)


@pytest.mark.parametrize(("zeta", "seconds"), [(-0.002, 1.4), (-0.005, 0.56), (-0.01, 0.28), (-0.02, 0.14)])
def test_amplitude_grows_tenfold_in_the_published_time(zeta, seconds):
    """At 130 Hz; the stand's own frequency scales it."""
    structure = Structure()
    structure.state[:, 0] = 1e-6
    seconds *= 2.0 * np.pi * 130.0 / structure.omega[0, 0]
    blocks = [structure.move(np.zeros((5, N)), np.full(5, zeta))[0][0] for _ in range(100)]
    size = np.abs(np.concatenate(blocks))
    assert np.argmax(size > 10.0 * size[0]) / 5000.0 == pytest.approx(seconds, rel=0.05)


def test_chatter_grows_as_drawn_and_sings_in_tension_and_thickness_too():
    plant = ColdMill(speed=21.5).build(3, START)
    rolled(plant, 2.0)
    injection = plant.inject("chatter", "S5", {"growth": 0.3}, 1)
    rolled(plant, 0.6)
    got = rolled(plant, 0.9)
    level = oracle.level(got["vib"], 120.0, 250.0, 250)[:, 4]
    slope = np.polyfit(np.arange(len(level)) * 0.025, np.log(level), 1)[0]
    assert 1.0 / slope == pytest.approx(0.3, rel=0.25)
    hz = np.fft.rfftfreq(500, 1e-3)
    for short, stand in (("TENS", 3), ("H_X", 4), ("ROLL_FORCE", 4)):
        x = got["gap"][-500:, columns(tags.GAP, short)[stand]]
        loudest = hz[np.abs(np.fft.rfft((x - x.mean()) * np.hanning(500)))[20:].argmax() + 20]
        assert loudest == pytest.approx(float(injection.details["frequency_hz"]), abs=4.0)


def test_nobody_acts_and_the_strip_tears_and_the_mill_stands():
    plant = ColdMill(speed=21.5).build(3, START)
    rolled(plant, 2.0)
    plant.inject("chatter", "S4", {"growth": 0.3}, 1)
    rolled(plant, 4.0)
    assert plant.struck(1) is not None
    assert 0.5 < (plant.struck(1) - START) / SECOND - 2.0 < 3.0
    assert plant.cleared(1) == plant.struck(1)
    after = rolled(plant, 6.0)
    assert after["gap"][:, columns(tags.GAP, "TENS")].max() < 10.0
    assert after["line"][-1, columns(tags.EMULSION, "V_EXIT")[0]] < 1.0


@pytest.mark.parametrize(("action", "value"), [("slow_down", 100.0), ("emulsion_boost", 1.3)])
def test_lower_speed_or_more_emulsion_saves_the_strip(action, value):
    plant = ColdMill(speed=21.5).build(3, START)
    rolled(plant, 2.0)
    plant.inject("chatter", "S4", {"growth": 0.3}, 1)
    rolled(plant, 1.2)
    plant.act(Action(plant.present, action, value))
    rolled(plant, 8.0)
    assert plant.struck(1) is None
    assert plant.cleared(1) is not None


def test_a_historian_of_one_sample_a_second_does_not_see_chatter_before_it_is_too_late():
    """It would need two samples in a row that stand out; between two seconds lies the whole of it."""
    blind = seen = 0
    for seed in range(1, 11):
        plant = ColdMill().build(seed, START)
        normal = rolled(plant, 4.0)
        plant.inject("chatter", "", {}, 1)
        rows = rolled(plant, 3.0)
        until = (plant.struck(1) - START) / SECOND - 4.0 - REACTION_S  # the deadline
        swings = columns(tags.GAP, "TENS") + columns(tags.GAP, "H_X")
        early = (normal["vib"], normal["gap"][:, swings])
        late = (rows["vib"][4999::5000], rows["gap"][999::1000, swings])
        off = [np.abs(b[: int(until)] - a.mean(axis=0)) > 4.0 * a.std(axis=0) for a, b in zip(early, late, strict=True)]
        blind += not any((part[1:] & part[:-1]).any() for part in off)
        seen += oracle.chatter({"vib": np.concatenate([normal["vib"], rows["vib"][: int(until * 5000)]])})
    assert blind >= 9
    assert seen >= 9


def test_marks_stay_for_hours_and_spoil_the_coil():
    plant = ColdMill(speed=21.5).build(2, START)
    rolled(plant, 1.0)
    injection = plant.inject("chatter_marks", "S5", {"severity": 0.8, "frequency": 600}, 1)
    assert injection.details["pitch_mm"] == pytest.approx(1e3 * 21.5 / 600.0, abs=0.01)  # speed over frequency
    got = rolled(plant, 10.0)
    assert peaks(got["vib"][:, 4], [(500.0, 700.0)])[0] == pytest.approx(600.0, abs=5.0)
    assert plant.struck(1) is None
    rolled(plant, 35.0)
    assert plant.struck(1) is not None


def test_another_speed_takes_the_marks_away():
    plant = ColdMill(speed=21.5).build(2, START)
    plant.inject("chatter_marks", "S5", {"severity": 0.8}, 1)
    rolled(plant, 2.0)
    plant.act(Action(plant.present, "slow_down", 150.0))
    rolled(plant, 6.0)
    assert plant.cleared(1) is not None
    assert plant.struck(1) is None


@pytest.mark.parametrize("acts", [False, True])
def test_a_cracked_weld_tears_unless_it_is_led_through_carefully(acts):
    plant = ColdMill(speed=9.0).build(4, START)
    rolled(plant, 2.0)
    plant.inject("strip_break", "", {}, 1)
    rolled(plant, 1.5)
    if acts:
        plant.act(Action(plant.present, "weld_passage", 1.0))
    rolled(plant, 20.0)
    assert (plant.struck(1) is None) == acts
    assert plant.cleared(1) is not None


def test_welds_follow_each_other_with_their_papers():
    plant = ColdMill(speed=9.0, coil_s=2.0).build(1, START)
    texts = [item for item in plant.advance(START + 45 * SECOND) if isinstance(item, Context)]
    assert [t.tag.short for t in texts[:5]] == ["COIL_ID", "GRADE", "WELD", "COIL_ID", "GRADE"]
    assert len({t.text for t in texts if t.tag.short == "COIL_ID"}) >= 2
    assert not plant.line.is_broken


def test_gauge_control_takes_a_step_of_entry_thickness_out():
    plant = ColdMill(speed=20.0).build(1, START)
    plant.gauge.entry = 0.1  # mm, once
    first = rolled(plant, 0.6)["gap"][:, columns(tags.GAP, "H_X")[0]]
    later = rolled(plant, 6.0)["gap"][-500:, columns(tags.GAP, "H_X")[4]]
    assert first.reshape(-1, 20).mean(axis=1).max() - EXIT[0] > 0.01
    assert abs(later.mean() - EXIT[4]) < 0.004


@pytest.mark.parametrize("step", [0.0003, 0.037, 0.1, 0.35])
def test_samples_do_not_depend_on_how_time_is_cut(step):
    spec = ColdMill(speed=20.0, coil_s=1.0)
    seconds = 0.2 if step < 0.001 else 3.0
    got = []
    for by in (20.0, step):
        plant = spec.build(5, START)
        rolled(plant, 1.0, by)
        plant.inject("chatter", "", {}, 1)
        plant.act(Action(plant.present + 60_000_000, "slow_down", 80.0))
        got.append(rolled(plant, seconds, by))
    for name, values in got[0].items():
        assert np.array_equal(values, got[1][name]), name


def test_a_fault_leaves_the_noise_of_other_tags_bit_identical():
    plant = ColdMill(speed=21.0).build(9, START)
    rolled(plant, 2.0)
    healthy = plant.copy()
    plant.inject("chatter", "S5", {}, 1)
    a, b = rolled(plant, 1.0), rolled(healthy, 1.0)
    assert np.array_equal(a["vib"][:, :4], b["vib"][:, :4])
    assert not np.array_equal(a["vib"][:, 4], b["vib"][:, 4])
    same = [i for i, tag in enumerate(tags.GAP.tags) if "/S5/" not in tag.name and "/S4/TENS" not in tag.name]
    assert np.array_equal(a["gap"][:, same], b["gap"][:, same])
    assert np.array_equal(a["line"], b["line"])


def test_a_copy_goes_its_own_way():
    plant = ColdMill().build(2, START)
    rolled(plant, 2.0)
    twin = plant.copy()
    for key, name in enumerate(("chatter", "backup_bearing", "weld_passing", "crane_impact")):
        twin.inject(name, "", {}, key)
    twin.act(Action(twin.present, "slow_down", 100.0))
    rolled(twin, 3.0)
    fresh = ColdMill().build(2, START)
    rolled(fresh, 2.0)
    a, b = rolled(plant, 3.0), rolled(fresh, 3.0)
    assert all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    "name",
    ["weld_passing", "gear_mesh", "crane_impact", "backup_bearing", "emulsion_change", "speed_change", "coil_change"],
)
def test_look_alikes_pass_and_tear_nothing(name):
    plant = ColdMill().build(4, START)
    rolled(plant, 2.0)
    injection = plant.inject(name, "", {}, 1)
    rolled(plant, injection.duration_s + 1.0)
    assert plant.cleared(1) is not None
    assert injection.forbids == ("machine",)
    assert not plant.line.is_broken


@pytest.mark.parametrize(
    ("name", "where", "params", "sentence"),
    [
        ("chater", "", {}, "Did you mean 'chatter'"),
        ("chatter", "S7", {}, "'S7' is no place at the cold mill"),
        ("strip_break", "S3", {}, "takes the whole line"),
        ("chatter", "", {"grow": 1.0}, "takes no parameter 'grow'"),
        ("gear_mesh", "", {"size": "big"}, "size must be a number"),
    ],
)
def test_a_script_that_asks_for_what_there_is_not_is_told_so(name, where, params, sentence):
    with pytest.raises(InputError, match=sentence):
        ColdMill().build(1, START).inject(name, where, params, 1)


def test_unknown_set_points_and_wild_values_are_refused():
    plant = ColdMill().build(1, START)
    with pytest.raises(InputError, match="slow_down"):
        plant.act(Action(START, "slow_downn", 1.0))
    with pytest.raises(InputError, match="60 to 1400"):
        plant.act(Action(START, "mill_speed", 7000.0))
    assert plant.step_ns == KNOT_NS

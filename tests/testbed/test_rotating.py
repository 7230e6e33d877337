"""The machines turn, knock and wear out as the field says, read as a client would read their tags."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Batch
from connectors.times import SECOND
from testbed.engine import Engine
from testbed.plant import START, Action
from testbed.rotating import Rotating, tags
from testbed.rotating.severity import BORDERS, zone
from testbed.rotating.waveform import LENGTH, RATE
from testbed.scenario import Fault, LookAlike, Scenario
from tests.testbed.oracles import rotating as oracle

EVERY = tags.EVERY_S * SECOND


def read(plant, snapshots: int, step: int = 1) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Time (n,) and values (n,) by the tag's name without the unit, of so many snapshots handed out in steps."""
    parts: dict[str, list] = {}
    end = plant.present + snapshots * EVERY
    while plant.present < end:
        for item in plant.advance(min(end, plant.present + step * EVERY)):
            assert isinstance(item, Batch)
            for i, tag in enumerate(item.tags):
                parts.setdefault(tag.name.removeprefix(f"{tags.UNIT}/"), []).append((item.time, item.values[:, i]))
    return {name: tuple(map(np.concatenate, zip(*rows, strict=True))) for name, rows in parts.items()}


def spectrum(values: np.ndarray) -> np.ndarray:
    """Amplitudes of a snapshot's lines, RATE / LENGTH apart."""
    hann = np.hanning(len(values))
    return 2.0 * np.abs(np.fft.rfft(hann * (values - values.mean()))) / hann.sum()


def envelope(values: np.ndarray) -> np.ndarray:
    """Amplitudes of the lines of the squared envelope in 2 … 5.2 kHz: what an analyst's instrument shows."""
    hz = np.fft.fftfreq(LENGTH, 1.0 / RATE)
    ringing = np.fft.ifft(np.where((hz > 2000) & (hz < 5200), np.fft.fft(values), 0.0))
    return spectrum(np.abs(ringing) ** 2)


def strongest(lines: np.ndarray, low: float, high: float) -> float:
    """Hz of the highest line between two frequencies."""
    hz = np.arange(len(lines)) * RATE / LENGTH
    inside = np.flatnonzero((hz >= low) & (hz <= high))
    return float(hz[inside[lines[inside].argmax()]])


def ill(fault: str, where: str, days: float = 2.0, seed: int = 3, **kw) -> dict[str, np.ndarray]:
    """Values by tag of four snapshots, three at the age where a fault is well seen."""
    plant = Rotating(**kw).build(seed, START)
    plant.inject(fault, where, {"days": days}, 1)
    return {name: values for name, (_, values) in read(plant, 4).items()}


CWRU = {"rpm": (("ROT", 1797.0),)}  # a 6205 bearing at 1797 a minute, which Case Western Reserve University publishes


@pytest.mark.parametrize(("fault", "hz"), [("outer_race", 107.4), ("inner_race", 162.2), ("rolling_element", 141.2)])
def test_a_spall_knocks_at_the_published_frequency_of_its_bearing(fault, hz):
    wave = ill(fault, "ROT", **CWRU)["ROT/ACC_DE"][-LENGTH:]
    assert strongest(envelope(wave), 0.8 * hz, 1.15 * hz) == pytest.approx(hz, abs=13.0 if fault[0] == "r" else 1.2)


def test_a_spall_on_a_rolling_element_comes_and_goes_with_the_cage():
    wave = ill("rolling_element", "ROT", **CWRU)["ROT/ACC_DE"][-LENGTH:]
    assert strongest(envelope(wave), 5.0, 20.0) == pytest.approx(11.93, abs=0.8)


def test_a_spall_on_the_inner_ring_comes_and_goes_with_the_shaft():
    wave = ill("inner_race", "ROT", **CWRU)["ROT/ACC_DE"][-LENGTH:]
    lines = envelope(wave)
    assert strongest(lines, 162.2 - 40.0, 162.2 - 15.0) == pytest.approx(162.2 - 29.95, abs=1.6)
    assert strongest(lines, 10.0, 45.0) == pytest.approx(29.95, abs=0.8)


@pytest.mark.parametrize(
    ("tag", "orders"),
    [("IDF/ACC_DE", (1, 2, 12)), ("DSP/ACC_DE", (1, 2, 7)), ("PIN/ACC_DE", (28, 29, 30)), ("CLR/ACC_DE", (22, 23, 24))],
)
def test_shafts_vanes_and_gears_turn_at_their_orders(tag, orders):
    machine = tag.split("/")[0]
    seen = read(Rotating().build(1, START), 1)
    turns = float(seen[f"{machine}/RPM"][1][-1]) / 60.0
    lines = spectrum(seen[tag][1])
    for order in orders:
        at = round(order * turns * LENGTH / RATE)
        around = np.r_[lines[at - 9 : at - 3], lines[at + 4 : at + 10]]
        assert lines[at - 1 : at + 2].max() > 3.0 * np.median(around), order


def test_a_motor_hums_at_twice_its_line():
    seen = read(Rotating(rpm=(("ROT", 900.0),)).build(1, START), 1)
    assert strongest(spectrum(seen["ROT/ACC_DE"][1]), 80.0, 100.0) == pytest.approx(2 * 3 * 15.0 * 1.008, abs=0.8)


def test_unbalance_shakes_once_a_turn_and_with_the_square_of_the_speed():
    def once(speed: float, fault: bool) -> float:
        plant = Rotating(rpm=(("IDF", 1400.0),)).build(1, START)
        plant.inject("speed_change", "IDF", {"size": speed, "duration": 60}, 2)
        if fault:
            plant.inject("unbalance", "IDF", {"days": 2, "size": 4.2}, 1)
        lines = spectrum(read(plant, 4)["IDF/ACC_DE"][1][-LENGTH:])
        at = round(speed * 1400.0 / 60.0 * LENGTH / RATE)
        return float(lines[at - 1 : at + 2].max() / speed)  # in proportion to the velocity

    assert once(1.0, True) > 1.8 * once(1.0, False)
    assert once(1.0, True) == pytest.approx(4.0 * once(0.5, True), rel=0.25)


def test_cavitation_hisses_and_the_suction_pressure_falls():
    sound, bad = read(Rotating().build(1, START), 4), ill("cavitation", "", seed=1)
    assert bad["DSP/ENV_RMS_DE"][-1] > 2.0 * sound["DSP/ENV_RMS_DE"][1][-1]
    assert bad["DSP/SUCT_P"][-1] < sound["DSP/SUCT_P"][1][-1] - 0.2
    assert bad["DSP/KURT_DE"][-1] < 6.0  # no single blows


# -- weeks -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weeks():
    """Values by tag of a fan whose drive-end bearing lasts 20 days, one snapshot each eight hours: 59 of them."""
    plant = Rotating(hours=8.0).build(2, START)
    plant.inject("outer_race", "IDF DE", {"days": 20}, 1)
    return {name: values for name, (_, values) in read(plant, 59).items()}


def test_severity_stays_in_zone_b_until_the_last_two_weeks_and_passes_through_c(weeks):
    zones = [zone(v, 1800.0) for v in weeks["IDF/VEL_RMS_DE"]]
    assert set(zones[: 3 * 6]) == {"B"}
    assert "C" in zones[3 * 6 :]


def test_kurtosis_rises_with_the_first_damage_and_falls_when_all_of_the_ring_is_rough(weeks):
    kurtosis = weeks["IDF/KURT_DE"]
    assert kurtosis[:3].mean() > 3.5
    assert kurtosis[20:40].mean() > 5.5
    assert kurtosis[-4:].mean() < kurtosis[20:40].mean()


def test_the_bearing_gets_hot_in_the_last_days_only(weeks):
    heat = weeks["IDF/TEMP_BRG_DE"] - weeks["IDF/TEMP_BRG_NDE"]
    assert heat[: 2 * 3 * 12].max() < 3.0  # two rows a snapshot, three snapshots a day
    assert heat[-4:].min() > 12.0


def test_the_healthy_end_of_the_machine_says_nothing(weeks):
    assert weeks["IDF/KURT_NDE"].max() < 4.0


def test_a_failed_bearing_stops_its_machine_and_the_others_go_on():
    plant = Rotating(hours=12.0).build(1, START)
    plant.inject("outer_race", "CLR", {"days": 2}, 1)
    seen = read(plant, 6)
    assert plant.struck(1) == plant.cleared(1) == START + 4 * EVERY
    assert abs(seen["CLR/RPM"][1][-1]) < 2.0 and seen["CLR/VEL_RMS_DE"][1][-1] < 0.2
    assert seen["IDF/RPM"][1][-1] > 1300.0


def test_an_overhaul_in_time_makes_the_machine_sound_again():
    plant = Rotating(hours=12.0).build(1, START)
    plant.inject("outer_race", "CLR", {"days": 2}, 1)
    read(plant, 3)
    plant.act(Action(plant.present, "overhaul", 5.0))
    seen = read(plant, 3)
    assert plant.struck(1) is None and plant.cleared(1) == START + 3 * EVERY
    assert seen["CLR/KURT_DE"][1].max() < 4.0


def test_the_alert_is_due_seven_days_before_the_bearing_fails():
    scenario = Scenario(name="r", plant=Rotating(hours=12.0), duration=60.0, tick_s=2.0,
                        steps=(Fault(at=4, name="outer_race", where="IDF", params={"days": 12}),))  # fmt: skip
    engine = Engine(scenario, 1)
    while engine.plant.present < engine.end:
        engine.tick(engine.plant.present + EVERY)
    (truth,) = engine.truths()
    assert truth.consequence_time == truth.onset + 24 * EVERY == truth.struck
    assert truth.alert_deadline == truth.consequence_time - 14 * EVERY
    assert truth.in_time


# -- honesty -----------------------------------------------------------------------------------------------


def test_a_fault_leaves_every_other_tag_bit_identical():
    healthy = Rotating().build(1, START)
    faulty = healthy.copy()
    faulty.inject("outer_race", "DSP NDE", {}, 1)
    a, b = read(healthy, 3), read(faulty, 3)
    differing = {name for name in a if not np.array_equal(a[name][1], b[name][1])}
    assert differing == {
        "DSP/ACC_NDE", "DSP/VEL_RMS_NDE", "DSP/ENV_RMS_NDE", "DSP/KURT_NDE", "DSP/TEMP_BRG_NDE", "DSP/OIL_PART",
    } - ({"DSP/TEMP_BRG_NDE"} - differing)  # fmt: skip


@pytest.mark.parametrize("step", [0.05, 0.75, 3.0])
def test_however_time_is_cut_the_samples_are_the_same(step):
    def taken(every: float) -> dict[str, bytes]:
        plant = Rotating().build(1, START)
        found: dict[str, bytes] = {}
        plant.inject("neighbour", "IDF", {"duration": 4}, 1)
        while plant.present < START + 3 * EVERY:
            for item in plant.advance(min(START + 3 * EVERY, plant.present + round(every * SECOND))):
                for what, array in (("time", item.time), ("values", item.values)):
                    key = f"{item.group} {what}"
                    found[key] = found.get(key, b"") + array.tobytes()
        return found

    assert taken(step) == taken(6.0)


def test_a_twin_goes_on_as_the_plant_does():
    plant = Rotating().build(1, START)
    plant.inject("cavitation", "", {}, 1)
    read(plant, 2)
    twin = plant.copy()
    a, b = read(plant, 2), read(twin, 2)
    assert all(np.array_equal(a[name][1], b[name][1]) for name in a)


@pytest.mark.parametrize(
    ("velocity", "power", "support", "expected"),
    [
        (2.29, 1800, "rigid", "A"), (2.3, 1800, "rigid", "B"), (4.5, 1800, "rigid", "C"), (7.1, 1800, "rigid", "D"),
        (3.4, 1800, "flexible", "A"), (7.0, 1800, "flexible", "B"), (10.9, 1800, "flexible", "C"),
        (11.0, 1800, "flexible", "D"), (1.4, 300, "rigid", "B"), (2.8, 15, "rigid", "C"), (4.5, 200, "rigid", "D"),
        (2.2, 300, "flexible", "A"), (4.4, 300, "flexible", "B"), (7.1, 300, "flexible", "D"),
    ],
)  # fmt: skip
def test_zones_are_those_of_the_standard(velocity, power, support, expected):
    assert zone(velocity, power, support) == expected


def test_zone_borders_rise():
    assert all(a < b < c for a, b, c in BORDERS.values())


@pytest.mark.parametrize(("power", "support"), [(10.0, "rigid"), (500.0, "soft")])
def test_the_standard_does_not_speak_of_every_machine(power, support):
    with pytest.raises(ValueError, match="rigid or flexible" if support == "soft" else "from 15 kW up"):
        zone(1.0, power, support)


@pytest.mark.parametrize(
    ("name", "where", "params", "told"),
    [
        ("outer_rase", "", {}, "outer_race"), ("outer_race", "IDF XE", {}, "'XE' is not understood"),
        ("outer_race", "ROT NDE", {}, "watched at DE, not at NDE"), ("cavitation", "IDF", {}, "Only the pump DSP"),
        ("outer_race", "", {"day": 3}, "takes no parameter 'day'"),
        ("outer_race", "", {"days": "x"}, "must be a number"),
        ("outer_race", "", {"days": -1}, "must be above 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(name, where, params, told):
    with pytest.raises(InputError, match=told):
        Rotating().build(1, START).inject(name, where, params, 1)


def test_wrong_set_points_and_specs_are_told():
    plant = Rotating().build(1, START)
    for name, value, told in (("overhaul", 6.0, "1 … 5"), ("overhual", 1.0, "overhaul")):
        with pytest.raises(InputError, match=told):
            plant.act(Action(START, name, value))
    for kw, told in (
        ({"hours": 0.0}, "above 0"),
        ({"rpm": (("IDG", 900.0),)}, "IDF"),
        ({"rpm": (("IDF", 1.0),)}, "60"),
    ):
        with pytest.raises(InputError, match=told):
            Rotating(**kw)


# -- a trivial oracle --------------------------------------------------------------------------------------


def told(step: Fault | LookAlike, fault: str, seed: int, seconds: float) -> tuple[int | None, object]:
    """When the oracle of `fault` says it is there, and the truth of the step, in a run of one seed."""
    engine = Engine(Scenario(name="o", plant=Rotating(hours=8.0), duration=seconds, steps=(step,), tick_s=2.0), seed)
    parts: dict[str, list] = {}
    while engine.plant.present < engine.end:
        for item in engine.tick(engine.plant.present + EVERY):
            if isinstance(item, Batch) and item.group == "condition":
                for i, tag in enumerate(item.tags):
                    parts.setdefault(tag.name, []).append((item.time, item.values[:, i]))
    signals = {name: tuple(map(np.concatenate, zip(*rows, strict=True))) for name, rows in parts.items()}
    return oracle.find(fault, signals), engine.truths()[0]


def finds(fault: str, seed: int) -> bool:
    found, truth = told(Fault(at=50, name=fault), fault, seed, 150.0)
    return found is not None and truth.onset <= found <= truth.alert_deadline


def fooled(fault: str, name: str, seed: int) -> bool:
    found, truth = told(LookAlike(at=50, name=name), fault, seed, 80.0)
    return found is not None and truth.onset <= found


PAIRS = [(fault, name) for fault, names in oracle.LOOKALIKES.items() for name in names]


@pytest.mark.parametrize("fault", ["outer_race", "cavitation"])
def test_a_trivial_oracle_finds_the_fault(fault):
    assert finds(fault, 1)


@pytest.mark.parametrize("name", oracle.LOOKALIKES["outer_race"])
def test_a_look_alike_fools_the_trivial_oracle(name):
    assert fooled("outer_race", name, 1)


@pytest.mark.slow
@pytest.mark.parametrize("fault", oracle.WATCHED)
def test_a_trivial_oracle_finds_the_fault_in_nine_seeds_of_ten(fault):
    assert sum(finds(fault, seed) for seed in range(1, 11)) >= 9


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "name"), PAIRS)
def test_a_look_alike_fools_the_trivial_oracle_in_eight_seeds_of_ten(fault, name):
    assert sum(fooled(fault, name, seed) for seed in range(1, 11)) >= 8

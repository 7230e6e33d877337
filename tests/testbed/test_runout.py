"""Descaler, run-out table and coiler, read through their tags as a client would."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Batch, Context
from connectors.times import SECOND
from testbed.plant import START, Action
from testbed.runout import RunOutTable
from testbed.runout.control import banks_for, opened
from testbed.runout.descaler import Descaler, jet
from testbed.twins import fault_truth
from tests.testbed.oracles import runout as oracle

SEEDS = range(10)


def played(plant, s: float) -> dict[str, np.ndarray]:
    """Values (n,) of each tag by its short name, of the next `s` seconds."""
    items = [item for item in plant.advance(plant.present + round(s * SECOND)) if isinstance(item, Batch)]
    return {tag.short: item.values[:, k] for item in items for k, tag in enumerate(item.tags)}


def by_hand(banks: int, thickness: float, speed: float):
    plant = RunOutTable(thickness=thickness, speed=speed, delivery=880.0, even=True, transformation=0.0).build(1, START)
    plant.act(Action(START, "banks_by_hand", banks))
    return played(plant, 40)


@pytest.mark.parametrize(
    ("banks", "thickness", "speed", "expected"),
    [(0, 2.3, 11.0, 761.0), (20, 2.3, 11.0, 465.0), (0, 4.0, 8.0, 782.0), (20, 4.0, 8.0, 527.0)],
)
def test_strip_of_880_degrees_is_coiled_at_the_published_temperature(banks, thickness, speed, expected):
    assert by_hand(banks, thickness, speed)["CT"][-100:].mean() == pytest.approx(expected, abs=5.0)


def test_below_the_leidenfrost_temperature_the_water_takes_far_more_than_film_boiling_would():
    assert by_hand(30, 2.3, 11.0)["CT"][-100:].mean() < 353.0 - 50.0


def test_coiling_is_held_in_film_boiling_and_hunts_below_it():
    spread = {}
    for target in (600.0, 440.0):
        signals = played(RunOutTable(target=target, coil_s=300.0).build(3, START), 200)
        body = signals["CT"][1000:]
        spread[target] = body.max() - body.min()
        if target == 600.0:
            assert abs(body.mean() - target) < 15.0
    assert spread[600.0] < 30.0
    assert spread[440.0] > 60.0  # ± 30 … 60 K in practice


def test_the_trim_takes_out_what_the_model_does_not_know():
    signals = played(RunOutTable(transformation=60.0, target=600.0, coil_s=300.0).build(4, START), 150)
    knows = played(RunOutTable(transformation=0.0, target=600.0, coil_s=300.0).build(4, START), 150)
    for each in (signals, knows):
        assert abs(each["CT"][-300:].mean() - 600.0) < 8.0


def test_thicker_or_faster_strip_takes_more_banks():
    assert banks_for(600.0, 880.0, 3.0, 9.0, 0.0) > banks_for(600.0, 880.0, 2.3, 9.0, 0.0)
    assert banks_for(600.0, 880.0, 2.3, 11.0, 0.0) > banks_for(600.0, 880.0, 2.3, 9.0, 0.0)
    assert opened(2.3).tolist()[:4] == [1.0, 1.0, 0.25, 0.0]


def test_a_blocked_nozzle_raises_the_pressure_and_takes_flow_from_its_header_alone():
    sound, blocked = Descaler(), Descaler()
    blocked.open[1, 10:14] = 0.0
    assert blocked.pressure() > sound.pressure()
    change = blocked.flows() / sound.flows() - 1.0
    assert change[1] < -0.08
    assert (change[[0, 2, 3]] > 0.0).all()
    (streak,) = blocked.streaks()
    assert streak[0] == pytest.approx((jet(10)[0] + jet(13)[1]) / 2)
    assert blocked.chill().argmin() in (1, 2)
    assert blocked.chill()[5:].tolist() == pytest.approx(sound.chill()[5:].tolist(), rel=0.02)


def injected(name: str, seed: int, at: float = 60.0, **params: float):
    """Signals of a plant that takes on a fault or look-alike at `at` s, 40 s longer."""
    plant = RunOutTable(coil_s=300.0).build(seed, START)
    before = played(plant, at)
    plant.inject(name, "", params, 1)
    after = played(plant, 60.0)
    return {tag: np.concatenate([before[tag], after[tag]]) for tag in before}


def test_the_oracle_finds_the_blocked_header():
    assert sum(oracle.blocked_descaler(injected("blocked_descaler", seed)) for seed in SEEDS) >= 9
    assert not any(oracle.blocked_descaler(played(RunOutTable().build(seed, START), 120)) for seed in SEEDS)


@pytest.mark.parametrize("name", ["pump_change", "flow_meter", "header_rest"])
def test_each_look_alike_fools_the_oracle(name):
    assert sum(oracle.blocked_descaler(injected(name, seed)) for seed in SEEDS) >= 8


def test_the_scanner_shows_a_streak_at_one_place_of_the_width():
    signals = injected("blocked_descaler", 5, nozzle=18.0, blocked=4.0, header=2.0)
    rise = np.array([signals[f"T_RDT_{i}"][-200:].mean() - signals[f"T_RDT_{i}"][400:600].mean() for i in range(1, 10)])
    assert rise.argmax() in (3, 4)
    assert rise.max() - np.median(rise) > 1.5


def truth(plant, **params: float):
    plant.advance(START + 30 * SECOND)
    healthy = plant.copy()
    injection = plant.inject("blocked_descaler", "", params, 1)
    return fault_truth(healthy, plant.copy(), injection, START + 400 * SECOND)


def test_two_coils_are_downgraded_if_nobody_acts():
    found = truth(RunOutTable(coil_s=60.0).build(6, START))
    assert found.detectable_from is not None
    assert found.consequence_time is not None
    assert found.detectable_from < found.alert_deadline < found.consequence_time
    assert 60.0 < (found.consequence_time - found.onset) / SECOND < 200.0


def test_flushing_the_headers_in_the_next_gap_heals():
    plant = RunOutTable(coil_s=60.0).build(6, START)
    plant.advance(START + 30 * SECOND)
    plant.inject("blocked_descaler", "", {"fill": 10.0}, 1)
    plant.advance(START + 50 * SECOND)
    plant.act(Action(plant.present, "clean_headers", 1.0))
    assert plant.descaler.open.min() == 0.0
    plant.advance(START + 90 * SECOND)
    assert plant.descaler.open.min() == 1.0
    assert plant.cleared(1) is not None
    plant.advance(START + 400 * SECOND)
    assert plant.struck(1) is None


def test_each_coil_is_named_when_its_head_comes_to_the_coiler_and_grows_on_the_mandrel():
    plant = RunOutTable(coil_s=30.0, wait_s=16.0).build(7, START)
    items = plant.advance(START + 135 * SECOND)
    coils = [item for item in items if isinstance(item, Context) and item.tag.short == "COIL_ID"]
    assert [item.text for item in coils] == ["H26100000", "H26100001", "H26100002"]
    tension = next(i for i in items if isinstance(i, Batch) and i.group == "coiler").values[:, 2]
    assert tension.max() == pytest.approx(22.0 * 1.25 * plant.coiler.thickness, rel=0.5)


def test_the_same_samples_come_however_the_time_is_cut():
    whole, cut = RunOutTable().build(8, START), RunOutTable().build(8, START)
    one = played(whole, 30)
    parts = [played(cut, s) for s in (0.1, 4.9, 0.3, 24.7)]
    for tag, values in one.items():
        assert (np.concatenate([p[tag] for p in parts if tag in p]) == values).all()


def test_a_fault_leaves_the_noise_of_other_tags_alone():
    plant = RunOutTable().build(9, START)
    plant.advance(START + 20 * SECOND)
    twin = plant.copy()
    plant.inject("blocked_descaler", "", {}, 1)
    one, two = played(plant, 40), played(twin, 40)
    assert all((one[tag] == two[tag]).all() for tag in ("CT", "MIDT", "MANDREL_RPM", "BANK_1"))


@pytest.mark.parametrize(
    ("name", "where", "params", "sentence"),
    [
        ("blocked_descaller", "", {}, "Did you mean 'blocked_descaler'"),
        ("blocked_descaler", "F7", {}, "no place"),
        ("blocked_descaler", "", {"header": 9}, "header takes 1 … 4"),
        ("pump_change", "", {"size": 1}, "takes no parameter"),
    ],
)
def test_what_does_not_fit_is_told(name, where, params, sentence):
    with pytest.raises(InputError, match=sentence):
        RunOutTable().build(1, START).inject(name, where, params, 1)

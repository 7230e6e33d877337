"""A trivial oracle finds each fault of the hot mill, and each look-alike fools the oracle of its fault."""

from __future__ import annotations

import pytest

from testbed.hotmill import HotMill
from testbed.plant import START
from tests.testbed.hotmill.rolled import rolled
from tests.testbed.oracles.hotmill import LOOKALIKES, ORACLES

SECONDS = {
    "cobble": 8.0,
    "work_roll_spalling": 16.0,
    "strip_walk": 6.0,
    "looper_hunting": 14.0,
    "gauge_drift": 22.0,
    "eccentricity": 18.0,
}
LOOKALIKE_SECONDS = {"coil_change": 40.0, "velocimeter_drift": 36.0, "warming_rolls": 36.0}
PAIRS = [(fault, *pair) for fault, pairs in LOOKALIKES.items() for pair in pairs]


def _rolling(seed: int):
    plant = HotMill(grade="SPHC", coil_s=75.0).build(seed, START)
    rolled(plant, 26.0)
    return plant


@pytest.fixture(scope="module")
def sound():
    return _rolling(1)


@pytest.fixture(scope="module")
def many():
    return {seed: _rolling(seed) for seed in range(1, 11)}


def found(plant, fault: str, name: str, seconds: float, params: dict[str, float] | None = None) -> bool:
    twin = plant.copy()
    if name:
        twin.inject(name, "", params or {}, 1)
    figure, limit = ORACLES[fault]
    return figure(rolled(twin, seconds)) > limit


@pytest.mark.parametrize("fault", ORACLES)
def test_the_oracle_finds_its_fault_and_says_nothing_of_a_sound_mill(fault, sound):
    seconds = SECONDS.get(fault, 12.0)
    assert found(sound, fault, fault, seconds)
    assert not found(sound, fault, "", 12.0)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ORACLES)
def test_the_oracle_finds_nine_of_ten(fault, many):
    assert sum(found(plant, fault, fault, SECONDS.get(fault, 12.0)) for plant in many.values()) >= 9


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "name", "params"), PAIRS)
def test_each_look_alike_fools_the_oracle_of_its_fault_eight_times_in_ten(fault, name, params, many):
    seconds = LOOKALIKE_SECONDS.get(name, 22.0)
    assert sum(found(plant, fault, name, seconds, params) for plant in many.values()) >= 8


def test_there_are_three_look_alikes_to_each_fault():
    assert all(len({name for name, _ in pairs}) == 3 for pairs in LOOKALIKES.values())

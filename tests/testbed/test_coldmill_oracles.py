"""Each fault of the cold mill is found by an oracle that knows its name alone, and each look-alike fools one."""

from __future__ import annotations

import numpy as np
import pytest

from testbed.coldmill import ColdMill
from testbed.plant import START
from tests.testbed.oracles import coldmill as oracle
from tests.testbed.test_coldmill import rolled

FEW, ALL = range(1, 3), range(1, 11)
FOOLED = {  # what an oracle takes for its fault
    "chatter": ("weld_passing", "gear_mesh", "crane_impact", "emulsion_change", "speed_change"),
    "chatter_marks": ("gear_mesh", "backup_bearing", "crane_impact"),
    "strip_break": ("weld_passing", "crane_impact", "backup_bearing"),
}
PAIRS = [(fault, name) for fault, names in FOOLED.items() for name in names]


def says(fault: str, happens: str, seed: int) -> bool:
    """What the oracle of a fault says of a run in which something else may happen after 3 s."""
    plant = (ColdMill(speed=9.0) if happens == "strip_break" else ColdMill()).build(seed, START)
    first = rolled(plant, 3.0)["vib"]
    if happens:
        plant.inject(happens, "", {}, 1)
    return getattr(oracle, fault)({"vib": np.concatenate([first, rolled(plant, 8.0)["vib"]])})


@pytest.mark.parametrize("fault", FOOLED)
def test_its_oracle_finds_a_fault(fault):
    assert all(says(fault, fault, seed) for seed in FEW)


@pytest.mark.parametrize("fault", FOOLED)
def test_a_quiet_mill_fools_no_oracle(fault):
    assert not any(says(fault, "", seed) for seed in FEW)


@pytest.mark.parametrize(("fault", "name"), PAIRS)
def test_a_look_alike_fools_the_oracle(fault, name):
    assert says(fault, name, 1)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FOOLED)
def test_its_oracle_finds_a_fault_in_nine_of_ten(fault):
    assert sum(says(fault, fault, seed) for seed in ALL) >= 9


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "name"), PAIRS)
def test_a_look_alike_fools_the_oracle_in_eight_of_ten(fault, name):
    assert sum(says(fault, name, seed) for seed in ALL) >= 8

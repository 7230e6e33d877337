"""Sensors measure a block of samples as they measure one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from testbed.noise import Noise
from testbed.sensors import FAILURES, Failure, Sensors

TRUE = 150.0 + np.cumsum(np.random.default_rng(10_000).normal(size=(1100, 4)), axis=0)


def sensors(mode: str | None = None, lag: float = 2.0) -> Sensors:
    """Four sensors at 10 Hz, every second one with a lag; the third fails by `mode`."""
    names = [f"L/{i}" for i in range(4)]
    made = Sensors(3, names, 0.1, np.array([0.0, lag, 0.0, lag]), np.full(4, 0.4), np.array([0.1, 0.1, 0.5, 0.01]))
    if mode is not None:
        made.failures[2] = Failure(mode, 20.0, 35.0, Noise(3, ["L/2/failure"]))
    return made


@pytest.mark.parametrize("mode", [None, *FAILURES])
@pytest.mark.parametrize("cuts", [(1100,), (1, 2, 97, 1000), (550, 0, 550)])
def test_a_block_of_samples_is_bit_identical_to_single_ones_however_it_is_cut(mode, cuts):
    single, block = sensors(mode), sensors(mode)
    one_by_one = np.array([single.measure(row) for row in TRUE])
    parts = [block.measure_rows(part) for part in np.split(TRUE, np.cumsum(cuts)[:-1])]
    assert np.array_equal(np.concatenate(parts), one_by_one)


def test_sensors_without_lag_measure_blocks_as_well():
    single, block = sensors(lag=0.0), sensors(lag=0.0)
    assert np.array_equal(block.measure_rows(TRUE), np.array([single.measure(row) for row in TRUE]))


def test_measuring_leaves_the_true_values_as_they_are():
    true = TRUE.copy()
    made = sensors()
    made.measure_rows(true[:50])
    state = made.copy()
    true[:50] = 0.0  # whoever owns the block may write it anew
    assert np.array_equal(made.measure_rows(true[50:]), state.measure_rows(TRUE[50:]))


def test_a_lag_follows_a_step_by_its_time_constant():
    made = Sensors(1, ["L/A"], 0.1, np.array([2.0]), np.zeros(1), np.array([1e-9]))
    made.measure_rows(np.zeros((1, 1)))
    assert made.measure_rows(np.ones((20, 1)))[-1, 0] == pytest.approx(1.0 - np.exp(-1.0), abs=1e-6)

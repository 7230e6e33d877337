"""Noise depends on the seed, the tag and the sample's index, and on nothing else."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.noise import BLOCK, Noise, stream

NAMES = ["L/A", "L/B", "L/C"]


@given(st.lists(st.integers(0, BLOCK + 7), min_size=1, max_size=8))
def test_noise_does_not_depend_on_how_it_is_cut(pieces):
    noise, whole = Noise(1, NAMES), Noise(1, NAMES)
    cut = np.concatenate([noise.take(n) for n in pieces])
    assert (cut == whole.take(sum(pieces))).all()


@given(st.sets(st.sampled_from(NAMES), min_size=1).map(sorted).flatmap(st.permutations))
def test_a_tags_noise_does_not_depend_on_the_other_tags(names):
    alone = {name: Noise(1, [name]).take(100)[:, 0] for name in names}
    together = Noise(1, names).take(100)
    assert all((together[:, i] == alone[name]).all() for i, name in enumerate(names))


def test_tags_and_seeds_have_noise_of_their_own():
    first = {float(Noise(seed, [name]).take(1)[0, 0]) for seed in (1, 2, 3) for name in NAMES}
    assert len(first) == 9


@given(st.integers(0, 700), st.integers(1, 700))
def test_a_twin_goes_on_from_the_same_place_and_takes_nothing_away(before, after):
    noise = Noise(1, NAMES)
    noise.take(before)
    twin = noise.copy()
    ahead = twin.take(after)
    assert (noise.take(after) == ahead).all()
    assert (Noise(1, NAMES).take(before + after)[before:] == ahead).all()


def test_what_a_plant_does_with_its_noise_does_not_reach_its_twin():
    noise = Noise(1, NAMES)
    noise.take(1)
    noise.copy()
    rows = noise.take(5)
    with pytest.raises(ValueError, match="read-only"):
        rows *= 2.0


def test_noise_is_standard_normal():
    samples = Noise(1, NAMES).take(20_000)
    assert abs(samples.mean()) < 0.02
    assert abs(samples.std() - 1.0) < 0.02
    assert abs(np.corrcoef(samples.T)[0, 1]) < 0.03


def test_the_same_name_and_seed_give_the_same_numbers_in_every_process():
    program = "from testbed.noise import stream; print(stream(7, 'caster/TC').integers(0, 2**62, 4).tolist())"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert found.strip() == str(stream(7, "caster/TC").integers(0, 2**62, 4).tolist())

"""What a surface model in training sees: varied pictures whose masks go with them."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.graph import Graph
from edge.session import Session
from tests.vision.masking import dent
from tests.vision.pictures import dented, surface
from vision import surface_augment
from vision.padim import exposed
from vision.surface_augment import Masked, even, varied

SOUND = Masked(surface(2), np.zeros((96, 96), np.float32))
BAD = Masked(dented(1), dent().astype(np.float32))


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_light_is_evened_as_the_graph_does_it():
    g = Graph("even")
    image = dented(3)
    g.output(exposed(g, g.input("x", [1, 1, 96, 96])), "y", [1, 1, 96, 96])
    expected = Session(g.plain({}), "even").run({"x": image.astype(np.float32)[None, None]})["y"][0, 0]
    assert np.abs(even(image) - expected).max() < 0.01


def test_a_mask_goes_where_its_defect_goes():
    for seed in range(6):
        made = varied([BAD], 0, [], rng(seed))
        inside, outside = made.image[made.mask > 0.9], made.image[made.mask == 0]
        assert inside.size > 50
        assert inside.mean() < outside.mean() - 20


def test_a_sound_picture_at_times_gets_the_defect_of_another_with_its_mask(monkeypatch):
    monkeypatch.setattr(surface_augment, "MOVED", 0.0)
    monkeypatch.setattr(surface_augment, "ASTRAY", 0.02)
    made = [varied([SOUND, BAD], 0, [1], rng(seed)) for seed in range(30)]
    struck = [m for m in made if not m.sound]
    assert 5 <= len(struck) <= 25
    for one in struck:
        assert one.image[one.mask > 0.9].mean() < one.image[one.mask == 0].mean() - 20
    assert all(varied([SOUND, BAD], 0, [], rng(seed)).sound for seed in range(10))


def test_what_is_pasted_leaves_the_rest_of_the_picture_as_it_was():
    made = surface_augment._pasted(SOUND, BAD, rng(4))
    far = surface_augment._faded(made.mask) == 0
    assert far.mean() > 0.5
    assert made.image[far] == pytest.approx(even(SOUND.image)[far])


def test_a_crack_one_pixel_wide_is_pasted_whole():
    line = np.zeros((96, 96), np.float32)
    line[20:70, 44] = 1.0
    assert surface_augment._faded(line)[24:66, 44].min() > 0.6


def test_the_same_seed_shows_the_same_picture():
    one, other = (varied([SOUND, BAD], 0, [1], rng(9)) for _ in range(2))
    assert np.array_equal(one.image, other.image) and np.array_equal(one.mask, other.mask)
    assert one.image.dtype == np.float32 and one.mask.dtype == np.float32

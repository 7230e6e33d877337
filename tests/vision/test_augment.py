"""A picture that is varied for training carries its boxes with it."""

from __future__ import annotations

import numpy as np
import pytest

from vision.augment import Sample, fitted, varied

SIDE = 128


def marked(at: tuple[int, int, int, int] = (30, 50, 70, 90), side: int = 100) -> Sample:
    """A dark picture with one bright rectangle, x1 y1 x2 y2, and its box."""
    image = np.full((side, side), 40, np.uint8)
    image[at[1] : at[3], at[0] : at[2]] = 220
    return Sample(image, np.array([[*at, 3]], np.float32))


def bright(image: np.ndarray) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(image > (int(image.min()) + int(image.max())) / 2)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("seed", range(40))
def test_the_box_stays_around_what_it_was_around(seed):
    made = varied([marked()], 0, SIDE, np.random.default_rng(seed), mosaic=False)
    assert made.image.shape == (SIDE, SIDE) and made.image.dtype == np.uint8
    assert made.boxes.shape == (1, 5) and made.boxes[0, 4] == 3
    assert np.abs(made.boxes[0, :4] - bright(made.image)).max() <= 1.5


@pytest.mark.parametrize("seed", range(20))
def test_four_in_one_keep_their_boxes_within_their_windows(seed):
    made = varied([marked(), marked((10, 10, 90, 90))], 0, SIDE, np.random.default_rng(seed), mosaic=True)
    assert made.image.shape == (SIDE, SIDE)
    level = (int(made.image.min()) + int(made.image.max())) / 2
    for x1, y1, x2, y2, label in made.boxes:
        assert 0 <= x1 < x2 <= SIDE and 0 <= y1 < y2 <= SIDE and label == 3
        inside = made.image[int(np.ceil(y1)) + 1 : int(y2) - 1, int(np.ceil(x1)) + 1 : int(x2) - 1]
        assert inside.size == 0 or (inside > level).mean() > 0.95, "what a box surrounds is what was marked"


def test_a_box_that_left_the_window_is_gone_and_a_picture_without_boxes_stays_one():
    none = Sample(np.full((100, 100), 90, np.uint8), np.empty((0, 5), np.float32))
    assert len(varied([none], 0, SIDE, np.random.default_rng(1), mosaic=False).boxes) == 0
    corner = marked((0, 0, 4, 4))
    counts = [len(varied([corner], 0, SIDE, np.random.default_rng(s), mosaic=False).boxes) for s in range(60)]
    assert 0 in counts and 1 in counts


def test_the_same_draw_gives_the_same_picture():
    one, two = (varied([marked()] * 3, 1, SIDE, np.random.default_rng(7), mosaic=True) for _ in range(2))
    assert np.array_equal(one.image, two.image) and np.array_equal(one.boxes, two.boxes)


def test_scored_pictures_are_whole_and_only_resized():
    made = fitted(Sample(np.zeros((50, 100), np.uint8), np.array([[10, 10, 100, 50, 0]], np.float32)), SIDE)
    assert made.image.shape == (SIDE, SIDE)
    assert np.allclose(made.boxes, [[12.8, 25.6, 128, 128, 0]])

"""surface-padim knows what each place of a fixed framing looks like."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from edge.model import OnnxModel
from vision.padim import CELLS, feed, fit


def part(seed: int) -> np.ndarray:
    """A bright part on a dark ground with a hole at (60, 150), uint8 (200, 300)."""
    y, x = np.mgrid[:200, :300]
    image = np.where((abs(y - 100) < 70) & (abs(x - 150) < 110), 160.0, 40.0)
    image[(y - 60) ** 2 + (x - 150) ** 2 < 150] = 60.0
    return (image + np.random.default_rng(seed).normal(0, 3, image.shape)).clip(0, 255).astype(np.uint8)


def second_hole(seed: int) -> np.ndarray:
    y, x = np.mgrid[:200, :300]
    return np.where((y - 140) ** 2 + (x - 90) ** 2 < 150, 60, part(seed)).astype(np.uint8)


def made() -> bytes:
    return fit(map(part, range(16)), map(part, range(100, 112)), 100.0, {"origin": "test"})


@pytest.fixture(scope="module")
def data() -> bytes:
    return made()


def test_the_same_hole_is_normal_where_it_belongs_and_not_elsewhere(data):
    model = OnnxModel(data, "padim.onnx")
    normal = [float(model.session.run({"image": feed(part(seed))})["score"][0]) for seed in range(200, 206)]
    wrong = model.session.run({"image": feed(second_hole(300))})
    assert max(normal) < 1.0 < float(wrong["score"][0])
    row, column = np.unravel_index(wrong["map"][0].argmax(), (CELLS, CELLS))
    assert abs(row - 140 / 200 * CELLS) <= 2
    assert abs(column - 90 / 300 * CELLS) <= 2


def test_the_same_pictures_give_the_same_bytes(data):
    assert data == made()


def test_the_card_says_what_it_rests_on(data):
    card = OnnxModel(data, "padim.onnx").card.raw
    assert card["task"] == "anomaly.image" and card["kind"] == "surface-padim"
    assert card["calibration"]["normal_pictures"] == 12
    assert card["origin"] == "test"


def test_too_few_pictures_are_refused():
    with pytest.raises(InputError, match="3 normal pictures are too few to fit on"):
        fit(map(part, range(3)), map(part, range(5, 9)))

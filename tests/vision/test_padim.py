"""surface-padim knows what each place of a fixed framing looks like."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from edge.model import OnnxModel
from vision import padim
from vision.padim import CELLS, FOLDS, Usual, feed, fit


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
    return fit([part(seed) for seed in range(24)], [], 100.0, {"origin": "test"})


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
    assert (card["calibration"]["normal_pictures"], card["calibration"]["apart"]) == (24, "pictures")
    assert card["origin"] == "test"


def test_too_few_pictures_are_refused():
    with pytest.raises(InputError, match="3 normal pictures are too few to fit on"):
        fit([part(seed) for seed in range(3)])


def test_no_group_calibrates_the_fit_that_knows_it(monkeypatch):
    known, of = [], Usual.of
    monkeypatch.setattr(padim.Usual, "of", classmethod(lambda cls, features: known.append(features) or of(features)))
    pictures = [part(seed % 8) for seed in range(16)]
    model = OnnxModel(fit(pictures, [str(seed % 8) for seed in range(16)], 100.0), "padim.onnx")
    assert model.card.raw["calibration"]["apart"] == "groups"
    *folds, every = known
    assert [len(fold) for fold in folds] == [12] * FOLDS and len(every) == 16
    for fold in folds:
        left_out = [one for one in every if not (fold == one).all(axis=(1, 2)).any()]
        assert len(left_out) == 4, "both pictures of a group are left out together"


def test_what_calibrates_scores_as_the_graph_does(data):
    session = OnnxModel(data, "padim.onnx").session
    extract = padim.Extractor(padim.TAPS, padim.POOL, before=padim.exposed, stride=padim.STRIDE)
    features = np.stack([extract(feed(part(seed))[0, :, :, 0]).reshape(CELLS * CELLS, -1) for seed in range(24)])
    usual, threshold = Usual.of(features), OnnxModel(data, "padim.onnx").card.raw["threshold"]
    said = session.run({"image": feed(second_hole(5))})["score"][0]
    wrong = extract(feed(second_hole(5))[0, :, :, 0]).reshape(CELLS * CELLS, -1)
    assert usual.score(wrong) / threshold == pytest.approx(float(said), rel=1e-3)

"""A classifier learns classes from few pictures, whatever their turn and brightness."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.logistic import fit as regress
from connectors.errors import InputError
from edge.model import OnnxModel
from tests.vision.pictures import dented, surface
from vision.classify import feed, fit


@pytest.fixture(scope="module")
def data() -> bytes:
    pictures = [*map(surface, range(8)), *map(dented, range(8))]
    return fit(pictures, ["no defect"] * 8 + ["dent"] * 8, notes={"origin": "test", "training": {"data": "made"}})


@pytest.fixture(scope="module")
def model(data) -> OnnxModel:
    return OnnxModel(data, "cls.onnx")


def said(model: OnnxModel, image: np.ndarray) -> str:
    shares = model.session.run({"image": feed(image)})["label"]
    assert shares.shape == (1, 2)
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    return model.card.raw["labels"][int(shares.argmax())]


def test_it_names_fresh_pictures_in_any_turn_and_brightness(model):
    for seed in range(50, 56):
        for turn, gain in ((0, 1.0), (1, 0.8), (3, 1.2)):
            for make, label in ((surface, "no defect"), (dented, "dent")):
                image = (np.rot90(make(seed), turn) * gain).clip(0, 255).astype(np.uint8)
                assert said(model, image) == label


def test_how_the_file_was_packed_says_nothing():
    """One class came as PNG and the other as JPEG: fresh pictures of either are named by what they show."""
    from connectors.pictures import recompressed

    pictures = [*map(surface, range(8)), *(recompressed(dented(seed), 60) for seed in range(8))]
    model = OnnxModel(fit(pictures, ["no defect"] * 8 + ["dent"] * 8), "cls.onnx")
    for seed in range(70, 76):
        assert said(model, recompressed(surface(seed), 60)) == "no defect"
        assert said(model, dented(seed)) == "dent"


def test_a_batch_gives_what_single_pictures_give(model):
    pictures = [feed(surface(60)), feed(dented(61))]
    together = model.session.run({"image": np.concatenate(pictures)})["label"]
    alone = np.concatenate([model.session.run({"image": picture})["label"] for picture in pictures])
    assert np.allclose(together, alone, atol=1e-5)


def test_the_same_pictures_give_the_same_bytes(data):
    pictures = [*map(surface, range(8)), *map(dented, range(8))]
    notes = {"origin": "test", "training": {"data": "made"}}
    assert data == fit(pictures, ["no defect"] * 8 + ["dent"] * 8, notes=notes)


def test_the_card_tells_labels_data_and_what_was_measured_on_pictures_held_out(model):
    card = model.card.raw
    assert card["labels"] == ["dent", "no defect"]
    assert card["training"]["data"] == "made"
    assert card["training"]["pictures"] == 16
    assert 0 < card["training"]["held_out"] < 8
    assert len(model.card.golden) == 1


def test_one_class_and_a_class_of_one_picture_are_refused():
    with pytest.raises(InputError, match="at least two classes"):
        fit([surface(1)] * 3, ["a"] * 3)
    with pytest.raises(InputError, match="fewer than 2 pictures cannot be learned: b"):
        fit([surface(1)] * 3, ["a", "a", "b"])


def test_logistic_regression_finds_the_least_loss():
    """At the optimum the gradient is nil: probabilities add up to the classes' shares, weights balance the data."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 300)
    x = rng.standard_normal((300, 4)) + np.eye(3, 4)[labels]
    weights, bias = regress(x, labels, 3, 0.1)
    logits = x @ weights + bias
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    share = 1 / (3 * np.bincount(labels))[labels]
    away = (likely - np.eye(3)[labels]) * share[:, None]
    assert np.abs(x.T @ away + 0.1 * weights).max() < 1e-4
    assert np.abs(away.sum(axis=0)).max() < 1e-4
    assert ((x @ weights + bias).argmax(axis=1) == labels).mean() > 0.6


def test_rare_classes_count_as_much_as_common_ones():
    rng = np.random.default_rng(2)
    labels = np.array([0] * 500 + [1] * 20)
    x = rng.standard_normal((520, 2)) + 1.5 * labels[:, None]
    weights, bias = regress(x, labels, 2, 1e-3)
    found = (x @ weights + bias).argmax(axis=1)
    assert (found[labels == 1] == 1).mean() > 0.7

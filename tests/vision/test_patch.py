"""surface-patch learns what is normal and shows where a picture is not."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest

from connectors.errors import InputError
from edge.model import OnnxModel
from tests.vision.pictures import dented, surface
from vision.features import Extractor, fitting
from vision.patch import Look, coreset, feed, fit, principal

SMALL = Look(taps=("stride8",), pool=1, axes=8, bank=100)


def made(look: Look = SMALL) -> bytes:
    return fit(map(surface, range(24)), map(surface, range(100, 160)), 200.0, look, {"origin": "test"})


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(made(), "patch.onnx")


def score(model: OnnxModel, image: np.ndarray) -> dict[str, np.ndarray]:
    return model.session.run(feed(image))


def test_fresh_normal_pictures_stay_below_the_level_and_dents_do_not(model):
    assert max(float(score(model, surface(seed))["score"][0]) for seed in range(200, 230)) < 1.0
    assert min(float(score(model, dented(seed))["score"][0]) for seed in range(200, 230)) > 1.0


def test_the_map_shows_where(model):
    found = score(model, dented(300))
    assert found["map"].shape == (1, 12, 12)
    row, column = np.unravel_index(found["map"][0].argmax(), (12, 12))
    assert abs(row - 60 / 8) <= 2 and abs(column - 36 / 8) <= 2
    assert found["score"][0] == found["map"].max()


def test_height_and_width_are_free(model):
    assert score(model, surface(1, 160)[:64])["map"].shape == (1, 8, 20)


def test_the_same_pictures_give_the_same_bytes(model):
    assert made() == made()


def test_the_card_says_what_it_rests_on_and_the_golden_pair_is_checked(model):
    card = model.card.raw
    assert card["stride"] == 8 and card["task"] == "anomaly.image" and card["origin"] == "test"
    assert card["calibration"]["normal_pictures"] == 60
    assert len(card["calibration"]["data_sha256"]) == 64
    graph = onnx.load_from_string(made())
    scale = max((t for t in graph.graph.initializer if len(t.dims) == 4), key=lambda t: t.dims[0])
    scale.raw_data = (np.frombuffer(scale.raw_data, np.float32) * 1.01).astype(np.float32).tobytes()
    with pytest.raises(InputError, match="no longer does what it did at export"):
        OnnxModel(graph.SerializeToString(), "patch.onnx")


def test_no_path_of_a_machine_is_inside():
    text = made()
    assert b"/home/" not in text and b"/tmp/" not in text
    assert all(not node.doc_string for node in onnx.load_from_string(text).graph.node)


def test_what_lies_beside_the_product_is_not_looked_at():
    def beside(seed: int) -> np.ndarray:
        image = surface(seed, 128)
        image[:, :40] = 5
        return image

    look = Look(taps=("stride8",), pool=1, axes=8, bank=100, outside=40.0, margin=1)
    data = fit(map(beside, range(8)), map(beside, range(100, 130)), 200.0, look)
    model = OnnxModel(data, "patch.onnx")
    image = beside(400)
    image[50:70, 8:24] = 30
    found = score(model, image)
    assert not found["map"][0, :, :6].any()
    assert found["map"][0, :, 6:].all()
    assert found["score"][0] < 1.0


def test_too_few_pictures_are_refused():
    with pytest.raises(InputError, match="too few to calibrate"):
        fit(map(surface, range(8)), [surface(9)], 100.0, SMALL)
    with pytest.raises(InputError, match="too few to fit"):
        fit([], map(surface, range(8)), 100.0, SMALL)
    with pytest.raises(InputError, match="16 × 16 px is too small: both sides need 32 px"):
        fit([surface(1, 16)], [], 100.0, SMALL)


def test_the_card_is_json(model):
    assert json.loads(model.session.metadata["testbed.card"])["format"] == "testbed.card/1"


def test_a_coreset_covers_its_points_and_holds_no_point_twice():
    points = np.random.default_rng(1).standard_normal((500, 3))
    chosen = coreset(points, 60)
    gaps = np.sqrt(((points[:, None] - chosen[None]) ** 2).sum(axis=2)).min(axis=1)
    random = points[np.random.default_rng(2).choice(500, 60, replace=False)]
    loose = np.sqrt(((points[:, None] - random[None]) ** 2).sum(axis=2)).min(axis=1)
    assert gaps.max() < 0.7 * loose.max()
    assert len(np.unique(chosen, axis=0)) == 60


def test_principal_axes_are_those_of_the_covariance():
    rng = np.random.default_rng(3)
    spread = np.diag([5.0, 1.0, 0.1])
    points = rng.standard_normal((20_000, 3)) @ spread + 7.0
    mean, axes = principal(points, 2)
    assert np.allclose(mean, 7.0, atol=0.2)
    projected = (points - mean) @ axes
    assert np.allclose(projected.std(axis=0), [1.0, 1.0], atol=0.1)
    assert abs(axes[0, 0]) > 50 * abs(axes[2, 0])


def test_grey_features_are_those_of_the_backbone_in_colour_but_for_the_rim():
    from edge.session import Session
    from vision.lite0 import FILE, MEAN, SPREAD

    image = surface(5, 128)
    colour = ((image[None] - MEAN[:, None, None]) / SPREAD[:, None, None]).astype(np.float32)
    whole = Session(FILE.read_bytes(), "lite0").run({"image": colour[None]})["stride8"][0].transpose(1, 2, 0)
    grey = Extractor(("stride8",), pool=1)(image)
    assert np.abs(grey - whole)[:-6, :-6].max() < 1e-3 * np.abs(whole).max()


def test_a_picture_is_cut_to_what_fits():
    assert fitting(np.zeros((100, 70), np.uint8)).shape == (96, 64)
    assert fitting(np.zeros((200, 130), np.uint8), 2).shape == (192, 128)

"""The learned surface model for tiles of strip: any size, the light as it is, a level that rests on sound tiles."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from edge.model import OnnxModel
from edge.session import Session
from tests.vision.masking import dents, untaught
from tests.vision.pictures import surface as sound
from vision import surface_tiles
from vision.plan import Plan
from vision.surface import digest_of
from vision.surface_augment import Masked
from vision.surface_graph import SHRUNK, STRIDE, logit, tiles
from vision.surface_tiles import batches, fit

CELL = SHRUNK * STRIDE
PLAN = Plan(96, 2, 1)


def learned(n: int) -> list[Masked]:
    return [Masked(e.image, np.zeros((96, 96)) if e.mask is None else e.mask.astype(np.float32)) for e in dents(n)]


def tile(seed: int, height: int = 192, width: int = 320) -> np.ndarray:
    return np.tile(sound(seed), (height // 96 + 1, width // 96 + 1))[:height, :width]


@pytest.fixture
def without_learning(monkeypatch):
    def learn(samples, plan, run, checkpoint, progress, shown):
        return untaught(), [2.0, 1.0]

    monkeypatch.setattr(surface_tiles, "with_torch", lambda module: SimpleNamespace(learn=learn))


@pytest.mark.parametrize("size", [(192, 320), (64, 128)])
def test_a_tile_of_any_size_is_mapped_and_scored_by_its_worst_cell(size):
    session = Session(tiles(untaught(), 0.0).plain({}), "s")
    got = session.run({"image": tile(3, *size)[None, :, :, None]})
    assert got["map"].shape == (1, size[0] // CELL, size[1] // CELL)
    assert got["score"].tolist() == [got["map"].max()]


def test_the_light_of_one_part_does_not_change_what_is_far_from_it():
    session = Session(tiles(untaught(), 0.0).plain({}), "s")
    one = tile(3, 192, 960)
    other = one.copy()
    other[:, :64] = 5  # a roller comes into view
    maps = [session.run({"image": image[None, :, :, None]})["map"][0] for image in (one, other)]
    assert np.allclose(maps[0][:, -10:], maps[1][:, -10:], atol=1e-5)
    assert not np.allclose(maps[0][:, :4], maps[1][:, :4], atol=1e-3)


def test_the_level_rests_on_tiles_without_a_defect(without_learning):
    calibration = [tile(i) for i in range(24)]
    data = fit(learned(8), calibration, 100.0, PLAN, notes={"place": "strip"})
    model = OnnxModel(data, "s.onnx")
    card = model.card.raw
    assert (card["task"], card["supervision"], card["knows_edges"]) == ("anomaly.image", "masks", True)
    assert card["stride"] == CELL and card["calibration"]["normal_pictures"] == 24
    assert card["training"]["parts"] == 8 and card["training"]["with_defects"] == 4
    assert card["training"]["data_sha256"] == digest_of(learned(8))
    scores = [float(model.session.run({"image": t[None, :, :, None]})["score"][0]) for t in calibration]
    assert max(scores) <= 1.0 + 1e-6
    assert float(logit(np.float32(1.0))) == pytest.approx(0.0, abs=1e-6)
    assert data == fit(learned(8), calibration, 100.0, PLAN, notes={"place": "strip"})


def test_an_epoch_shows_every_part_once_mirrored_with_its_mask():
    parts = learned(8)
    (images, masks), again = next(batches(parts, PLAN, 0, 8)), next(batches(parts, PLAN, 0, 8))
    assert images.shape == (8, 1, 96, 96) and masks.shape == (8, 96, 96)
    assert images.dtype == masks.dtype == np.float32
    assert (images == again[0]).all() and not (images == next(batches(parts, PLAN, 1, 8))[0]).all()
    assert sorted(masks.sum((1, 2))) == sorted(part.mask.sum() for part in parts)
    for image, mask in zip(images[:, 0], masks, strict=True):
        if mask.any():  # the dent is where its mask is
            assert abs(image[mask > 0].mean() - image[mask == 0].mean()) > 5

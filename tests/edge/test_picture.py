"""Pictures of any camera reach a graph in its own size and layout."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Frame
from connectors.pictures import encode
from connectors.tags import Group, Tag
from edge.model import OnnxModel
from edge.picture import as_input
from tests.vision.pictures import dented, surface
from vision import classify, patch

CAMERA = Tag(name="L/CAMERA", rate_hz=1.0, group="camera")
GROUPS = [Group("camera", (CAMERA,), "frames")]


def test_a_fixed_size_is_met_and_colour_turns_grey():
    image = np.zeros((50, 80, 3), np.uint8)
    image[..., 1] = 200
    given = as_input(image, {"layout": "NHWC", "size": ["n", 64, 32, 1]})
    assert given.shape == (1, 64, 32, 1)
    assert set(np.unique(given)) == {117}  # 0.587 of green, ITU-R BT.601


def test_a_free_size_is_mirrored_up_to_its_multiple():
    image = surface(1, 70)
    given = as_input(image, {"layout": "NHWC", "size": [1, "h", "w", 1], "multiple": 64})
    assert given.shape == (1, 128, 128, 1)
    assert (given[0, :70, :70, 0] == image).all()
    assert (given[0, 70, :70, 0] == image[69]).all()


def test_without_a_layout_it_goes_in_as_it_is():
    assert as_input(surface(1, 24), {}).shape == (1, 24, 24)


def test_a_surface_model_scores_the_frames_of_any_camera():
    look = patch.Look(taps=("stride8",), pool=1, axes=8, bank=100)
    data = patch.fit(map(surface, range(24)), map(surface, range(100, 140)), 200.0, look)
    bound = OnnxModel(data, "x").bind(GROUPS)
    normal, bad = (bound.score_frame(Frame(CAMERA, 5, encode(make(300)))) for make in (surface, dented))
    assert normal.score < 1.0 < bad.score
    assert bad.map is not None and bad.map.shape == (12, 12)


def test_a_classifier_alone_is_refused():
    data = classify.fit([*map(surface, range(3)), *map(dented, range(3))], ["good"] * 3 + ["dent"] * 3)
    with pytest.raises(InputError, match="raises no alarm by itself"):
        OnnxModel(data, "x").bind(GROUPS)

"""In 8 bits a model is a third of its size, says nearly the same, and carries its card."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from anomaly.graph import with_golden
from edge.model import OnnxModel
from tests.vision.detecting import dents, untaught
from vision import detect
from vision.detect_graph import graph
from vision.plan import Plan
from vision.quantize import FIRST, int8

SIDE = 96


@pytest.fixture(scope="module")
def pair() -> tuple[bytes, bytes]:
    golden = {"image": dents(1)[0][0][None, :, :, None]}
    data = graph(untaught(2), SIDE, 2, 0.5).model(detect._card(["dent", "scratch"], Plan(SIDE, 1)))
    data = with_golden(data, [golden])
    return data, int8(data, ({"image": image[None, :, :, None]} for image in dents(12)[0]))


def test_it_says_nearly_the_same_of_fresh_pictures(pair):
    whole, small = (OnnxModel(data, "d").session for data in pair)
    pictures = np.stack(dents(6, first=80)[0])[..., None]
    one, other = (session.run({"image": pictures})["boxes"] for session in (whole, small))
    assert np.corrcoef(one[..., 4:].ravel(), other[..., 4:].ravel())[0, 1] > 0.99
    assert np.abs(one[..., :4] - other[..., :4]).mean() < 0.02


def test_it_is_smaller_and_its_card_says_so(pair):
    whole, small = pair
    assert len(small) < 0.35 * len(whole)
    model = OnnxModel(small, "d")
    assert model.card.int8 and len(model.card.golden) == 1
    assert model.card.raw["quantized"]["pictures"] == 12
    assert model.card.raw["labels"] == ["dent", "scratch"]


def test_every_convolution_inside_is_one_of_integers(pair):
    nodes = onnx.load_from_string(pair[1]).graph.node
    given = {node.output[0]: node.op_type for node in nodes}
    floats = [n for n in nodes if n.op_type == "Conv" and given.get(n.input[1]) != "DequantizeLinear"]
    assert len(floats) == FIRST + 6, "the first ones, and two that leave the head at each level"
    assert not any(n.op_type == "Clip" and given[n.input[0]] == "DequantizeLinear" for n in nodes)


def test_the_same_pictures_give_the_same_bytes(pair):
    whole, small = pair
    assert int8(whole, ({"image": image[None, :, :, None]} for image in dents(12)[0])) == small

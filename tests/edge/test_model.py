"""A model file that is not one, or not what it says, is refused in one sentence."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest

from anomaly.calibrate import carried_h
from anomaly.graph import Graph, with_golden
from connectors.errors import InputError
from connectors.items import Frame
from connectors.pictures import encode
from connectors.tags import Group, Tag
from edge.card import braces, pack, parse, resolve, unpack
from edge.model import SHIPPED, OnnxModel, load_model
from edge.session import CARD_KEY
from edge.window import Window

GROUP = Group("main", tuple(Tag(name=f"L/U/{n}", rate_hz=1.0) for n in ("A", "B")))
CARD = {
    "name": "mean",
    "task": "anomaly.series",
    "condition": "process",
    "inputs": [
        {"name": "window", "kind": "window", "channels": ["*/{A,B}"], "rate_hz": 1.0, "length": 4, "stride_s": 1.0}
    ],
    "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}],
}


def mean_model(card: dict | None = None) -> bytes:
    """Score is the mean of the window; each channel contributes its own mean."""
    g = Graph("mean")
    x = g.input("window", [1, 4, 2])
    g.output(g.add("ReduceMean", x, axes=[1], keepdims=0), "contribution", [1, 2])
    g.output(g.reshape(g.add("ReduceMean", x, axes=[1, 2], keepdims=0), [1, 1]), "score", [1, 1])
    sample = {"window": np.arange(8, dtype=np.float32).reshape(1, 4, 2)}
    return with_golden(g.model(card or CARD), [sample])


def test_a_model_scores_a_window_and_says_who_contributed():
    bound = OnnxModel(mean_model(), "mean.onnx").bind([GROUP])
    values = np.array([[1.0, 3.0]] * 4)
    result = bound.score([Window(7, values, np.zeros((4, 2), bool))])
    assert (result.time, result.score) == (7, 2.0)
    assert result.top(1) == (("L/U/B", 3.0),)
    assert bound.unit == "L/U"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"time,a,b\n1,2,3\n" * 40, "is no ONNX model"),
        (mean_model()[: len(mean_model()) // 2], "truncated ONNX model"),
        (b"\x89PNG\r\n" + b"\0" * 500, "no ONNX model"),
    ],
)
def test_a_file_that_is_no_model_is_refused_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_model(tmp_path / "nothing.onnx")


def test_a_model_without_a_card_says_what_is_missing():
    model = onnx.load_from_string(mean_model())
    del model.metadata_props[:]
    with pytest.raises(InputError, match=CARD_KEY):
        OnnxModel(model.SerializeToString(), "mean.onnx")


def test_a_golden_pair_that_no_longer_holds_refuses_the_model():
    model = onnx.load_from_string(mean_model())
    props = {p.key: p.value for p in model.metadata_props}
    card = json.loads(props[CARD_KEY])
    wrong = unpack(card["golden"][0]["outputs"]["score"]) + np.float32(0.1)
    card["golden"][0]["outputs"]["score"] = pack(wrong)
    onnx.helper.set_model_props(model, {CARD_KEY: json.dumps(card)})
    with pytest.raises(InputError, match=r"score is off by .* of its range"):
        OnnxModel(model.SerializeToString(), "mean.onnx")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "testbed.card/2"}, "another release"),
        ({"task": "anomaly.sereis"}, "Did you mean 'anomaly.series'"),
        ({"condition": "break-out"}, "Did you mean 'breakout'"),
        ({"inputs": []}, "'inputs' must be a list of objects"),
        ({"outputs": [{"name": "score", "role": "scor"}]}, "Did you mean 'score'"),
        ({"alarm": {"k": 5, "n": 3}}, "1 <= k <= n"),
    ],
)
def test_a_card_that_does_not_fit_names_what(change, sentence):
    with pytest.raises(InputError, match=sentence):
        parse(json.dumps({"format": "testbed.card/1", **CARD, **change}), "mean.onnx")


def test_a_card_that_names_ports_the_graph_lacks_is_refused():
    card = {**CARD, "outputs": [{"name": "points", "role": "score"}]}
    with pytest.raises(InputError, match="points"):
        OnnxModel(mean_model(card), "mean.onnx")


def test_a_pattern_that_finds_no_tag_is_refused_by_name():
    with pytest.raises(InputError, match=r"'\*/C' finds none.*Model mean|Model mean .*'\*/C' finds none"):
        resolve(["*/A", "*/C"], ["L/U/A", "L/U/B"], "mean")


def test_a_pattern_that_finds_two_tags_is_refused():
    with pytest.raises(InputError, match="finds 2 tags"):
        resolve(["*/A"], ["L/U/A", "L/V/A"], "mean")


def test_a_detector_gives_things_found_in_pixels_of_the_picture_it_was_shown():
    g = Graph("halves")
    nothing = g.mul(g.add("ReduceMean", g.pixels("image", [1, 32, 32, 1]), keepdims=0), g.constant(0.0))
    places = np.array([[[0, 0, 0.5, 1, 0.9, 0.0], [0, 0, 0.5, 0.9, 0.8, 0.1], [0.5, 0, 1, 1, 0.2, 0.6]]])
    g.output(g.add("Add", g.constant(places), nothing), "boxes", [1, 3, 6])
    g.output(g.add("Add", g.constant(np.array([1.8])), nothing), "score", [1])
    card = {
        "name": "halves", "task": "detect", "condition": "surface", "labels": ["scale", "scratch"], "confidence": 0.5,
        "inputs": [{"name": "image", "kind": "image", "layout": "NHWC", "size": ["n", 32, 32, 1]}],
        "outputs": [{"name": name, "role": name} for name in ("score", "boxes")],
    }  # fmt: skip
    camera = Tag(name="L/CAM", rate_hz=1.0, group="c")
    bound = OnnxModel(g.model(card), "halves.onnx").bind([Group("c", (camera,), "frames")])
    result = bound.score_frame(Frame(camera, 5, encode(np.zeros((50, 200), np.uint8))))
    assert (result.time, round(result.score, 4)) == (5, 1.8)
    assert result.detections is not None
    assert result.detections.boxes.tolist() == [[0, 0, 100, 50], [100, 0, 200, 50]]
    assert result.detections.label.tolist() == [0, 1]
    assert np.allclose(result.detections.confidence, [0.9, 0.6])


def test_braces_spell_out_lists_and_ranges():
    assert braces("T_{N,S}_{9..11}") == ["T_N_9", "T_N_10", "T_N_11", "T_S_9", "T_S_10", "T_S_11"]
    assert braces("plain") == ["plain"]


def test_objects_hidden_in_a_card_are_not_unpacked():
    with pytest.raises(ValueError, match="not allowed"):
        unpack({"dtype": "object", "shape": [1], "data": ""})


# units that are drawn sample by sample at kHz, or in twins: their thresholds of once in 24 h rest on less, a tail
# carried on, which `train` says and every report tells
CARRIED = {
    "caster-balance", "caster-nozzles", "caster-spectrum", "chatter", "hotmill-cells", "hotmill-envelope",
    "hotmill-flow", "hotmill-gauge", "hotmill-spectrum", "hotmill-valves", "hotmill-walk", "rotating-envelope",
    "runout-descaler", "tone", "weld",
}  # fmt: skip


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.onnx")), ids=lambda path: path.stem)
def test_every_shipped_model_holds_its_golden_pairs_and_says_where_it_comes_from(path):
    model = load_model(path)
    assert model.card.golden
    raw = model.card.raw
    assert raw["licence"] == "Apache-2.0"
    assert raw["training"]["seeds"].split("-")[0] >= "10000"
    if raw["task"] == "classify":
        assert raw["training"]["held_out"] > 100
        assert raw["training"]["macro_f1"] > 0.9
    elif raw["task"] == "anomaly.image":
        assert raw["calibration"]["normal_pictures"] > 30
    else:
        assert (raw["calibration"]["normal_hours"] > 24) == (path.stem not in CARRIED)
        assert carried_h(raw["calibration"]) is not None or path.stem not in CARRIED
    assert path.stat().st_size < 25_000_000


def test_models_are_shipped():
    assert {path.stem for path in SHIPPED.glob("*.onnx")} >= {"caster-mspc", "sticker"}

"""A graph of another make behind the face of ours: fed and read as its card says."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from foreign import autoencoder, mean_of_picture, named_boxes, outlier_detector, yolo

from connectors.errors import InputError
from connectors.items import Frame
from connectors.pictures import encode
from connectors.tags import Group, Tag
from edge.boxes import found
from edge.feeding import Placed, constant, picture, window
from edge.foreign import sidecar
from edge.model import OnnxModel, load_model
from edge.reading import places, shares
from edge.window import Window

CAMERA = Tag(name="L/CAM", group="camera")
FRAMES = Group("camera", (CAMERA,), "frames")
ROWS = Group("main", tuple(Tag(name=f"L/U/{n}", rate_hz=1.0) for n in ("A", "B")))
IMAGE = {"name": "x", "kind": "image", "layout": "NCHW", "size": [4, 4], "colour": "rgb", "scale": 1.0}
VECTOR = {"name": "X", "kind": "vector", "layout": "NC", "channels": ["A", "B"], "rate_hz": 1.0, "length": 1}


def card(path, inputs, outputs, task="anomaly.image", **more):
    """A card for a file, bound to its bytes."""
    foreign = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), **more.pop("foreign", {})}
    head = {"format": "testbed.card/1", "name": path.stem, "task": task, "condition": "surface"}
    return {**head, "inputs": inputs, "outputs": outputs, "foreign": foreign, **more}


def model(path, *args, **more):
    return OnnxModel(path.read_bytes(), path.name, json.dumps(card(path, *args, **more)))


def frame(image, **more):
    return Frame(CAMERA, 7, encode(np.asarray(image, np.uint8)), **more)


# -- what a graph is fed ---------------------------------------------------------------------------------------


def test_a_colour_picture_becomes_rgb_scaled_and_channels_first():
    image = np.zeros((1, 2, 2, 3), np.uint8)
    image[..., 2] = 255  # red, in BGR
    entry = {**IMAGE, "size": None, "scale": 1 / 255, "mean": [0.5, 0.0, 0.0], "std": [0.5, 1.0, 1.0]}
    fed, _ = picture(image, entry)
    assert fed.shape == (1, 3, 2, 2)
    assert fed[0, :, 0, 0] == pytest.approx([1.0, 0.0, 0.0])


def test_a_grey_picture_fills_three_colours_or_stays_one():
    image = np.full((1, 2, 2), 8, np.uint8)
    assert picture(image, IMAGE)[0].shape == (1, 3, 4, 4)
    assert picture(image, {**IMAGE, "colour": "grey", "layout": "NHWC"})[0].shape == (1, 4, 4, 1)


def test_boxes_of_a_letterboxed_picture_come_back_to_its_own_pixels():
    _, placed = picture(np.zeros((1, 100, 200), np.uint8), {**IMAGE, "size": [64, 64], "fit": "letterbox"})
    assert (placed.top, placed.left) == (16, 0)
    assert placed.back(np.array([[0.0, 16.0, 64.0, 48.0]])).tolist() == [[0, 0, 200, 100]]
    assert placed.seen == (64, 64)


def test_boxes_are_cut_to_the_picture():
    assert Placed(10, 20).back(np.array([[-5.0, 2.0, 30.0, 8.0]])).tolist() == [[0, 2, 20, 8]]


@pytest.mark.parametrize(
    ("layout", "shape", "first"), [("NTC", (1, 3, 2), 0), ("NCT", (1, 2, 3), 0), ("NC", (1, 2), 4)]
)
def test_a_window_is_laid_out_as_the_graph_wants_it(layout, shape, first):
    fed = window(np.arange(6, dtype=np.float32).reshape(1, 3, 2), {"layout": layout})
    assert fed.shape == shape
    assert fed.reshape(-1)[0] == first


def test_a_scale_of_the_wrong_length_is_refused():
    with pytest.raises(InputError, match="has 3 numbers, but 'x' has 2 channels"):
        window(np.zeros((1, 1, 2), np.float32), {"name": "x", "layout": "NC", "mean": [1, 2, 3]})


def test_a_number_fills_an_input_that_always_gets_the_same():
    assert constant(3, "tensor(int64)", ["n", 2]).tolist() == [[3, 3]]
    with pytest.raises(InputError, match="takes 2 numbers, but got 3"):
        constant([1, 2, 3], "tensor(float)", [1, 2])


# -- what a graph gives ----------------------------------------------------------------------------------------


def test_logits_become_shares_and_named_shares_are_put_in_order():
    assert shares(np.array([[0.0, 0.0]]), ["a", "b"], "logits").tolist() == [[0.5, 0.5]]
    named = np.array([{1: 0.25, 0: 0.75}], dtype=object)
    assert shares(named, ["0", "1"], "named").tolist() == [[0.75, 0.25]]


def test_boxes_of_every_yolo_layout_are_the_same_boxes():
    centred = np.array([[30.0, 20.0, 20.0, 10.0, 0.1, 0.8]])  # x, y, w, h, shares of two classes
    expected = [20, 15, 40, 25, pytest.approx(0.8), 1]
    assert found(places(centred.T[None], 2, "yolo")).tolist() == [expected]
    with_object = np.insert(centred, 4, 1.0, axis=1)
    assert found(places(with_object[None], 2, "yolo5")).tolist() == [expected]
    rows = np.array([[20, 15, 40, 25, 0.8, 1], [5, 5, 1, 9, 0.9, 0]])  # the second ends before it begins
    assert found(places(rows[None], 2, "rows")).tolist() == [expected]


# -- the face --------------------------------------------------------------------------------------------------


def test_a_score_is_put_at_its_alarm_level(tmp_path):
    outputs = [{"name": "y", "role": "score", "gain": 0.01, "offset": 0.5}]
    bound = model(mean_of_picture(tmp_path / "m.onnx"), [IMAGE], outputs).bind([FRAMES])
    assert bound.score_frame(frame(np.full((9, 5), 100))).score == pytest.approx(1.5)


def test_a_graph_that_takes_several_pictures_at_once_gets_the_same_one(tmp_path):
    path = mean_of_picture(tmp_path / "m.onnx", (2, 3, 4, 4))
    bound = model(path, [IMAGE], [{"name": "y", "role": "score"}]).bind([FRAMES])
    assert bound.score_frame(frame(np.full((4, 4), 7))).score == 7.0


def test_what_cannot_be_reconstructed_is_the_score_and_each_channel_contributes_its_own(tmp_path):
    entry = {"name": "x", "kind": "window", "layout": "NCT", "channels": ["A", "B"], "length": 4}
    outputs = [
        {"name": "y", "role": "reconstruction", "of": "x", "gain": 0.5},
        {"name": "y", "role": "score", "from": "reconstruction"},
    ]
    bound = model(autoencoder(tmp_path / "m.onnx"), [entry], outputs, "anomaly.series").bind([ROWS])
    result = bound.score([Window(9, np.array([[2.0, 4.0]] * 4), np.zeros((4, 2), bool))])
    assert result.contribution is not None
    assert result.contribution.tolist() == [0.5, 2.0]  # half the square of half the value
    assert result.score == 1.25


def test_a_row_of_tags_is_scored_by_a_decision_function(tmp_path):
    outputs = [{"name": "scores", "role": "score", "gain": -1.0, "offset": 1.0}]
    bound = model(outlier_detector(tmp_path / "m.onnx"), [VECTOR], outputs, "anomaly.series").bind([ROWS])
    assert bound.score([Window(9, np.array([[0.25, 0.5]]), np.zeros((1, 2), bool))]).score == 0.75


def detector(tmp_path, **more):
    raw = np.array([[[32.0, 32.0], [16.0, 32.0], [32.0, 8.0], [16.0, 8.0], [0.5, 0.0], [0.0, 0.4]]])
    entry = {**IMAGE, "name": "images", "size": [64, 64]}
    outputs = [{"name": "output0", "role": "boxes", "decode": "yolo"}, {"name": "output0", "role": "score",
                                                                         "from": "boxes"}]  # fmt: skip
    labels = {"labels": ["hole", "oil"], "confidence": 0.25, "iou": 0.45, **more}
    return model(yolo(tmp_path / "m.onnx", raw), [entry], outputs, "detect", **labels).bind([FRAMES])


def test_boxes_off_a_strip_are_detections(tmp_path):
    result = detector(tmp_path).score_frame(frame(np.zeros((128, 128))))
    assert result.detections is not None
    assert result.detections.boxes.tolist() == [[32, 16, 96, 48], [56, 56, 72, 72]]
    assert result.detections.label.tolist() == [0, 1]
    assert result.score == 2.0  # the surest, by the confidence from which a box counts


def test_boxes_on_a_strip_are_defects_with_metres_and_millimetres(tmp_path):
    seen = frame(np.zeros((128, 128)), position_m=10.0, part_id="C1", pixel_mm=0.5)
    findings = detector(tmp_path, harmless=["oil"]).score_frame(seen).findings
    assert findings is not None
    (hole,) = findings
    assert (hole.label, hole.box.part_id) == ("hole", "C1")
    assert (hole.box.start_m, hole.box.end_m) == pytest.approx((10.008, 10.024))
    assert (hole.box.left_mm, hole.box.right_mm) == (16.0, 48.0)
    assert hole.crop.startswith(b"\x89PNG")


def test_corners_scores_and_labels_may_be_outputs_of_their_own(tmp_path):
    entry = {**IMAGE, "name": "images", "size": [64, 64]}
    outputs = [
        {"name": "boxes", "role": "boxes", "scores": "scores", "labels": "labels"},
        {"name": "boxes", "role": "score", "from": "boxes"},
    ]
    constants = {"constants": {"orig_target_sizes": [64, 64]}}
    bound = model(
        named_boxes(tmp_path / "m.onnx"), [entry], outputs, "detect", foreign=constants, labels=["hole", "oil"]
    ).bind([FRAMES])
    result = bound.score_frame(frame(np.zeros((32, 64))))
    assert result.detections is not None
    assert result.detections.boxes.tolist() == [[16, 8, 32, 24]]


# -- what is refused -------------------------------------------------------------------------------------------


def test_a_file_that_was_changed_after_it_was_added_is_refused(tmp_path):
    path = mean_of_picture(tmp_path / "m.onnx")
    sidecar(path).write_text(json.dumps(card(path, [IMAGE], [{"name": "y", "role": "score"}])))
    assert load_model(path).is_foreign
    path.write_bytes(path.read_bytes().replace(b"graph", b"grapH"))
    with pytest.raises(InputError, match="SHA-256 differs"):
        load_model(path)


@pytest.mark.parametrize(
    ("inputs", "outputs", "sentence"),
    [
        ([{**IMAGE, "layout": "CHW"}], [{"name": "y", "role": "score"}], "layout of input 'x' must be one of NCHW"),
        ([IMAGE], [{"name": "y", "role": "score"}, {"name": "y", "role": "label"}], "names no 'labels'"),
        ([IMAGE], [{"name": "y", "role": "score", "from": "boxes"}], "no output of role 'boxes'"),
        ([IMAGE], [{"name": "y", "role": "score"}, {"name": "y", "role": "reconstruction"}], "must say of which input"),
    ],
)
def test_a_card_that_an_adapter_cannot_go_by_is_refused(tmp_path, inputs, outputs, sentence):
    with pytest.raises(InputError, match=sentence):
        model(mean_of_picture(tmp_path / "m.onnx"), inputs, outputs)


def test_an_input_that_nothing_feeds_is_named(tmp_path):
    entry = {**IMAGE, "name": "images", "size": [64, 64]}
    with pytest.raises(InputError, match="Nothing feeds input 'orig_target_sizes'"):
        model(named_boxes(tmp_path / "m.onnx"), [entry], [{"name": "scores", "role": "score"}])

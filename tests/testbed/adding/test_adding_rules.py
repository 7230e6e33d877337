"""A file of another make is understood by what it says of itself, and asked about where it says nothing."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from foreign import (
    anomaly_maps,
    autoencoder,
    classifier_by_columns,
    named_boxes,
    node,
    outlier_detector,
    picture_classifier,
    port,
    saved,
    scaler,
    yolo,
)
from onnx import TensorProto, helper

from connectors.errors import InputError
from testbed.adding.answers import Answers, answers_of
from testbed.adding.graph import Graph
from testbed.adding.rules import understand


def understood(path, **answers):
    """The card of a file, and the keys that are still asked for."""
    card, draft = understand(Graph(path), Answers(answers))
    return card, [question.key for question in draft.open], draft


# -- kinds that rules know -------------------------------------------------------------------------------------


def test_an_outlier_detector_of_scikit_learn_asks_for_its_tags_alone(tmp_path):
    path = outlier_detector(tmp_path / "m.onnx")
    assert understood(path)[1] == ["channels"]
    card, asked, draft = understood(path, channels="*/TC_{1,2}")
    assert (card["kind"], card["task"], asked) == ("scikit-learn", "anomaly.series", [])
    assert card["inputs"][0]["channels"] == ["*/TC_1", "*/TC_2"]
    assert card["outputs"] == [{"name": "scores", "role": "score", "gain": -1.0, "offset": 1.0}]
    assert any("below 0.0 is an outlier" in line for line in draft.told)
    assert draft.assumed == {"rate_hz": 1.0, "stride_s": 1.0, "condition": "process"}


def test_columns_with_names_are_tags_and_a_class_called_normal_is_the_normal_one(tmp_path):
    card, asked, _ = understood(classifier_by_columns(tmp_path / "m.onnx"))
    assert asked == []
    assert [entry["channels"] for entry in card["inputs"]] == [["A"], ["B"]]
    assert (card["labels"], card["harmless"]) == (["normal", "worn"], ["normal"])
    assert card["outputs"][0]["decode"] == "named"


def test_classes_whose_names_say_nothing_are_asked_about(tmp_path):
    path = classifier_by_columns(tmp_path / "m.onnx", ("c0", "c1"))
    assert understood(path)[1] == ["normal"]
    assert understood(path, normal="c1")[0]["harmless"] == ["c1"]
    with pytest.raises(InputError, match="no class 'c2'"):
        understood(path, normal="c2")


def test_a_net_that_gives_back_its_input_asks_for_tags_rate_and_level(tmp_path):
    path = autoencoder(tmp_path / "m.onnx")
    assert understood(path)[1] == ["channels", "rate_hz", "threshold"]
    card, asked, _ = understood(path, channels="A,B", rate_hz="2", threshold="4")
    assert (card["kind"], asked, card["inputs"][0]["layout"]) == ("reconstruction", [], "NCT")
    assert card["outputs"][0] == {"name": "y", "role": "reconstruction", "of": "x", "gain": 0.25, "offset": 0.0}
    assert understood(path, channels="A,B", rate_hz="2", calibrate="scenario:caster-quiet")[1] == []


def test_rows_of_time_that_are_open_are_asked_for(tmp_path):
    path = autoencoder(tmp_path / "m.onnx", rows="time")
    assert "length" in understood(path)[1]
    assert understood(path, length="30")[0]["inputs"][0]["length"] == 30


def test_a_window_whose_layout_nothing_tells_is_asked_about(tmp_path):
    path = scaler(tmp_path / "m.onnx")
    assert "layout" in understood(path)[1]
    card, asked, _ = understood(path, layout="NTC", channels="A,B,C", rate_hz="1", threshold="1")
    assert (card["inputs"][0]["length"], asked) == (5, [])


def test_a_picture_classifier_asks_for_its_classes_and_takes_imagenet_for_granted(tmp_path):
    path = picture_classifier(tmp_path / "m.onnx")
    card, asked, draft = understood(path)
    assert asked == ["labels"]
    assert draft.assumed["mean"] == [0.485, 0.456, 0.406]
    card, asked, _ = understood(path, labels="good,scratch,hole")
    assert (card["task"], asked, card["harmless"]) == ("classify", [], ["good"])
    with pytest.raises(InputError, match="gives 3 classes, but labels names 2"):
        understood(path, labels="a,b")


@pytest.mark.parametrize(
    "props",
    [
        {"labels": '["a", "b", "c"]'},
        {"names": "{0: 'a', 1: 'b', 2: 'c'}"},
        {"id2label": '{"0": "a", "1": "b", "2": "c"}'},
        {"classes": "a,b,c"},
    ],
)
def test_classes_in_the_metadata_are_read(tmp_path, props):
    card, asked, _ = understood(picture_classifier(tmp_path / "m.onnx", props=props))
    assert (card["labels"], asked) == (["a", "b", "c"], [])


def test_an_anomalib_file_needs_no_answer(tmp_path):
    card, asked, _ = understood(anomaly_maps(tmp_path / "m.onnx"))
    assert (card["kind"], card["task"], asked) == ("anomalib", "anomaly.image", [])
    assert {entry["role"]: entry["gain"] for entry in card["outputs"]} == {"score": 2.0, "map": 2.0}
    assert card["inputs"][0]["size"] is None


def test_an_anomalib_file_that_was_not_trained_to_the_end_asks_for_its_level(tmp_path):
    nodes = [node("ReduceMax", "input", "peak", keepdims=1), node("Add", "peak far", "anomaly_map"),
             node("Reshape", "anomaly_map row", "pred_score")]  # fmt: skip
    outputs = [port("pred_score", ["n", 1]), port("anomaly_map", ["n", 1, 1, 1])]
    path = saved(tmp_path / "m.onnx", nodes, [port("input", [1, 3, 8, 8])], outputs,
                 {"far": np.float32(14.0), "row": np.array([-1, 1])})  # fmt: skip
    assert understood(path)[1] == ["threshold"]
    card, asked, _ = understood(path, threshold="20")
    assert ([entry["gain"] for entry in card["outputs"]], asked) == ([0.05, 0.05], [])


def test_an_ultralytics_file_says_its_classes_and_size_itself(tmp_path):
    card, asked, _ = understood(yolo(tmp_path / "m.onnx", np.zeros((1, 6, 9))))
    assert (card["kind"], card["task"], asked) == ("ultralytics", "detect", [])
    assert (card["labels"], card["inputs"][0]["fit"]) == (["hole", "oil"], "letterbox")
    assert card["outputs"][0]["decode"] == "yolo"


@pytest.mark.parametrize(("shape", "decode"), [((1, 6, 9), "yolo"), ((1, 9, 7), "yolo5"), ((1, 300, 6), "rows")])
def test_every_layout_of_yolo_is_told_by_its_shape(tmp_path, shape, decode):
    assert understood(yolo(tmp_path / "m.onnx", np.zeros(shape)))[0]["outputs"][0]["decode"] == decode


def test_metadata_of_ultralytics_is_read_and_never_run(tmp_path):
    path = yolo(tmp_path / "m.onnx", np.zeros((1, 6, 9)), names="__import__('os').system('touch run')")
    card, _, _ = understood(path)
    assert card["labels"] == []
    assert not (tmp_path / "run").exists()


def test_a_detector_with_named_outputs_gets_its_size_as_a_constant(tmp_path):
    path = named_boxes(tmp_path / "m.onnx")
    assert understood(path)[1] == ["labels"]
    card, asked, draft = understood(path, labels="hole,oil")
    assert (card["task"], asked, draft.constants) == ("detect", [], {"orig_target_sizes": [[64, 64]]})


# -- kinds that no rule knows ----------------------------------------------------------------------------------


def regressor(path):
    nodes = [node("ReduceSum", "X", "variable", keepdims=1)]
    return saved(path, nodes, [port("X", ["n", 2])], [port("variable", ["n", 1])])


def test_a_number_of_unknown_meaning_is_asked_about_and_taken_as_told(tmp_path):
    path = regressor(tmp_path / "m.onnx")
    card, asked, draft = understood(path)
    assert asked == ["channels", "score"]
    assert "--set score=OUTPUT" in draft.open[-1].text
    card, asked, _ = understood(path, channels="A,B", score="variable", threshold="0.3", worse="low")
    assert (card["kind"], asked) == ("foreign", [])
    assert card["outputs"] == [{"name": "variable", "role": "score", "gain": -1.0, "offset": 1.3}]


def test_several_maps_lead_to_the_question_which_one_is_meant(tmp_path):
    nodes = [node("Concat", "x x", "y", axis=1)]
    path = saved(tmp_path / "m.onnx", nodes, [port("x", [1, 3, 8, 8])], [port("y", [1, 6, 8, 8])])
    assert understood(path)[1] == ["map"]
    assert understood(path, map="y", threshold="0.5")[1] == ["channel"]
    card, asked, _ = understood(path, map="y", threshold="0.5", channel="4")
    assert (card["outputs"][0]["channel"], card["outputs"][1], asked) == (
        4, {"name": "y", "role": "score", "from": "map"}, [],
    )  # fmt: skip
    with pytest.raises(InputError, match="has channels 0 to 5, but got 6"):
        understood(path, map="y", threshold="0.5", channel="6")


def test_an_input_beside_the_picture_is_asked_about(tmp_path):
    nodes = [node("ReduceMean", "x", "mean", keepdims=0), node("Mul", "recipe mean", "y")]
    path = saved(tmp_path / "m.onnx", nodes, [port("x", [1, 3, 8, 8]), port("recipe", [1, 2])], [port("y", [1, 2])])
    _, asked, draft = understood(path)
    assert asked == ["fix"]
    assert "--set fix.NAME=NUMBER" in draft.open[0].text
    card, asked, draft = understood(path, **{"fix.recipe": "1,2"}, labels="good,bad")
    assert (card["kind"], draft.constants, asked) == ("classifier", {"recipe": [1, 2]}, [])


def test_a_film_can_be_fed_with_nothing_that_is_here(tmp_path):
    path = saved(tmp_path / "m.onnx", [node("ReduceMean", "x", "y", keepdims=0)], [port("x", [1, 3, 8, 16, 16])],
                 [port("y", [])])  # fmt: skip
    with pytest.raises(InputError, match="1×3×8×16×16; pictures have four axes"):
        understood(path)


# -- answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"chanels": "A"}, "Did you mean 'channels'"),
        ({"channels": "A,B,C"}, "has 2 columns, but channels names 3"),
        ({"channels": "A,B", "rate_hz": "fast"}, "'rate_hz' does not take 'fast': a number fits"),
        ({"channels": "A,B", "rate_hz": "0"}, "a number above 0 fits"),
        ({"channels": "A,B", "condition": "proces"}, "Did you mean 'process'"),
        ({"channels": "A,B", "confidence": "0.5"}, "'confidence' says nothing about a file of this kind"),
        ({"channels": "A,B", "fix.Z": "1"}, "no input 'Z'"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_in_one_sentence(tmp_path, answers, sentence):
    with pytest.raises(InputError, match=sentence):
        understood(outlier_detector(tmp_path / "m.onnx"), **answers)


def test_answers_may_stand_in_a_file_and_the_line_goes_before_them(tmp_path):
    file = tmp_path / "answers.json"
    file.write_text('{"channels": ["A", "B"], "rate_hz": 2}')
    answers, whole = answers_of(["rate_hz=5"], file)
    assert (answers.given, whole) == ({"channels": ["A", "B"], "rate_hz": "5"}, None)
    with pytest.raises(InputError, match="KEY=VALUE"):
        answers_of(["rate_hz"], None)


# -- what is refused -------------------------------------------------------------------------------------------


def test_operators_of_a_domain_of_their_own_are_refused_by_name(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Fuse", ["x"], ["y"], domain="my.company")], "g", [port("x", [1, 2])], [port("y", [1, 2])]
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("my.company", 1)]
    path = tmp_path / "m.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets).SerializeToString())
    with pytest.raises(InputError, match=r"my\.company\.Fuse.*without custom operators"):
        Graph(path)


def external(path, location):
    """A file whose weights lie in another."""
    model = onnx.load(autoencoder(path))
    tensor = model.graph.initializer[0]
    weights = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    path.write_bytes(model.SerializeToString())
    return weights


def test_weights_beside_the_file_are_taken_in(tmp_path):
    path = tmp_path / "m.onnx"
    (tmp_path / "m.onnx.data").write_bytes(external(path, "m.onnx.data"))
    alone = onnx.load_from_string(Graph(path).data)
    assert alone.graph.initializer[0].data_location == TensorProto.DEFAULT


@pytest.mark.parametrize("place", ["../w.data", "/etc/hostname", "gone.data"])
def test_weights_that_lie_elsewhere_are_refused(tmp_path, place):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "w.data").write_bytes(external(folder / "m.onnx", place))
    with pytest.raises(InputError, match="not there" if place == "gone.data" else "outside its folder"):
        Graph(folder / "m.onnx")


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "w.data").write_bytes(external(folder / "m.onnx", "w.data"))
    (folder / "w.data").symlink_to(tmp_path / "w.data")
    with pytest.raises(InputError, match="outside its folder"):
        Graph(folder / "m.onnx")


@pytest.mark.parametrize("content", [b"time,a\n1,2\n" * 40, b"PK\x03\x04" + b"\0" * 300, b"\x80\x04\x95pickle"])
def test_what_is_no_onnx_is_refused(tmp_path, content):
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError, match="ONNX") as caught:
        Graph(path)
    assert "\n" not in str(caught.value)


def test_a_net_that_takes_words_is_refused(tmp_path):
    nodes = [node("Identity", "words", "y")]
    path = saved(tmp_path / "m.onnx", nodes, [port("words", [1], TensorProto.STRING)],
                 [port("y", [1], TensorProto.STRING)])  # fmt: skip
    with pytest.raises(InputError, match=r"takes tensor\(string\); pictures and tags are numbers"):
        Graph(path)

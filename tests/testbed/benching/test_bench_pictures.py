"""Benches on pictures: over memory and a real broker the same answers, nothing lost, and losses told."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import testbed
from anomaly.graph import Graph
from connectors.errors import InputError, PartFailed
from connectors.items import Frame
from connectors.memory import MemoryLink
from connectors.pictures import encode
from edge.model import OnnxModel
from edge.seen import Again
from testbed import links
from testbed.benching.carried import carry
from testbed.benching.judge import Judge, fitted, grown, overlap
from testbed.benching.pictures import judged, picture_rows
from testbed.cli import run_cli
from testbed.datasets.pictures import load

SIDE = 32
QUIET = lambda done, of: None  # noqa: E731


def classifier(labels: list[str], more: dict | None = None) -> bytes:
    """Says the first label of a dark picture and the second of a bright one."""
    g = Graph("brightness")
    image = g.pixels("image", ["n", SIDE, SIDE, 1])
    level = g.mul(g.reshape(g.add("ReduceMean", image, axes=[1, 2], keepdims=0), [-1, 1]), g.constant(1 / 255.0))
    shares = g.add("Concat", g.add("Sub", g.constant(1.0), level), level, axis=1)
    g.output(shares, "label", ["n", 2])
    card = {"name": "brightness", "kind": "classify", "task": "classify", "condition": "surface", "labels": labels}
    return g.model({**card, **_ports("label"), **(more or {})})


def detector() -> bytes:
    """Scores the brightest pixel over 200, with the picture as its map; any size."""
    g = Graph("brightest")
    image = g.mul(g.pixels("image", [1, "h", "w", 1]), g.constant(1 / 200.0))
    g.output(g.reshape(g.add("ReduceMax", image, keepdims=0), [1]), "score", [1])
    g.output(g.add("Squeeze", image, g.integers([3])), "map", [1, "h", "w"])
    card = {"name": "brightest", "kind": "brightest", "task": "anomaly.image", "condition": "surface"}
    return g.model({**card, **_ports("score", "map")})


def _ports(*roles: str) -> dict:
    return {
        "inputs": [{"name": "image", "kind": "image"}],
        "outputs": [{"name": role, "role": role} for role in roles],
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Dark and bright pictures of several sizes, a folder a class; one bright picture lies among the dark."""
    folder = tmp_path_factory.mktemp("set")
    rng = np.random.default_rng(1)
    for label, level in (("bright", 180), ("dark", 60)):
        (folder / label).mkdir()
        for i in range(6):
            shape = (40 + i, 50 - i)
            odd = 180 if (label, i) == ("dark", 0) else level
            image = np.clip(odd + rng.integers(-20, 20, shape), 0, 255).astype(np.uint8)
            (folder / label / f"{i}.png").write_bytes(encode(image))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("model") / "brightness.onnx"
    path.write_bytes(classifier(["dark", "bright"]))
    return str(path)


@pytest.mark.parametrize("broker", ["embedded", pytest.param("mosquitto", marks=pytest.mark.needs("mosquitto"))])
def test_over_mqtt_the_answers_are_those_over_memory(root, model, broker, monkeypatch):
    monkeypatch.setenv("TESTBED_BROKER", broker)
    near = testbed.bench(data=str(root), models=[model]).rows
    far = testbed.bench(data=str(root), models=[model], over="mqtt").rows
    assert near[0]["pictures"] == 12
    assert near[0]["accuracy"] == far[0]["accuracy"] == pytest.approx(11 / 12, abs=1e-4)
    assert near[0]["digest"] == far[0]["digest"]
    assert near[0]["digest"] is not None
    assert far[0]["lost"] == 0
    assert near[1]["model"] == "majority"
    assert near[1]["accuracy"] == 0.5


def test_the_digest_hangs_on_the_answers_and_not_on_their_order(root, model):
    found = judged(str(root), None, None, None, [model], "memory", QUIET)
    judge, pictures = found.judges[0], found.pictures
    first = judge.digest(pictures)
    judge.said = dict(reversed(judge.said.items()))
    assert judge.digest(pictures) == first
    judge.said[3] = "bright" if judge.said[3] == "dark" else "dark"
    assert judge.digest(pictures) != first


class Leaking(MemoryLink):
    """A transport on which the third picture is lost on the way."""

    async def send(self, items) -> None:
        await super().send([item for item in items if not (isinstance(item, Frame) and item.part_id.endswith("2.png"))])


def test_what_is_lost_is_counted_and_ends_with_status_3(root, model, monkeypatch, capsys):
    async def opened(stack, groups, dial):
        link = await stack.enter_async_context(Leaking(groups))
        return link, link

    monkeypatch.setitem(links._OPEN, "memory", opened)
    status = run_cli(["bench", "--data", str(root), "--models", model, "--json"])
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert status == 3
    assert (rows[0]["lost"], rows[0]["pictures"], rows[0]["digest"]) == (2, 10, None)


async def test_a_file_that_goes_away_ends_the_sending_at_once(root, monkeypatch):
    pictures = load(str(root))
    gone = replace(pictures[5], file=root / "gone.png")
    with pytest.raises(InputError, match=r"gone\.png cannot be read"):
        await carry([*pictures[:5], gone, *pictures[6:]], "memory", lambda i, frame: None)


async def test_a_transport_that_falls_silent_is_told(root, monkeypatch):
    class Silent(MemoryLink):
        async def send(self, items) -> None:
            pass

    async def opened(stack, groups, dial):
        link = await stack.enter_async_context(Silent(groups))
        return link, link

    monkeypatch.setitem(links._OPEN, "memory", opened)
    monkeypatch.setattr("testbed.benching.carried.PATIENCE_S", 0.2)
    with pytest.raises(PartFailed, match="Nothing came over memory"):
        await carry(load(str(root)), "memory", lambda i, frame: None)


def test_good_and_bad_pictures_are_ranked_beside_rivals_that_hardly_look(tmp_path):
    rng = np.random.default_rng(2)
    for label in ("good", "crack"):
        (tmp_path / label).mkdir()
        for i in range(5):
            image = rng.integers(80, 120, (33, 47)).astype(np.uint8)
            if label == "crack":
                image[10:14, 5:25] = 150 if i == 4 else 240  # the last crack is below the alarm level
                mask = np.zeros(image.shape, np.uint8)
                mask[10:14, 5:25] = 255
                (tmp_path / label / f"{i}.jpg").write_bytes(encode(image))
                (tmp_path / label / f"{i}.png").write_bytes(encode(mask))
            else:
                (tmp_path / label / f"{i}.png").write_bytes(encode(image))
    file = tmp_path / "brightest.onnx"
    file.write_bytes(detector())
    rows = {row["model"]: row for row in picture_rows(str(tmp_path), None, None, None, [str(file)], "memory", QUIET)}
    found = rows["brightest"]
    assert (found["auroc"], found["far"], found["mar"]) == (1.0, 0.0, 0.2)
    assert found["aupro"] == pytest.approx(1.0)
    assert rows["always-alarm"]["far"] == 1.0
    assert 0 <= rows["mean-grey"]["auroc"] <= 1


def test_a_model_that_does_not_know_the_classes_is_refused(root, tmp_path):
    file = tmp_path / "other.onnx"
    file.write_bytes(classifier(["dark", "grey"]))
    with pytest.raises(InputError, match="does not know bright; it knows dark, grey"):
        testbed.bench(data=str(root), models=[str(file)])
    with pytest.raises(InputError, match="reads no pictures"):
        testbed.bench(data=str(root), models=["sticker"])


def test_a_picture_in_both_lists_is_refused(root, model, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("dark/1.png\nbright/1.png\n", encoding="utf-8")
    with pytest.raises(InputError, match="2 pictures stand in both lists"):
        testbed.bench(data=str(root), models=[model], train=listed, test=listed)


def test_without_a_test_list_all_but_the_training_pictures_are_scored(root, model, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("dark/1.png\nbright/1.png\n", encoding="utf-8")
    rows = testbed.bench(data=str(root), models=[model], train=listed).rows
    assert rows[0]["pictures"] == 10
    listed.write_text("".join(f"{c}/{i}.png\n" for c in ("dark", "bright") for i in range(6)), encoding="utf-8")
    with pytest.raises(InputError, match="no picture left"):
        testbed.bench(data=str(root), models=[model], train=listed)


def test_a_model_fitted_on_the_same_set_is_flagged_unless_its_list_is_given(root, tmp_path):
    lists = tmp_path / "mine.txt"
    lists.write_text("dark/1.png\n", encoding="utf-8")
    taught = {"data": str(root), "lists": {"mine.txt": hashlib.sha256(lists.read_bytes()).hexdigest()}}

    def made(training: dict) -> OnnxModel:
        return OnnxModel(classifier(["dark", "bright"], {"training": training}), "brightness")

    assert overlap(made({}), str(root), None, Again({})) == {"overlap": "unknown"}
    assert overlap(made({"data": "x-sdd"}), str(root), None, Again({})) == {"overlap": "none"}
    assert overlap(made(taught), str(root), None, Again({})) == {"overlap": "unknown"}
    assert overlap(made(taught), str(root), lists, Again({})) == {"overlap": "none"}
    assert overlap(made({"data": f"x-sdd, {root}"}), str(root), lists, Again({})) == {"overlap": "unknown"}


def test_a_kind_is_fitted_on_the_training_list(root, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text(
        "".join(f"{label}/{i}.png\n" for label in ("dark", "bright") for i in (1, 2, 3)), encoding="utf-8"
    )
    found = judged(str(root), None, listed, None, ["classify"], "memory", QUIET)
    assert found.judges[0].labels == ("bright", "dark")
    assert len(found.judges[0].said) == 6
    with pytest.raises(InputError, match="must be fitted first"):
        testbed.bench(data=str(root), models=["classify"])


def test_pictures_are_fitted_to_a_graph_and_maps_grow_back():
    image = np.arange(40 * 50, dtype=np.uint8).reshape(40, 50)
    assert fitted(image, ["n", 32, 32, 1]).shape == (1, 32, 32, 1)
    padded = fitted(image, [1, "h", "w", 1])
    assert padded.shape == (1, 64, 64, 1)
    assert (padded[0, :40, :50, 0] == image).all()
    heat = np.zeros((8, 8), np.float32)
    heat[0, 0] = 1.0
    assert grown(heat, (40, 50), [1, "h", "w", 1]).shape == (40, 50)
    assert grown(heat, (40, 50), ["n", 32, 32, 1]).argmax() == 0


VOC = "<annotation>{}</annotation>"
OBJECT = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"


def boxer(labels: list[str]) -> bytes:
    """Finds two boxes in every picture: the left half, of the first class, and the right one, of the second."""
    g = Graph("boxer")
    nothing = g.mul(g.add("ReduceMean", g.pixels("image", [1, SIDE, SIDE, 1]), keepdims=0), g.constant(0.0))
    halves = [[0, 0, 0.5, 1, 0.9, 0.0], [0, 0, 0.5, 0.9, 0.8, 0.02], [0.5, 0, 1, 1, 0.0, 0.6]]
    g.output(g.add("Add", g.constant(np.array([halves])), nothing), "boxes", [1, 3, 6])
    g.output(g.add("Add", g.constant(np.array([3.6])), nothing), "score", [1])
    card = {"name": "boxer", "kind": "boxer", "task": "detect", "condition": "surface", "labels": labels}
    return g.model({**card, **_ports("score", "boxes")})


def test_boxes_are_scored_as_coco_does_beside_one_around_every_picture(tmp_path):
    for i, boxes in enumerate([("crazing", 0, 0, 100, 80), ("patches", 100, 0, 200, 80)], 1):
        (tmp_path / f"crazing_{i}.png").write_bytes(encode(np.full((80, 200), 90, np.uint8)))
        (tmp_path / f"crazing_{i}.xml").write_text(VOC.format(OBJECT.format(*boxes)))
    file = tmp_path / "boxer.onnx"
    file.write_bytes(boxer(["crazing", "patches"]))
    rows = picture_rows("neu-det", tmp_path, None, None, [str(file)], "memory", QUIET)
    found = {row["model"]: row for row in rows}["boxer"]
    assert found["ap50"] == {"crazing": 1.0, "patches": 0.5}, "surest of its class in the other picture is wrong"
    assert found["map50"] == pytest.approx(0.75, abs=0.005)
    assert rows[1]["model"] == "majority" and rows[1]["map50"] < found["map50"]
    assert "auroc" not in found and "accuracy" not in found


def test_a_detector_is_not_scored_where_there_are_no_boxes_or_others(root, tmp_path):
    file = tmp_path / "boxer.onnx"
    file.write_bytes(boxer(["crazing", "patches"]))
    with pytest.raises(InputError, match="these pictures have none to compare them with"):
        picture_rows(str(root), None, None, None, [str(file)], "memory", QUIET)
    (tmp_path / "crazing_1.png").write_bytes(encode(np.full((80, 200), 90, np.uint8)))
    (tmp_path / "crazing_1.xml").write_text(VOC.format(OBJECT.format("scratches", 0, 0, 9, 9)))
    with pytest.raises(InputError, match="does not know scratches; it knows crazing, patches"):
        picture_rows("neu-det", tmp_path, None, None, [str(file)], "memory", QUIET)


KILLED = """
import os, signal, sys
import testbed
from testbed.benching import pictures
from testbed.benching.judge import Judge
pictures.AT_ONCE, look, looked = 5, Judge.look, []
def dies(self, i, image):
    if len(looked) == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    looked.append(i)
    look(self, i, image)
Judge.look = dies
testbed.bench(data=sys.argv[1], models=[sys.argv[2]], out=sys.argv[3])
"""


def test_pictures_that_were_looked_at_before_a_kill_are_not_looked_at_again_and_the_rows_are_the_same(
    root, model, tmp_path, monkeypatch
):
    def rows(**more):
        found = testbed.bench(data=str(root), models=[model], **more).rows
        return [{key: value for key, value in row.items() if not key.endswith("_ms")} for row in found]

    whole = rows()
    command = [sys.executable, "-c", KILLED, str(root), model, str(tmp_path / "out")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    monkeypatch.setattr("testbed.benching.pictures.AT_ONCE", 5)
    again = []
    monkeypatch.setattr(Judge, "look", lambda self, i, image, look=Judge.look: (again.append(i), look(self, i, image)))
    assert rows(out=tmp_path / "out") == whole
    assert again == list(range(5, 12))

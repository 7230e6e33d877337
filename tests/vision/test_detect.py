"""A detector's file decodes its boxes itself; its training needs PyTorch, goes on after a stop, and learns."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from connectors.errors import InputError
from edge.boxes import in_picture
from edge.model import OnnxModel
from edge.session import Session
from tests.vision.detecting import DENT, dents, untaught
from vision import detect
from vision.detect import batches, fit
from vision.detect_graph import STRIDES, graph, points
from vision.plan import Plan

SIDE = 96
PLACES = sum((SIDE // stride) ** 2 for stride in STRIDES)


def learn_nothing(samples, classes, plan, run, checkpoint, progress):
    return untaught(classes), [2.0, 1.0]


@pytest.fixture
def without_learning(monkeypatch):
    monkeypatch.setattr(detect, "with_torch", lambda module: SimpleNamespace(learn=learn_nothing))


def test_the_graph_gives_a_box_and_shares_a_place_and_the_surest_as_score():
    session = Session(graph(untaught(2), SIDE, 2, confidence=0.5).plain({}), "d")
    pictures = np.stack(dents(3)[0])[..., None]
    got = session.run({"image": pictures})
    assert got["boxes"].shape == (3, PLACES, 6)
    corners, shares = got["boxes"][..., :4], got["boxes"][..., 4:]
    assert (corners >= 0).all() and (corners <= 1).all() and (shares > 0).all() and (shares < 1).all()
    middle = points(SIDE) / SIDE
    assert (corners[..., :2] <= middle).all() and (corners[..., 2:] >= middle).all()
    assert np.allclose(got["score"], shares.max(axis=(1, 2)) / 0.5)
    alone = session.run({"image": pictures[1:2]})["boxes"]
    assert np.allclose(alone[0], got["boxes"][1], atol=1e-5)


def test_places_lie_in_the_middle_of_their_cells():
    made = points(SIDE)
    assert len(made) == PLACES
    assert made[:2].tolist() == [[4.0, 4.0], [12.0, 4.0]]
    assert made[-1].tolist() == [80.0, 80.0]


def test_the_card_says_what_was_learned_and_what_was_held_out(without_learning):
    pictures, boxes = dents(24)
    held = [i >= 20 for i in range(24)]
    notes = {"origin": "test", "training": {"data": "made"}}
    model = OnnxModel(fit(pictures, boxes, held, Plan(side=SIDE, epochs=2), notes=notes), "d.onnx")
    card = model.card.raw
    assert (card["task"], card["labels"], card["origin"]) == ("detect", ["dent"], "test")
    training = card["training"]
    assert (training["pictures"], training["boxes"], training["held_out"]) == (20, 10, 4)
    assert (training["data"], training["loss"], training["seed"]) == ("made", [2.0, 1.0], 1)
    assert training["ap50"] == {"dent": training["map50"]}
    assert 0 <= training["map50_95"] <= training["map50"] <= 1
    assert len(card["golden"]) == 1


def test_too_few_boxes_are_refused_in_one_sentence(without_learning):
    with pytest.raises(InputError, match="at least 8 pictures with boxes, but got 4"):
        fit(*dents(8), plan=Plan(SIDE, 2))
    with pytest.raises(InputError, match="one epoch or more"):
        fit(*dents(24), plan=Plan(side=SIDE, epochs=0))


def test_without_pytorch_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "vision.torch_detect", raising=False)
    monkeypatch.delattr("vision.torch_detect", raising=False)
    with pytest.raises(InputError, match=r"pip install 'steel-testbed\[train\]'"):
        fit(*dents(24), plan=Plan(SIDE, 2))


def test_an_epoch_shows_every_picture_once_and_the_same_ones_again_after_a_stop():
    samples = [detect._sample(*pair, ["dent"]) for pair in zip(*dents(20), strict=True)]
    once, again = (list(batches(samples, Plan(SIDE, 48), 3, 8)) for _ in range(2))
    assert [(grey.shape, len(boxes)) for grey, boxes in once] == [((8, 1, SIDE, SIDE), 8)] * 2
    assert all(
        np.array_equal(a, b) for one, two in zip(once, again, strict=True) for a, b in zip(one, two, strict=True)
    )
    assert {float(label) for _, boxes in once for label in boxes[..., 4].flat} == {-1.0, 0.0}


def learned(tmp_path: Path, epochs: int, name: str = "a", stop_after: int | None = None, seed: int = 1) -> bytes:
    class Stopped(Exception):
        pass

    def progress(what: str, done: int, of: int) -> None:
        if stop_after is not None and done > stop_after:
            raise Stopped

    pictures, boxes = dents(16)
    try:
        return fit(pictures, boxes, plan=Plan(64, epochs, seed), checkpoint=tmp_path / name, progress=progress)
    except Stopped:
        return b""


def test_the_file_computes_what_torch_computes():
    torch = pytest.importorskip("torch")
    from vision.torch_detect import Detector

    torch.set_num_threads(1)
    torch.manual_seed(4)
    net = Detector(3, SIDE)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    net.eval()
    pictures = np.stack(dents(4, first=90)[0])
    with torch.no_grad():
        logits, boxes = net(torch.from_numpy(pictures).float()[:, None])
    expected = torch.cat([(boxes / SIDE).clamp(0, 1), logits.sigmoid()], 2).numpy()
    got = Session(graph(net.weights(), SIDE, 3, 0.25).plain({}), "d").run({"image": pictures[..., None]})["boxes"]
    assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_training_that_was_stopped_ends_with_the_same_file(tmp_path):
    pytest.importorskip("torch")
    whole = learned(tmp_path, 3)
    assert learned(tmp_path, 3, "b", stop_after=3) == b""
    assert (tmp_path / "b").exists(), "two epochs of two steps are kept"
    assert learned(tmp_path, 3, "b") == whole
    assert list(tmp_path.iterdir()) == [], "checkpoints are taken away when a training is done"


def test_a_checkpoint_of_another_training_is_refused_but_its_end_may_move_while_the_rate_is_steady(tmp_path):
    pytest.importorskip("torch")
    learned(tmp_path, 4, stop_after=3)
    with pytest.raises(InputError, match="is a checkpoint of another training"):
        learned(tmp_path, 4, seed=2)
    with pytest.raises(InputError, match="is a checkpoint of another training"):
        learned(tmp_path, 2)
    longer = learned(tmp_path, 5)
    assert longer == learned(tmp_path, 5, "fresh")
    (tmp_path / "torn").write_bytes(b"PK\3\4 not a checkpoint")
    with pytest.raises(InputError, match="torn is a checkpoint of another training"):
        learned(tmp_path, 4, "torn")


def test_places_are_assigned_to_the_box_they_fit_best():
    torch = pytest.importorskip("torch")
    from vision.torch_detect import assigned

    where = torch.tensor([[10.0, 10.0], [50.0, 50.0], [90.0, 90.0]])
    truth = torch.tensor([[[0.0, 0, 20, 20, 1], [40, 40, 60, 60, 0], [0, 0, 0, 0, -1]]])
    boxes = torch.tensor([[[0.0, 0, 20, 20], [40, 40, 60, 50], [80, 80, 99, 99]]])
    owner, wanted = assigned(torch.zeros(1, 12, 2), boxes.repeat(1, 4, 1), where.repeat(4, 1), truth)
    assert owner[0, :2].tolist() == [0, 1]
    assert torch.allclose(wanted[0, :3], torch.tensor([1.0, 0.5, 0.0]), atol=1e-4)


@pytest.mark.slow
def test_it_learns_to_find_dents(tmp_path):
    pytest.importorskip("torch")
    pictures, boxes = dents(96)
    model = OnnxModel(fit(pictures, boxes, [i >= 64 for i in range(96)], Plan(SIDE, 40)), "d")
    assert json.loads(json.dumps(model.card.raw["training"]))["map50"] > 0.9
    image = dents(2, first=501)[0][0]
    rows = in_picture(model.session.run({"image": image[None, ..., None]})["boxes"][0], image.shape, model.card.raw)
    assert len(rows) == 1 and np.abs(rows[0, :4] - np.array(DENT[1:])).max() < 4

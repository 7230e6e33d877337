"""A surface model learned from masks: its file maps and scores, its alarm level rests on what was not learned."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from connectors.errors import InputError
from edge.model import OnnxModel
from edge.session import Session
from tests.vision.masking import dents, untaught
from tests.vision.pictures import surface as sound
from vision import surface
from vision.plan import Plan
from vision.surface import Example, batches, fit
from vision.surface_graph import Levels, graph, logit

SIDE = 96
CALIBRATION = [sound(i) for i in range(200, 224)]


@pytest.fixture
def without_learning(monkeypatch):
    def learn(samples, plan, run, checkpoint, progress):
        return untaught(), [2.0, 1.0]

    monkeypatch.setattr(surface, "with_torch", lambda module: SimpleNamespace(learn=learn))


def shown(*images: np.ndarray) -> dict[str, np.ndarray]:
    return {"image": np.stack(images)[..., None]}


def test_the_graph_maps_and_scores_each_picture_for_itself():
    session = Session(graph(untaught(), SIDE, Levels()).plain({}), "s")
    pictures = [example.image for example in dents(3)]
    got = session.run(shown(*pictures))
    assert got["map"].shape == (3, 12, 12) and got["score"].shape == (3,)
    assert all(((0 < value) & (value < 2)).all() for value in got.values())
    alone = session.run(shown(pictures[1]))
    assert np.allclose(alone["map"][0], got["map"][1], atol=1e-5)
    assert np.allclose(alone["score"][0], got["score"][1], atol=1e-5)


def test_a_logit_at_its_level_is_one():
    picture = dents(2)[1].image
    bare = Session(graph(untaught(), SIDE, Levels()).plain({}), "s").run(shown(picture))
    score, worst = float(logit(bare["score"][0])), float(logit(bare["map"][0]).max())
    at = Session(graph(untaught(), SIDE, Levels(score, worst)).plain({}), "s").run(shown(picture))
    assert at["score"][0] == pytest.approx(1.0, abs=1e-4)
    assert at["map"].max() == pytest.approx(1.0, abs=1e-4)


def test_the_card_says_that_masks_were_used_and_what_was_held_out(without_learning):
    nobody_marked = Example(dents(2)[1].image, True, np.zeros((SIDE, SIDE), bool))
    data = fit([*dents(24), nobody_marked], CALIBRATION, dents(8, 90), 100.0, Plan(SIDE, 2), notes={"origin": "test"})
    model = OnnxModel(data, "s.onnx")
    card = model.card.raw
    assert (card["task"], card["supervision"], card["origin"]) == ("anomaly.image", "masks", "test")
    training = card["training"]
    assert (training["pictures"], training["masks"], training["without_mask"]) == (24, 12, 1)
    assert training["held_out"] == 8 and 0 <= training["auroc"] <= 1 and 0 <= training["aupro"] <= 1
    assert card["calibration"]["normal_pictures"] == 24
    scores = [float(model.session.run(shown(picture))["score"][0]) for picture in CALIBRATION]
    assert max(scores) <= 1.0 + 1e-6, "none of the pictures that calibrate is an alarm"
    assert len(card["golden"]) == 1


def test_the_same_pictures_give_the_same_bytes(without_learning):
    one, other = (fit(dents(16), CALIBRATION, plan=Plan(SIDE, 2)) for _ in range(2))
    assert one == other


def test_what_cannot_be_learned_is_refused_in_one_sentence(without_learning):
    with pytest.raises(InputError, match="at least 8 pictures with masks and as many sound ones, but got 4 and 4"):
        fit(dents(8), CALIBRATION, plan=Plan(SIDE, 2))
    with pytest.raises(InputError, match="one epoch or more"):
        fit(dents(24), CALIBRATION, plan=Plan(SIDE, 0))
    with pytest.raises(InputError, match="2 normal pictures are too few to calibrate on"):
        fit(dents(24), CALIBRATION[:2], plan=Plan(SIDE, 2))


def test_without_pytorch_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "vision.torch_surface", raising=False)
    monkeypatch.delattr("vision.torch_surface", raising=False)
    with pytest.raises(InputError, match=r"pip install 'steel-testbed\[train\]'"):
        fit(dents(24), CALIBRATION, plan=Plan(SIDE, 2))


def test_an_epoch_shows_every_picture_once_and_the_same_ones_again_after_a_stop():
    samples = [surface._masked(example, SIDE) for example in dents(20)]
    once, again = (list(batches(samples, Plan(SIDE, 24), 3, 8)) for _ in range(2))
    assert [(grey.shape, mask.shape) for grey, mask in once] == [((8, 1, SIDE, SIDE), (8, SIDE, SIDE))] * 2
    assert all(
        np.array_equal(a, b) for one, two in zip(once, again, strict=True) for a, b in zip(one, two, strict=True)
    )


def test_the_file_computes_what_torch_computes():
    torch = pytest.importorskip("torch")
    from vision.surface_augment import even
    from vision.torch_surface import SurfaceNet

    torch.set_num_threads(1)
    torch.manual_seed(4)
    net = SurfaceNet()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.3)
    for layer in (net.cell, net.whole):
        torch.nn.init.normal_(layer.weight, 0, 0.3)
    net.eval()
    pictures = [example.image for example in dents(4, 90)]
    with torch.no_grad():
        cells, whole = net(torch.from_numpy(np.stack([even(picture) for picture in pictures]))[:, None])
    got = Session(graph(net.weights(), SIDE, Levels()).plain({}), "s").run(shown(*pictures))
    for value, expected in ((got["map"], cells), (got["score"], whole)):
        assert np.abs(value - 2 * expected.sigmoid().numpy()).max() <= 1e-4


def test_a_training_that_was_stopped_ends_with_the_same_file(tmp_path):
    pytest.importorskip("torch")

    class Stopped(Exception):
        pass

    def learned(name: str, stop_after: int | None = None) -> bytes:
        def progress(what: str, done: int, of: int) -> None:
            if stop_after is not None and done > stop_after:
                raise Stopped

        path: Path = tmp_path / name
        try:
            return fit(dents(16), CALIBRATION, plan=Plan(64, 3), checkpoint=path, progress=progress)
        except Stopped:
            return b""

    whole = learned("a")
    assert learned("b", stop_after=3) == b""
    assert (tmp_path / "b").exists(), "two epochs of two steps are kept"
    assert learned("b") == whole
    assert list(tmp_path.iterdir()) == [], "checkpoints are taken away when a training is done"


def test_a_pore_is_a_defect_although_it_fills_no_cell():
    torch = pytest.importorskip("torch")
    from vision.torch_surface import wanted

    mask = torch.zeros(2, 32, 32)
    mask[0, 9:11, 9:12] = 1.0
    mask[1, 8:24, 8:24] = 1.0
    mask[1, 8:24, 24] = 1.0
    defect, counts = wanted(mask)
    assert defect[0].nonzero().tolist() == [[1, 1]] and counts[0].all()
    assert defect[1].sum() == 4 and (counts[1] == 0).sum() == 2, "an eighth of a cell is neither defect nor sound"


@pytest.mark.slow
def test_it_learns_to_find_dents():
    pytest.importorskip("torch")
    model = OnnxModel(fit(dents(64), CALIBRATION, dents(32, 300), plan=Plan(SIDE, 12)), "s")
    training = model.card.raw["training"]
    assert training["auroc"] > 0.95 and training["aupro"] > 0.9

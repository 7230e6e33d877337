"""Picture models are fitted from the command line: sets, own folders, the drawn strip; what does not fit is refused."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.pictures import encode, encode_lossy
from edge.model import OnnxModel
from testbed.cli import run_cli
from testbed.train_pictures import train_on_pictures
from tests.vision import masking
from tests.vision.detecting import dents, untaught
from tests.vision.pictures import dented, surface
from vision import detect
from vision import surface as learned_surface
from vision.surface_augment import even


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("own")
    for label, make, n in (("good", surface, 40), ("dent", dented, 8)):
        (root / label).mkdir()
        for seed in range(n):
            (root / label / f"{seed:02d}.png").write_bytes(encode(make(seed)))
    return root


@pytest.mark.parametrize("kind", ["classify", "surface-patch", "surface-padim"])
def test_a_folder_of_ones_own_trains_every_kind(folder, tmp_path, capsys, kind):
    out = tmp_path / "x.onnx"
    assert run_cli(["train", kind, "--data", str(folder), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    card = OnnxModel(out.read_bytes(), out.name).card.raw
    assert told["kind"] == card["kind"] == kind
    assert card["licence"] != "Apache-2.0", "nobody said that the pictures are free"
    if kind == "classify":
        assert card["labels"] == ["dent", "good"]
        assert card["training"]["held_out"] > 0
    elif kind == "surface-padim":
        assert card["calibration"]["normal_pictures"] == 40, "every good one, where it was left out"
    else:
        assert card["calibration"]["normal_pictures"] == 10, "a quarter of the good ones"


@pytest.fixture
def boxed(tmp_path) -> Path:
    """A folder of one's own in which every dent has its box, in the form of PASCAL VOC."""
    for i, (image, boxes) in enumerate(zip(*dents(60), strict=True)):
        file = tmp_path / "own" / ("dent" if boxes else "good") / f"{i:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode(image))
        for label, *corners in boxes:
            sides = "".join(f"<{k}>{v}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True))
            voc = f"<annotation><object><name>{label}</name><bndbox>{sides}</bndbox></object></annotation>"
            file.with_suffix(".xml").write_text(voc)
    return tmp_path / "own"


def test_a_detector_holds_out_whole_groups_but_learns_all_of_a_list(boxed, tmp_path, monkeypatch):
    asked = {}

    def learn(samples, classes, plan, run, checkpoint, progress):
        asked.update(n=len(samples), boxes=sum(len(s.boxes) for s in samples), plan=plan, checkpoint=checkpoint)
        return untaught(classes), [1.0]

    monkeypatch.setattr(detect, "with_torch", lambda module: SimpleNamespace(learn=learn))
    out = tmp_path / "d.onnx"
    assert run_cli(["train", "detect", "--data", str(boxed), "--out", str(out), "--epochs", "3", "--json"]) == 0
    card = OnnxModel(out.read_bytes(), out.name).card.raw
    assert (asked["plan"].epochs, asked["checkpoint"]) == (3, tmp_path / "d.resume")
    assert asked["n"] + card["training"]["held_out"] == 60
    assert 8 <= card["training"]["held_out"] <= 16
    assert card["licence"] != "Apache-2.0", "nobody said that the pictures are free"

    chosen = tmp_path / "list.txt"
    chosen.write_text("\n".join(f"{'dent' if i % 2 else 'good'}/{i:02d}.png" for i in range(24)))
    card = OnnxModel(train_on_pictures("detect", str(boxed), lists=[chosen]), "d").card.raw
    assert (asked["n"], asked["boxes"], asked["plan"].epochs, asked["checkpoint"]) == (24, 12, 48, None)
    assert "held_out" not in card["training"]
    assert len(card["training"]["lists"]["list.txt"]) == 64


@pytest.fixture
def masked(tmp_path) -> Path:
    """A folder of one's own, every dent with its mask, every picture twice in another light: one group."""
    for i, example in enumerate(masking.dents(60)):
        for light in (1.0, 0.8):
            file = tmp_path / "own" / ("dent" if example.bad else "good") / f"{i:02d}-{light}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encode_lossy((example.image * light).astype(np.uint8), 95))
            if example.mask is not None:
                file.with_suffix(".png").write_bytes(encode(example.mask.astype(np.uint8) * 255))
    return tmp_path / "own"


def test_a_surface_model_learns_from_masks_and_calibrates_on_other_groups(masked, tmp_path, monkeypatch):
    asked = {}

    def fit(learned, calibration, held_out, pictures_per_alarm, plan, *rest):
        asked.update(learned=learned, calibration=calibration, held=held_out, plan=plan, budget=pictures_per_alarm)
        return real(learned, calibration, held_out, pictures_per_alarm, plan, *rest)

    real = learned_surface.fit
    monkeypatch.setattr(learned_surface, "fit", fit)
    nothing = SimpleNamespace(learn=lambda samples, plan, run, checkpoint, progress: (masking.untaught(), [1.0]))
    monkeypatch.setattr(learned_surface, "with_torch", lambda module: nothing)
    out = tmp_path / "s.onnx"
    arguments = ["--data", str(masked), "--out", str(out), "--epochs", "3", "--budget", "1/50", "--json"]
    assert run_cli(["train", "surface-learned", *arguments]) == 0
    card = OnnxModel(out.read_bytes(), out.name).card.raw
    assert (card["kind"], card["supervision"]) == ("surface-learned", "masks")
    assert (asked["plan"].epochs, asked["budget"]) == (3, 50.0)
    assert len(asked["learned"]) + len(asked["calibration"]) + len(asked["held"]) == 120
    assert card["training"]["masks"] == sum(example.bad for example in asked["learned"])
    assert 10 <= card["training"]["held_out"] <= 30 and 6 <= len(asked["calibration"]) <= 16
    parts = [[e.image for e in asked["learned"]], asked["calibration"], [e.image for e in asked["held"]]]
    for one, other in combinations([np.stack([even(image).ravel() for image in part]) for part in parts], 2):
        apart = np.abs(one[:, None] - other[None]).mean(axis=2)
        assert apart.min() > 5, "the same surface in another light is never in two parts"

    chosen = tmp_path / "list.txt"
    chosen.write_text("\n".join(sorted(p.relative_to(masked).as_posix() for p in masked.rglob("*.jpg"))[:100]))
    card = OnnxModel(train_on_pictures("surface-learned", str(masked), lists=[chosen]), "s").card.raw
    assert asked["held"] == [] and "held_out" not in card["training"] and asked["plan"].epochs == 24
    assert len(card["training"]["lists"]["list.txt"]) == 64


def test_progress_is_one_way_from_nothing_to_all(folder):
    told: list[tuple[int, int]] = []
    train_on_pictures("surface-patch", str(folder), progress=lambda what, done, of: told.append((done, of)))
    assert told == [(i, 40) for i in range(40)]


def test_surface_models_fit_on_normal_pictures_alone(folder):
    data = train_on_pictures("surface-padim", str(folder))
    bad = OnnxModel(data, "x").session.run({"image": np.zeros((1, 224, 224, 1), np.uint8)})
    assert float(bad["score"][0]) > 1.0


def test_a_list_chooses_its_hash_is_in_the_card_and_the_page_is_of_the_others(folder, tmp_path):
    chosen = tmp_path / "list.txt"
    chosen.write_text("\n".join(f"{label}/{i:02d}.png" for label in ("good", "dent") for i in range(4)))
    out, page = tmp_path / "x.onnx", tmp_path / "x.html"
    told = ["--data", str(folder), "--train", str(chosen), "--out", str(out), "--html", str(page)]
    assert run_cli(["train", "classify", *told]) == 0
    card = OnnxModel(out.read_bytes(), "x").card.raw
    assert card["training"]["pictures"] == 8
    assert len(card["training"]["lists"]["list.txt"]) == 64
    shown = page.read_text()
    assert "40 pictures of" in shown, "its page is measured on those that no list names"
    assert "Where it fails" in shown and "Nothing of it was fitted or calibrated on." in shown


def test_the_drawn_strip_teaches_both(tmp_path):
    seeds = range(10_000, 10_002)
    data = train_on_pictures("surface-patch", "scenario:strip-surface", seeds=seeds)
    model = OnnxModel(data, "x")
    assert model.card.raw["training"]["seeds"] == "10000-10001"
    assert model.card.raw["stride"] == 16
    assert model.card.raw["licence"] == "Apache-2.0"


@pytest.mark.parametrize(
    ("kind", "data", "more", "said"),
    [
        ("surface-patch", "scenario:strip-surface", {"seeds": [5]}, "Seeds below 10000 are kept for scoring"),
        ("surface-patch", "scenario:caster-sticker", {"seeds": [10_000]}, "has no camera"),
        ("surface-padim", "scenario:strip-surface", {"seeds": [10_000]}, "one framing"),
        ("surface-patsh", "x-sdd", {}, "Did you mean 'surface-patch'"),
        ("surface-padim", "OWN", {"budget": "1/24h"}, "written like 1/1000"),
        ("surface-padim", "OWN/dent", {}, "8 normal pictures|too few"),
        ("detect", "OWN", {}, "at least 8 pictures with boxes, but got 0"),
    ],
)
def test_what_does_not_fit_is_refused(folder, kind, data, more, said):
    with pytest.raises(InputError, match=said):
        train_on_pictures(kind, data.replace("OWN", str(folder)), **more)


def test_a_set_without_normal_pictures_teaches_no_surface_model(folder, tmp_path):
    chosen = tmp_path / "list.txt"
    for label in ("dent", "scratch"):
        (tmp_path / "own" / label).mkdir(parents=True)
        (tmp_path / "own" / label / "a.png").write_bytes(encode(surface(1)))
    with pytest.raises(InputError, match="no normal pictures"):
        train_on_pictures("surface-patch", str(tmp_path / "own"))
    assert not chosen.exists()


def test_nothing_is_written_when_it_fails(tmp_path, capsys):
    out = tmp_path / "x.onnx"
    assert run_cli(["train", "classify", "--data", "neu-dat", "--out", str(out)]) == 2
    assert "Did you mean 'neu-det'" in capsys.readouterr().err
    assert not out.exists()


def test_epochs_are_of_what_is_learned_alone(folder, tmp_path, capsys):
    line = ["train", "classify", "--data", str(folder), "--out", str(tmp_path / "x.onnx"), "--epochs", "3"]
    assert run_cli(line) == 2
    assert "--epochs go with convae, detect" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_the_fitting(folder, tmp_path, capsys, monkeypatch):
    from testbed import train_pictures

    monkeypatch.setattr(train_pictures, "train_on_pictures", lambda *given: pytest.fail("it was fitted first"))
    for out in (tmp_path, tmp_path / "nowhere" / "x.onnx"):
        assert run_cli(["train", "classify", "--data", str(folder), "--out", str(out)]) == 2
        assert "cannot be written" in capsys.readouterr().err

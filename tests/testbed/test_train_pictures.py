"""Picture models are fitted from the command line: sets, own folders, the drawn strip; what does not fit is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.pictures import encode
from edge.model import OnnxModel
from testbed.cli import run_cli
from testbed.train_pictures import train_on_pictures
from tests.vision.pictures import dented, surface


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
    else:
        assert card["calibration"]["normal_pictures"] == 10, "a quarter of the good ones"


def test_progress_is_one_way_from_nothing_to_all(folder):
    told: list[tuple[int, int]] = []
    train_on_pictures("surface-patch", str(folder), progress=lambda what, done, of: told.append((done, of)))
    assert told == [(i, 40) for i in range(40)]


def test_surface_models_fit_on_normal_pictures_alone(folder):
    data = train_on_pictures("surface-padim", str(folder))
    bad = OnnxModel(data, "x").session.run({"image": np.zeros((1, 224, 224, 1), np.uint8)})
    assert float(bad["score"][0]) > 1.0


def test_a_list_chooses_and_its_hash_is_in_the_card(folder, tmp_path):
    chosen = tmp_path / "list.txt"
    chosen.write_text("\n".join(f"{label}/{i:02d}.png" for label in ("good", "dent") for i in range(4)))
    card = OnnxModel(train_on_pictures("classify", str(folder), lists=[chosen]), "x").card.raw
    assert card["training"]["pictures"] == 8
    assert len(card["training"]["lists"]["list.txt"]) == 64


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


def test_a_place_that_cannot_be_written_is_told_before_the_fitting(folder, tmp_path, capsys, monkeypatch):
    from testbed import train_pictures

    monkeypatch.setattr(train_pictures, "train_on_pictures", lambda *given: pytest.fail("it was fitted first"))
    for out in (tmp_path, tmp_path / "nowhere" / "x.onnx"):
        assert run_cli(["train", "classify", "--data", str(folder), "--out", str(out)]) == 2
        assert "cannot be written" in capsys.readouterr().err

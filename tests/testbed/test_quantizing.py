"""From the command line a file becomes one of 8 bits; what does not fit is refused in one sentence."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from connectors.pictures import encode
from edge.model import load_model
from testbed.quantizing import main
from tests.vision.pictures import dented, surface
from vision import classify


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    for label, make in (("good", surface), ("dent", dented)):
        (root / label).mkdir()
        for seed in range(8):
            (root / label / f"{seed}.png").write_bytes(encode(make(seed)))
    return root


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "cls.onnx"
    pictures = [*map(surface, range(8)), *map(dented, range(8))]
    file.write_bytes(classify.fit(pictures, ["good"] * 8 + ["dent"] * 8))
    return file


def test_a_classifier_decides_the_same_in_8_bits(folder, model, tmp_path, monkeypatch):
    out = tmp_path / "small.onnx"
    line = ["quantizing", str(model), "--data", str(folder), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", line)
    assert main() == 0
    told = load_model(out).card.raw["quantized"]
    assert told["same_decision"] >= 0.99
    assert told["compared"] == 16
    whole, small = load_model(model).session, load_model(out).session
    for seed in range(40, 46):
        for make in (surface, dented):
            fed = {"image": classify.feed(make(seed))}
            one, other = (session.run(fed)["label"] for session in (whole, small))
            assert np.argmax(one) == np.argmax(other)


def test_what_is_no_model_is_refused(folder, tmp_path, monkeypatch, capsys):
    out, wrong = tmp_path / "small.onnx", tmp_path / "text.onnx"
    wrong.write_text("time,a,b\n" * 40)
    monkeypatch.setattr(sys, "argv", ["quantizing", str(wrong), "--data", str(folder), "--out", str(out)])
    assert main() == 2
    assert "is no ONNX model" in capsys.readouterr().err
    assert not out.exists()


def test_what_decides_otherwise_in_8_bits_is_refused_unless_less_will_do(folder, model, tmp_path, monkeypatch, capsys):
    out = tmp_path / "small.onnx"
    said = iter(range(1000))
    monkeypatch.setattr("testbed.quantizing._decision", lambda model, picture: str(next(said) // 3))
    line = ["quantizing", str(model), "--data", str(folder), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", line)
    assert main() == 2
    assert "decides the same on" in capsys.readouterr().err
    assert not out.exists()
    monkeypatch.setattr("testbed.quantizing._decision", lambda model, picture: str(next(said) % 3))
    monkeypatch.setattr(sys, "argv", [*line, "--least", "0"])
    assert main() == 0
    assert load_model(out).card.raw["quantized"]["same_decision"] < 0.99

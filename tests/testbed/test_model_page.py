"""A model's page, the shelf, and two models beside each other."""

from __future__ import annotations

import json

import onnx
import pytest

from connectors.errors import InputError
from edge.library import find
from edge.session import CARD_KEY
from testbed.cli import run_cli
from testbed.comparing import compare
from testbed.model_page import model_page


def test_the_page_tells_what_a_model_is_and_rests_on():
    page = model_page(find("sticker"))
    for piece in ("sticker", "SHA-256", "p50", "1/2000h", "10100-10299", "Apache-2.0", "TC_BF_1_1", "<svg", "1e-04"):
        assert piece in page
    assert "http" not in page.replace("http://www.w3.org", "")
    card = json.loads({p.key: p.value for p in onnx.load(find("sticker")).metadata_props}[CARD_KEY])
    assert card["calibration"]["data_sha256"] in page


def test_show_writes_the_page_or_prints_the_card(tmp_path, capsys):
    out = tmp_path / "sticker.html"
    assert run_cli(["models", "show", "sticker", "--html", str(out)]) == 0
    assert out.read_text("utf-8").startswith("<!DOCTYPE html>")
    capsys.readouterr()
    assert run_cli(["models", "show", "sticker", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "sticker"
    assert run_cli(["models", "show", "sticker", "--html", str(tmp_path / "no" / "x.html")]) == 2


def test_two_models_differ_in_what_their_cards_say():
    found = compare(["caster-mspc", "sticker"])
    said = {entry["what"]: (entry["a"], entry["b"]) for entry in found.differs}
    assert said["condition"] == ("process", "breakout")
    assert said["alarm.k"] == (3, 1)
    assert "licence" not in said  # both the same
    assert found.rows == []


def test_two_models_differ_in_what_they_find():
    found = compare(["caster-mspc", "sticker"], scenario="caster-sticker", seeds=[1])
    assert [row["model"] for row in found.rows] == ["caster-mspc", "sticker", "always-alarm"]
    case = found.cases[0]
    assert case["case"].startswith("caster-sticker, 1: sticker")
    assert case["a"] is None
    assert case["b"] > 0


def test_a_model_is_not_compared_with_itself():
    with pytest.raises(InputError, match="same file"):
        compare(["sticker", str(find("sticker"))])
    with pytest.raises(InputError, match="two models"):
        compare(["sticker"])


def test_a_model_joins_the_shelf_and_then_has_a_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(find("sticker").read_bytes())
    assert run_cli(["models", "add", str(mine), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "mine"
    assert find("mine").parent == tmp_path / "home" / "models"
    mine.write_bytes(find("caster-mspc").read_bytes())
    assert run_cli(["models", "add", str(mine)]) == 2  # another file of the same name
    assert "Another model called 'mine'" in capsys.readouterr().err


def test_what_is_no_model_never_joins_the_shelf(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(find("sticker").read_bytes()[:500])
    assert run_cli(["models", "add", str(torn)]) == 2
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["models", "compar", "a", "b"], "Did you mean 'compare'"), (["models", "show"], "takes 1"),
     (["models", "compare", "sticker"], "takes 2")],
)  # fmt: skip
def test_a_wrong_action_or_number_of_names_is_told(capsys, arguments, sentence):
    assert run_cli(arguments) == 2
    assert sentence in capsys.readouterr().err

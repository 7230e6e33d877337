"""A threshold that was changed after a score is called so, and so is a model that has seen what it is scored on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import testbed
from connectors.errors import InputError
from edge.library import find, listed
from edge.model import OnnxModel, load_model, loaded
from testbed.cli import run_cli
from testbed.guard import of_seeds
from testbed.ledger import Ledger
from testbed.leveling import moved, set_threshold, threshold_of


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def feeds(model: OnnxModel) -> dict[str, np.ndarray]:
    return dict(model.card.golden[0].inputs)


def written(path: Path, seed: int = 1, n: int = 900) -> Path:
    """Three channels at 1 Hz that move together."""
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.standard_normal(n)) * 0.1
    values = 20 + common[:, None] * [1.0, 2.0, -1.0] + 0.2 * rng.standard_normal((n, 3))
    lines = [f"2026-01-05 00:{i // 60:02d}:{i % 60:02d},{a:.4f},{b:.4f},{c:.4f}" for i, (a, b, c) in enumerate(values)]
    path.write_text("time,a,b,c\n" + "\n".join(lines))
    return path


def tag_list(folder: Path) -> Path:
    """The channels of `written`, called alike in every file."""
    path = folder / "tags.csv"
    path.write_text("name,unit,low,high,rate_hz,address,group\n" + "".join(f"LINE/{c},1,,,1,{c},main\n" for c in "abc"))
    return path


@pytest.mark.parametrize("name", ["sticker", "caster-mspc", "mill-spectrum", "weld", "strip-surface-patch"])
def test_a_threshold_twice_as_high_halves_the_score_and_twice_the_change_goes_back(name):
    model, data = loaded(find(name))
    before = model.session.run(feeds(model))
    up = OnnxModel(moved(data, dict(model.card.raw), 0.5), name)
    np.testing.assert_allclose(up.session.run(feeds(model))["score"], 0.5 * before["score"], rtol=1e-6)
    back = OnnxModel(moved(moved(data, dict(model.card.raw), 0.5), dict(up.card.raw), 2.0), name)
    for output, value in back.session.run(feeds(model)).items():
        np.testing.assert_allclose(value, before[output], rtol=1e-6)


def test_a_threshold_is_set_in_one_way_and_the_card_remembers(home, capsys):
    old = threshold_of(load_model(find("sticker")))
    assert (
        run_cli(["models", "threshold", "sticker", "--value", "9", "--reason", "two campaigns without a sticker"]) == 0
    )
    assert "its card remembers" in capsys.readouterr().out
    file = listed()["sticker"]
    assert file.parent == home / "models"  # the shipped one stays as it is
    (change,) = load_model(file).card.raw["threshold_changes"]
    assert (change["from"], change["to"], change["scored_on"]) == (old, 9.0, [])
    assert run_cli(["models", "threshold", "sticker", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["threshold"] == 9.0


def test_a_threshold_changed_after_a_score_is_called_so_in_the_run_the_report_and_the_bench(capsys):
    scenario = "tcm-chatter"
    assert "guard" not in testbed.run(scenario, models=["chatter"], record="none").score
    set_threshold("chatter", 3.0, "it came too late")
    run = testbed.run(scenario, models=["chatter"], record="none")
    assert run.score["guard"] == {"chatter": {"changed_after": ["scenario:tcm-chatter"]}}
    page = run.report()
    assert "its threshold was changed after scoring on scenario:tcm-chatter" in page
    assert "it came too late" in page
    bench = testbed.bench(scenarios=scenario, models=["chatter"])
    assert bench.rows[0]["changed_after"] == ["scenario:tcm-chatter"]
    assert "threshold changed after scoring on" in bench.report()
    assert len(bench.rows[0]["sha256"]) == 64
    assert run_cli(["run", scenario, "--models", "chatter"]) in (0, 1)
    assert "was changed after scoring on" in " ".join(capsys.readouterr().out.split())


def test_calibrating_again_to_another_budget_after_a_score_is_such_a_change(tmp_path):
    quiet, line, out = written(tmp_path / "quiet.csv"), written(tmp_path / "line.csv", 2), tmp_path / "m.onnx"
    tags = tag_list(tmp_path)
    train = ["train", "mspc", "--data", str(quiet), "--tags", str(tags), "--out", str(out), "--budget"]
    assert run_cli([*train, "1/24h"]) == 0
    assert "guard" not in testbed.replay(line, models=[str(out)], tags=tags).score
    assert "guard" not in testbed.replay(line, models=[str(out)], tags=tags).score  # the same threshold once more
    assert run_cli([*train, "1/1h"]) == 0
    assert testbed.replay(line, models=[str(out)], tags=tags).score["guard"] == {
        "mspc": {"changed_after": ["line.csv"]}
    }
    assert run_cli([*train, "1/24h"]) == 0  # the first one is still what it was before any score
    assert "guard" not in testbed.replay(line, models=[str(out)], tags=tags).score


def test_a_ledger_that_was_altered_is_noticed(home):
    cards = [load_model(find(name)).card.raw for name in ("sticker", "caster-mspc", "chatter")]
    for i, card in enumerate(cards):
        Ledger().note([card], f"set {i}")
    ledger = Ledger()
    assert (ledger.trouble, ledger.scored(cards[1])) == ("", ["set 1"])
    path = home / "scored.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[2]]) + "\n")
    assert "was altered" in Ledger().trouble
    path.write_text("\n".join(lines).replace("set 0", "set 9") + "\n")
    assert "was altered" in Ledger().trouble
    path.write_text("\n".join(lines) + "\nno json\n")
    assert "was altered" in Ledger().trouble


def test_a_ledger_that_cannot_be_kept_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file" / "scored.jsonl")
    ledger.note([load_model(find("sticker")).card.raw], "set")
    assert "will not be noticed" in ledger.trouble


@pytest.mark.parametrize(
    ("name", "value", "reason", "sentence"),
    [("sticker", 9.0, " ", "needs a reason"), ("sticker", -1.0, "why", "another number above 0"),
     ("surface-cls", 0.5, "why", "no threshold that could be set"), ("stiker", 9.0, "why", "sticker")],
)  # fmt: skip
def test_what_does_not_fit_a_threshold_is_refused_in_one_sentence(name, value, reason, sentence):
    with pytest.raises(InputError, match=sentence):
        set_threshold(name, value, reason)
    assert not listed()["sticker"].is_relative_to(Path.home() / "home")


def test_a_file_that_was_tampered_with_is_refused(tmp_path):
    _, data = loaded(find("sticker"))
    card = OnnxModel(data, "sticker").card.raw
    level = np.float32(card["threshold"]).tobytes()
    assert data.count(level) == 1
    file = tmp_path / "mine.onnx"
    file.write_bytes(data.replace(level, np.float32(2 * card["threshold"]).tobytes()))
    with pytest.raises(InputError, match="no longer does what it did at export"):
        load_model(file)


def test_a_replay_of_what_fitted_the_model_says_so_whatever_the_file_is_called(tmp_path):
    quiet, out, tags = written(tmp_path / "quiet.csv"), tmp_path / "m.onnx", tag_list(tmp_path)
    train = ["train", "mspc", "--data", str(quiet), "--tags", str(tags), "--out", str(out)]
    assert run_cli([*train, "--to", "2026-01-05 00:07:29"]) == 0
    copy = tmp_path / "copy.csv"
    copy.write_bytes(quiet.read_bytes())
    run = testbed.replay(copy, models=[str(out)], tags=tags)
    assert run.score["guard"]["mspc"]["overlap_share"] == pytest.approx(0.5, abs=0.03)
    assert "was fitted or calibrated on" in run.report()
    other = written(tmp_path / "other.csv", 2)
    assert "guard" not in testbed.replay(other, models=[str(out)], tags=tags).score


def test_a_record_scored_again_says_what_it_said(tmp_path, capsys):
    quiet, out = written(tmp_path / "quiet.csv"), tmp_path / "m.onnx"
    assert run_cli(["train", "mspc", "--data", str(quiet), "--out", str(out)]) == 0
    testbed.replay(quiet, models=[str(out)], out=tmp_path / "record")
    capsys.readouterr()
    run_cli(["score", str(tmp_path / "record"), "--json"])
    assert json.loads(capsys.readouterr().out)["guard"]["mspc"]["overlap_share"] == 1.0


def test_a_run_of_a_seed_that_fitted_the_model_says_so():
    card = load_model(find("sticker")).card.raw
    assert of_seeds(card, [1, 2]) == {"overlap": "none", "overlap_share": None}
    assert of_seeds(card, [9_999, 10_100]) == {"overlap": "some", "overlap_share": 0.5}
    score = testbed.run("tcm-chatter", seed=10_003, models=["chatter"], record="none").score
    assert score["guard"] == {"chatter": {"overlap_share": 1.0}}

"""Rows of a bench say which model was fitted on what it is scored on: series, one's own, pictures, seeds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import testbed
from connectors.pictures import encode
from testbed.cli import run_cli
from tests.skab import write_skab
from tests.vision.pictures import dented, surface


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def own(tmp_path) -> Path:
    """A description of one file that is scored behind its head."""
    write_skab(tmp_path, "lines/0.csv", rows=900, fault=(700, 760))
    described = tmp_path / "mine.toml"
    described.write_text('files = "lines/*.csv"\ntruth = "anomaly"\nhead = 400\nbudget = "1/20m"\n')
    return described


def test_a_kind_fitted_on_the_head_has_seen_nothing_of_the_rest(own):
    rows = {row["model"]: row for row in testbed.bench(data=str(own), models=["mspc", "rules"]).rows}
    assert rows["mspc"]["overlap"] == "none"
    assert "overlap" not in rows["rules"]
    assert "overlap" not in rows["always-alarm"]


def test_a_file_of_a_model_that_was_fitted_on_the_scored_series_says_how_much_of_it(own, tmp_path):
    shutil.copy(tmp_path / "lines" / "0.csv", tmp_path / "another name.csv")
    tags = tmp_path / "tags.csv"
    names = (tmp_path / "lines" / "0.csv").read_text().splitlines()[0].split(";")[1:9]
    lines = [f"mine/{name},1,,,1,{name},main" for name in names]
    tags.write_text("name,unit,low,high,rate_hz,address,group\n" + "\n".join(lines) + "\n")
    own.write_text(own.read_text() + 'tags = "tags.csv"\n')
    out = tmp_path / "m.onnx"
    train = ["train", "mspc", "--data", str(tmp_path / "another name.csv"), "--tags", str(tags), "--out", str(out)]
    assert run_cli(train) == 0
    bench = testbed.bench(data=str(own), models=[str(out)])
    assert bench.rows[0]["overlap"] == "some"
    assert bench.rows[0]["overlap_share"] > 0.9
    assert "fitted on these" in bench.report()


def test_another_budget_after_a_score_is_a_threshold_changed_after_it(own):
    assert "changed_after" not in testbed.bench(data=str(own), models=["mspc"]).rows[0]
    own.write_text(own.read_text().replace("1/20m", "1/10m"))
    assert testbed.bench(data=str(own), models=["mspc"]).rows[0]["changed_after"] == [str(own)]


def test_pictures_that_fitted_a_model_are_known_in_another_folder(tmp_path, capsys):
    for label, make in (("good", surface), ("dent", dented)):
        for part, seeds in (("taught", range(12)), ("mixed", (*range(4), *range(40, 44))), ("new", range(40, 44))):
            (tmp_path / part / label).mkdir(parents=True)
            for i, seed in enumerate(seeds):
                (tmp_path / part / label / f"{i}.png").write_bytes(encode(make(seed)))
    out = tmp_path / "m.onnx"
    assert run_cli(["train", "classify", "--data", str(tmp_path / "taught"), "--out", str(out)]) == 0
    capsys.readouterr()
    rows = {}
    for part in ("mixed", "new"):
        assert run_cli(["bench", "--data", str(tmp_path / part), "--models", str(out), "--json"]) == 0
        rows[part] = json.loads(capsys.readouterr().out)["rows"][0]
    assert (rows["mixed"]["overlap"], rows["mixed"]["overlap_share"]) == ("some", 0.5)
    assert rows["new"]["overlap"] == "none"


def test_seeds_that_fitted_a_model_stand_in_its_row():
    rows = testbed.bench(scenarios="tcm-chatter", models=["chatter"], seeds=[10_003]).rows
    assert (rows[0]["overlap"], rows[0]["overlap_share"]) == ("some", 1.0)
    assert "overlap" not in rows[1]

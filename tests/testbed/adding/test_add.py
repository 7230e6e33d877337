"""`testbed models add FILE`: a file of another make goes on the shelf, and runs wherever ours do."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from foreign import anomaly_maps, autoencoder, classifier_by_columns, node, outlier_detector, port, saved

import testbed
from connectors.errors import InputError
from connectors.files import FileSource
from connectors.tags import Tag, grouped
from edge.library import choose
from edge.model import load_model
from edge.pipeline import Pipeline
from testbed.cli import run_cli

TAGS = ("V_CAST", "TD_WT")


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path / "home" / "models"


def told(capsys, *arguments):
    status = run_cli(["models", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_file_is_added_in_one_command_and_listed_and_shown(tmp_path, capsys, shelf):
    path = outlier_detector(tmp_path / "forest.onnx")
    status, out, _ = told(capsys, "add", path, "--set", "channels=" + ",".join(TAGS))
    assert status == 0
    assert "below 0.0 is an outlier" in out
    assert "Added forest: p50" in out
    card = json.loads((shelf / "forest.card.json").read_text())
    assert card["foreign"]["sha256"] in out
    assert card["golden"]
    rows = json.loads(told(capsys, "list", "--json")[1])["models"]
    assert next(row for row in rows if row["name"] == "forest")["kind"] == "scikit-learn"
    assert json.loads(told(capsys, "show", "forest", "--json")[1])["name"] == "forest"
    assert told(capsys, "show", "forest", "--html", tmp_path / "page.html")[0] == 0


def test_an_open_question_ends_with_2_and_names_the_key(tmp_path, capsys, shelf):
    status, _, err = told(capsys, "add", outlier_detector(tmp_path / "forest.onnx"))
    assert status == 2
    assert "--set channels=" in err
    assert not shelf.exists()


def test_at_a_terminal_the_question_is_asked(tmp_path, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal("\n" + ",".join(TAGS) + "\n"))
    monkeypatch.setattr("sys.stderr", Terminal())
    assert told(capsys, "add", outlier_detector(tmp_path / "forest.onnx"))[0] == 0


def test_an_added_model_runs_in_a_scenario(tmp_path, capsys):
    told(capsys, "add", outlier_detector(tmp_path / "forest.onnx"), "--set", "channels=" + ",".join(TAGS))
    run = testbed.run("caster-sticker", models=["forest"], record="none")
    assert run.score["models"] == ["forest"]
    assert {event.model for event in run.events} == {"forest"}  # tonnes and metres a minute add up to more than 1
    assert run.score["digest"] is not None


def test_a_model_that_says_no_level_takes_it_from_normal_data(tmp_path, capsys):
    rows = np.random.default_rng(10_000).standard_normal((1500, 2))
    lines = [f"2026-01-05T{i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}Z,{a:.4f},{b:.4f}" for i, (a, b) in
             enumerate(rows)]  # fmt: skip
    data = tmp_path / "normal.csv"
    data.write_text("\n".join(["time,A,B", *lines]))
    status, out, _ = told(capsys, "add", autoencoder(tmp_path / "net.onnx"), "--set", "channels=A,B", "--set",
                          "rate_hz=1", "--set", f"calibrate={data}", "--set", "budget=1/1h", "--json")  # fmt: skip
    assert status == 0
    card = json.loads(out)["card"]
    assert card["calibration"]["normal_hours"] == pytest.approx(1500 / 3600, abs=0.01)
    assert card["calibration"]["data"] == "normal.csv"
    source = FileSource(data)
    model = choose(["net"], source.groups)[0].bound
    pipeline = Pipeline(source.groups, [model])
    events = [event for bundle in source.bundles() for event in pipeline.feed(bundle)]
    assert len(events) <= 2  # one alarm an hour was allowed, and what was seen sets the level
    assert card["threshold"] == pytest.approx(1 / next(o["gain"] for o in card["outputs"] if "gain" in o))


def test_seeds_that_are_kept_for_scoring_calibrate_nothing(tmp_path, capsys):
    settings = ("channels=V_CAST,TD_WT", "rate_hz=1", "calibrate=scenario:caster-quiet", "seeds=1-2")
    options = [part for setting in settings for part in ("--set", setting)]
    status, _, err = told(capsys, "add", autoencoder(tmp_path / "net.onnx"), *options)
    assert (status, "kept for scoring" in err) == (2, True)


def test_a_map_of_a_picture_is_as_large_as_the_picture(tmp_path, capsys):
    told(capsys, "add", anomaly_maps(tmp_path / "maps.onnx"))
    model = load_model(tmp_path / "home" / "models" / "maps.onnx")
    got = model.session.run({"input": np.full((1, 20, 30), 255, np.uint8)})
    assert got["map"].shape == (1, 20, 30)
    assert got["score"].tolist() == [pytest.approx(2.0)]  # white is 1, the level 0.5


def test_tags_are_found_by_their_last_level(tmp_path, capsys):
    told(capsys, "add", classifier_by_columns(tmp_path / "wear.onnx"))
    groups = grouped([Tag(name="L/U/A", rate_hz=1.0), Tag(name="L/U/B", rate_hz=1.0)])
    (chosen,) = choose(["wear"], groups)
    assert [spec.channels for spec in chosen.bound.windows] == [("L/U/A",), ("L/U/B",)]


def test_a_whole_card_stands_for_itself(tmp_path, capsys, shelf):
    path = outlier_detector(tmp_path / "forest.onnx")
    told(capsys, "add", path, "--set", "channels=A,B")
    card = json.loads((shelf / "forest.card.json").read_text())
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({**card, "severity": 900, "alarm": {"k": 2, "n": 3}}))
    assert told(capsys, "add", path, "--card", file)[0] == 0
    assert load_model(shelf / "forest.onnx").card.severity == 900
    status, _, err = told(capsys, "add", path, "--card", file, "--set", "severity=1")
    assert (status, "is a whole card" in err) == (2, True)


def test_a_file_of_ours_takes_no_answers(capsys):
    from edge.model import SHIPPED

    status, _, err = told(capsys, "add", SHIPPED / "sticker.onnx", "--set", "channels=A")
    assert (status, "carries a card of its own" in err) == (2, True)


def test_a_changed_file_is_refused_in_a_run_and_named_in_the_list(tmp_path, capsys, shelf):
    told(capsys, "add", outlier_detector(tmp_path / "forest.onnx"), "--set", "channels=" + ",".join(TAGS))
    place = shelf / "forest.onnx"
    place.write_bytes(place.read_bytes().replace(b"skl2onnx", b"skl3onnx"))
    with pytest.raises(InputError, match="SHA-256 differs"):
        testbed.run("caster-sticker", models=["forest"], record="none")
    status, out, _ = told(capsys, "list", "--json")
    assert status == 0
    (row,) = [row for row in json.loads(out)["models"] if row["name"] == "forest"]
    assert "SHA-256 differs" in row["refused"]


def test_a_net_that_gives_no_number_is_refused(tmp_path, capsys):
    nodes = [node("Log", "X", "l"), node("ReduceSum", "l", "y", keepdims=1)]
    path = saved(tmp_path / "m.onnx", nodes, [port("X", ["n", 2])], [port("y", ["n", 1])])
    status, _, err = told(capsys, "add", path, "--set", "channels=A,B", "--set", "score=y", "--set", "threshold=1")
    assert (status, "no finite number as score for zeros" in err) == (2, True)


def test_a_threshold_is_moved_in_the_files_own_numbers_and_adding_again_is_remembered_too(tmp_path, capsys, shelf):
    path = outlier_detector(tmp_path / "forest.onnx")
    add = ["add", path, "--set", "channels=" + ",".join(TAGS)]
    told(capsys, *add)
    model = load_model(shelf / "forest.onnx")
    feeds = dict(model.card.golden[0].inputs)
    before = float(model.session.run(feeds)["score"][0])  # 1 less the graph's number, an alarm below 0
    assert told(capsys, "threshold", "forest", "--value", "-0.25", "--reason", "too many")[0] == 0
    moved = load_model(shelf / "forest.onnx")
    assert float(moved.session.run(feeds)["score"][0]) == pytest.approx(before - 0.25)
    assert told(capsys, *add, "--set", "threshold=-0.1")[0] == 0
    changes = load_model(shelf / "forest.onnx").card.raw["threshold_changes"]
    assert [(one["from"], one["to"]) for one in changes] == [(0.0, -0.25), (-0.25, pytest.approx(-0.1))]
    assert told(capsys, *add, "--set", "threshold=-0.1")[0] == 0  # the same once more is no change
    assert len(load_model(shelf / "forest.onnx").card.raw["threshold_changes"]) == 2

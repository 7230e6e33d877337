"""Data for training elsewhere: the same numbers a run has, labels that `replay` reads, and nothing half-written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import testbed
from connectors.errors import InputError
from connectors.items import Frame
from connectors.pictures import encode
from connectors.places import Box
from connectors.tags import Tag
from connectors.truth import Truth
from testbed import exporting
from testbed.cli import run_cli
from testbed.labels import read_labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("data") / "set"
    exporting.export("caster-sticker", [1, 10_000], out)
    return out


def test_signals_are_those_of_the_run(folder):
    mine = pl.read_parquet(folder / "seed-1" / "thermocouples.parquet")
    run = testbed.run("caster-sticker", seed=1, models=[])
    assert mine.equals(run.signals("thermocouples"))


def test_labels_are_read_by_replay_and_truth_has_all(folder):
    labels = read_labels(folder / "seed-1" / "labels.csv")
    truths = [json.loads(line) for line in (folder / "seed-1" / "truth.jsonl").read_text("utf-8").splitlines()]
    faults = [truth for truth in truths if truth["kind"] == "fault"]
    assert [(label.name, label.onset) for label in labels] == [(fault["name"], fault["onset"]) for fault in faults]
    assert len(truths) > len(faults)  # look-alikes are no labels


def test_the_card_names_every_file_with_its_hash_and_what_is_for_scoring(folder):
    card = json.loads((folder / "card.json").read_text("utf-8"))
    assert card["format"] == "testbed.data/1"
    assert card["is_simulated"]
    assert card["kept_for_scoring"]
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"card.json"}
    assert set(card["files"]) == there
    name = "seed-10000/mold.parquet"
    assert card["files"][name] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert {group["name"] for group in card["groups"]} >= {"mold", "thermocouples"}


def test_boxes_are_cut_at_the_frames_borders():
    tag = Tag(name="L/CAMERA", group="camera", rate_hz=1.0)

    frame = Frame(tag, 0, encode(np.zeros((100, 200), np.uint8)), position_m=2.0, part_id="C1", pixel_mm=0.5)

    def truth(name: str, box: Box | None) -> Truth:
        return Truth(name=name, onset=0, alert_deadline=1, box=box)

    truths = [
        truth("inside", Box("C1", 2.01, 2.02, 10.0, 20.0)),
        truth("over the edge", Box("C1", 2.04, 2.20, 95.0, 300.0)),
        truth("behind", Box("C1", 2.10, 2.20, 10.0, 20.0)),
        truth("of another coil", Box("C2", 2.01, 2.02, 10.0, 20.0)),
        truth("nowhere", None),
    ]
    found = {row[0]: row[2:] for row in exporting._boxes(frame, truths)}
    assert found == {"inside": (20.0, 20.0, 40.0, 40.0), "over the edge": (190.0, 80.0, 200, 100)}


def test_a_folder_in_use_is_left_alone_and_a_failure_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="absent or empty"):
        exporting.export("caster-sticker", [1], tmp_path / "mine")
    monkeypatch.setattr(exporting, "_write", lambda job: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(InputError, match="the disk is full"):
        exporting.export("caster-sticker", [1], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_command_says_what_it_wrote_and_warns_of_seeds_for_scoring(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(exporting, "export", lambda *_: {"counts": {"rows": 7}, "kept_for_scoring": True, "files": {}})
    assert run_cli(["data", "caster-sticker", "--seeds", "1-2", "--out", str(tmp_path / "x")]) == 0
    told = capsys.readouterr().out
    assert "7 rows" in told
    assert "kept for scoring" in told

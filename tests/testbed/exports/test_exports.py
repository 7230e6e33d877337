"""A record in other tools' hands: the same numbers, the same verdicts, Korean intact, nothing that bites."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import polars as pl
import pytest

import testbed
from connectors.texts import speaking
from testbed.cli import run_cli
from testbed.exports import NEEDS, export, missing
from testbed.exports.content import Content
from testbed.exports.tables import MARK, harmless
from testbed.record import RunRecord

START = 1_767_571_200_000_000_000  # ns, 2026-01-05T00:00:00Z


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "caster-sticker-1"
    testbed.run("caster-sticker", seed=1, out=folder)
    return folder


def unpacked(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_parquet_holds_every_sample_of_every_tag(record, tmp_path):
    files = unpacked(export(Content(record), "parquet", tmp_path / "all.zip"))
    known = RunRecord(record)
    tags = pl.read_parquet(io.BytesIO(files["tags.parquet"]))
    assert tags["name"].to_list() == [tag.name for group in known.groups for tag in group.tags]
    for group in known.groups:
        if group.kind != "texts":
            told = pl.read_parquet(io.BytesIO(files[f"signals/{group.name}.parquet"]))
            assert told.drop("s").equals(known.signals(group.name))


def test_events_and_truth_say_what_the_report_says(record, tmp_path):
    files = unpacked(export(Content(record), "parquet", tmp_path / "all.zip"))
    score = json.loads((record / "score.json").read_text("utf-8"))
    truth = pl.read_parquet(io.BytesIO(files["truth.parquet"]))
    told = {row["name"]: row for row in truth.to_dicts() if row["kind"] != "lookalike"}
    for fault in score["faults"]:
        mine = told[fault["name"]]
        assert [mine[key] for key in ("delay_s", "lead_s", "detected", "model")] == [
            fault[key] for key in ("delay_s", "lead_s", "detected", "model")
        ]
    events = pl.read_parquet(io.BytesIO(files["events.parquet"]))
    assert (events["verdict"] == "found").sum() == sum(fault["detected"] for fault in score["faults"])
    assert json.loads(files["about.json"])["digest"] == score["digest"]


def test_csv_opens_in_a_spreadsheet_with_its_korean(record, tmp_path):
    with speaking("ko"):
        files = unpacked(export(Content(record), "csv", tmp_path / "all.zip"))
    assert all(data.startswith(MARK.encode()) for name, data in files.items() if name.endswith(".csv"))
    truth = pl.read_csv(io.BytesIO(files["truth.csv"]))
    assert "구속성 브레이크아웃" in truth["called"].to_list()
    water = pl.read_csv(io.BytesIO(files["signals/water.csv"]))
    assert water.columns[:2] == ["time", "s"] and water["time"][0] == "2026-01-05T00:00:01.000000000Z"
    known = RunRecord(record).signals("water")
    assert np.array_equal(water[:, 2].to_numpy(), known[:, 1].to_numpy())


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_of_a_csv_is_a_formula(cell, record, tmp_path):
    assert harmless(cell) == f"'{cell}"
    content = Content(record)
    content.texts = lambda: [{"time": START, "s": 0.0, "tag": cell, "text": cell}]  # pyright: ignore[reportAttributeAccessIssue]
    files = unpacked(export(content, "csv", tmp_path / "all.zip"))
    row = pl.read_csv(io.BytesIO(files["texts.csv"]))
    assert row["tag"][0] == row["text"][0] == f"'{cell}"


def test_a_number_below_zero_stays_a_number(record, tmp_path):
    files = unpacked(export(Content(record), "csv", tmp_path / "all.zip"))
    assert pl.read_csv(io.BytesIO(files["signals/mold.csv"]))["POH/STEEL/CC1/S1.MOLD/LVL_PV"].max() < 0


def test_a_stretch_holds_what_lies_in_it(record, tmp_path):
    out = tmp_path / "part"
    line = ["export", str(record), "--format", "csv", "--out", str(out)]
    assert run_cli([*line, "--from", "2026-01-05T00:01:00", "--to", "2026-01-05T00:01:10"]) == 0
    seconds = pl.read_csv(out / "signals" / "mold.csv")["s"]
    assert seconds.min() == 60.0 and seconds.max() < 70.0 and len(seconds) == 100


def test_what_does_not_fit_is_said_and_leaves_nothing(record, tmp_path, capsys):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    for line, said in (
        (["--format", "cvs"], "'csv'"),
        (["--format", "csv", "--out", str(full)], "not empty"),
        (["--from", "noon"], "--from takes a time"),
        (["--from", "2026-01-06T00:00:00", "--to", "2026-01-05T00:00:00"], "ends before it begins"),
    ):
        assert run_cli(["export", str(record), *line]) == 2
        assert said in capsys.readouterr().err
    assert run_cli(["export", str(tmp_path), "--format", "csv"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.skipif(not missing("rrd"), reason="rerun-sdk is installed")
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(record, tmp_path, capsys):
    assert run_cli(["export", str(record), "--format", "rrd", "--out", str(tmp_path / "a.rrd")]) == 2
    assert NEEDS["rrd"][1] in capsys.readouterr().err
    assert not (tmp_path / "a.rrd").exists()

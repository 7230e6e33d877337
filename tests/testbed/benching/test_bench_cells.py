"""A bench that was interrupted goes on where it stopped, and never with what was made of something else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import testbed
from connectors.errors import InputError
from connectors.truth import Truth
from testbed.benching import cells as cells_module
from testbed.benching import series as series_module
from testbed.benching.cells import Cells, decoded, encoded, key_of
from testbed.benching.series import judged, outcomes
from testbed.cli import run_cli
from testbed.datasets.series import load
from tests.skab import write_skab

QUIET = lambda done, of: None  # noqa: E731


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "skab"
    for i in range(3):
        write_skab(folder, f"a/{i}.csv", rows=500, fault=(430, 460))
    return folder


def command(root: Path, out: Path) -> list[str]:
    return ["bench", "--data", "skab", "--root", str(root), "--models", "rules", "--out", str(out), "--json"]


def test_an_interrupted_bench_goes_on_where_it_stopped(root, tmp_path, monkeypatch, capsys):
    run_cli(command(root, tmp_path / "whole"))
    whole = json.loads(capsys.readouterr().out)
    made = []

    def falls_over(job):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(job.series.path)
        return outcomes(job)

    monkeypatch.setattr(series_module, "outcomes", falls_over)
    with pytest.raises(KeyboardInterrupt):
        testbed.bench(data="skab", root=root, models=["rules"], out=tmp_path / "out")
    assert len(list((tmp_path / "out" / "cells").glob("*.json"))) == 2
    again = []
    monkeypatch.setattr(series_module, "outcomes", lambda job: again.append(job.series.path) or outcomes(job))
    assert run_cli(command(root, tmp_path / "out")) == 0
    assert json.loads(capsys.readouterr().out) == whole
    assert again == ["a/2.csv"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bench.html", "bench.json"]


def test_a_finished_bench_is_never_written_over_and_this_is_told_before_anything_is_measured(
    root, tmp_path, monkeypatch
):
    assert run_cli(command(root, tmp_path / "out")) == 0
    monkeypatch.setattr(series_module, "outcomes", lambda job: pytest.fail("measured"))
    with pytest.raises(InputError, match="or that of a bench that was interrupted"):
        testbed.bench(data="skab", root=root, models=["rules"], out=tmp_path / "out")


def test_another_file_model_or_code_makes_another_cell(root, monkeypatch):
    job = series_module._Job(load("skab", root)[0], ("rules",))
    first = key_of(job)
    assert key_of(series_module._Job(load("skab", root)[0], ("rules",))) == first
    assert key_of(replace(job, models=("mspc",))) != first
    monkeypatch.setattr(cells_module, "_code", lambda: "another line")
    assert key_of(job) != first
    monkeypatch.undo()
    job.series.file.write_bytes(job.series.file.read_bytes().replace(b"0", b"1", 1))
    assert key_of(job) != first


def test_a_model_file_that_changes_makes_another_cell(root, tmp_path):
    file = tmp_path / "mine.onnx"
    file.write_bytes(b"one")
    job = series_module._Job(load("skab", root)[0], (str(file),))
    first = key_of(job)
    file.write_bytes(b"two")
    assert key_of(job) != first


def test_a_torn_cell_is_made_again(root, tmp_path):
    cells = Cells(tmp_path / "out")
    job = series_module._Job(load("skab", root)[0], ("rules",))
    cells.keep(job, outcomes(job))
    assert cells.find(job) == outcomes(job)
    path = next((tmp_path / "out" / "cells").glob("*.json"))
    path.write_text(path.read_text()[:100])
    assert cells.find(job) is None


def test_what_a_cell_holds_comes_back_as_it_was_and_nothing_else_comes(root):
    made = judged("skab", root, None, ["mspc"], 1, QUIET)
    assert decoded(json.loads(json.dumps(encoded(made)))) == made
    truth = (Truth(name="sticker", onset=5, alert_deadline=9, crop=b"\x89P"),)
    assert decoded(json.loads(json.dumps(encoded(truth)))) == truth
    with pytest.raises(KeyError):
        decoded({"is": "subprocess.Popen", "of": {"args": "true"}})

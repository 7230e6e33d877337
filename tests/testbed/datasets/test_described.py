"""A user's own series as a set: a few lines describe them, and every fault of the lines is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

import testbed
from connectors.errors import InputError
from testbed.datasets.described import described
from testbed.datasets.series import load
from tests.skab import write_skab


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, fault in (("lines/1.csv", (300, 340)), ("lines/2.csv", (200, 240)), ("quiet.csv", (0, 0))):
        write_skab(tmp_path, name, rows=400, fault=fault)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_column_of_truth_and_normal_files_make_a_set_that_bench_scores(folder):
    path = write(folder, 'files = "lines/*.csv"\ntruth = "anomaly"\nnormal = "quiet.csv"\nbudget = "1/20m"\n')
    rows = {row["model"]: row for row in testbed.bench(data=str(path), models=["mspc"]).rows}
    assert rows["mspc"]["files"] == 2
    assert rows["mspc"]["found"] == rows["mspc"]["faults"] == 2
    assert rows["mspc"]["f1"] > rows["always-alarm"]["f1"]
    listed = folder / "list.txt"
    listed.write_text("lines/2.csv\n")
    assert [one.path for one in load(str(path), None, listed)] == ["lines/2.csv"]


def test_a_file_of_labels_says_when_something_was_wrong(folder):
    (folder / "stops.csv").write_text("start,end,name\n2020-03-09T10:05:00Z,2020-03-09T10:05:20Z,jam\n")
    found = described(write(folder, 'files = ["lines/1.csv"]\nlabels = "stops.csv"\nhead = 200\n'))
    assert len(found) == 1
    first, last = found[0].windows[0]
    assert (last - first, found[0].head, found[0].truth) == (20 * 10**9, 200, "")
    assert "mine/Pressure" in [tag.name for tag in found[0].tags]


def test_every_fault_of_a_description_is_told_at_once(folder):
    with pytest.raises(InputError) as told:
        described(write(folder, 'filse = "lines/*.csv"\nhead = "many"\n'))
    assert "Did you mean 'files'" in str(told.value)
    assert "'head' takes int, but got 'many'" in str(told.value)
    with pytest.raises(InputError) as told:
        described(write(folder, 'files = "other/*.csv"\nbudget = "often"\n'))
    for part in ("one of 'truth'", "one of 'head'", "'other/*.csv' finds no file", "A budget is written like 1/24h"):
        assert part in str(told.value)


def test_what_lies_outside_is_not_read_and_what_is_normal_is_not_scored(folder):
    with pytest.raises(InputError, match="finds no file"):
        described(write(folder, 'files = "../*.csv"\ntruth = "anomaly"\nhead = 100\n'))
    with pytest.raises(InputError, match="nothing is left to score"):
        described(write(folder, 'files = "quiet.csv"\ntruth = "anomaly"\nnormal = "quiet.csv"\n'))
    with pytest.raises(InputError, match="is no TOML"):
        described(write(folder, "files = \n"))

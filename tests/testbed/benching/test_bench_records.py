"""Benches on records of bearings: what is held out stays unheard, and what was heard is never scored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import testbed
from connectors.errors import InputError
from testbed import train_bearing
from testbed.benching.records import record_rows
from testbed.cli import run_cli
from testbed.datasets.bearings import load
from testbed.train_bearing import train_on_records
from tests.cwru import write_cwru

QUIET = lambda done, of: None  # noqa: E731


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sets") / "cwru"
    write_cwru(folder)
    return folder


@pytest.fixture(autouse=True)
def usual_place(root, monkeypatch) -> None:
    """No other set of that name is at hand."""
    monkeypatch.setenv("TESTBED_DATA", str(root.parent))


def test_without_lists_every_record_is_judged_by_a_model_of_other_sizes_and_loads(root):
    bearing, majority, always = record_rows("cwru", root, None, None, None, QUIET)
    assert (bearing["model"], majority["model"], always["model"]) == ("bearing", "majority", "always-alarm")
    assert bearing["records"] == 12 + 4  # the sound one is judged by the model of each fold
    assert bearing["macro_f1"] > 0.9 > 0.5 > majority["macro_f1"]
    least, most = bearing["macro_f1_without"]
    assert least <= bearing["macro_f1"] <= most
    assert len(bearing["f1_moved"]) == 2
    assert always["far"] == 1.0


def test_the_tested_list_is_held_out_and_the_rest_is_fitted_on(root, tmp_path, capsys):
    listed = tmp_path / "heldout.txt"
    listed.write_text("".join(f"{r.path}\n" for r in load("cwru", root) if r.size == 0.021 and r.load == 1))
    command = ["bench", "--data", "cwru", "--root", str(root), "--test", str(listed), "--json"]
    assert run_cli(command) == 0
    row = json.loads(capsys.readouterr().out)["rows"][0]
    assert (row["records"], row["macro_f1"], row["overlap"]) == (3, 1.0, "none")


def test_held_out_records_by_themselves_are_judged_by_what_lies_at_the_usual_place(root, tmp_path, monkeypatch):
    write_cwru(tmp_path / "own", "heldout", sizes=(0.018,), loads=(3,), sound=False)
    monkeypatch.setenv("TESTBED_DATA", str(root.parent))
    row = record_rows("cwru", tmp_path / "own", None, None, None, QUIET)[0]
    assert (row["records"], row["macro_f1"]) == (3, 1.0)


def test_a_copy_of_a_tested_record_under_another_name_does_not_teach(root, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    (own / "heldout").mkdir()
    for record in load("cwru", root):
        if record.label == 3:  # every ball there is
            shutil.copy(record.file, own / "heldout" / record.file.name)
    rows = [line.replace("shared/", "heldout/") for line in (root / "index_shared.csv").read_text().splitlines()]
    (own / "index_heldout.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.setenv("TESTBED_DATA", str(root.parent))
    with pytest.raises(InputError, match="none of ball"):
        record_rows("cwru", own, None, None, None, QUIET)


def test_a_file_is_judged_as_it_is_and_its_list_says_whether_it_heard_what_is_scored(root, tmp_path, capsys):
    train, test, file = tmp_path / "train.txt", tmp_path / "test.txt", tmp_path / "mine.onnx"
    records = load("cwru", root)
    train.write_text("".join(f"{r.path}\n" for r in records if r.load == 0))
    test.write_text("".join(f"{r.path}\n" for r in records if r.load == 1))
    assert run_cli(["train", "bearing", "--data", "cwru", "--root", str(root), "--train", str(train),
                    "--out", str(file)]) == 0  # fmt: skip
    assert "4 classes" in capsys.readouterr().out
    row = record_rows("cwru", root, None, test, [str(file)], QUIET)[0]
    assert (row["model"], row["macro_f1"], row["overlap"]) == ("mine", 1.0, "none")
    heard = record_rows("cwru", root, None, train, [str(file)], QUIET)[0]
    assert (heard["overlap"], heard["overlap_share"]) == ("some", 1.0)
    with pytest.raises(InputError, match="7 records stand in both lists"):
        record_rows("cwru", root, train, train, None, QUIET)


def test_what_does_not_fit_is_told_in_one_sentence(root, tmp_path):
    with pytest.raises(InputError, match="does not tell normal, inner race, outer race, ball apart"):
        testbed.bench(data="cwru", root=root, models=["sticker"])
    with pytest.raises(InputError, match="read from files"):
        testbed.bench(data="cwru", root=root, over="mqtt")
    with pytest.raises(InputError, match=r"no index_\*\.csv"):
        testbed.bench(data="cwru", root=tmp_path)
    listed = tmp_path / "list.txt"
    listed.write_text("shared/ball_14_0.parquet\n")
    with pytest.raises(InputError, match=r"Did you mean 'shared/ball_014_0\.parquet'"):
        testbed.bench(data="cwru", root=root, test=listed)
    (tmp_path / "index_own.csv").write_text("file,fault,size_inch,load_hp,rpm,fs\nx.parquet,cage,0.007,0,1797,12000\n")
    with pytest.raises(InputError, match=r"index_own\.csv:2 cage"):
        testbed.bench(data="cwru", root=tmp_path)


def test_a_model_that_heard_a_copy_of_a_record_under_another_name_says_so(root, tmp_path):
    file = tmp_path / "mine.onnx"
    file.write_bytes(train_on_records("cwru", root))
    write_cwru(tmp_path / "own", "elsewhere", sizes=(0.018,), loads=(3,), sound=False)
    assert record_rows("cwru", tmp_path / "own", None, None, [str(file)], QUIET)[0]["overlap"] == "none"
    (old,) = (r for r in load("cwru", root) if (r.label, r.size, r.load) == (3, 0.014, 0))
    (new,) = (r for r in load("cwru", tmp_path / "own") if r.label == 3)
    shutil.copy(old.file, new.file)
    row = record_rows("cwru", tmp_path / "own", None, None, [str(file)], QUIET)[0]
    assert row["overlap"] == "some"
    assert row["overlap_share"] == pytest.approx(1 / 3, abs=0.05)


def test_what_was_heard_before_a_kill_is_not_heard_again_and_the_rows_are_the_same(root, tmp_path, monkeypatch):
    def rows(**more):
        found = testbed.bench(data="cwru", root=root, **more).rows
        return [{key: value for key, value in row.items() if not key.endswith("_ms")} for row in found]

    fits, fit = [], train_bearing.fitted

    def killed(*given):
        if len(fits) == 2:
            raise KeyboardInterrupt
        fits.append(1)
        return fit(*given)

    monkeypatch.setattr(train_bearing, "fitted", killed)
    with pytest.raises(KeyboardInterrupt):
        rows(out=tmp_path / "out")
    fits.clear()
    monkeypatch.setattr(train_bearing, "fitted", lambda *given: (fits.append(1), fit(*given))[1])
    resumed = rows(out=tmp_path / "out")
    assert len(fits) == 2  # of four folds
    monkeypatch.setattr(train_bearing, "fitted", fit)
    assert rows() == resumed

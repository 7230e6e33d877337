"""Benches on series with a scorer of their own: NAB and BATADAL, beside what is published on the same files."""

from __future__ import annotations

import numpy as np
import pytest

import testbed
from connectors.errors import InputError
from testbed.benching.scorers import Answer, published
from testbed.benching.series import series_rows
from testbed.datasets.nab import nab
from testbed.datasets.nab_published import RAW
from testbed.datasets.series import load
from tests.batadal import write_batadal
from tests.nab import AROUND, write_nab

QUIET = lambda done, of: None  # noqa: E731
HTM, GAUSSIAN = "Numenta HTM*", "windowed Gaussian*"


@pytest.fixture(scope="module")
def nab_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("nab")
    write_nab(root, {"realKnownCause/a.csv": [600], "realAWSCloudwatch/b.csv": [500, 900], "realTweets/c.csv": []})
    return root


def test_a_series_of_nab_learns_on_its_first_rows_and_has_the_windows_of_its_file(nab_root):
    series = {one.path.rpartition("/")[2]: one for one in load("nab", nab_root)}
    assert list(series) == ["b.csv", "a.csv", "c.csv"]
    assert {one.head for one in series.values()} == {180}  # 15 % of 1,200
    assert series["a.csv"].tags[0].rate_hz == pytest.approx(1 / 300)
    source = series["b.csv"].source()
    answer = Answer.of(series["b.csv"], source.table.time, source.table.labels)
    assert answer.windows == ((500 - AROUND - 180, 500 + AROUND - 180), (900 - AROUND - 180, 900 + AROUND - 180))
    assert answer.truth.sum() == 2 * (2 * AROUND + 1)


def test_by_nab_each_beginning_of_an_alarm_is_a_word(nab_root):
    series = load("nab", nab_root)[1]
    source = series.source()
    answer = Answer.of(series, source.table.time, source.table.labels)
    first, last = answer.windows[0]
    alarm = np.zeros(len(answer.time), bool)
    alarm[first : last + 50] = True
    assert answer.nab(alarm).score == pytest.approx(100.0)
    alarm[5:10] = True
    assert answer.nab(alarm).points == pytest.approx(1.0 - 0.11)


def test_rows_of_nab_hold_its_score_at_three_thresholds_and_less_a_folder(nab_root):
    rows = {row["model"]: row for row in series_rows("nab", nab_root, None, ["mspc"], 1, QUIET)}
    assert list(rows) == ["mspc", "always-alarm"]  # nothing is published on drawn files, and one signal has no T² and Q
    assert rows["mspc"]["found"] == rows["mspc"]["faults"] == 3
    assert rows["mspc"]["nab"] > 50.0 > rows["always-alarm"]["nab"]
    assert len(rows["mspc"]["nab_moved"]) == 2
    least, most = rows["mspc"]["nab_without"]
    assert least <= rows["mspc"]["nab"] <= most


def test_what_is_published_stands_beside_the_same_files_only():
    assert published("nab", {"data/realKnownCause/none.csv": 1}) == []
    name = "realKnownCause/machine_temperature_system_failure.csv"
    rows = {row["model"]: row["nab"] for row in published("nab", {f"data/{name}": 4})}
    assert rows == {HTM: pytest.approx(100 * (RAW[name][0] + 4) / 8, abs=1e-4), GAUSSIAN: 0.0}
    assert published("batadal", {"data/dataset04.csv": 7}) == []
    best = published("batadal", {"x/test_dataset.csv": 7})[0]
    assert best["batadal"] == pytest.approx((best["s_ttd"] + best["s_cm"]) / 2, abs=1e-3)


def test_a_window_file_that_is_garbled_is_told(tmp_path):
    (tmp_path / "combined_windows.json").write_text('{"a/b.csv": [["yesterday"]]}')
    with pytest.raises(InputError, match=r"combined_windows\.json must name"):
        nab(tmp_path)


def test_batadal_is_fitted_on_its_normal_year_and_judged_by_its_own_score(tmp_path):
    write_batadal(tmp_path, "dataset03.csv")
    write_batadal(tmp_path / "data", "dataset04.csv", 400, ((200, 240), (300, 330)))
    rows = {row["model"]: row for row in series_rows("batadal", tmp_path, None, ["mspc"], 1, QUIET)}
    assert list(rows) == ["mspc", "t2-q", "t2-q-textbook", "always-alarm"]
    found = rows["mspc"]
    assert found["batadal"] == pytest.approx((found["s_ttd"] + found["s_cm"]) / 2, abs=1e-3)
    assert found["batadal"] > 0.8 > rows["always-alarm"]["batadal"] == 0.75
    assert len(found["batadal_moved"]) == 2
    assert "batadal" not in testbed.bench(data="nab", root=_nab(tmp_path / "nab"), models=["rules"]).rows[0]


def _nab(root):
    write_nab(root, {"realKnownCause/a.csv": [600]})
    return root


def test_without_its_normal_year_batadal_is_refused(tmp_path, monkeypatch):
    write_batadal(tmp_path / "own" / "data", "test_dataset.csv", 100, ((20, 40),))
    write_batadal(tmp_path / "sets" / "batadal" / "data", "dataset03.csv", 100)
    monkeypatch.setenv("TESTBED_DATA", str(tmp_path / "sets"))
    assert load("batadal", tmp_path / "own" / "data")[0].normal[0].name == "dataset03.csv"
    monkeypatch.setenv("TESTBED_DATA", str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"needs its normal year dataset03\.csv"):
        load("batadal", tmp_path / "own" / "data")

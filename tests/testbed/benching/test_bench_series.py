"""Benches on labelled series: one rule for every file, pooled moments, rivals beside the models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import testbed
from connectors.errors import InputError
from testbed.benching.series import GENERAL, judged, series_rows
from tests.skab import write_skab
from tests.tep import write_tep

QUIET = lambda done, of: None  # noqa: E731


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("skab")
    write_skab(folder, "a/0.csv", rows=700, fault=(500, 600))
    write_skab(folder, "a/1.csv", rows=600, fault=(450, 500))
    return folder


@pytest.fixture(scope="module")
def rows(root) -> dict[str, dict]:
    return {row["model"]: row for row in series_rows("skab", root, None, None, 1, QUIET)}


def test_models_yardsticks_and_the_rival_are_rows(rows):
    assert list(rows) == [*GENERAL, "t2-q", "t2-q-textbook", "always-alarm"]
    keys = {
        "f1",
        "far",
        "mar",
        "vus_pr",
        "affiliation_f1",
        "nab",
        "delay_p50_s",
        "false_alarms_per_24h",
        "digest",
        "lost",
    }
    assert keys <= set(rows["mspc"])
    assert rows["mspc"]["lost"] == 0


def test_always_alarm_scores_what_the_share_of_bad_moments_says(rows):
    bad, scored = 100 + 50, 300 + 200  # rows behind the head of 400
    rival = rows["always-alarm"]
    assert rival["f1"] == pytest.approx(2 * bad / (bad + scored), abs=1e-4)
    assert (rival["far"], rival["mar"], rival["delay_p50_s"], rival["found"]) == (1.0, 0.0, 0.0, 2)
    assert rival["false_alarms_per_24h"] == pytest.approx(2 * 24 / ((299 + 199) / 3600), abs=0.01)


def test_a_step_of_eight_sigma_is_found_by_every_model_of_values(rows):
    for name in ("mspc", "t2-q", "t2-q-textbook", "var-residual", "subsequence"):
        assert rows[name]["found"] == rows[name]["faults"] == 2
        assert rows[name]["f1"] > rows["always-alarm"]["f1"]
        assert 0 <= rows[name]["delay_p50_s"] <= 6
        assert rows[name]["vus_pr"] > 0.8


def test_f1_stands_beside_what_another_threshold_and_other_files_would_give(root, tmp_path):
    write_skab(tmp_path, "a/0.csv", rows=700, fault=(500, 600))
    write_skab(tmp_path, "b/1.csv", rows=600, fault=(450, 500))
    row, rules, *_ = series_rows("skab", tmp_path, None, ["var-residual", "rules"], 1, QUIET)
    low, high = row["f1_moved"]
    assert 0.0 < low <= 1.0 and 0.0 < high <= 1.0 and (low, high) != (row["f1"], row["f1"])
    least, most = row["f1_without"]
    assert least <= row["f1"] <= most
    assert rules["f1_moved"] is None


def test_detection_is_a_mean_over_runs_without_those_that_nobody_finds(tmp_path):
    for name, fault in (("d00_train", 0), ("d00_test", 0), ("d01_test", 1), ("d03_test", 3)):
        write_tep(tmp_path, f"{name}.parquet", fault=fault, rows=400, onset=160 if fault != 3 else 395)
    rows = {row["model"]: row for row in series_rows("tep", tmp_path, None, ["mspc"], 1, QUIET)}
    points = judged("tep", tmp_path, None, ["mspc"], 1, QUIET)["d01_test.parquet"]["mspc"].points
    assert rows["mspc"]["detection"] == pytest.approx(1.0 - points.mar, abs=1e-4)
    assert rows["mspc"]["detection"] > 0.9 > 0.05 > rows["mspc"]["far"]
    assert rows["always-alarm"]["detection"] == 1.0


def test_the_same_figures_come_from_several_processes_as_one_json_object(root, rows):
    command = ["bench", "--data", "skab", "--root", str(root), "--models", "mspc", "--jobs", "2", "--json"]
    done = subprocess.run([sys.executable, "-m", "testbed", *command], capture_output=True, text=True, check=True)
    again = json.loads(done.stdout)["rows"][0]
    assert again["digest"] == rows["mspc"]["digest"]
    assert again["f1"] == rows["mspc"]["f1"]


def test_moments_are_pooled_over_files_and_not_averaged(root, rows):
    points = [found["mspc"].points for found in judged("skab", root, None, ["mspc"], 1, QUIET).values()]
    assert len(points) == 2
    assert rows["mspc"]["f1"] == pytest.approx((points[0] + points[1]).f1, abs=1e-4)


def test_data_take_no_training_list_and_no_wire(root):
    with pytest.raises(InputError, match="--train"):
        testbed.bench(data="skab", root=root, train=root / "x.txt")
    with pytest.raises(InputError, match="read from files"):
        testbed.bench(data="skab", root=root, over="mqtt")
    with pytest.raises(InputError, match="Did you mean 'skab'"):
        testbed.bench(data="skap")
    with pytest.raises(InputError, match="name one of them"):
        testbed.bench(data="skab", scenarios=["caster-sticker"])


def test_the_official_protocol_gives_the_published_figures():
    """Always-alarm fixes which rows are scored; T² and Q are the benchmark authors' own on these files."""
    root = Path(os.environ.get("TESTBED_DATA", "data")) / "skab"
    if not (root / "data" / "valve1" / "0.csv").is_file():
        pytest.skip("TESTBED_DATA holds no skab")
    rows = {row["model"]: row for row in series_rows("skab", root, None, ["mspc"], 1, QUIET)}
    assert rows["always-alarm"]["f1"] == pytest.approx(0.71, abs=0.02)
    published = (0.67, 0.34, 0.35)
    assert tuple(rows["t2-q"][key] for key in ("f1", "far", "mar")) == pytest.approx(published, abs=0.03)
    assert rows["mspc"]["f1"] > rows["always-alarm"]["f1"]

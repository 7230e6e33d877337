"""A replay fits on the head, scores the rest, and puts the rival that always alarms beside every model."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import testbed
from connectors.errors import InputError


@pytest.fixture
def data(tmp_path) -> Path:
    """Ten minutes at 1 Hz of three channels that move together; from 400 s on one of them goes its own way."""
    rng = np.random.default_rng(1)
    n = 700
    common = np.cumsum(rng.standard_normal(n)) * 0.1
    values = 20 + common[:, None] * [1.0, 2.0, -1.0] + 0.2 * rng.standard_normal((n, 3))
    values[550:620, 1] += 6.0
    lines = ["datetime;a;b;c;anomaly;changepoint"]
    for i, row in enumerate(values):
        moment = f"2026-01-05 00:{i // 60:02d}:{i % 60:02d}"
        lines.append(f"{moment};{row[0]:.4f};{row[1]:.4f};{row[2]:.4f};{int(550 <= i < 620)};0")
    path = tmp_path / "line.csv"
    path.write_text("\n".join(lines))
    return path


def test_the_fault_is_found_and_always_alarm_stands_beside(data):
    score = testbed.replay(data, truth="anomaly", fit=400).score
    rows = {row["model"]: row for row in score["rows"]}
    assert rows["mspc"]["found"] == 1
    assert 0 <= rows["mspc"]["delay_p50_s"] < 30
    assert rows["mspc"]["far"] < 0.2
    assert rows["always-alarm"]["far"] == 1.0
    assert rows["always-alarm"]["mar"] == 0.0
    assert not score["is_simulated"]
    assert score["dropped"] == ["changepoint"]


def test_the_head_is_not_scored(data):
    score = testbed.replay(data, truth="anomaly", fit=600, models=["rules"]).score
    assert score["duration_s"] == 99.0
    assert score["faults"][0]["onset"] == 0.0  # what began before begins with the scored part


def test_a_fit_can_be_a_duration(data):
    by_rows = testbed.replay(data, truth="anomaly", fit=300).score
    by_time = testbed.replay(data, truth="anomaly", fit="5m").score
    assert by_rows["digest"] == by_time["digest"]


def test_labels_can_come_from_a_file(data, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("start,end,name\n2026-01-05 00:09:10,2026-01-05 00:10:19,leak\n")
    score = testbed.replay(data, truth=labels, drop=["anomaly"], fit=400).score
    assert [fault["name"] for fault in score["faults"]] == ["leak"]


def test_without_a_truth_the_truth_columns_are_still_no_tags(data):
    run = testbed.replay(data, fit=400)
    assert [tag.short for tag in run.groups[0].tags] == ["a", "b", "c"]
    assert run.score["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"fit": 700}, "leaves nothing to score"),
        ({"fit": "soon"}, "rows or a duration"),
        ({"fit": 50}, "too few|at least"),
        ({"truth": "anomly"}, "Did you mean 'anomaly'|Nearest: 'anomaly'"),
        ({"tz": "Asia/Soul"}, "Did you mean 'Asia/Seoul'"),
        ({"fit": None}, "fitted on the head of the data: say how much"),
        ({"models": ["mspk"]}, "Did you mean 'mspc'|No model is called"),
    ],
)
def test_what_does_not_fit_is_told(data, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        testbed.replay(data, **{"truth": "anomaly", "fit": 400, **arguments})


def test_models_may_be_one_string_as_on_the_command_line(data):
    assert testbed.replay(data, truth="anomaly", fit=400, models="mspc, rules").score["models"] == ["mspc", "rules"]


def test_a_replay_leaves_a_record_with_a_report(data, tmp_path):
    folder = tmp_path / "record"
    testbed.replay(data, truth="anomaly", fit=400, out=folder)
    assert (folder / "report.html").is_file()
    assert (folder / "signals" / "main" / "00001.parquet").is_file()


def test_a_real_file_of_a_water_rig_is_replayed_in_one_line():
    root = os.environ.get("TESTBED_DATA")
    path = Path(root or "data") / "skab" / "data" / "valve1" / "3.csv"
    if not path.is_file():
        pytest.skip("TESTBED_DATA points to no folder that holds skab")
    rows = {row["model"]: row for row in testbed.replay(path, truth="anomaly", fit=400).score["rows"]}
    assert rows["mspc"]["found"] == 1
    assert rows["always-alarm"]["f1"] == pytest.approx(0.70, abs=0.02)

"""A run can be asked for in a line, leaves a record that is readable at every moment, and repeats itself."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import testbed
from connectors.errors import InputError
from testbed.record import RunRecord
from testbed.rescore import rescore

RUN = [sys.executable, "-m", "testbed"]


@pytest.fixture(scope="module")
def sticker(tmp_path_factory) -> tuple[testbed.Run, Path]:
    folder = tmp_path_factory.mktemp("runs") / "sticker"
    return testbed.run("caster-sticker", seed=1, out=folder), folder


def test_the_sticker_is_found_in_time_and_the_strand_is_saved(sticker):
    score = sticker[0].score
    fault = score["faults"][0]
    assert fault["detected"]
    assert fault["lead_s"] > 0
    assert fault["cleared"] is not None and fault["cleared"] < score["duration_s"]
    assert score["forbidden"] == []
    assert score["met"]


def test_the_score_has_every_key_of_the_contract(sticker):
    keys = (
        "scenario seed over speed speed_reached models digest duration_s faults lookalikes false_alarms "
        "false_alarms_per_24h forbidden blind_s samples frames bytes latency_ms met"
    ).split()
    assert set(keys) <= set(sticker[0].score)
    fault = "name where onset detectable_from deadline detected_at delay_s lead_s detected repeats model".split()
    assert set(fault) <= set(sticker[0].score["faults"][0])
    assert {"name", "where", "onset", "found", "forbidden"} <= set(sticker[0].score["lookalikes"][0])


def test_the_record_holds_what_the_run_had(sticker):
    run, folder = sticker
    record = RunRecord(folder)
    assert record.about["state"] == "done"
    assert record.events() == run.events
    assert record.truths() == run.truths
    assert record.signals("thermocouples").equals(run.signals("thermocouples"))
    assert len(run.signals("thermocouples")) == 360
    assert (folder / "report.html").stat().st_size > 5_000
    parts = sorted(p.name for p in (folder / "signals" / "mold").iterdir())
    assert parts[:2] == ["00001.parquet", "00002.parquet"]


def test_scoring_a_record_again_gives_the_same_score(sticker):
    run, folder = sticker
    again = rescore(folder).score
    assert {k: again[k] for k in ("digest", "faults", "lookalikes", "false_alarms", "samples", "met")} == {
        k: run.score[k] for k in ("digest", "faults", "lookalikes", "false_alarms", "samples", "met")
    }


def test_the_same_seed_gives_the_same_digest_in_another_process_with_another_hash_seed(sticker):
    run, _ = sticker
    env = {**os.environ, "PYTHONHASHSEED": "4711", "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX"}
    env["PYTHONWARNINGS"] = "ignore"  # numpy warns about features this machine lacks
    done = subprocess.run(
        [*RUN, "run", "caster-sticker", "--seed", "1", "--json"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["digest"] == run.score["digest"]


def test_another_seed_gives_another_digest(sticker):
    assert testbed.run("caster-sticker", seed=2).score["digest"] != sticker[0].score["digest"]


def test_a_run_inside_a_running_event_loop_works_as_in_a_notebook(sticker):
    async def cell() -> testbed.Run:
        return testbed.run("caster-sticker", seed=1)

    assert asyncio.run(cell()).score["digest"] == sticker[0].score["digest"]


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        testbed.run("caster-sticker", models=["rules"], out=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_group_the_run_does_not_have_is_named(sticker):
    with pytest.raises(InputError, match="thermocouples"):
        sticker[0].signals("thermocuples")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"over": "memry"}, "Did you mean 'memory'"),
        ({"speed": "fast"}, "'real', 'max' or a factor"),
        ({"speed": -1}, "'real', 'max' or a factor"),
        ({"models": ["stiker"]}, "Did you mean 'sticker'"),
        ({"models": ["rules", "rules"]}, "Name each once"),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        testbed.run("caster-sticker", **arguments)


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    """A run at fifty times real time, once it has written its first part and line."""
    process = subprocess.Popen(
        [*RUN, "run", "caster-sticker", "--speed", "30", "--out", str(folder), *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    part = folder / "signals" / "mold" / "00001.parquet"
    while process.poll() is None and not part.exists():
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    assert part.exists(), process.communicate()
    return process


def test_a_killed_run_leaves_a_record_that_can_be_scored(tmp_path):
    folder = tmp_path / "killed"
    process = started(folder)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert RunRecord(folder).about["state"] == "running"
    with (folder / "events.jsonl").open("a") as lines:
        lines.write('{"time": 176757')  # a torn last line
    done = subprocess.run([*RUN, "score", str(folder), "--json"], capture_output=True, text=True, check=False)
    score = json.loads(done.stdout)
    assert score["state"] == "running"
    assert 59.0 <= score["duration_s"] < 180.0
    told = subprocess.run([*RUN, "score", str(folder)], capture_output=True, text=True, check=False).stdout
    assert f"covers its first {score['duration_s']} s" in " ".join(told.split())


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_closes_its_record(tmp_path, ending):
    folder = tmp_path / "stopped"
    process = started(folder)
    process.send_signal(ending)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    record = RunRecord(folder)
    assert record.about["state"] == "stopped"
    assert record.score() is not None
    assert (folder / "report.html").is_file()


def test_a_record_can_be_repeated(sticker):
    run, folder = sticker
    done = subprocess.run([*RUN, "run", str(folder), "--json"], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["digest"] == run.score["digest"]


def test_several_seeds_on_two_processes_give_one_json(tmp_path):
    done = subprocess.run(
        [*RUN, "run", "caster-sticker", "--models", "rules", "--seeds", "3-5", "--jobs", "2", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    runs = json.loads(done.stdout)["runs"]
    assert [run["seed"] for run in runs] == [3, 4, 5]
    assert done.returncode == 1  # the rules alone find no sticker
    assert re.search("Traceback", done.stderr) is None

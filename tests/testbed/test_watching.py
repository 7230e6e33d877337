"""A live line is watched: servers that are not ours, a plant that is, Ctrl-C, and a process that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import Stopwatch
from connectors.errors import InputError
from connectors.tag_list import write_tag_list
from connectors.tags import Tag
from connectors.times import SECOND
from connectors.truth import Truth
from testbed import replay
from testbed.cli import run_cli
from testbed.record import RunRecord
from testbed.rescore import rescore
from testbed.watching import Answers
from tests.foreign import outlier_detector
from tests.ports import free_port

NODE = Path(__file__).parents[1] / "node" / "misbehave.js"
NORMAL_S = 600  # seconds of the drive in good order that the model is fitted and calibrated on
GOOD_S = 12  # seconds the server behaves
DRIVE = """\
name,unit,low,high,rate_hz,address,group
L4/DRIVE/SPEED,/min,800,950,10,ns=1;s=Drive.SPEED,drive
L4/DRIVE/LOAD,%,0,100,10,/Objects/1:Drive/1:LOAD,drive
L4/DRIVE/CURRENT,A,0,200,10,ns=1;s=Drive.CURRENT,drive
L4/DRIVE/VOLTAGE,V,350,450,10,ns=1;s=Drive.VOLTAGE,drive
L4/DRIVE/BEARING_TEMP,Cel,0,120,10,ns=1;s=Drive.BEARING_TEMP,drive
L4/DRIVE/OIL_TEMP,Cel,0,120,10,ns=1;s=Drive.OIL_TEMP,drive
L4/DRIVE/VIBRATION,mm/s,0,10,10,ns=1;s=Drive.VIBRATION,drive
L4/DRIVE/SETPOINT,/min,800,950,,ns=1;s=Drive.SETPOINT,drive
"""


@contextmanager
def started(*words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended, and whose end is waited for, whatever happens."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        words, stdout=pipe, stderr=pipe, text=True, env={**os.environ, "TESTBED_LANG": "en", **environment}
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        process.communicate()


def command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "testbed", *arguments)


def line_with(process: subprocess.Popen[str], what: str) -> str:
    """The next line of stdout that holds `what`; the test's own time limit ends a wait in vain."""
    assert process.stdout is not None
    seen = ""
    while what not in seen:
        seen = process.stdout.readline()
        assert seen, f"ended without '{what}': {process.stderr.read() if process.stderr else ''}"
    return seen


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=60)


@pytest.fixture
def drive(tmp_path) -> Path:
    path = tmp_path / "drive.csv"
    path.write_text(DRIVE)
    return path


# -- a server that is not ours --------------------------------------------------------------------------------


@pytest.mark.needs("node")
@pytest.mark.timeout(180)
def test_a_foreign_server_that_misbehaves_raises_an_alarm_and_ctrl_c_leaves_a_closed_record(tmp_path, drive, capsys):
    history, model, out = tmp_path / "normal.csv", tmp_path / "drive-mspc.onnx", tmp_path / "record"
    done = subprocess.run(("node", str(NODE), "--csv", str(NORMAL_S)), capture_output=True, text=True, check=True)
    history.write_text(done.stdout)
    fitted = ["train", "mspc", "--data", str(history), "--tags", str(drive), "--out", str(model)]
    assert run_cli([*fitted, "--from", "2026-01-05T00:00:10", "--to", "2026-01-05T00:09:50"]) == 0
    capsys.readouterr()
    port = free_port()
    watch = command("watch", f"opc.tcp://127.0.0.1:{port}", "--tags", str(drive), "--models", f"{model},rules",
                    "--out", str(out), "--wait")  # fmt: skip
    with started(*watch) as watching, started("node", str(NODE), str(port), str(GOOD_S)) as server:
        line_with(server, "port")
        began = Stopwatch()
        while "process" not in line_with(watching, "ALARM"):
            pass  # the rules may see the jump first
        waited = began.seconds()
        said, err = interrupted(watching)
    assert watching.returncode == 0, err
    assert "Report:" in said
    about = RunRecord(out)
    assert (about.about["state"], about.about["kind"]) == ("done", "watch")
    (first, *_) = [event for event in about.events() if event.change == "active" and event.model != "rules"]
    assert (first.condition, first.model, first.source) == ("process", "mspc", "L4/DRIVE")
    assert {name.rsplit("/")[-1] for name, _ in first.evidence} & {"BEARING_TEMP", "CURRENT", "VIBRATION"}
    assert waited > GOOD_S - 2.0  # and nothing was raised while all was well
    score = json.loads((out / "score.json").read_text())
    assert score["digest"] is None
    assert score["samples"]["late"] == 0
    again = replay(out, models=[str(model)])
    assert [event.time for event in again.events][:1] == [first.time]  # the record replays as files do


@pytest.mark.needs("node")
@pytest.mark.timeout(120)
def test_a_killed_watch_leaves_a_readable_record_and_a_server_that_comes_back_is_watched_on(tmp_path, drive):
    port, out = free_port(), tmp_path / "record"
    watch = command("watch", f"opc.tcp://127.0.0.1:{port}", "--tags", str(drive), "--out", str(out), "--wait")
    with started(*watch) as watching:
        for _ in range(2):
            with started("node", str(NODE), str(port), "0") as server:
                line_with(server, "port")
                line_with(watching, "is connected")
            line_with(watching, "is lost")
        watching.kill()
        watching.wait(10)
    record = RunRecord(out)
    assert record.about["state"] == "running"
    assert rescore(out).score["state"] == "running"
    assert run_cli(["report", str(out)]) == 0


# -- a plant of ours ------------------------------------------------------------------------------------------

MOULD = [
    Tag(name=f"POH/STEEL/CC1/S1.MOLD/{name}", unit=unit, rate_hz=rate, group="mould")
    for name, unit, rate in (("LVL_PV", "mm", 10.0), ("V_CAST", "m/min", 10.0))
]


@pytest.mark.timeout(120)
def test_a_served_plant_is_watched_over_both_protocols_at_once(tmp_path):
    opcua, broker = free_port(), free_port()
    tags = tmp_path / "mould.csv"
    urls = [f"opc.tcp://127.0.0.1:{opcua}", f"mqtt://127.0.0.1:{broker}"]
    write_tag_list(
        [
            Tag(name=MOULD[0].name, unit="mm", rate_hz=10.0, group="opcua", address=f"{urls[0]}#"),
            Tag(name=MOULD[1].name, unit="m/min", rate_hz=10.0, group="mqtt"),
        ],
        tags,
    )
    serve = command("serve", "caster", "--opcua-port", str(opcua), "--mqtt-port", str(broker))
    with started(*serve, TESTBED_BROKER="embedded") as server:
        line_with(server, "Ctrl-C stops.")
        done = subprocess.run(
            command("watch", *urls, "--tags", str(tags), "--duration", "4s", "--json"),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    score = json.loads(done.stdout)
    states = {source["url"]: source for source in score["sources"]}
    assert set(states) == set(urls)
    for source in states.values():
        assert source["state"] == "connected"
        assert source["received"] > 10
    assert score["over"] == "mqtt+opcua"
    assert score["digest"] is None
    assert score["is_simulated"] is True  # the server says that it is a simulated plant
    assert score["model_states"]["rules"]["scored"] >= 2


@pytest.mark.timeout(120)
def test_a_model_of_another_make_watches_a_served_plant(tmp_path):
    opcua, broker = free_port(), free_port()
    tags, url, home = tmp_path / "mould.csv", f"opc.tcp://127.0.0.1:{opcua}", {"TESTBED_HOME": str(tmp_path / "home")}
    write_tag_list([Tag(name=tag.name, rate_hz=10.0, group="mould", address=f"{url}#") for tag in MOULD], tags)
    model, channels = outlier_detector(tmp_path / "forest.onnx"), ",".join(tag.name for tag in MOULD)
    add = command("models", "add", str(model), "--set", f"channels={channels}", "--set", "threshold=1000")  # always
    added = subprocess.run(add, env={**os.environ, **home}, capture_output=True, text=True, timeout=60, check=False)
    assert added.returncode == 0, added.stderr
    serve = command("serve", "caster", "--opcua-port", str(opcua), "--mqtt-port", str(broker))
    with started(*serve, TESTBED_BROKER="embedded", **home) as server:
        line_with(server, "Ctrl-C stops.")
        done = subprocess.run(
            command("watch", url, "--tags", str(tags), "--models", "forest,rules", "--duration", "6s", "--json"),
            env={**os.environ, **home}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    score = json.loads(done.stdout)
    assert score["model_states"]["forest"]["scored"] >= 2
    assert [event["model"] for event in score["false_alarm_events"]] == ["forest"]  # nobody told of a fault


# -- the truth ------------------------------------------------------------------------------------------------


def truth(onset: int, deadline: int, **more: Any) -> Truth:
    return Truth(name="sticker", onset=onset * SECOND, alert_deadline=deadline * SECOND, expects=("breakout",), **more)


def test_a_truth_is_shown_only_after_its_deadline_or_when_revealed(tmp_path):
    from dataclasses import asdict

    path = tmp_path / "truth.jsonl"
    path.write_text(json.dumps({**asdict(truth(10, 60)), "crop": ""}) + "\n" + '{"torn')
    answers = Answers(path)
    assert answers.shown(59 * SECOND, reveal=False) == []
    assert [t.name for t in answers.shown(60 * SECOND, reveal=False)] == ["sticker"]
    assert [t.name for t in answers.shown(11 * SECOND, reveal=True)] == ["sticker"]
    assert answers.shown(None, reveal=True) == []


def test_a_truth_file_that_is_not_there_or_none_is_told(tmp_path):
    with pytest.raises(InputError, match="no truth at"):
        Answers(tmp_path / "truth.jsonl")
    (tmp_path / "truth.jsonl").write_text('{"name": "x"}\n')
    with pytest.raises(InputError, match="no truth of a run"):
        Answers(tmp_path / "truth.jsonl")


async def test_a_served_scenario_tells_its_truth_to_a_file_alone(tmp_path):
    from testbed.serve import Doors, serve

    path = tmp_path / "truth.jsonl"
    said: list[str] = []
    task = asyncio.create_task(serve("caster-sticker", 1, "60", Doors(opcua_port=0, mqtt_port=0), said.append, path))
    try:
        async with asyncio.timeout(90):
            while not task.done() and not (path.is_file() and Answers(path).all()):
                await asyncio.sleep(0.1)
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert Answers(path).all()[0].expects


# -- what does not fit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told", "status"),
    [
        (["watch"], "missing: urls, tags", 2),
        (["watch", "opc.tcp://127.0.0.1:1"], "missing: tags", 2),
        (["watch", "opc.tcp://127.0.0.1:1", "--tags", "{tags}"], "No OPC UA server", 3),
        (["watch", "opc.tcp://127.0.0.1:1", "--tags", "{tags}", "--models", "ruls"], "Did you mean 'rules'", 2),
        (["watch", "mqtt://a", "mqtt://b", "--tags", "{tags}"], "none or several of the addresses", 2),
        (["watch", "opc.tcp://127.0.0.1:1", "--tags", "{tags}", "--duration", "soon"], "no duration", 2),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_written(tmp_path, monkeypatch, capsys, arguments, told, status):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TESTBED_LANG", "en")
    (tmp_path / "t.csv").write_text("name,address\nL/A,ns=2;s=A\n")
    assert run_cli([argument.format(tags="t.csv") for argument in arguments]) == status
    assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_configuration_says_what_the_line_does_not(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TESTBED_LANG", "en")
    (tmp_path / "t.csv").write_text("name,address\nL/A,ns=2;s=A\n")
    path = tmp_path / "edge.toml"
    path.write_text('[watch]\nurls = "opc.tcp://127.0.0.1:1"\ntags = "t.csv"\nmodels = ["rules", "sticker"]\n')
    assert run_cli(["watch", "--config", str(path)]) == 2
    assert "Model sticker does not fit these tags" in capsys.readouterr().err
    assert run_cli(["--config", str(path), "watch", "--models", "rules"]) == 3
    assert "No OPC UA server" in capsys.readouterr().err


def test_check_looks_at_a_configuration_and_the_tag_list_it_names(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TESTBED_LANG", "en")
    (tmp_path / "t.csv").write_text("name,unit,address\nL/A,degC,ns=2;s=A\n")
    path = tmp_path / "edge.toml"
    path.write_text('[watch]\nurls = ["mqtt://a", "mqtt://b"]\ntags = "t.csv"\n[run]\nsead = 1\n')
    assert run_cli(["check", str(path)]) == 2
    told = capsys.readouterr().out
    assert "edge.toml:5  'sead' is not known here. Did you mean 'seed'?" in told
    assert "t.csv:2  unit 'degC' is not known" in told

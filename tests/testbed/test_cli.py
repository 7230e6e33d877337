"""The command line: exit statuses, one JSON object, one sentence for every mistake, and no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.texts import say, speak
from testbed import commands, library, run_command
from testbed.cli import run_cli

CASES = Path(__file__).parent


@pytest.fixture(autouse=True)
def _english():
    yield
    speak("en")


def told(capsys, *arguments: str) -> tuple[int, str, str]:
    status = run_cli(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rn"], "No such command 'rn'"),
        (["run"], "Name a scenario"),
        (["run", "caster-stiker"], "Did you mean 'caster-sticker'"),
        (["run", "caster-sticker", "--over", "opcu"], "Did you mean 'opcua'"),
        (["run", "caster-sticker", "--seeds", "9-3"], "Seeds are written like 1-40"),
        (["run", "caster-sticker", "--speed", "quick"], "'real', 'max' or a factor"),
        (["run", "caster-sticker", "--record", "some"], "full, events, none"),
        (["serve", "caster", "--opcua-port", "99999"], "--opcua-port takes a port from 0 to 65535"),
        (["serve", "caster", "--mqtt-port", "-1"], "--mqtt-port takes a port from 0 to 65535"),
        (["run", "caster-sticker", "--models", "nothing.onnx"], "cannot be read"),
        (["replay", "nothing.csv"], "nothing.csv"),
        (["score", "nowhere"], "holds no run"),
        (["models", "shw"], "list"),
        (["models", "show", "stiker"], "Did you mean 'sticker'"),
        (["serve", "casters"], "Did you mean 'caster'"),
        (["train", "mspc", "--data", "scenario:caster-quiet", "--seeds", "1-9", "--out", "x.onnx"], "kept for scoring"),
        (["train", "clasify", "--data", "neu-det", "--out", "x.onnx"], "Did you mean 'classify'"),
        (["train", "mspc", "--data", "my.csv", "--seeds", "10000-10001", "--out", "x.onnx"], "my.csv is a file"),
        (["--lang", "de", "models"], "en, ko"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(capsys, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    status, out, err = told(capsys, *arguments)
    assert status == 2
    assert sentence in err
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []  # nothing half-written


def test_json_is_exactly_one_object(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = told(capsys, "run", "caster-sticker", "--models", "rules", "--json")
    assert status == 1  # rules find no sticker
    assert json.loads(out)["scenario"] == "caster-sticker"
    assert err == ""
    assert list(tmp_path.iterdir()) == []  # --json without --out records nothing


def test_a_run_for_people_says_what_counts(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, _ = told(capsys, "run", "caster-sticker", "--seed", "1")
    assert status == 0
    assert "found in time" in out
    assert "Simulated plant" in out
    assert (tmp_path / "runs" / "caster-sticker-1-1" / "report.html").is_file()


def test_models_are_listed_and_shown(capsys):
    status, out, _ = told(capsys, "models", "list", "--json")
    assert status == 0
    assert {entry["name"] for entry in json.loads(out)["models"]} >= {"sticker", "caster-mspc"}
    status, out, _ = told(capsys, "models", "show", "sticker", "--json")
    assert json.loads(out)["condition"] == "breakout"


def test_eight_faults_of_two_files_are_told_at_once(capsys, tmp_path):
    tags = tmp_path / "tags.csv"
    tags.write_text(
        "name,unit,low,high,rate_hz,address,group\n"
        "L/U/TEMP,degC,0,100,1,TI-101,main\n"
        "L/U/FLOW,L/min,50,10,1,FI-101,main\n"
        "L/U/SPEED,m/min,0,2,fast,SI-101,main\n"
        "L/U/TEMP,Cel,0,100,1,TI-102,main\n"
        "/L/U/LEVEL,mm,0,100,1,LI-101,main\n"
        "L/U/FORCE,kN,0,100,1,FORCE,main\n"
    )
    data = tmp_path / "data.csv"
    data.write_text(
        "time,TI-1O1,FI-101,SI-101,TI-102,LI-101,FORCE\n"
        "2026-01-05 00:00:00,20,30,1.0,20,5,7\n"
        "2026-01-05 00:00:01,20,thirty,1.0,20,5,7\n"
        "yesterday,20,30,1.0,20,5,7\n"
    )
    status, out, _ = told(capsys, "check", str(tags), str(data))
    assert status == 2
    lines = out.splitlines()
    assert len(lines) == 8, out
    for sentence in ("Did you mean 'Cel'", "TI-1O1", "thirty", "yesterday"):
        assert sentence in out
    assert sum("tags.csv:" in line for line in lines) == 5
    assert all(":" in line.split("  ")[0] for line in lines)


def test_a_check_that_finds_nothing_says_so(capsys, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("time,a,b\n2026-01-05,1,2\n2026-01-06,3,4\n")
    assert told(capsys, "check", str(data), "caster-sticker")[0] == 0


def test_help_answers_at_once_and_loads_no_heavy_library():
    code = (
        "import sys; from testbed.cli import run_cli; run_cli(['--help']); "
        "heavy = {'numpy','asyncua','paho','onnxruntime','onnx','polars','cv2','iotcore',"
        "'starlette','uvicorn','websockets'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "replay" in done.stdout


def test_an_error_of_ours_is_told_without_a_traceback(capsys, monkeypatch):
    monkeypatch.setattr("testbed.commands.models", lambda *_: 1 / 0)
    status, _, err = told(capsys, "models")
    assert status == 3
    assert "testbed itself failed: ZeroDivisionError" in err
    assert "Traceback" not in err


def test_every_sentence_is_a_template_that_a_translation_can_carry():
    assert say("{a} of {b}", b=2, a=1) == "1 of 2"


def test_all_runs_every_scenario_but_the_slow_ones(tmp_path, monkeypatch, capsys):
    head = "from testbed import Fault, Mill, Scenario\nscenario = Scenario(plant=Mill(), duration=4, "
    steps = "steps=(Fault(at=2.5, name='eccentricity'),), tick_s=1.0, "
    (tmp_path / "mill_one.py").write_text(head + steps + "name='mill-one')\n")
    (tmp_path / "mill_two.py").write_text(head + "name='mill-two')\n")
    (tmp_path / "mill_normal_day.py").write_text(head + "name='mill-normal-day', slow=True)\n")
    monkeypatch.setattr(library, "files", lambda package: tmp_path)
    ask = run_command.Ask(None, "memory", "max", [3], "none", None, 1, True)
    assert run_command.run([], True, ask) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [(run["scenario"], run["seed"], len(run["faults"])) for run in runs] == [
        ("mill-one", 3, 1),
        ("mill-two", 3, 0),
    ]


def test_the_list_tells_every_scenario_with_its_story(capsys):
    assert commands.list_scenarios(json=True) == 0
    told = json.loads(capsys.readouterr().out)["scenarios"]
    assert [entry["name"] for entry in told] == library.names()
    assert all(entry["title"] and entry["story"] for entry in told)
    commands.list_scenarios(json=False)
    assert "showcase" in capsys.readouterr().out

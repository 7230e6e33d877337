"""The doctor names what is missing or odd and the command that mends it, and falls ill itself only in its findings."""

from __future__ import annotations

import json
import socket

import pytest

from testbed import doctor
from testbed.cli import run_cli


def found(name: str) -> doctor.Finding:
    (finding,) = [finding for finding in doctor.examine() if finding.name == name]
    return finding


def test_a_healthy_machine_ends_with_0_and_says_everything_as_json(capsys):
    assert run_cli(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    names = {finding["name"] for finding in told["findings"]}
    assert {"python", "onnxruntime", "models", "broker", "port 4840", "port 1883", "disk", "clock", "packages"} <= names


def test_a_missing_part_is_bad_and_ends_with_1(monkeypatch, capsys):
    known = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "asyncua" else known(name))
    assert found("asyncua").mend == "pip install asyncua"
    assert run_cli(["doctor"]) == 1
    assert "pip install asyncua" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("strangers", "told"),
    [
        ({"opencv-python": "4"}, "opencv-python-headless, opencv-python overwrite each other"),
        ({"onnxruntime-gpu": "1"}, "onnxruntime, onnxruntime-gpu overwrite each other"),
        ({"testbed": "0.1"}, "steel-testbed, testbed overwrite each other"),
    ],
)
def test_packages_that_overwrite_each_other_are_told(monkeypatch, strangers, told):
    known = {"opencv-python-headless": "5", "onnxruntime": "1", "steel-testbed": "0", **strangers}
    monkeypatch.setattr(doctor, "_version", known.get)
    (finding,) = doctor._collisions()
    assert (finding.state, finding.text) == ("bad", told)
    assert finding.mend.startswith("pip uninstall")


def test_the_package_of_another_make_is_told(monkeypatch):
    monkeypatch.setattr(doctor, "_version", {"testbed": "0.1"}.get)
    (finding,) = doctor._collisions()
    assert finding.mend == "pip uninstall testbed && pip install steel-testbed"


def test_a_port_that_is_taken_is_a_note_with_another_port(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(doctor, "PORTS", {port: "MQTT"})
        (finding,) = doctor._ports()
    assert finding.state == "note"
    assert "--mqtt-port" in finding.mend
    (finding,) = doctor._ports()
    assert finding.state == "ok"


def test_without_any_broker_something_needed_is_missing(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert next(doctor._brokers()).state == "note"
    monkeypatch.setattr(doctor, "_version", lambda name: None)
    assert next(doctor._brokers()).state == "bad"


def test_a_clock_that_jumps_or_was_never_set_is_told(monkeypatch):
    ticks = iter([2_000_000_000_000_000_000, 2_000_000_005_000_000_000])
    monkeypatch.setattr(doctor, "now_ns", lambda: next(ticks))
    assert next(doctor._clock()).state == "note"
    monkeypatch.setattr(doctor, "now_ns", lambda: 0)
    assert next(doctor._clock()).state == "bad"


def test_a_full_disk_is_told(monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_DISK_GB", 1e9)
    assert next(doctor._disk()).state == "bad"


def test_a_check_that_fails_itself_is_a_finding(monkeypatch):
    def broken():
        raise OSError("no such thing")

    monkeypatch.setattr(doctor, "CHECKS", (broken,))
    (finding,) = doctor.examine()
    assert (finding.state, finding.name) == ("bad", "broken")
    assert "no such thing" in finding.text

"""A group that an attacker silences falls silent on every transport at the same moment, and nothing is lost for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.library import load
from testbed.running import Run, run
from testbed.scenario import Fault, LookAlike, Scenario

SECONDS = 34.0  # of source time: silence for 15 s is the alarm
SEED = 7
PAUSE = LookAlike(at=2.0, name="gateway_restart", where="thermocouples", params={"duration": 3})
SILENT = Fault(at=8.0, name="stale_data", where="water", params={"duration": 22})


def mosquitto_only(value: str) -> object:
    return pytest.param(value, marks=pytest.mark.needs("mosquitto"))


def short(*steps: Fault | LookAlike) -> Scenario:
    """The first seconds of the caster, a short gap, the silence early, and the rules of the network alone."""
    return replace(load("cyber-stale"), duration=SECONDS, steps=steps, models=("network",), expect=())


def facts(done: Run) -> tuple:
    """All that must not depend on the transport."""
    found = [(f["name"], f["where"], f["detected_at"]) for f in done.score["faults"]]
    samples = done.score["samples"]
    return done.score["digest"], found, done.score["blind_s"], samples["expected"], samples["late"], samples["lost"]


@pytest.fixture(scope="module")
def reference() -> tuple:
    return facts(run(short(PAUSE, SILENT), seed=SEED, record="none"))


def test_the_silence_is_found_and_nothing_is_late_or_lost(reference):
    digest, [(_, where, detected_at)], _, expected, late, lost = reference
    assert digest and where == "POH/STEEL/CC1"
    assert 8.0 + 15.0 <= detected_at <= 8.0 + 20.0
    assert expected > 0 and late == lost == 0


def test_a_group_that_is_silent_hands_out_fewer_samples_and_another_digest(reference):
    paused = facts(run(short(PAUSE), seed=SEED, record="none"))
    assert paused[0] != reference[0]
    assert paused[3] > reference[3]


@pytest.mark.parametrize("path", ["opcua", "mqtt-embedded", mosquitto_only("mqtt-mosquitto"), "wire-embedded"])
def test_every_transport_tells_the_same_silence(path, reference, monkeypatch):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    assert facts(run(short(PAUSE, SILENT), seed=SEED, over=over, record="none")) == reference

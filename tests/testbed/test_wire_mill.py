"""A coil with a bad roll gives the same events and the same answers at any speed over any transport."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.library import load
from testbed.running import Run, run
from testbed.scenario import Fault, Scenario, SetPoint

SECONDS = 22.0  # of source time: the model's window of 20 s, and an answer
SEED = 7
BAD_ROLL = Fault(at=3.0, name="eccentricity", params={"amplitude": 25})


def mosquitto_only(value: str) -> object:
    return pytest.param(value, marks=pytest.mark.needs("mosquitto"))


PATHS = ["opcua", "mqtt-embedded", mosquitto_only("mqtt-mosquitto"), "wire-embedded", mosquitto_only("wire-mosquitto")]


def short() -> Scenario:
    """The first seconds of the coil, the bad roll and the control early, and the answer soon after the alarm."""
    steps = (BAD_ROLL, SetPoint(at=6.0, name="agc_on", value=1))
    return replace(load("hsm-eccentricity"), duration=SECONDS, steps=steps, delay_s=1.0)


def facts(done: Run) -> tuple:
    """All that must not depend on transport and speed."""
    answers = [(s["time"], s["name"]) for s in done.about["steps"] if s["kind"] == "response"]
    found = [(f["name"], f["detected_at"]) for f in done.score["faults"]]
    samples = done.score["samples"]
    return done.score["digest"], found, answers, done.score["blind_s"], samples["expected"], samples["lost"]


@pytest.fixture(scope="module")
def reference() -> tuple:
    return facts(run(short(), seed=SEED, record="none"))


def test_the_bad_roll_is_found_and_answered(reference):
    digest, found, answers, *_, lost = reference
    assert digest
    assert found[0][1] is not None
    assert [name for _, name in answers] == ["eccentricity_notch"]
    assert lost == 0


def test_without_the_bad_roll_the_digest_differs(reference):
    sound = replace(short(), steps=(SetPoint(at=6.0, name="agc_on", value=1),), expect=())
    assert facts(run(sound, seed=SEED, record="none"))[0] != reference[0]


def test_a_speed_is_a_ceiling_and_changes_no_event(reference):
    assert facts(run(short(), seed=SEED, speed=15, record="none")) == reference


@pytest.mark.parametrize("path", PATHS)
def test_every_transport_gives_the_same_events(path, reference, monkeypatch):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    assert facts(run(short(), seed=SEED, over=over, record="none")) == reference


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", PATHS)
def test_every_transport_gives_the_same_events_of_a_whole_coil(path, monkeypatch):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    whole = facts(run("hsm-eccentricity", seed=SEED, record="none"))
    assert facts(run("hsm-eccentricity", seed=SEED, over=over, record="none")) == whole

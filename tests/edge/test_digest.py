"""The digest sees what happened by itself, relative to the start, and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from connectors.results import AlarmState, Event
from edge.digest import digest, line

START = 1_767_571_200_000_000_000  # ns
EVENT = Event(
    time=START + 1_500_000_000,
    source="L/A",
    condition="process",
    severity=500,
    change="active",
    state=AlarmState.UNACK,
    score=1.23456,
    model="m",
)


def test_a_line_holds_time_place_condition_change_model_and_score():
    assert line(EVENT, START) == "1500000000|L/A|process|active|m|1.235"


def test_the_digest_is_the_sha_256_of_the_lines():
    text = f"{line(EVENT, START)}\n{line(replace(EVENT, change='returned'), START)}\n"
    assert digest([EVENT, replace(EVENT, change="returned")], START) == hashlib.sha256(text.encode()).hexdigest()


SEEN = {
    "another time": {"time": EVENT.time + 1},
    "another place": {"source": "L/B"},
    "another condition": {"condition": "sensor"},
    "another change": {"change": "returned"},
    "another model": {"model": "n"},
    "the fourth digit of the score": {"score": 1.236},
}


@pytest.mark.parametrize("changed", SEEN.values(), ids=SEEN.keys())
def test_the_digest_changes_with(changed):
    assert digest([replace(EVENT, **changed)], START) != digest([EVENT], START)


UNSEEN = {
    "the fifth digit of the score": {"score": 1.23461},
    "the evidence": {"evidence": (("L/A", 1.0),)},
    "the state": {"state": AlarmState.ACKED},
    "the severity": {"severity": 900},
    "the advice": {"advice": "look"},
}


@pytest.mark.parametrize("changed", UNSEEN.values(), ids=UNSEEN.keys())
def test_the_digest_does_not_change_with(changed):
    assert digest([replace(EVENT, **changed)], START) == digest([EVENT], START)


def test_what_an_operator_did_is_left_out():
    assert digest([replace(EVENT, change="operator"), EVENT], START) == digest([EVENT], START)


def test_order_counts():
    other = replace(EVENT, source="L/B")
    assert digest([EVENT, other], START) != digest([other, EVENT], START)


def test_the_same_run_at_another_start_has_the_same_digest():
    hour = 3_600_000_000_000
    assert digest([replace(EVENT, time=EVENT.time + hour)], START + hour) == digest([EVENT], START)

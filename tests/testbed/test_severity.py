"""Mild, usual, severe: a value that the unit takes, in truth, record and score, and as bad as it says."""

from __future__ import annotations

import pytest

from connectors.errors import InputError
from testbed import Caster, Fault, Scenario
from testbed.engine import Engine
from testbed.library import load
from testbed.outside import asked_of
from testbed.plant import START
from testbed.record import RunRecord
from testbed.running import Order, carry_out
from testbed.severity import SCALES, SEVERITIES, params_of

UNITS = {
    "caster": "caster-sticker", "hotmill": "hsm-cobble", "mill": "hsm-eccentricity", "coldmill": "tcm-chatter",
    "runout": "descaler-blocked", "rotating": "rot-bearing", "strip": "strip-classes",
}  # fmt: skip


@pytest.mark.parametrize("unit", SCALES)
def test_every_unit_takes_all_its_severities(unit):
    plant = load(UNITS[unit]).plant.build(1, START)
    assert plant.name == unit
    for name in SCALES[unit]:
        for severity in SEVERITIES:
            injection = plant.copy().inject(name, "", params_of(unit, name, severity, {}), 1)
            assert injection.kind == "fault" and injection.name == name


def test_a_severity_that_there_is_not_and_a_look_alike_with_one_are_refused():
    with pytest.raises(InputError, match="mild, usual, severe"):
        params_of("caster", "sticker", "serious", {})
    with pytest.raises(InputError, match="does not come in mild"):
        params_of("caster", "ladle_change", "severe", {})


def test_a_severe_sticker_rises_further_than_a_mild_one_and_its_truth_says_which_it_is():
    found = {}
    for severity in ("mild", "severe"):
        step = Fault(at=2, name="sticker", where="BF column 4", severity=severity)
        engine = Engine(Scenario(name="s", plant=Caster(), duration=40, steps=(step,)), 1)
        engine.tick(START + 3 * 10**9)
        (truth,) = engine.truths()
        found[truth.severity] = engine.done[0].details["rise_K"]
    assert found == {"mild": 10.0, "severe": 30.0}


def test_a_fault_from_outside_keeps_its_severity_in_record_truth_and_score_and_when_it_is_repeated(tmp_path):
    scenario = Scenario(name="s", plant=Caster(), duration=40)

    async def beside(engine):
        engine.inject_now("sticker", "BF column 4", {}, "page/kim", "severe")

    run = carry_out(Order(scenario, record="full", out=tmp_path / "run", beside=beside))
    (fault,) = run.score["faults"]
    assert fault["severity"] == "severe"
    assert "sticker</b>" not in run.report() and "sticker · severe</b>" in run.report()
    record = RunRecord(tmp_path / "run")
    assert [truth.severity for truth in record.truths()] == ["severe"]
    outside = asked_of(record.lines("steps"), START)
    again = carry_out(Order(scenario, outside=outside))
    assert again.score["faults"] == run.score["faults"]

"""The report shows what a line believes beside what is true, where the plant keeps such a truth."""

from __future__ import annotations

import numpy as np
import pytest

import testbed
from connectors.tags import Tag
from testbed.report.believed import swing
from testbed.report.signals import Trace


@pytest.mark.parametrize("frequency", [0.5, 2.33])
def test_the_swing_of_a_sine_is_its_amplitude_whatever_it_drifts_on(frequency):
    time = np.arange(0.0, 20.0, 0.01)
    trace = Trace(Tag(name="L/H"), time, 3.0 + 0.05 * time + 0.02 * np.sin(2 * np.pi * frequency * time))
    assert swing(trace, np.array([6.0, 10.0, 14.0])) == pytest.approx(0.02, rel=0.1)


def test_a_gap_has_no_swing():
    time = np.arange(0.0, 20.0, 0.01)
    value = np.where((time > 5) & (time < 9), np.nan, np.sin(time))
    found = swing(Trace(Tag(name="L/H"), time, value), np.array([3.0, 7.0, 15.0]))
    assert np.isfinite(found).tolist() == [True, False, True]


def test_the_gauge_looks_better_while_the_steel_gets_worse(tmp_path):
    run = testbed.run("hsm-eccentricity", seed=1, out=tmp_path / "run")
    page = run.report()
    assert "What the line believes, and what is true" in page
    assert "as H_GM has it" in page
    again = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "swing belief" in again


def test_a_plant_without_such_a_truth_has_no_such_section():
    assert "What the line believes" not in testbed.run("showcase", seed=1).report()

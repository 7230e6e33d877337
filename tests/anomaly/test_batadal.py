"""The competition's score, against cases worked by hand from its published equations."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.batadal import Batadal

TRUTH = np.zeros(100)
TRUTH[10:30] = TRUTH[50:90] = 1  # two attacks, 20 and 40 h


def flags(*stretches: slice) -> np.ndarray:
    made = np.zeros(100)
    for one in stretches:
        made[one] = 1
    return made


def test_all_right_is_one_and_silence_a_quarter():
    assert Batadal.of(TRUTH, TRUTH).s == 1.0
    silent = Batadal.of(TRUTH, flags())
    assert (silent.s_ttd, silent.s_cm, silent.s) == (0.0, 0.5, 0.25)


def test_an_alarm_that_never_ends_scores_three_quarters():
    """Which is what the published equations give, and why the rival stands in the table."""
    always = Batadal.of(TRUTH, np.ones(100))
    assert (always.s_ttd, always.s_cm, always.s) == (1.0, 0.5, 0.75)


def test_a_late_and_a_missed_attack():
    """Found 5 of 20 h in, and never: S_TTD = 1 - (0.25 + 1) / 2; 15 of 60 h right, 2 of 40 false."""
    found = Batadal.of(TRUTH, flags(slice(15, 32)))
    assert found.s_ttd == pytest.approx(0.375)
    assert found.s_cm == pytest.approx((15 / 60 + 38 / 40) / 2)
    assert found.s == pytest.approx((0.375 + 0.6) / 2)


def test_an_alarm_from_before_finds_an_attack_at_once():
    assert Batadal.of(TRUTH, flags(slice(5, 12))).late == (0.0, 1.0)


def test_files_are_pooled_by_adding():
    both = Batadal.of(TRUTH, TRUTH) + Batadal.of(TRUTH, flags())
    assert both.s_ttd == pytest.approx(0.5)
    assert both.s_cm == pytest.approx(0.75)


def test_without_an_attack_there_is_no_score():
    assert Batadal.of(np.zeros(5), np.zeros(5)).s is None

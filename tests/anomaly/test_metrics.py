"""Figures of merit of series, worked out by hand and held against their authors' code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from anomaly.metrics import Points, affiliation_f1, by_stretch, softened, vus_pr

AUTHORS = json.loads((Path(__file__).parents[1] / "data" / "metrics.json").read_text("utf-8"))
BUFFER = 20  # of the stored volumes, as benchmarks/reference_metrics.py drew them


def test_moments_are_counted_four_ways_and_pooled_by_adding():
    first = Points.of(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 0, 1]))
    assert first == Points(hit=2, miss=1, wrong=1, right=1)
    both = first + Points(hit=2, miss=0, wrong=0, right=3)
    assert (both.f1, both.far, both.mar) == (8 / 10, 1 / 5, 1 / 5)


def test_without_good_or_bad_moments_there_is_no_rate():
    assert Points.of(np.zeros(3), np.ones(3)).mar is None
    assert Points.of(np.ones(3), np.ones(3)).far is None


def test_a_stretch_is_found_at_its_first_alarm_and_an_alarm_beside_all_is_false():
    truth = np.array([0, 1, 1, 1, 0, 0, 1, 1, 0, 0])
    alarm = np.array([0, 0, 0, 1, 1, 0, 0, 0, 0, 1])
    found = by_stretch(truth, alarm, 0.5 * np.arange(10))
    assert (found.faults, found.delays, found.false_alarms, found.recall) == (2, (1.0,), 1, 0.5)


def test_an_alarm_that_is_always_there_finds_everything_and_is_false():
    truth = np.array([0, 1, 1, 0, 1])
    found = by_stretch(truth, np.ones(5), np.arange(5.0))
    assert (found.recall, found.delays, found.false_alarms) == (1.0, (0.0, 0.0), 1)


def test_labels_fall_off_beside_a_stretch():
    soft = softened(np.array([0, 0, 0, 1, 0, 0, 0], bool), 4)
    side = np.sqrt([1 - 2 / 4, 1 - 1 / 4])
    assert soft == pytest.approx([0, *side, 1, *side[::-1], 0])


def test_vus_without_a_buffer_is_the_area_under_precision_and_recall():
    """Ranks 0.9 bad, 0.8 good, 0.7 bad, 0.1 good: recall rises by a half at precision 1 and 2/3."""
    truth, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])
    # recall counts by the share of stretches touched too: 0.5 · 0.5, then 1
    assert vus_pr(truth, score, buffer=0) == pytest.approx(0.25 * 1 + 0.75 * 2 / 3)


def test_vus_of_a_perfect_score_is_one_without_a_buffer_and_of_no_fault_none():
    truth = np.r_[np.zeros(20), np.ones(5), np.zeros(20)]
    assert vus_pr(truth, truth, buffer=0) == pytest.approx(1.0)
    assert vus_pr(np.zeros(5), np.arange(5.0)) is None
    assert vus_pr(np.ones(5), np.arange(5.0)) is None


def test_blind_moments_count_as_the_lowest_score():
    truth, score = np.array([1, 1, 0, 0, 0, 0]), np.array([0.5, np.nan, 0.1, 0.2, 0.3, 0.4])
    lowest = np.nan_to_num(score, nan=-1.0)
    assert vus_pr(truth, score, 2) == pytest.approx(vus_pr(truth, lowest, 2))


def test_affiliation_of_the_truth_itself_is_one_and_of_silence_nought():
    truth = np.array([0, 0, 1, 1, 0, 0, 0, 1, 0])
    assert affiliation_f1(truth, truth) == pytest.approx(1.0)
    assert affiliation_f1(truth, np.zeros(9)) == 0.0
    assert affiliation_f1(np.zeros(9), truth) is None


def test_affiliation_of_an_alarm_beside_a_fault_by_hand():
    """Fault [4, 6) and alarm [7, 8) in a zone 0 … 10.

    Precision: the alarm lies 1 … 2 behind the fault, the chance to lie farther falls from 6/10 to 4/10: mean 0.5.
    Recall: a moment y of the fault lies 7 - y from the alarm; farther lie 0 … 2y - 7 (where above 0) and 7 … 10,
    0.3 + (2y - 7) / 10 on 4 … 6: 0.4 to 0.8, mean 0.6.
    """
    truth, alarm = np.zeros(10), np.zeros(10)
    truth[4:6], alarm[7] = 1, 1
    assert affiliation_f1(truth, alarm) == pytest.approx(2 * 0.5 * 0.6 / 1.1)


@pytest.mark.parametrize("case", AUTHORS["series"])
def test_volumes_and_affiliation_are_those_of_their_authors(case):
    truth, score, alarm = (np.array(case[key]) for key in ("truth", "score", "alarm"))
    expected = case["expected"]
    assert vus_pr(truth, score, BUFFER) == pytest.approx(expected["vus_pr"], abs=1e-9)
    assert Points.of(truth, alarm).f1 == pytest.approx(expected["f1"], abs=1e-9)
    if "affiliation_f1" in expected:
        assert affiliation_f1(truth, alarm) == pytest.approx(expected["affiliation_f1"], abs=1e-9)

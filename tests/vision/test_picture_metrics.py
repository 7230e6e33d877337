"""Figures of merit of pictures, worked out by hand and held against scikit-learn's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from connectors.pictures import regions
from vision.metrics import accuracy, aupro, auroc, macro_f1

AUTHORS = json.loads((Path(__file__).parents[1] / "data" / "metrics.json").read_text("utf-8"))


def test_equal_scores_count_half():
    assert auroc(np.array([0, 1]), np.array([0.5, 0.5])) == 0.5
    assert auroc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.4, 0.8])) == pytest.approx(3.5 / 4)
    assert auroc(np.array([1, 1]), np.array([0.1, 0.2])) is None


@pytest.mark.parametrize("case", AUTHORS["series"])
def test_auroc_is_that_of_scikit_learn(case):
    assert auroc(np.array(case["truth"]), np.array(case["score"])) == pytest.approx(case["expected"]["auroc"], abs=1e-9)


@pytest.mark.parametrize("case", AUTHORS["classes"])
def test_accuracy_and_macro_f1_are_those_of_scikit_learn(case):
    assert accuracy(case["truth"], case["said"]) == pytest.approx(case["expected"]["accuracy"])
    assert macro_f1(case["truth"], case["said"]) == pytest.approx(case["expected"]["macro_f1"])


def test_a_perfect_map_overlaps_all():
    mask = np.zeros((8, 8))
    mask[1:3, 1:3] = mask[5:8, 5:8] = 1
    parts = regions(mask)
    assert parts.max() == 2
    assert aupro([parts], [mask]) == pytest.approx(1.0)


def test_a_small_region_counts_as_much_as_a_large_one():
    """One of two regions is seen at once, the other only with everything else: overlap 0.5 up to the limit."""
    mask = np.zeros((10, 10))
    mask[0, 0] = mask[5:9, 5:9] = 1
    heat = np.zeros((10, 10))
    heat[5:9, 5:9] = 1.0
    # from false positives 0 to 1 the overlap rises from 0.5 to 1 in a straight line, since all other scores are equal
    assert aupro([regions(mask)], [heat], limit=0.3) == pytest.approx(0.5 + 0.5 * 0.15)


def test_without_a_region_there_is_no_overlap():
    assert aupro([np.zeros((4, 4), int)], [np.ones((4, 4))]) is None


def test_regions_hang_together_over_corners():
    assert regions(np.eye(3)).max() == 1

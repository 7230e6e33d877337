"""Average precision of boxes is what COCO's own code says, and what one can count by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vision.average_precision import MOST, average_precision

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "boxes.json").read_text())
BOX = [10.0, 10.0, 30.0, 30.0]


def precision(truth: list, found: list, classes: int = 1) -> np.ndarray:
    wanted = [np.array(rows, float).reshape(-1, 5) for rows in truth]
    said = [np.array(rows, float).reshape(-1, 6) for rows in found]
    return average_precision(wanted, said, classes)


@pytest.mark.parametrize("case", VECTORS, ids=range(len(VECTORS)))
def test_it_is_what_the_authors_code_says(case):
    expected = np.array(case["precision"], float)
    got = precision(case["truth"], case["found"], len(expected))
    assert np.isnan(got).tolist() == np.isnan(expected).tolist()
    assert np.nanmax(np.abs(got - expected)) <= 1e-3


def test_a_box_found_twice_counts_once_and_a_class_that_is_not_there_counts_not_at_all():
    once, twice = [*BOX, 0.9, 0], [*BOX, 0.8, 0]
    got = precision([[[*BOX, 0]], [[*BOX, 0]]], [[once, twice], [[*BOX, 0.7, 0]]], classes=2)
    assert got[0, 0] == pytest.approx((51 + 50 * 2 / 3) / 101), "half at precision 1, half at 2 of 3"
    assert np.isnan(got[1]).all()


def test_the_right_box_of_the_wrong_class_is_not_found():
    assert precision([[[*BOX, 0]]], [[[*BOX, 0.9, 1]]], classes=2)[0].max() == 0.0


def test_nothing_found_is_nothing_and_everything_is_one():
    assert precision([[[*BOX, 0]]], [[]])[0].tolist() == [0.0] * 10
    assert precision([[[*BOX, 0]]], [[[*BOX, 0.1, 0]]])[0].tolist() == [1.0] * 10


def test_only_the_surest_of_a_picture_are_counted():
    far = [[100 + i, 100, 120 + i, 120, 0.9, 0] for i in range(MOST)]
    assert precision([[[*BOX, 0]]], [[*far, [*BOX, 0.5, 0]]])[0, 0] == 0.0

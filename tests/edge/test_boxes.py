"""Of a detector's places those that are sure are things found, each once."""

from __future__ import annotations

import numpy as np

from edge.boxes import MOST, found, in_picture, overlaps, without_doubles


def places(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_of_two_boxes_of_a_class_that_overlap_the_surer_stays():
    rows = found(places((0, 0, 1, 1, 0.6, 0.0), (0, 0, 1, 0.9, 0.8, 0.0), (0.5, 0.5, 1, 1, 0.7, 0.0)))
    assert np.allclose(rows, [[0, 0, 1, 0.9, 0.8, 0], [0.5, 0.5, 1, 1, 0.7, 0]])


def test_boxes_of_two_classes_do_not_hide_each_other():
    rows = found(places((0, 0, 1, 1, 0.6, 0.9)))
    assert rows[:, 5].tolist() == [1, 0], "one place may speak for two classes"
    assert np.allclose(rows[:, 4], [0.9, 0.6])


def test_what_is_not_sure_enough_is_not_found():
    assert found(places((0, 0, 1, 1, 0.24, 0.1))).shape == (0, 6)
    assert found(np.empty((0, 6), np.float32)).shape == (0, 6)


def test_boxes_that_overlap_by_just_the_limit_both_stay():
    rows = places((0, 0, 1, 1, 0.9, 0), (0, 0.5, 1, 1, 0.8, 0))
    assert len(without_doubles(rows, 0.5)) == 2
    assert len(without_doubles(rows, 0.49)) == 1


def test_equal_confidences_keep_their_order_and_no_more_than_the_most_are_kept():
    at = np.arange(MOST + 20, dtype=np.float32)
    rows = np.column_stack([2 * at, 0 * at, 2 * at + 1, 0 * at + 1, 0 * at + 0.5, 0 * at])
    assert without_doubles(rows, 0.5).tolist() == list(range(MOST))


def test_shares_become_pixels_of_the_picture_whatever_its_shape():
    rows = in_picture(places((0.25, 0.5, 0.75, 1.0, 0.3)), (100, 400, 3), {"confidence": 0.25, "iou": 0.5})
    assert np.allclose(rows, [[100, 50, 300, 100, 0.3, 0]])
    assert len(in_picture(places((0.25, 0.5, 0.75, 1.0, 0.3)), (100, 400), {"confidence": 0.4})) == 0


def test_overlap_is_shared_over_joint_area():
    square = np.array([[0.0, 0.0, 2.0, 2.0]])
    others = np.array([[1.0, 1.0, 3.0, 3.0], [0.0, 0.0, 2.0, 2.0], [5.0, 5.0, 6.0, 6.0], [1.0, 1.0, 1.0, 1.0]])
    assert np.allclose(overlaps(square, others), [[1 / 7, 1.0, 0.0, 0.0]])

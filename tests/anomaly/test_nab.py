"""Changes found early in their window count most; words outside cost, silence is nought."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.nab import FALSE, HIT, Nab, nab

TIME = np.arange(300.0)


def flags(*at: int | slice) -> np.ndarray:
    made = np.zeros(300)
    for one in at:
        made[one] = 1
    return made


def test_at_once_is_perfect_and_silence_is_nought():
    assert nab(flags(100), flags(slice(100, 300)), TIME).score == pytest.approx(100)
    assert nab(flags(100), flags(), TIME).score == pytest.approx(0)
    assert nab(flags(), flags(50), TIME).score is None


def test_the_later_in_the_window_the_less_and_its_end_is_as_bad_as_a_false_word():
    points = [nab(flags(100), flags(slice(100 + late, 300)), TIME).points for late in (0, 15, 30, 45, 60)]
    assert points == sorted(points, reverse=True)
    assert points[0] == pytest.approx(HIT)
    assert points[2] == pytest.approx((HIT + FALSE) / 2)
    assert points[-1] == pytest.approx(FALSE)


def test_an_alarm_that_ends_outside_a_window_says_something_false():
    assert nab(flags(100), flags(slice(100, 200)), TIME).points == pytest.approx(HIT + FALSE)
    assert nab(flags(100, 200), flags(slice(100, 200)), TIME).points == pytest.approx(2 * HIT)


def test_further_words_in_a_window_do_not_count():
    assert nab(flags(100), flags(100, slice(105, 300)), TIME).points == pytest.approx(HIT)


def test_a_window_that_begins_within_another_begins_at_its_end():
    """The second change's window is 160 … 190: a word at 130 is the first change's."""
    found = nab(flags(100, 130), flags(slice(130, 300)), TIME)
    assert found.points == pytest.approx((HIT + FALSE) / 2 - 1)


def test_files_are_pooled_by_adding():
    assert (Nab(1.0, 1) + Nab(-1.0, 1)).score == pytest.approx(50)

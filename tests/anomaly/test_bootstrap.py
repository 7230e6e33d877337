"""Intervals are of whole groups, the same each time, and about as wide as theory says."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.bootstrap import interval


def test_an_interval_of_a_mean_is_about_as_wide_as_theory_says():
    values = np.random.default_rng(1).standard_normal(400)
    low, high = interval([str(i) for i in range(400)], lambda at: float(values[at].mean())) or (0.0, 0.0)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.2)


def test_items_of_one_group_count_as_one():
    values = np.repeat(np.random.default_rng(1).standard_normal(40), 10)
    alone = interval([str(i) for i in range(400)], lambda at: float(values[at].mean())) or (0.0, 0.0)
    grouped = interval([str(i // 10) for i in range(400)], lambda at: float(values[at].mean())) or (0.0, 0.0)
    assert grouped[1] - grouped[0] > 2.5 * (alone[1] - alone[0])


def test_the_same_comes_each_time_and_too_few_groups_say_nothing():
    values = np.arange(12.0)
    groups = [str(i % 4) for i in range(12)]
    assert interval(groups, lambda at: float(values[at].mean())) == interval(
        groups, lambda at: float(values[at].mean())
    )
    assert interval(["a", "b"] * 6, lambda at: float(values[at].mean())) is None

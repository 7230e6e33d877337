"""The rate of a training is steady, then falls."""

from __future__ import annotations

import pytest

from vision.plan import Plan, pace


def test_the_rate_is_steady_and_then_falls_to_its_end():
    plan = Plan(side=96, epochs=20)
    assert [pace(plan, epochs) for epochs in (0, 6, 13)] == [1.0, 1.0, 1.0]
    falling = [pace(plan, epochs) for epochs in (14, 16, 18, 20)]
    assert sorted(falling, reverse=True) == falling and falling[-1] == pytest.approx(0.01)

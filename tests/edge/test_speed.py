"""A model's speed is measured on its golden input, or on zeros of its shape."""

from __future__ import annotations

from dataclasses import replace

from edge.model import load_model
from edge.speed import percentiles, speed
from tests.models import picture, series


def test_the_slow_tail_is_no_faster_than_the_middle():
    p50, p99 = speed(series())
    assert 0 < p50 <= p99 < 1000


def test_a_model_without_golden_pairs_is_measured_on_zeros():
    model = picture()
    model.card = replace(model.card, golden=())
    assert speed(model)[0] > 0


def test_percentiles_are_in_milliseconds():
    assert percentiles([0.001] * 99 + [0.1]) == (1.0, percentiles([0.001] * 99 + [0.1])[1])
    assert percentiles([0.002]) == (2.0, 2.0)


def test_a_shipped_model_has_a_speed():
    from edge.library import find

    assert speed(load_model(find("sticker")))[0] > 0

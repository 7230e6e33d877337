"""Distance to the nearest known shape: what it computes, what it sees, and that it is the same on every run."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.subsequence import LENGTH, SHAPES, Subsequence
from connectors.errors import InputError
from edge.session import Session

NAMES = ("L/A", "L/B")


def waves(n: int, seed: int, square: bool = False) -> np.ndarray:
    """Two waves of one period, or the same with square shoulders: mean and variance stay what they are."""
    rng = np.random.default_rng(seed)
    x = np.sin(2.0 * np.pi * np.arange(n) / 25.0 + rng.uniform(0.0, 6.0))
    shape = np.sign(x) / np.sqrt(2.0) if square else x
    return np.stack([100.0 + shape, 3.0 - 0.2 * shape], axis=1) + 0.02 * rng.standard_normal((n, 2))


@pytest.fixture(scope="module")
def model() -> Subsequence:
    model = Subsequence(NAMES, 1.0)
    model.fit([waves(500, 1), waves(500, 2)])
    return model


def test_the_graph_computes_what_numpy_does(model):
    run = waves(100, 3)
    session = Session(model.graph().model(model.card()), "subsequence")
    windows = np.lib.stride_tricks.sliding_window_view(run, LENGTH, axis=0).transpose(0, 2, 1)
    got = [session.run({"window": window.astype(np.float32)[None]}) for window in windows]
    scores = np.array([float(one["score"][0, 0]) for one in got])
    np.testing.assert_allclose(scores, model.scores(run), rtol=1e-2, atol=1e-4)
    np.testing.assert_allclose([float(one["contribution"].sum()) for one in got], scores, rtol=1e-4)


def test_another_shape_is_seen_though_mean_and_variance_stay(model):
    assert np.median(model.scores(waves(300, 4, square=True))) > 2.0 * model.scores(waves(300, 4)).max()


def test_the_same_data_give_the_same_shapes(model):
    again = Subsequence(NAMES, 1.0)
    again.fit([waves(500, 1), waves(500, 2)])
    assert (again.shapes == model.shapes).all()
    assert model.shapes.shape == (SHAPES, LENGTH * len(NAMES))


def test_too_few_rows_are_told():
    with pytest.raises(InputError, match="subsequence needs at least"):
        Subsequence(NAMES, 1.0).fit([waves(30, 1)])

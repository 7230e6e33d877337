"""The residual of a vector autoregression: what it computes, what it sees, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.var_residual import AVERAGE, ORDER, VarResidual
from connectors.errors import InputError
from edge.session import Session

NAMES = ("L/A", "L/B", "L/C")


def moving(n: int, seed: int, turn: float = 0.2) -> np.ndarray:
    """Three signals of which two turn around one another, `turn` rad a sample: the dynamics, not the levels."""
    rng = np.random.default_rng(seed)
    x, slow, rows = np.array([1.0, 0.0]), 0.0, []
    move = 0.995 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    for _ in range(n):
        x = move @ x + 0.1 * rng.standard_normal(2)
        slow = 0.99 * slow + 0.1 * rng.standard_normal()
        rows.append([200.0 + 10.0 * x[0], 5.0 + x[1], slow])
    return np.array(rows)


@pytest.fixture(scope="module")
def model() -> VarResidual:
    model = VarResidual(NAMES, 1.0)
    model.fit([moving(600, 1), moving(600, 2)])
    return model


def test_the_graph_computes_what_numpy_does(model):
    run = moving(200, 3)
    session = Session(model.graph().model(model.card()), "var-residual")
    windows = np.lib.stride_tricks.sliding_window_view(run, model.length, axis=0).transpose(0, 2, 1)
    got = [session.run({"window": window.astype(np.float32)[None]}) for window in windows]
    scores = np.array([float(one["score"][0, 0]) for one in got])
    np.testing.assert_allclose(scores, model.scores(run), rtol=1e-3)
    np.testing.assert_allclose([float(one["contribution"].sum()) for one in got], scores, rtol=0.3)


def test_a_change_of_dynamics_is_seen_though_no_level_moves(model):
    normal, changed = moving(900, 4), moving(900, 4, turn=0.6)
    assert abs(normal[:, 0].std() / changed[:, 0].std() - 1.0) < 0.3
    assert np.median(model.scores(changed)[100:]) > 2.0 * model.scores(normal).max()


def test_a_channel_that_never_moved_counts_for_nothing():
    run = np.concatenate([moving(400, 1), np.full((400, 1), 7.0)], axis=1)
    model = VarResidual((*NAMES, "L/D"), 1.0)
    model.fit([run])
    run[200:, 3] = 8.0
    assert np.isfinite(model.scores(run)).all()


def test_too_few_rows_are_told():
    with pytest.raises(InputError, match=f"var-residual needs at least {ORDER + AVERAGE} complete rows"):
        VarResidual(NAMES, 1.0).fit([moving(20, 1)])

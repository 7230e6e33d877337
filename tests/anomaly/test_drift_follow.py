"""A model that follows a drifting normal state: what it computes, what it sees, and what it takes for normal."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.drift_follow import GAP, RECENT, REFERENCE, DriftFollow
from connectors.errors import InputError
from edge.session import Session

NAMES = ("L/A", "L/B", "L/C")


def noisy(n: int, seed: int) -> np.ndarray:
    """Three signals without a memory, each on a scale of its own."""
    drawn = np.random.default_rng(seed).standard_normal((n, 3))
    return np.array([200.0, 5.0, 0.0]) + np.array([10.0, 1.0, 0.1]) * drawn


@pytest.fixture(scope="module")
def model() -> DriftFollow:
    model = DriftFollow(NAMES, 1.0)
    model.fit([noisy(600, 1), noisy(600, 2)])
    return model


def test_the_graph_computes_what_numpy_does(model):
    run = noisy(260, 3)
    run[220:, 1] += 4.0
    session = Session(model.graph().model(model.card()), "drift-follow")
    windows = np.lib.stride_tricks.sliding_window_view(run, model.length, axis=0).transpose(0, 2, 1)
    got = [session.run({"window": window.astype(np.float32)[None]}) for window in windows]
    scores = np.array([float(one["score"][0, 0]) for one in got])
    np.testing.assert_allclose(scores, model.scores(run), rtol=1e-3)
    assert [float(one["contribution"].max()) for one in got] == scores.tolist()
    assert got[-1]["contribution"][0].argmax() == 1


def test_a_drift_of_many_spreads_is_followed_and_a_step_of_three_is_seen(model):
    drifting = noisy(3000, 4)
    drifting[:, 0] += np.linspace(0.0, 300.0, len(drifting))
    stepped = drifting.copy()
    stepped[2500:, 0] += 30.0
    quiet = model.scores(noisy(3000, 4)).max()
    assert model.scores(drifting).max() < 1.5 * quiet
    assert model.scores(stepped).max() > 2.0 * quiet


def test_what_has_begun_is_not_learned_at_once_but_what_stays_is(model):
    run = noisy(1200, 5)
    run[600:, 2] += 0.5
    scores, last = model.scores(run), np.arange(model.length - 1, 1200)
    quiet = model.scores(noisy(1200, 5)).max()
    assert scores[(last >= 600 + RECENT) & (last < 600 + RECENT + GAP)].min() > 1.5 * quiet
    assert scores[last >= 600 + REFERENCE + GAP + RECENT + 2].max() < 1.5 * quiet


def test_a_quiet_hour_makes_it_no_keener(model):
    run = noisy(900, 6)
    run[200:600] = run[200:600].mean(axis=0) + 0.01 * (run[200:600] - run[200:600].mean(axis=0))
    assert model.scores(run)[450:].max() < 1.5 * model.scores(noisy(900, 6)).max()


def test_a_channel_that_never_moved_counts_for_nothing():
    run = np.concatenate([noisy(600, 1), np.full((600, 1), 7.0)], axis=1)
    model = DriftFollow((*NAMES, "L/D"), 1.0)
    model.fit([run])
    moved = run.copy()
    moved[400:, 3] = 8.0
    np.testing.assert_array_equal(model.scores(moved), model.scores(run))


def test_too_few_rows_are_told():
    with pytest.raises(InputError, match="drift-follow needs at least 87 complete rows"):
        DriftFollow(NAMES, 1.0).fit([noisy(50, 1)])


def test_a_channel_that_moves_once_in_a_year_does_not_set_the_level_of_the_others():
    run = np.concatenate([noisy(1000, 1), np.full((1000, 1), 7.0)], axis=1)
    run[700:702, 3] = 8.0
    model = DriftFollow((*NAMES, "L/D"), 1.0)
    model.fit([run])
    others = DriftFollow(NAMES, 1.0)
    others.fit([run[:, :3]])
    np.testing.assert_allclose(model.scores(run), others.scores(run[:, :3]), rtol=1e-9)

"""T² and SPE in the graph are those of the textbook, and name the channel that is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.mspc import MEMORY, Mspc
from connectors.errors import InputError
from edge.session import Session

CHANNELS = ("L/A", "L/B", "L/C", "L/FLAT")


def normal(n: int, seed: int = 1) -> np.ndarray:
    """Three channels, two of which move together, and a constant; float64 (n, 4)."""
    rng = np.random.default_rng(seed)
    common = np.cumsum(rng.standard_normal(n)) * 0.05
    common -= common.mean()
    noise = 0.1 * rng.standard_normal((n, 3))
    return np.column_stack([1500 + common + noise[:, 0], 40 + 2 * common + noise[:, 1], noise[:, 2], np.full(n, 7.5)])


@pytest.fixture(scope="module")
def model() -> Mspc:
    made = Mspc(CHANNELS, 1.0, 1.0)
    made.fit([normal(4000)])
    return made


def scored(model: Mspc, window: np.ndarray) -> dict[str, np.ndarray]:
    session = Session(model.graph().model(model.card()), "mspc")
    return session.run({"window": window.astype(np.float32)[None]})


def test_the_graph_gives_what_numpy_gives(model):
    run = normal(400, seed=2)
    for end in (MEMORY, 137, 400):
        window = run[end - MEMORY : end].astype(np.float32).astype(np.float64)
        z = (model.features(window) - model.mean) / model.scale
        t2, spe = model.statistics(z)
        expected = max(t2[0] / model.limits[0], spe[0] / model.limits[1])
        assert scored(model, window)["score"][0, 0] == pytest.approx(expected, rel=2e-3)


def test_one_in_a_hundred_normal_windows_passes_the_fitted_limits(model):
    z = (model.features(normal(4000)) - model.mean) / model.scale
    t2, spe = model.statistics(z)
    assert np.mean(t2 > model.limits[0]) == pytest.approx(0.01, abs=0.002)
    assert np.mean(spe > model.limits[1]) == pytest.approx(0.01, abs=0.002)


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_the_channel_that_left_its_place_contributes_most(model, wrong):
    window = normal(400, seed=3)[-MEMORY:]
    window[-10:, wrong] += 5.0
    result = scored(model, window)
    assert result["score"][0, 0] > 1.2
    assert int(result["contribution"].argmax()) == wrong


def test_a_channel_that_never_moved_is_left_out(model):
    assert np.isinf(model.scale[3])
    assert np.isfinite(scored(model, normal(400, seed=4)[-MEMORY:])["score"]).all()


def test_the_same_data_give_the_same_bytes():
    files = []
    for _ in range(2):
        made = Mspc(CHANNELS, 1.0, 1.0)
        made.fit([normal(2000)])
        files.append(made.graph().model(made.card()))
    assert files[0] == files[1]


def test_too_few_rows_are_refused_with_what_would_do():
    with pytest.raises(InputError, match=r"at least 16 complete rows to fit 4 channels"):
        Mspc(CHANNELS, 1.0, 1.0).fit([normal(MEMORY + 5)])

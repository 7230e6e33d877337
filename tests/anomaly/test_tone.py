"""A tone that stands for the whole window is told from one that passes, from knocks, and from noise."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.tone import PIECE_S, PIECES, Tone
from connectors.errors import InputError
from connectors.tags import Group, Tag
from edge.model import OnnxModel

RATE = 2500.0
GROUP = Group("vib", tuple(Tag(name=f"L/S{i}/ACC", rate_hz=RATE, group="vib") for i in (1, 2)), "blocks")
N = round(PIECES * PIECE_S * RATE)
T = np.arange(N) / RATE


def noise(seed: int, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 1.0, (n, 2))


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    made = Tone.of([GROUP])
    made.fit([made.kept(noise(seed, 4 * N)) for seed in range(3)])
    return OnnxModel(made.graph().model(made.card()), "tone")


def score(model: OnnxModel, second: np.ndarray) -> tuple[float, np.ndarray]:
    window = noise(99)
    window[:, 1] += second
    out = model.session.run({"window": window.astype(np.float32)[None]})
    return float(out["score"][0, 0]), out["contribution"][0]


def test_a_standing_tone_stands_out_at_its_stand(model):
    value, shares = score(model, np.sin(2.0 * np.pi * 583.0 * T))
    assert value > 1.5
    assert shares[1] == pytest.approx(value)
    assert shares[0] < 0.5


@pytest.mark.parametrize(
    "second",
    [
        3.0 * np.where(T < 5.0, np.sin(2.0 * np.pi * 583.0 * T), 0.0),  # a gear, for five seconds
        20.0 * (np.arange(N) % 61 == 0),  # a bearing knocks
        3.0 * np.sin(2.0 * np.pi * 300.0 * T),  # elsewhere
        np.zeros(N),
    ],
)
def test_what_passes_or_is_no_tone_there_does_not(model, second):
    assert score(model, second)[0] < 0.8


def test_slow_signals_and_short_runs_are_told_in_a_sentence():
    with pytest.raises(InputError, match="at least 2000 Hz"):
        Tone.of([])
    with pytest.raises(InputError, match="at least 16 s"):
        Tone.of([GROUP]).fit([np.zeros((2, 2, 19))])

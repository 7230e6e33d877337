"""A stand that sings louder and louder is told from one that is struck, hums, or is merely loud."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from anomaly.calibrate import Budget
from anomaly.chatter import PIECE_S, PIECES, Chatter
from anomaly.fit import fit
from connectors.errors import InputError
from connectors.items import Batch, Item, Mark, block_times
from connectors.tags import Group, Tag
from connectors.times import END
from edge.model import OnnxModel

RATE = 5000.0
TAGS = tuple(Tag(name=f"L/S{i}/ACC", unit="m/s2", rate_hz=RATE, group="vib") for i in (1, 2))
GROUP = Group("vib", TAGS, "blocks")
N = round(PIECES * PIECE_S * RATE)


def noise(seed: int, n: int = N) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 1.0, (n, 2))


def run(seed: int) -> Callable[[], Iterator[list[Item]]]:
    def items() -> Iterator[list[Item]]:
        values = np.round(noise(seed, 50_000), 3)
        yield [Batch(TAGS, block_times(0, RATE, len(values)), values, np.zeros(values.shape, np.uint32))]
        yield [Mark("vib", END)]

    return items


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(fit("chatter", [GROUP], [run(seed) for seed in range(6)], Budget(1, 3600.0)), "chatter")


def score(model: OnnxModel, second: np.ndarray) -> tuple[float, np.ndarray]:
    """Score and contributions of a window, `second` added to the second stand's noise."""
    window = noise(99)
    window[:, 1] += second
    out = model.session.run({"window": window.astype(np.float32)[None]})
    return float(out["score"][0, 0]), out["contribution"][0]


T = np.arange(N) / RATE
TONE = np.sin(2.0 * np.pi * 190.0 * T)


def test_a_growing_tone_in_the_third_octave_alarms_at_its_stand(model):
    value, shares = score(model, 6.0 * np.exp((T - T[-1]) / 0.15) * TONE)
    assert value > 1.0
    assert shares[1] == pytest.approx(value)
    assert shares[0] < 0.2


@pytest.mark.parametrize(
    "second",
    [
        6.0 * TONE,  # loud all the time
        6.0 * np.exp(-T / 0.15) * TONE,  # dies away
        np.where(T > T[-1] - 0.05, 6.0, 0.0) * TONE,  # a blow, just now
        6.0 * np.exp((T - T[-1]) / 0.15) * np.sin(2.0 * np.pi * 600.0 * T),  # grows elsewhere
        0.5 * np.exp((T - T[-1]) / 0.15) * TONE,  # grows, and is still nothing
    ],
)
def test_what_is_loud_but_does_not_grow_there_stays_below(model, second):
    assert score(model, second)[0] < 1.0


def test_the_graph_does_what_the_numbers_say():
    made = Chatter(("a/ACC", "b/ACC"), RATE)
    runs = [made.kept(noise(seed, 50_000)) for seed in range(3)]
    made.fit(runs)
    window = noise(7)
    window[:, 0] += 8.0 * np.exp((T - T[-1]) / 0.2) * TONE
    levels = made.kept(window)
    t = PIECE_S * np.arange(PIECES)
    slope, _ = np.polyfit(t, levels[:, 0], 1)
    out = OnnxModel(made.graph().model({**made.card(), "golden": []}), "chatter").session.run(
        {"window": window.astype(np.float32)[None]}
    )
    assert out["growth"][0, 0, 0] == pytest.approx(slope, rel=1e-3)


def test_signals_that_are_too_slow_or_too_few_are_told_in_a_sentence():
    slow = Group("main", (Tag(name="L/ACC", rate_hz=10.0, group="main"),), "blocks")
    with pytest.raises(InputError, match="at least 1000 Hz"):
        Chatter.of([slow])
    with pytest.raises(InputError, match="none"):
        Chatter.of([])
    with pytest.raises(InputError, match="at least 8 s"):
        Chatter.of([GROUP]).fit([np.zeros((10, 2))])

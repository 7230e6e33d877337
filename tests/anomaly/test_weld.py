"""A weld that tears dips deep and clicks on; a blow clicks once, and a sound weld dips little."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.weld import LENGTH_S, Weld
from connectors.errors import InputError
from connectors.tags import Group, Tag
from edge.model import OnnxModel

RATE = 5000.0
VIB = Group("vib", (Tag(name="L/S1/ACC", unit="m/s2", rate_hz=RATE, group="vib"),), "blocks")
GAP = Group("gap", (Tag(name="L/S1/TENS", unit="MPa", rate_hz=1000.0, group="gap"),), "blocks")
N = round(LENGTH_S * RATE)


def noise(seed: int, n: int = N) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(0.0, 1.0, n), 150.0 + np.repeat(rng.normal(0.0, 3.0, n // 100), 100)])


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    made = Weld.of([VIB, GAP])
    made.fit([made.kept(noise(seed, 40 * N)) for seed in range(3)])
    return OnnxModel(made.graph().model(made.card()), "weld")


def score(model: OnnxModel, dip: float, clicks: tuple[int, ...]) -> float:
    window = noise(99)
    window[1000:1400, 1] -= dip * 150.0
    window[list(clicks), 0] += 30.0
    return float(model.session.run({"window": window.astype(np.float32)[None]})["score"][0, 0])


def test_deep_dips_and_clicks_that_go_on_stand_out(model):
    assert score(model, 0.2, (300, 900, 1500, 2100)) > 5.0


@pytest.mark.parametrize(
    ("dip", "clicks"),
    [
        (0.0, (300, 900, 1500, 2100)),  # a bearing knocks
        (0.2, ()),  # the tension is taken back
        (0.05, (1000,)),  # a sound weld
        (0.2, (1000,)),  # one blow, and silence
    ],
)
def test_one_of_both_is_not_enough(model, dip, clicks):
    assert score(model, dip, clicks) < 0.1


def test_the_tension_that_dips_is_named(model):
    window = noise(99)
    window[1000:1400, 1] -= 30.0
    window[[300, 900, 1500, 2100], 0] += 30.0
    shares = model.session.run({"window": window.astype(np.float32)[None]})["contribution"][0]
    assert (shares > 0.0).all()


def test_groups_that_lack_one_of_both_are_told_in_a_sentence():
    with pytest.raises(InputError, match="1 and 0"):
        Weld.of([VIB])
    with pytest.raises(InputError, match="at least 10 s"):
        Weld.of([VIB, GAP]).fit([np.zeros((2, 2))])

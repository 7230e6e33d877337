"""The envelope's spectrum: a bearing that knocks is found; what is loud, single or beats beside it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anomaly.calibrate import Budget
from anomaly.envelope import Envelope, EnvelopeView
from anomaly.fit import fit
from connectors.errors import InputError
from connectors.items import Batch, Mark
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.model import OnnxModel

RATE, LENGTH, RPM = 12_800.0, 16_384, 1480.0
VIEW = EnvelopeView(
    signals=("L/A", "L/B"), speeds=("L/RPM_A", "L/RPM_B"), full=(RPM, RPM),
    orders=((("BPFO", 6.056), ("BPFI", 8.944)), (("BPFO", 5.2), ("BPFI", 7.8))),
    rate_hz=RATE, length=LENGTH, stride_s=2.0, band=(2000.0, 5200.0),
)  # fmt: skip


def window(rng: np.random.Generator, hz: float = 0.0, size: float = 0.0, noise: float = 1.0, rpm: float = RPM):
    """Float64 (length, 4): noise on both signals, and on the first blows at `hz` that ring at 3.2 kHz."""
    values = np.column_stack([noise * rng.standard_normal((LENGTH, 2)), np.full((LENGTH, 2), rpm)])
    if hz:
        train = np.zeros(LENGTH)
        train[(np.arange(0.3, LENGTH * hz / RATE - 1.0) * RATE / hz).astype(int)] = size
        t = np.arange(256) / RATE
        values[:, 0] += np.convolve(train, np.exp(-600.0 * t) * np.sin(2 * np.pi * 3200.0 * t))[:LENGTH]
    return values


@pytest.fixture(scope="module")
def model() -> Envelope:
    rng = np.random.default_rng(1)
    made = Envelope(VIEW, level=5.0)
    contrasts = made.contrasts()
    made.fit([np.array([contrasts(window(rng)) for _ in range(60)])])
    return made


@pytest.fixture(scope="module")
def scored(model):
    onnx = OnnxModel(model.graph().model(model.card()), "envelope")

    def score(values: np.ndarray) -> dict[str, np.ndarray]:
        return onnx.session.run({"window": values.astype(np.float32)[None]})

    return score


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


@pytest.mark.parametrize(("order", "column"), [(6.056, 0), (8.944, 1)])
def test_blows_at_a_bearing_frequency_are_found_where_they_are(scored, order, column):
    out = scored(window(rng(), order * RPM / 60.0, 8.0))
    assert out["score"] > 1.0
    assert out["bands"][0].argmax() == column  # of the first signal
    assert out["contribution"][0, 1:].max() < 1.0


def test_the_frequency_follows_the_measured_speed(scored):
    assert scored(window(rng(), 6.056 * 1200.0 / 60.0, 8.0, rpm=1200.0))["score"] > 1.0
    assert scored(window(rng(), 6.056 * 1200.0 / 60.0, 8.0))["score"] < 1.0


def test_a_speed_may_come_in_another_unit():
    shaft = {"speeds": ("L/RPM_A",), "signals": ("L/A",), "orders": VIEW.orders[:1], "full": (RPM,)}
    plain = Envelope(replace(VIEW, **shaft)).contrasts()
    by_surface = Envelope(replace(VIEW, **shaft, per=(60.0,))).contrasts()  # a turn a second for each m/s
    values = window(rng(), 6.056 * RPM / 60.0, 8.0)[:, [0, 2]]
    surface = values / np.array([1.0, 60.0])
    assert np.allclose(by_surface(surface), plain(values), atol=1e-3)


@pytest.mark.parametrize("values", [
    window(np.random.default_rng(3), noise=5.0),
    window(np.random.default_rng(3), 12.0, 30.0),
    window(np.random.default_rng(3), 0.8, 90.0),
    window(np.random.default_rng(3)),
], ids=["loud", "a neighbour that beats", "one blow", "quiet"])  # fmt: skip
def test_what_does_not_beat_with_the_bearing_is_not_found(scored, values):
    assert scored(values)["score"] < 1.0


def test_a_machine_that_stands_is_not_judged(scored):
    assert scored(window(rng(), 6.056 * RPM / 60.0, 8.0, rpm=100.0))["score"] == 0.0


def test_too_few_windows_are_refused():
    with pytest.raises(InputError, match="at least 40 windows"):
        Envelope(VIEW).fit([np.zeros((39, 2, 2))])


def test_without_a_unit_that_knows_its_bearings_there_is_nothing_to_fit():
    with pytest.raises(InputError, match="geometry"):
        fit("envelope", (), [lambda: []], Budget(1, 86400))


def test_a_window_that_begins_before_the_first_sample_is_not_learnt_from():
    tags = tuple(Tag(name=name, rate_hz=1000.0, group="fast") for name in ("L/A", "L/RPM"))
    group = Group("fast", tags, "blocks")
    view = EnvelopeView(
        signals=("L/A",), speeds=("L/RPM",), full=(1200.0,), orders=((("BPFO", 5.0),),), rate_hz=1000.0, length=1024,
        stride_s=0.5, band=(100.0, 228.0),
    )  # fmt: skip

    def run(seed: int):
        values = np.column_stack([np.random.default_rng(seed).standard_normal(45_000), np.full(45_000, 1200.0)])
        time = np.arange(1, 45_001, dtype=np.int64) * (SECOND // 1000)  # the window at 1 s lacks its first 24 samples
        return [[Batch(tags, time, values, np.zeros(values.shape, np.uint32)), Mark("fast", END)]]

    data = fit("envelope", [group], [lambda s=s: run(s) for s in range(3)], Budget(1, 86400), {}, view=view)
    assert OnnxModel(data, "envelope").card.raw["calibration"]["normal_hours"] > 0.02

"""What is wrong with a bearing, by its orders: told at any speed, loudness and gain, and by the right sensor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anomaly.bearing import LABELS, Bearing, exported, learned, noise_of
from connectors.errors import InputError
from connectors.items import Batch, Mark, block_times
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.model import OnnxModel
from edge.pipeline import Pipeline, Watch
from testbed.datasets.bearings import LENGTH, VIEW
from tests.cwru import vibration

FAULTS = ("normal", "inner", "outer_at_6", "ball")


def window(fault: str, size: float = 0.014, rpm: float = 1750.0, seed: int = 1) -> np.ndarray:
    """Float64 (LENGTH, 2)."""
    return np.column_stack([vibration(fault, size, rpm, LENGTH, seed), np.full(LENGTH, rpm)])


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    taught = [
        (window(fault, size, rpm, seed), (label,))
        for label, fault in enumerate(FAULTS)
        for size, rpm in ((0.02, 1790.0), (0.05, 1770.0))
        for seed in (2, 3)
    ]
    made, golden = learned(VIEW, taught, np.random.default_rng(1))
    return OnnxModel(exported(made, golden), "bearing")


def told(model: OnnxModel, values: np.ndarray) -> tuple[str, float]:
    out = model.session.run({"window": values.astype(np.float32)[None]})
    return LABELS[int(out["label"].argmax())], float(out["score"].squeeze())


@pytest.mark.parametrize(("label", "fault"), [*enumerate(FAULTS)])
def test_a_fault_is_told_at_a_size_and_a_speed_that_were_never_heard(model, label, fault):
    name, score = told(model, window(fault, 0.03, 1650.0))
    assert name == LABELS[label]
    assert (score >= 1.0) == (fault != "normal")


def test_the_gain_of_the_sensor_does_not_matter(model):
    for fault in FAULTS:
        louder = window(fault, 0.03)
        louder[:, 0] *= 25.0
        assert told(model, louder)[0] == told(model, window(fault, 0.03))[0]


def test_a_speed_may_come_in_another_unit():
    values = window("inner", 0.03)
    in_seconds = values * np.array([1.0, 1.0 / 60.0])  # turns a second
    expected = Bearing(VIEW).features()(values)
    assert np.allclose(Bearing(replace(VIEW, per=(60.0,))).features()(in_seconds), expected, atol=1e-5)
    assert not np.allclose(Bearing(VIEW).features()(in_seconds), expected, atol=0.1)


def test_the_measured_speed_decides_which_ring_it_is(model):
    inner_at_other_speed = window("inner", 0.03, 1750.0)
    inner_at_other_speed[:, 1] = 1750.0 * 5.415 / 3.585  # at this speed the same blows come at the outer ring's order
    assert told(model, inner_at_other_speed)[0] == "outer race"


def test_it_binds_to_an_accelerometer_and_a_speed_of_any_plant_and_judges_windows_of_its_pipeline(model):
    acc = Tag(name="CWRU/RIG/ACC_DE", unit="[g]", rate_hz=12_000.0, group="vibration")
    rpm = Tag(name="CWRU/RIG/RPM", unit="/min", rate_hz=1.0, group="running")
    groups = (Group("vibration", (acc,), "blocks"), Group("running", (rpm,), "scalars"))
    results = []
    pipeline = Pipeline(groups, [model.bind(groups)], watch=Watch(result=results.append))
    x = vibration("inner", 0.03, 1700.0, 4 * LENGTH)
    start = 1_767_571_200 * SECOND
    seconds = np.arange(7)
    time = block_times(start, 12_000.0, len(x))
    pipeline.feed(
        [
            Batch((rpm,), start + seconds * SECOND, np.full((7, 1), 1700.0), np.zeros((7, 1), np.uint32)),
            Batch((acc,), time, x[:, None], np.zeros((len(x), 1), np.uint32)),
            Mark("running", END),
            Mark("vibration", END),
        ]
    )
    judged = [result for result in results if np.isfinite(result.score)]
    assert len(judged) >= 8
    assert min(result.score for result in judged[-8:]) > 1.0
    assert judged[-1].map is not None and LABELS[int(judged[-1].map[0].argmax())] == "inner race"


def test_a_machine_that_stands_is_not_judged(model):
    standing = window("outer_at_6", 0.05)
    standing[:, 1] = 200.0
    assert told(model, standing)[1] == 0.0


def test_of_two_bearings_the_one_that_is_wrong_is_named():
    view = replace(VIEW, signals=("A", "B"), speeds=("R", "R"), orders=VIEW.orders * 2, full=VIEW.full * 2)
    pairs = [(a, b) for a in range(4) for b in range(4)]
    taught = [
        (np.column_stack([window(FAULTS[a], 0.03, seed=2)[:, 0], window(FAULTS[b], 0.03, seed=3)]), (a, b))
        for a, b in pairs
    ]
    made, golden = learned(view, taught, np.random.default_rng(1))
    session = OnnxModel(exported(made, golden), "two").session
    both = np.column_stack([window("normal")[:, 0], window("inner", 0.03)])
    out = session.run({"window": both.astype(np.float32)[None]})
    assert out["contribution"].shape == (1, 3)
    assert out["contribution"][0, 1] == out["score"].squeeze() > 1.0 > out["contribution"][0, 0]
    assert LABELS[int(out["label"].argmax())] == "inner race"
    assert out["bearings"][0].argmax(axis=1).tolist() == [0, 1]


def test_noise_of_a_signal_has_its_spectrum_and_nothing_of_its_envelope():
    x = window("outer_at_6", 0.05)[:, :1]
    y = noise_of(x, np.random.default_rng(1))
    spectra = [np.abs(np.fft.rfft(z[:, 0]))[:-1] for z in (x, y)]  # the last line of real signals has no phase
    assert spectra[1] == pytest.approx(spectra[0], rel=1e-6)
    look = Bearing(VIEW).features()
    contrasts = [look(np.column_stack([z, np.full(LENGTH, 1750.0)]))[0, 0] for z in (x, y)]
    assert contrasts[0] > contrasts[1] + 2.0


def test_the_same_windows_give_the_same_file():
    taught = [(window(fault, 0.03, seed=seed), (label,)) for label, fault in enumerate(FAULTS) for seed in (2, 3)]
    first, again = (exported(*learned(VIEW, taught, np.random.default_rng(7))) for _ in range(2))
    assert first == again


def test_a_class_that_was_never_heard_is_named():
    taught = [(window(fault, 0.03), (label,)) for label, fault in enumerate(FAULTS[:3])]
    with pytest.raises(InputError, match="none of ball"):
        learned(VIEW, taught, np.random.default_rng(1))

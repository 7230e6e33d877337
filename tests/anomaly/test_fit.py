"""Fitting takes any run of items, calibrates on what it was not fitted on, and writes one checked file."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest

from anomaly.calibrate import Budget
from anomaly.drift_follow import RECENT
from anomaly.fit import fit, table
from connectors.errors import InputError
from connectors.items import Batch, Mark
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.model import OnnxModel
from edge.session import CARD_KEY
from edge.window import WindowSpec

NAMES = ("L/A", "L/B", "L/C")
GROUP = Group("main", tuple(Tag(name=name, rate_hz=1.0) for name in NAMES))


def run(seed: int, n: int = 900):
    """Opens a run of n seconds as bundles of items."""

    def bundles():
        values = np.random.default_rng(seed).standard_normal((n, 3))
        time = (np.arange(n) + 1) * SECOND
        for at in range(0, n, 100):
            rows = slice(at, at + 100)
            batch = Batch(GROUP.tags, time[rows], values[rows], np.zeros((100, 3), np.uint32))
            yield [batch, Mark("main", int(time[rows][-1]))]
        yield [Mark("main", END)]

    return bundles


@pytest.fixture(scope="module")
def data() -> bytes:
    return fit("mspc", [GROUP], [run(seed) for seed in range(10)], Budget.parse("1/24h"), {"origin": "test"})


def card_of(data: bytes) -> dict:
    return json.loads({p.key: p.value for p in onnx.load_from_string(data).metadata_props}[CARD_KEY])


def test_the_file_says_what_it_rests_on(data):
    card = card_of(data)
    assert card["origin"] == "test"
    assert card["calibration"]["normal_hours"] == pytest.approx(7 * 861 / 3600, rel=0.02)
    assert len(card["calibration"]["data_sha256"]) == 64
    assert len(card["golden"]) == 2


def test_the_file_loads_and_stays_quiet_on_fresh_normal_data(data):
    model = OnnxModel(data, "mspc.onnx").bind([GROUP])
    from edge.pipeline import Pipeline

    pipeline = Pipeline([GROUP], [model])
    events = [event for bundle in run(99, 1800)() for event in pipeline.feed(bundle)]
    assert events == []


def test_the_same_runs_give_the_same_bytes(data):
    assert data == fit("mspc", [GROUP], [run(seed) for seed in range(10)], Budget.parse("1/24h"), {"origin": "test"})


def test_a_graph_that_was_tampered_with_is_refused(data):
    model = onnx.load_from_string(data)
    weights = max(model.graph.initializer, key=lambda t: len(t.raw_data))
    weights.raw_data = np.frombuffer(weights.raw_data, np.float32).copy().__mul__(1.01).astype(np.float32).tobytes()
    with pytest.raises(InputError, match="no longer does what it did at export"):
        OnnxModel(model.SerializeToString(), "mspc.onnx")


@pytest.mark.parametrize("kind", ["mspc", "subsequence", "var-residual"])
def test_a_single_stretch_calibrates_on_every_part_of_itself_by_a_model_of_the_others(kind):
    made = fit(kind, [GROUP], [run(1, 900)], Budget.parse("1/24h"))
    hours = card_of(made)["calibration"]["normal_hours"]
    assert 0.8 * 900 / 3600 < hours < 900 / 3600


def test_a_stretch_that_calibrates_was_not_fitted_on():
    """The last quarter is noisier: a model that had learnt it would find nothing in it."""

    def louder():
        for bundle in run(1, 900)():
            for item in bundle:
                if isinstance(item, Batch) and item.time[0] > 650 * SECOND:
                    item = Batch(item.tags, item.time, 3.0 * item.values, item.status)
                yield [item]

    quiet = card_of(fit("mspc", [GROUP], [run(1, 900)], Budget.parse("1/24h")))["calibration"]["highest_seen"]
    loud = card_of(fit("mspc", [GROUP], [louder], Budget.parse("1/24h")))["calibration"]["highest_seen"]
    assert loud > 3.0 * quiet


def test_an_unknown_kind_is_named_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'mspc'"):
        fit("mscp", [GROUP], [run(1)], Budget.parse("1/24h"))


def test_a_table_holds_every_grid_point_of_a_run():
    spec = WindowSpec(channels=NAMES, rate_hz=1.0, length=10, stride_s=1.0)
    assert table(run(1, 300)(), [GROUP], spec).shape == (300, 3)


def test_a_head_whose_parts_are_shorter_than_a_window_calibrates_what_follows_a_drift():
    model = OnnxModel(fit("drift-follow", [GROUP], [run(5, 400)], Budget.parse("1/1h")), "drift-follow")
    length = model.card.inputs[0].length
    assert length > 400 // 4
    windows = 400 - length + 1 - 2 * (RECENT - 1)  # less those whose judged rows lie across an edge of parts
    assert model.card.raw["calibration"]["normal_hours"] == pytest.approx(windows / 3600.0, abs=0.001)

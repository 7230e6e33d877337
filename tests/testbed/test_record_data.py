"""A stretch of a file or of a run's record is data to train on and to replay."""

from __future__ import annotations

import json

import numpy as np
import pytest

from anomaly.calibrate import Budget
from connectors.errors import InputError
from connectors.files import FileSource
from connectors.tags import Tag
from connectors.times import SECOND, parse, text
from edge.merge import Chunk
from edge.model import OnnxModel
from edge.record import Recorder
from testbed import replay
from testbed.record_data import open_data
from testbed.train import train_on_file

START = parse("2026-01-05T00:00:00")
TAGS = (Tag(name="L/A", rate_hz=1.0), Tag(name="L/B", rate_hz=1.0))
ROWS = 900


@pytest.fixture
def data() -> np.ndarray:
    rng = np.random.default_rng(10_001)
    a = rng.standard_normal(ROWS)
    return np.column_stack([a, a + 0.1 * rng.standard_normal(ROWS)])


@pytest.fixture
def csv(tmp_path, data):
    path = tmp_path / "my.csv"
    lines = [f"{text(START + i * SECOND)},{a:.6f},{b:.6f}" for i, (a, b) in enumerate(data.tolist())]
    path.write_text("\n".join(["time,TI-1,TI-2", *lines]) + "\n")
    return path


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "my_tags.csv"
    path.write_text("name,address\nL/A,TI-1\nL/B,TI-2\n")
    return path


@pytest.fixture
def record(tmp_path, data):
    from connectors.tags import grouped

    folder = tmp_path / "record"
    (group,) = grouped(TAGS)
    recorder = Recorder(folder, {"kind": "watch", "start": text(START), "models": []}, [group])
    for i in range(0, ROWS, 30):
        time = START + np.arange(i, i + 30) * SECOND
        values = data[i : i + 30].copy()
        recorder.chunk(Chunk(group, int(time[-1]), time, values, np.zeros(values.shape, np.uint32)))
    recorder.finish("done")
    return folder


def test_a_stretch_is_taken_from_its_first_time_up_to_its_last(csv):
    source = open_data(csv, since="2026-01-05T00:01:00", until="2026-01-05T00:02:00")
    assert [text(int(source.table.time[i])) for i in (0, -1)] == ["2026-01-05T00:01:00Z", "2026-01-05T00:01:59Z"]


def test_a_stretch_is_read_in_the_zone_that_is_named(csv):
    source = open_data(csv, since="2026-01-05T09:01:00", tz="Asia/Seoul")
    assert source.table.time[0] == START + 60 * SECOND


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("noon", None, "--from takes a time such as"),
        (None, "2026-13-01", "--to takes a time such as"),
        ("2027-01-01", None, "go from 2026-01-05T00:00:00Z to 2026-01-05T00:14:59Z"),
    ],
)
def test_a_stretch_that_does_not_fit_is_told(csv, since, until, told):
    with pytest.raises(InputError, match=told):
        open_data(csv, since=since, until=until)


def test_a_model_carries_the_names_of_the_tag_list_and_the_stretch_it_was_fitted_on(csv, listed):
    file = train_on_file("mspc", csv, Budget.parse("1/24h"), listed, (), "UTC", "2026-01-05T00:01:00", None)
    card = OnnxModel(file, "m").card
    assert card.inputs[0].channels == ("L/A", "L/B")
    assert card.raw["training"]["from"] == "2026-01-05T00:01:00"
    assert json.dumps(card.raw["training"]["to"]) == "null"


def test_a_record_is_data_like_the_file_it_was(csv, listed, record, data):
    from connectors.tag_list import read_tag_list

    file = open_data(csv, read_tag_list(listed))
    again = open_data(record)
    assert [tag.name for tag in again.groups[0].tags] == ["L/A", "L/B"]
    assert np.array_equal(again.table.time, file.table.time)
    assert np.allclose(again.table.values, data)
    result = replay(record, models=["rules"])
    assert result.score["samples"]["received"] == 2 * ROWS


def test_a_record_without_a_tag_that_is_asked_for_is_told_with_the_nearest(record):
    with pytest.raises(InputError, match=r"no tag 'L/C'\..*Did you mean"):
        open_data(record, [Tag(name="L/C")])


def test_a_record_that_holds_no_samples_is_told(tmp_path):
    from connectors.tags import grouped

    folder = tmp_path / "empty"
    Recorder(folder, {"kind": "watch", "start": text(START)}, grouped(TAGS)).finish("done")
    with pytest.raises(InputError, match="no recorded samples"):
        open_data(folder)


@pytest.mark.parametrize(
    ("steps", "rate"),
    [
        ([1.0] * 50, 1.0),
        ([0.1003] * 50, 10.0),
        ([1.5] * 50, 0.666667),
        ([0.02] * 90 + [3.0] * 10, 4 / 3.0),  # bursts: a value must be held over the gaps
    ],
)
def test_the_rate_of_a_column_bridges_its_gaps(tmp_path, steps, rate):
    times = START + np.cumsum([0, *(round(s * 1e6) * 1000 for s in steps)])
    (tmp_path / "a.csv").write_text("time,x\n" + "".join(f"{text(int(t))},{i}\n" for i, t in enumerate(times)))
    (tag,) = FileSource(tmp_path / "a.csv").groups[0].tags
    assert tag.rate_hz == pytest.approx(rate, rel=1e-4)

"""A confirmed stretch moves a model's centre, and nothing else; what is no shift is refused; the card remembers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from anomaly.recentre import centre
from connectors.errors import InputError
from connectors.times import SECOND, text
from edge.model import OnnxModel
from testbed.cli import run_cli
from testbed.recentring import Said, Stretch, recentred
from testbed.report.cards import facts
from testbed.train import train_on_series

ROWS = 900


def written(path: Path, seed: int, warm: float = 0.0, torn: bool = False) -> Path:
    """A file of three signals, one a second: B follows A; `warm` lifts both, `torn` parts them for its last third."""
    rng = np.random.default_rng(seed)
    a = np.convolve(rng.standard_normal(ROWS + 9), np.ones(10) / 3.0, "valid")
    b = 0.8 * a + 0.2 * rng.standard_normal(ROWS)
    b[2 * ROWS // 3 :] *= -1.0 if torn else 1.0
    values = np.column_stack([40.0 + a + warm, 7.0 + b + 0.8 * warm, 0.3 * rng.standard_normal(ROWS)])
    start = 1_767_571_200 * SECOND
    lines = [f"{text(start + i * SECOND)},{','.join(f'{v:.4f}' for v in row)}" for i, row in enumerate(values)]
    path.write_text("time,A,B,C\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["mspc", "var-residual"])
def model(request, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("models") / "line.onnx"
    normal = written(place.with_name("line.csv"), 1)
    quiet = lambda what, done, of: None  # noqa: E731
    place.write_bytes(train_on_series(request.param, str(normal), (), "1/24h", None, (), "UTC", quiet))
    return place


def confirmed(path: Path, **more) -> Stretch:
    return Stretch(data=path, by="K. Kim", **more)


def test_a_confirmed_stretch_moves_the_centre_and_the_alarms_of_the_drift_are_gone(model, tmp_path):
    warm = written(tmp_path / "line.csv", 2, warm=2.0)
    data, entry = recentred(str(model), confirmed(warm))
    old, new = model.read_bytes(), OnnxModel(data, "new").card.raw
    assert entry["alarms_after"] == 0
    np.testing.assert_allclose((centre(data, 3)[0] - centre(old, 3)[0])[:2], [2.0, 1.6], atol=0.3)
    np.testing.assert_array_equal(centre(data, 3)[1], centre(old, 3)[1])
    assert new["threshold"] == OnnxModel(old, "old").card.raw["threshold"]
    (tmp_path / "later").mkdir()
    later = confirmed(written(tmp_path / "later" / "line.csv", 3, warm=2.0))
    means = [np.nanmean(Said.of(one, "m", later.source()).scores) for one in (data, old)]
    assert means[0] < means[1]


def test_the_card_says_who_when_what_and_how_far(model, tmp_path):
    warm = written(tmp_path / "line.csv", 2, warm=1.0)
    data, entry = recentred(str(model), confirmed(warm, since="2026-01-05T00:05:00Z"))
    twice = tmp_path / "twice.onnx"
    twice.write_bytes(data)
    data, _ = recentred(str(twice), confirmed(warm))
    told = OnnxModel(data, "new").card.raw["recentred"]
    assert [one["from"] for one in told] == ["2026-01-05T00:05:00Z", "2026-01-05T00:00:00Z"]
    assert told[0] == entry
    assert (entry["confirmed_by"], entry["rows"], entry["threshold"]) == ("K. Kim", 600, "kept")
    assert len(entry["data_sha256"]) == 64
    assert entry["moved_sigmas"]["line/A"] == pytest.approx(1.0, abs=0.5)
    shown = dict(facts({}, OnnxModel(data, "new").card.raw))["re-centred"]
    assert "K. Kim" in shown and "2026-01-05T00:05:00Z" in shown and "line/" in shown


def test_what_no_shift_explains_is_refused_unless_forced_and_then_said(model, tmp_path):
    torn = confirmed(written(tmp_path / "line.csv", 4, torn=True))
    with pytest.raises(InputError, match="Even with its centre moved the model alarms"):
        recentred(str(model), torn)
    _, entry = recentred(str(model), torn, force=True)
    assert entry["alarms_after"] > 0 and "no mere shift" in entry["forced_against"][0]


def test_a_tag_that_would_move_too_far_is_named(model, tmp_path):
    far = confirmed(written(tmp_path / "line.csv", 2, warm=9.0))
    with pytest.raises(InputError, match=r"line/[AB] would move by \+?\d.* more than the 3 allowed"):
        recentred(str(model), far)
    _, entry = recentred(str(model), far, most=20.0)
    assert entry["forced_against"] == []


def test_the_threshold_moves_only_when_asked_and_then_the_card_says_from_what(model, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    warm = written(tmp_path / "line.csv", 2, warm=1.0)
    kept, _ = recentred(str(model), confirmed(warm))
    data, entry = recentred(str(model), confirmed(warm), recalibrate=True)
    card = OnnxModel(data, "new").card.raw
    change = card["threshold_changes"][-1]
    assert entry["threshold"] == "recalculated"
    assert change["to"] == card["threshold"] != change["from"]
    scores = [Said.of(one, "m", confirmed(warm).source()).scores for one in (kept, data)]
    np.testing.assert_allclose(scores[1], scores[0] * change["from"] / change["to"], rtol=1e-3)


def test_nobody_and_too_little_are_told(model, tmp_path):
    warm = written(tmp_path / "line.csv", 2)
    with pytest.raises(InputError, match="who confirms"):
        recentred(str(model), Stretch(data=warm, by=" "))
    with pytest.raises(InputError, match="60 complete rows say too little"):
        recentred(str(model), confirmed(warm, until="2026-01-05T00:01:00Z"))
    with pytest.raises(InputError, match="has no centre to move"):
        recentred("sticker", confirmed(warm))


def test_the_command_writes_the_file_and_tells(model, tmp_path, capsys):
    warm, out = written(tmp_path / "line.csv", 2, warm=1.0), tmp_path / "new.onnx"
    line = ["models", "recentre", str(model), "--data", str(warm), "--confirmed-by", "K. Kim", "--out", str(out)]
    assert run_cli([*line, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["confirmed_by"] == "K. Kim"
    assert run_cli(["models", "show", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recentred"][0]["confirmed_by"] == "K. Kim"
    assert run_cli(["models", "recentre", str(model), "--data", str(warm)]) == 2
    assert "--out" in capsys.readouterr().err

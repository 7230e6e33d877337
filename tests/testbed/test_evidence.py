"""A model's page shows what its alarm level rests on, and, on data of one's own, figures and the worst mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anomaly.calibrate import Budget, threshold
from anomaly.fit import fit
from connectors.files import FileSource
from connectors.pictures import encode
from connectors.tag_list import read_tag_list
from testbed.evidence import evidence
from testbed.model_page import model_page
from testbed.report.tail import calibration
from tests.testbed.benching.test_bench_pictures import classifier, detector
from tests.testbed.test_guard import tag_list


def test_the_tail_gives_the_budget_at_the_alarm_level():
    scores = np.random.default_rng(1).gumbel(size=200_000)
    found = threshold([scores], 1.0, Budget.parse("1/24h"))
    assert found.method == "gumbel"
    assert found.tail.per_day(found.value) == pytest.approx(1.0, rel=0.1)
    told = found.tail.told()
    assert told["blocks"] == len(found.tail.maxima)
    assert len(told["at_or_above"]) <= 60
    assert told["at_or_above"][-1] == [1, pytest.approx(found.seen, rel=1e-4)]


def test_the_plot_and_its_table_tell_what_another_threshold_would_cost():
    found = threshold([np.random.default_rng(1).gumbel(size=200_000)], 1.0, Budget.parse("1/24h"))
    page = calibration({"threshold": found.value, "calibration": {"budget": "1/24h", "tail": found.tail.told()}})
    assert page.count("<circle") == len(found.tail.told()["at_or_above"])
    for piece in ("alarm level", "budget", "by the law", "as seen", "1.25"):
        assert piece in page
    assert "keeps no scores" in calibration({"threshold": 1.0, "calibration": {"budget": "1/24h"}})
    few = threshold([np.random.default_rng(1).gumbel(size=12)], 1.0, Budget.parse("1/24h"))
    assert "too few for a law" in calibration(
        {"threshold": few.value, "calibration": {"budget": "1/24h", "tail": few.tail.told()}}
    )


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Dark ones, one of them bright, and bright ones, one of them dark."""
    rng = np.random.default_rng(1)
    for label, level, odd in (("good", 60, 220), ("bright", 220, 60)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for i in range(6):
            noise = rng.integers(-20, 20, (40, 40))
            image = np.clip((odd if i == 3 else level) + noise, 0, 255).astype(np.uint8)
            (tmp_path / "set" / label / f"{i}.png").write_bytes(encode(image))
    return tmp_path / "set"


def test_a_picture_models_figures_have_intervals_and_its_mistakes_are_shown(pictures, tmp_path):
    file = tmp_path / "m.onnx"
    file.write_bytes(detector())
    found = evidence(file, str(pictures), None, None)
    by_name = {figure.name: figure for figure in found.figures}
    assert by_name["FAR"].value == pytest.approx(1 / 6)
    low, high = by_name["FAR"].interval or (1.0, 0.0)
    assert low <= 1 / 6 <= high
    (missed,) = found.missed
    assert missed.caption.startswith("3.png: bright, score 0.")
    assert len(found.false) == 1
    page = model_page(file, found)
    assert page.count("data:image/png") == 2
    assert "does not say whether it was fitted on these" in page


def test_a_classifiers_mistakes_are_told_by_what_they_were_taken_for(pictures, tmp_path):
    file = tmp_path / "m.onnx"
    file.write_bytes(classifier(["good", "bright"]))
    found = evidence(file, str(pictures), None, None)
    assert {figure.name: round(figure.value or 0, 3) for figure in found.figures}["accuracy"] == pytest.approx(
        10 / 12, abs=1e-3
    )
    assert found.missed[0].caption.startswith("3.png: bright, taken for good")


def test_a_model_of_signals_is_shown_around_what_it_missed(tmp_path):
    rng = np.random.default_rng(1)
    values = rng.standard_normal((1200, 3))
    values[700:760, 1] += 9.0
    wrong = np.zeros(1200)
    wrong[700:760] = wrong[900:930] = wrong[1050:1060] = 1
    lines = [f"2026-01-05 00:{i // 60:02d}:{i % 60:02d},{a:.4f},{b:.4f},{c:.4f},{int(w)}"
             for i, ((a, b, c), w) in enumerate(zip(values, wrong, strict=True))]  # fmt: skip
    (tmp_path / "line.csv").write_text("time,a,b,c,fault\n" + "\n".join(lines))
    tags = read_tag_list(tag_list(tmp_path))
    source = FileSource(tmp_path / "line.csv", tags)
    file = tmp_path / "m.onnx"
    until = int(source.table.time[600])
    file.write_bytes(fit("mspc", source.groups, [lambda: source.bundles(until=until)], Budget.parse("1/20m")))
    (tmp_path / "mine.toml").write_text('files = "line.csv"\ntruth = "fault"\nhead = 601\ntags = "tags.csv"\n')
    found = evidence(file, str(tmp_path / "mine.toml"), None, None)
    by_name = {figure.name: figure for figure in found.figures}
    assert by_name["events found, share"].value == pytest.approx(1 / 3)
    assert found.groups == 4
    assert len(found.missed) == 2
    page = model_page(file, found)
    assert "The worst misses" in page
    assert "Score around an event of line.csv" in page
    assert "How often normal data reach which score" in page

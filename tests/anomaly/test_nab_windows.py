"""NAB's own score: it agrees with its authors' code, and the first rows and the first word of a window decide."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from anomaly.nab_windows import learning_rows, nab_windows

CASES = json.loads((Path(__file__).parents[1] / "data" / "nab.json").read_text(encoding="utf-8"))


def said(rows: int, *at: int) -> np.ndarray:
    made = np.zeros(rows)
    made[list(at)] = 1
    return made


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_points_are_those_of_the_authors_code(case):
    found = nab_windows(case["windows"], said(case["rows"], *case["said"]), learning_rows(case["rows"]))
    assert found.points == pytest.approx(case["expected"], abs=1e-3)


def test_the_stored_series_hold_hits_misses_false_words_and_long_files():
    assert any(case["rows"] > 5000 and case["said"] for case in CASES)
    assert any(not case["said"] and case["windows"] for case in CASES)
    assert any(case["said"] and not case["windows"] for case in CASES)
    assert len({round(case["expected"], 3) for case in CASES}) > 10


def test_perfect_is_100_silence_is_0_and_nobody_can_be_scored_without_a_window():
    windows = [(100, 140), (200, 240)]
    assert nab_windows(windows, said(300, 100, 200), 50).score == pytest.approx(100.0)
    assert nab_windows(windows, said(300), 50).score == pytest.approx(0.0)
    assert nab_windows((), said(300, 7), 0).score is None


def test_a_word_long_before_any_window_costs_its_full_weight_and_one_just_behind_hardly_any():
    assert nab_windows([(200, 240)], said(300, 200, 60), 50).points == pytest.approx(1.0 - 0.11)
    assert nab_windows([(100, 140)], said(300, 100, 141), 50).points == pytest.approx(1.0 - 0.11 * 0.0624, abs=1e-3)


def test_what_is_said_while_learning_neither_counts_nor_costs():
    assert nab_windows([(100, 140)], said(300, 10, 100), 50).points == pytest.approx(1.0)
    assert nab_windows([(100, 140)], said(300, 100), 120).points == pytest.approx(-1.0)

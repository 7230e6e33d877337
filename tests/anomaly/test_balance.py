"""A balance: the middle of many sensors against what causes them."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.balance import Balance, BalanceView
from anomaly.calibrate import Budget
from anomaly.fit import fit
from connectors.errors import InputError
from edge.model import OnnxModel

MANY = tuple(f"L/TC_{i}" for i in range(6))
VIEW = BalanceView(balances=(("face", MANY, ("L/HEAT", "L/SPEED")),))


def run(n: int, seed: int) -> np.ndarray:
    """Rows (n, 8): six temperatures that follow from heat and speed, with noise."""
    rng = np.random.default_rng(seed)
    heat, speed = 1.3 + 0.2 * rng.standard_normal(n).cumsum() / 30.0, 1.2 + 0.1 * np.sin(np.arange(n) / 50.0)
    temperatures = 40.0 + 70.0 * heat + 20.0 * speed
    return np.column_stack([temperatures[:, None] + rng.standard_normal((n, 6)), heat, speed])


@pytest.fixture(scope="module")
def score():
    model = Balance(VIEW, level=5.0)
    model.fit([model.kept(run(600, 1))])
    session = OnnxModel(model.graph().model(model.card()), "balance").session
    return lambda rows: float(session.run({"window": rows[-VIEW.length :].astype(np.float32)[None]})["score"][0, 0])


def test_what_agrees_scores_low_however_the_process_moves(score):
    assert max(score(run(400, 2)[:n]) for n in range(20, 400, 7)) < 1.0


def test_forged_sensors_do_not_agree_with_their_cause(score):
    rows = run(100, 3)
    rows[:, :6] += 8.0
    assert score(rows) > 1.0


def test_one_sensor_that_fails_does_not_move_the_middle(score):
    rows = run(100, 3)
    rows[:, 2] = 20.0
    assert score(rows) < 1.0


def flow_and_pressure(n: int, seed: int, opened: float = 1.0) -> np.ndarray:
    """Rows (n, 2): the pressure in bar before nozzles of which a share is `opened`, and a flow that wanders, L/min."""
    rng = np.random.default_rng(seed)
    flow = 200.0 + 120.0 * np.sin(np.arange(n) / 40.0) + rng.standard_normal(n)
    return np.column_stack([3.0 * (flow / 200.0 / opened) ** 2 + 0.02 * rng.standard_normal(n), flow])


def test_a_pressure_is_held_against_its_flow_by_its_root_and_a_blocked_nozzle_shows_at_any_flow():
    view = BalanceView(balances=(("zone", ("L/PRES",), ("L/FLOW",)),), roots=("L/PRES",), condition="process")
    model = Balance(view, level=6.0)
    model.fit([model.kept(flow_and_pressure(600, 1))])
    session = OnnxModel(model.graph().model(model.card()), "nozzles").session

    def scores(rows: np.ndarray) -> list[float]:
        windows = (rows[end - view.length : end].astype(np.float32) for end in range(view.length, len(rows), 9))
        return [float(session.run({"window": window[None]})["score"][0, 0]) for window in windows]

    assert max(scores(flow_and_pressure(400, 2))) < 1.0
    assert min(scores(flow_and_pressure(400, 2, opened=7 / 8))) > 1.0


def test_a_run_shorter_than_a_window_holds_nothing_and_too_little_is_refused():
    model = Balance(VIEW)
    assert model.kept(run(VIEW.length - 1, 1)).shape == (0, 8)
    with pytest.raises(InputError, match="at least 100 windows"):
        model.fit([model.kept(run(VIEW.length + 98, 1))])


def test_means_of_windows_are_those_the_graph_takes(score):
    rows = run(40, 5)
    assert Balance(VIEW).kept(rows)[-1] == pytest.approx(rows[-VIEW.length :].mean(axis=0))


def test_without_a_unit_that_says_what_must_agree_there_is_nothing_to_fit():
    with pytest.raises(InputError, match="must agree"):
        fit("balance", (), [lambda: []], Budget(1, 86400))

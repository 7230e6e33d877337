"""The sticker model sees a wave run down any wall of thermocouples, and nothing in what only resembles one."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import anomaly.sticker as module
from anomaly.sticker import RATE_HZ, Sticker, wall
from connectors.errors import InputError
from edge.session import Session
from tests.thermocouples import COLUMNS, FACES, ROWS, group, quiet, score


@pytest.fixture(scope="module")
def session() -> Session:
    model = Sticker.of([group()])
    model.fit([quiet(4000, seed).reshape(4000, -1) for seed in (1, 2)])
    return Session(model.graph().model(model.card()), "sticker")


def wave(n: int, lag_s: float, size: float, start: float = 55.0) -> np.ndarray:
    """Rise then fall below the baseline, row after row, K, (n, rows)."""
    t = np.arange(n)[:, None] / RATE_HZ - start - lag_s * np.arange(ROWS)
    up = np.clip(t / 6.0, 0.0, 1.0)
    return size * up - 1.6 * size * (1.0 - np.exp(-np.clip(t - 6.0, 0.0, None) / 4.0))


@pytest.mark.parametrize("lag_s", [5.0, 9.0, 14.0, 18.0])
def test_a_wave_from_row_to_row_stands_out(session, lag_s):
    calm, _ = score(session, quiet(300, 5))
    values = quiet(300, 5)
    values[:, 1, :, 3] += wave(300, lag_s, 15.0)
    high, shares = score(session, values)
    assert high > 2.0 * calm
    face, _, column = np.unravel_index(int(shares.argmax()), (len(FACES), ROWS, COLUMNS))
    assert (face, column) == (1, 3)


def test_one_thermocouple_alone_is_no_sticker(session):
    calm, _ = score(session, quiet(300, 6))
    for shape in (40.0, -60.0, -140.0):
        values = quiet(300, 6)
        values[120:, 0, 0, 2] += shape
        assert score(session, values)[0] < 1.5 * calm + 1.0


def test_what_a_whole_row_does_is_no_sticker(session):
    calm, _ = score(session, quiet(300, 7))
    values = quiet(300, 7)
    for row in range(ROWS):
        values[120 + 18 * row :, :, row, :] += 15.0
    assert score(session, values)[0] < 1.5 * calm + 1.0


def test_rows_that_heat_together_are_no_sticker(session):
    """No lag, no sticker: a level change heats a column's rows at once."""
    calm, _ = score(session, quiet(300, 8))
    values = quiet(300, 8)
    values[:, 0, :, 2] += np.clip((np.arange(300) / RATE_HZ - 70.0) / 6.0, 0.0, 1.0)[:, None] * 8.0
    assert score(session, values)[0] < 1.5 * calm + 1.0


def test_a_wall_with_a_hole_is_refused():
    tags = list(group().tags)
    with pytest.raises(InputError, match="in full rows"):
        wall(tags[:-1])


def test_the_code_knows_no_plant():
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name and name.split(".")[0] in ("testbed", "scenarios")}

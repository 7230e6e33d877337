"""The crack model sees a narrow dip run down one column, and nothing in a broad, a lone or a standing one."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.crack import Crack
from anomaly.sticker import RATE_HZ
from edge.session import Session
from tests.thermocouples import COLUMNS, FACES, ROWS, group, quiet, score

N = 260
TIMES = np.arange(N) / RATE_HZ
NARROW = {3: 1.0, 2: 0.1, 4: 0.1}  # share of the dip by column
BROAD = {3: 1.0, 2: 0.6, 4: 0.6, 1: 0.2, 5: 0.2}


def dipped(lag_s: float, shares: dict[int, float], rows: range = range(ROWS), size: float = 12.0) -> np.ndarray:
    """A quiet wall in which a dip of `size` K that lasts 20 s passes the rows of face S, `lag_s` apart."""
    values = quiet(N, 5)
    for row in rows:
        t = TIMES - 70.0 - lag_s * row
        dip = size * (1.0 - np.exp(-np.clip(t, 0.0, None) / 1.5)) * (t < 20.0)
        for column, share in shares.items():
            values[:, 1, row, column] -= share * dip
    return values


@pytest.fixture(scope="module")
def session() -> Session:
    model = Crack.of([group()])
    model.fit([quiet(4000, seed).reshape(4000, -1) for seed in (1, 2)])
    return Session(model.graph().model(model.card()), "crack")


@pytest.mark.parametrize("lag_s", [5.0, 6.5, 10.0])
def test_a_narrow_dip_that_runs_down_stands_out(session, lag_s):
    calm, _ = score(session, quiet(N, 5))
    high, shares = score(session, dipped(lag_s, NARROW))
    assert high > 2.5 * calm
    face, _, column = np.unravel_index(int(shares.argmax()), (len(FACES), ROWS, COLUMNS))
    assert (face, column) == (1, 3)


@pytest.mark.parametrize(
    ("lag_s", "shares", "rows"),
    [(6.5, BROAD, range(ROWS)), (6.5, {3: 1.0}, range(1)), (0.0, NARROW, range(ROWS))],
    ids=["a patch of slag is broad", "a thermocouple fails alone", "an air gap stands still"],
)
def test_what_is_no_crack_does_not(session, lag_s, shares, rows):
    calm, _ = score(session, quiet(N, 5))
    assert score(session, dipped(lag_s, shares, rows))[0] < 1.6 * calm


def test_a_rise_that_runs_down_is_none(session):
    calm, _ = score(session, quiet(N, 5))
    risen = 2.0 * quiet(N, 5) - dipped(6.5, NARROW)
    assert score(session, risen[:180])[0] < 1.6 * calm  # 90 s: its end has not passed, which is a fall

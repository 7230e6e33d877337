"""The yardstick has the limits of the textbook, and those of the benchmark's authors where asked."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from anomaly.t2q import LEVEL, MEDIAN, T2Q, f_quantile
from connectors.errors import InputError


def rows(n: int, seed: int = 1) -> np.ndarray:
    """Five channels with two causes and noise, and a constant one; float64 (n, 6)."""
    rng = np.random.default_rng(seed)
    causes = rng.standard_normal((n, 2))
    mixed = causes @ np.array([[1.0, 0.9, 0.2, 0.0, 0.4], [0.1, 0.0, 0.8, 1.0, -0.5]])
    return np.column_stack([100 + mixed + 0.3 * rng.standard_normal((n, 5)), np.full(n, 7.0)])


@pytest.mark.parametrize(
    ("share", "m", "n", "value"),
    # NIST/SEMATECH e-Handbook, table 1.3.6.7.3, and F(1, n) = t²
    [(0.95, 1, 1, 161.448), (0.95, 4, 20, 2.866), (0.95, 10, 10, 2.978), (0.99, 2, 30, 5.390), (0.5, 3, 3, 1.0)],
)
def test_quantiles_of_fishers_f_are_those_of_the_tables(share, m, n, value):
    assert f_quantile(share, m, n) == pytest.approx(value, abs=1e-3)


def test_so_many_normal_rows_exceed_the_limits_as_the_level_says(monkeypatch):
    monkeypatch.setattr("anomaly.t2q.MEDIAN", 1)
    yardstick = T2Q(published=False)
    yardstick.fit(rows(2000))
    share = float((yardstick.scores(rows(200_000, seed=2)) > 1).mean())
    assert 0.3 * (1 - LEVEL) < share < 4 * (1 - LEVEL)  # either statistic may exceed; both are approximations


def test_the_limit_as_published_is_a_chi_square_of_the_sum_of_what_is_left():
    """Powers of one sum make Jackson and Mudholkar's formula Wilson and Hilferty's with one degree of freedom."""
    yardstick = T2Q()
    normal = rows(500)
    yardstick.fit(normal)
    z = (normal - yardstick.mean) / yardstick.scale
    left = np.real(np.linalg.eig(np.cov(z.T))[0])[len(yardstick.variance) :].sum()
    root = NormalDist().inv_cdf(LEVEL)
    assert yardstick.limits[1] == pytest.approx(left * (1 + root * np.sqrt(2) / 3 - 2 / 9) ** 3)
    assert yardstick.limits[0] == pytest.approx(
        _t2_limit(len(yardstick.variance), 500)
    )  # and the limit of T² is the textbook's


def _t2_limit(kept: int, n: int) -> float:
    return kept * (n - 1) * (n + 1) / (n * (n - kept)) * f_quantile(LEVEL, kept, n - kept)


def test_a_broken_correlation_is_seen_and_a_single_odd_row_is_not():
    yardstick = T2Q(published=False)
    yardstick.fit(rows(500))
    later = rows(60, seed=3)
    later[20, 0] += 50.0
    later[40:, 0] += 5.0
    score = yardstick.scores(later)
    assert np.isnan(score[: MEDIAN - 1]).all()
    assert (score[MEDIAN:38] < 1).all()
    assert (score[44:] > 1).all()


def test_too_few_rows_and_gaps_are_refused():
    with pytest.raises(InputError, match="more than 12"):
        T2Q().fit(rows(12))
    with pytest.raises(InputError, match="complete rows"):
        T2Q().fit(np.where(np.eye(30, 6) > 0, np.nan, rows(30)))

"""T² and Q row by row, as the textbook has them and as the authors of SKAB computed them: a yardstick, no product.

It learns from the head of a table and needs no calibration: both limits follow from the distribution of normal rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from connectors.errors import InputError
from connectors.texts import say

EXPLAINED = 0.85  # share of the variance the components keep; core/t2.py of SKAB
LEVEL = 0.999  # share of normal rows below each limit; the same
MEDIAN = 5  # rows whose median a statistic is, the newest last; notebook t2_with_q_SKAB of SKAB


@dataclass(slots=True)
class T2Q:
    """PCA of standardised rows, Hotelling's T² within its components, Q (the squared rest) outside.

    `published` takes the limit of Q as the benchmark's authors do: eigenvalues of the residual in the order a general
    eigensolver gives them, not by size, and powers of their sum for sums of their powers. It comes out higher than
    the limit of Jackson and Mudholkar (Technometrics 21 (1979) 341), fewer rows exceed it, and their published
    figures follow from it; `published=False` is the textbook's.
    """

    published: bool = True
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,)
    scale: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,)
    axes: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))  # (k, a)
    variance: np.ndarray = field(default_factory=lambda: np.empty(0))  # (a,)
    limits: tuple[float, float] = (1.0, 1.0)  # of T² and Q

    def fit(self, rows: np.ndarray) -> None:
        """Learn from normal rows (n, k). Raises InputError if they are too few or hold a gap."""
        n, k = rows.shape
        if n <= 2 * k or not np.isfinite(rows).all():
            raise InputError(say("T² and Q of {k} channels need more than {n} complete rows.", k=k, n=2 * k))
        spread = rows.std(axis=0)
        self.mean, self.scale = rows.mean(axis=0), np.where(spread > 0, spread, np.inf)
        covariance = np.cov(((rows - self.mean) / self.scale).T)
        values, vectors = np.linalg.eigh(covariance)
        values, vectors = values[::-1].clip(min=0.0), vectors[:, ::-1]
        kept = 1 + int(np.searchsorted(np.cumsum(values) / values.sum(), EXPLAINED, side="right"))
        kept = min(kept, k - 1)
        self.axes, self.variance = vectors[:, :kept], values[:kept]
        factor = kept * (n - 1) * (n + 1) / (n * (n - kept))  # Tracy, Young, Mason, J. Quality Technology 24 (1992) 88
        t2 = factor * f_quantile(LEVEL, kept, n - kept)
        rest = np.real(np.linalg.eig(covariance)[0])[kept:] if self.published else values[kept:]
        self.limits = (t2, _q_limit(rest, self.published))

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """The larger of T² and Q over their limits, (n,) for rows (n, k): 1.0 is the limit; NaN in the first rows."""
        z = (rows - self.mean) / self.scale
        t = z @ self.axes
        t2 = (t**2 / self.variance).sum(axis=1)
        q = ((z - t @ self.axes.T) ** 2).sum(axis=1)
        return np.fmax(_smooth(t2) / self.limits[0], _smooth(q) / self.limits[1])


def _q_limit(rest: np.ndarray, published: bool) -> float:
    """What Q stays below in LEVEL of normal rows, from the eigenvalues of the residual."""
    theta = [float(rest.sum()) ** i if published else float((rest**i).sum()) for i in (1, 2, 3)]
    h = 1 - 2 * theta[0] * theta[2] / (3 * theta[1] ** 2)
    root = NormalDist().inv_cdf(LEVEL) * h * math.sqrt(2 * theta[1]) / theta[0]
    return theta[0] * (1 + root + theta[1] * h * (h - 1) / theta[0] ** 2) ** (1 / h)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Running median of MEDIAN values, (n,)."""
    smooth = np.full(len(values), np.nan)
    if len(values) >= MEDIAN:
        smooth[MEDIAN - 1 :] = np.median(np.lib.stride_tricks.sliding_window_view(values, MEDIAN), axis=1)
    return smooth


def f_quantile(share: float, m: float, n: float) -> float:
    """What a share of Fisher's F with m and n degrees of freedom stays below.

    >>> round(f_quantile(0.95, 4, 20), 3)
    2.866
    """
    low, high = 0.0, 1.0
    while _beta(m / 2, n / 2, m * high / (m * high + n)) < share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        below = _beta(m / 2, n / 2, m * middle / (m * middle + n)) < share
        low, high = (middle, high) if below else (low, middle)
    return high


def _beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function, by its continued fraction; DLMF 8.17.22."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    fraction = 0.0
    for i in range(200, 0, -1):
        k = i // 2
        if i % 2:
            part = -(a + k) * (a + b + k) / ((a + 2 * k) * (a + 2 * k + 1))
        else:
            part = k * (b - k) / ((a + 2 * k - 1) * (a + 2 * k))
        fraction = part * x / (1 + fraction)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / (a * (1 + fraction))

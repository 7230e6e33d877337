"""Lines of a Fourier transform by three products are those of numpy's transform."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.fourier import lines
from anomaly.graph import Graph
from edge.session import Session

RNG = np.random.default_rng(5)


def computed(x: np.ndarray, n: int, wanted: tuple[int, int], inverse: bool = False) -> np.ndarray:
    """Complex lines (rows, count) of signals real or complex (rows, samples), by a graph."""
    parts = [x.real, x.imag] if np.iscomplexobj(x) else [x]
    told = np.stack(parts, axis=2).astype(np.float32)
    g = Graph("lines")
    g.output(
        lines(g, g.input("x", told.shape), told.shape, n, wanted, inverse), "y", [len(x), wanted[1] - wanted[0], 2]
    )
    y = Session(g.plain({}), "lines").run({"x": told})["y"].astype(float)
    return y[..., 0] + 1j * y[..., 1]


@pytest.mark.parametrize(("n", "within"), [(5000, 2e-6), (4096, 2e-6), (6, 2e-6), (7, 2e-6), (2 * 521, 2e-4)])
def test_lines_of_real_signals_are_those_of_numpy(n, within):
    """521 is too long a factor: there the runtime's own operator works, which is no better than that."""
    x = RNG.standard_normal((3, n))
    expected = np.fft.fft(x)
    for wanted in ((0, n // 2 + 1), (n // 3, n // 3 + 2), (n - 2, n)):
        got = computed(x, n, wanted)
        np.testing.assert_allclose(got, expected[:, wanted[0] : wanted[1]], atol=within * np.abs(expected).max())


def test_a_complex_band_that_zeros_follow_is_turned_back_into_time():
    x = RNG.standard_normal((2, 512)) + 1j * RNG.standard_normal((2, 512))
    expected = np.fft.ifft(x, 1024)
    np.testing.assert_allclose(computed(x, 1024, (0, 1024), True), expected, atol=2e-6 * np.abs(expected).max())

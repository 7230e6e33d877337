"""A stand of six rolls as three masses (upper half): its modes, and how it moves under forces, sample by sample.

Masses, stiffnesses and damping of a UCM mill: Shock and Vibration 2019, 4358631, table 2. Without strip the modes lie
at 135, 237 and 362 Hz; the strip's stiffness raises them.
"""

from __future__ import annotations

import copy

import numpy as np

from testbed.coldmill.rolling import STANDS

MASS = np.array([3914.0, 5410.0, 31330.0])  # kg of work, intermediate and backup roll
STIFFNESS = np.array([0.91e10, 1.03e10, 5.85e10])  # N/m, work to intermediate, to backup, backup to housing
DAMPING = np.array([1.64e5, 5.7e5, 5.1e6])  # N s/m, between the same
STRIP = np.array([2e9, 4e9, 6e9, 8e9, 1e10])  # N/m under each stand's work roll; domain: 3e gives the range 2 … 10
RATE = 5000  # Hz
N = 100  # samples of a block, 20 ms
K = np.arange(1, N + 1)


def _chain(values: np.ndarray, under: float) -> np.ndarray:
    """Matrix of springs or dampers in a row, `under` below the first mass."""
    a, b, c = values
    return np.array([[under + a, -a, 0.0], [-a, a + b, -b], [0.0, -b, b + c]])


def modes(strip: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angular frequencies (rad/s), damping ratios and the work roll's share of each mode, (3,), over `strip` N/m.

    >>> (modes(0.0)[0] / (2 * np.pi)).round(0).tolist()
    [135.0, 237.0, 362.0]
    """
    root = 1.0 / np.sqrt(MASS)
    squares, vectors = np.linalg.eigh(root[:, None] * _chain(STIFFNESS, strip) * root)
    shapes = root[:, None] * vectors  # normalised to unit modal mass
    omega = np.sqrt(squares)
    zeta = np.einsum("im,ij,jm->m", shapes, _chain(DAMPING, 0.0), shapes) / (2.0 * omega)
    return omega, zeta, np.abs(shapes[0])


class Structure:
    """The five stands. A mode's state is complex: its real part is the displacement, in m times sqrt(kg)."""

    def __init__(self) -> None:
        self.state = np.zeros((STANDS, 3), complex)
        self.has_strip = True
        self._set(True)

    def _set(self, strip: bool) -> None:
        found = [modes(float(k) if strip else 0.0) for k in STRIP]
        self.omega, self.zeta, self.shape = (np.array(rows) for rows in zip(*found, strict=True))  # (5, 3) each
        self._root = (-self.zeta + 1j * np.sqrt(1.0 - self.zeta**2)) * self.omega  # rad/s
        self._grow = np.exp(self._root[:, :, None] * (K / RATE))  # (5, 3, N)
        self._shrink = 1.0 / self._grow
        self._per_force = (-1j / RATE) * self.shape / self.omega
        self._to_acceleration = self.shape * self._root**2

    def put(self, strip: bool) -> None:
        """Strip comes between the rolls, or is gone."""
        if strip != self.has_strip:
            self.has_strip = strip
            self._set(strip)

    def move(self, force: np.ndarray, zeta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """20 ms under `force` (N, N) on the work rolls, float64 (5, N), the first mode damped by `zeta` (5,).

        Returns the work roll's movement in its first mode, complex (5, N) in m, and its acceleration, (5, N) m/s2.
        """
        root = (-zeta + 1j * np.sqrt(1.0 - zeta**2)) * self.omega[:, 0]
        grow, shrink = self._grow, self._shrink
        grow[:, 0] = np.exp(root[:, None] * (K / RATE))
        shrink[:, 0] = 1.0 / grow[:, 0]
        pushed = np.cumsum(shrink * (self._per_force[:, :, None] * force[:, None, :]), axis=2)
        z = grow * (self.state[:, :, None] + pushed)
        self.state = z[:, :, -1].copy()
        acceleration = (self._to_acceleration[:, None, :] @ z)[:, 0].real
        return self.shape[:, :1] * z[:, 0], acceleration

    def copy(self) -> Structure:
        twin = copy.copy(self)
        twin.state = self.state.copy()
        twin._grow, twin._shrink = self._grow.copy(), self._shrink.copy()
        return twin

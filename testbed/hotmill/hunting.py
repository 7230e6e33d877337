"""How badly a height loop has to be tuned for its looper to hunt as it does: the root of the whole mill, solved for."""

from __future__ import annotations

import cmath

import numpy as np

from testbed.hotmill.control import PERIOD_S, PULL, PULL_RESET, Loops, Tuning
from testbed.hotmill.schedule import STANDS, Lines
from testbed.hotmill.system import (
    ANGLE,
    DRIVE_S,
    GAPS,
    SPEED,
    STATES,
    STRESS,
    TORQUE,
    Algebra,
    Shape,
    continuous,
)  # fmt: skip

ROUNDS = 12  # until the root stands where it is wanted


def tuned(lines: Lines, gap: int, wanted: complex) -> tuple[float, float]:
    """Gain and reset of the height loop after stand `gap` with which the mill turns and grows as `wanted`, 1/s."""
    shape = Shape(0, STANDS - 1, 1.0)
    aim = wanted
    gain = reset = 0.0
    for _ in range(ROUNDS):
        rest = -aim * aim * (1.0 + DRIVE_S * aim) * cmath.exp(0.5 * PERIOD_S * aim)
        gain = rest.imag / aim.imag
        reset = rest.real - gain * aim.real
        roots = np.linalg.eigvals(_closed(lines, shape, gap, gain, reset))
        aim += 0.6 * (wanted - roots[np.abs(roots - wanted).argmin()])
    return gain, reset


def _closed(lines: Lines, shape: Shape, gap: int, gain: float, reset: float) -> np.ndarray:
    """The mill with its loopers' loops closed, float64 (59, 59): state, height and tension integrals."""
    a, _, c = continuous(lines, shape, Algebra.of(lines, shape))
    usual = Tuning.usual()
    usual.gain[gap], usual.reset[gap] = gain, reset
    loops = Loops.of(lines, shape, usual, np.zeros(GAPS), np.zeros(STANDS))
    whole = np.zeros((STATES + 2 * GAPS,) * 2)
    whole[:STATES, :STATES] = a
    height, pull = slice(STATES, STATES + GAPS), slice(STATES + GAPS, STATES + 2 * GAPS)
    whole[:STATES, ANGLE] += c[:, SPEED] @ (loops.up * loops.angle)
    whole[:STATES, height] = c[:, SPEED] @ loops.up
    whole[:STATES, STRESS] -= c[:, TORQUE] * (lines.lever * PULL)
    whole[:STATES, pull] = -c[:, TORQUE] * (lines.lever * PULL_RESET)
    whole[height, ANGLE] = np.diag(loops.height)
    whole[pull, STRESS] = np.eye(GAPS)
    return whole

"""All stands, gaps between them and loopers as one linear system around a coil's working point, stepped exactly.

For each stand that holds strip

    h = S - e + F/M              true thickness: gap, less what rolls take from it, plus the stretch
    F = p + t(sb + sf) - Q h     force: what comes in, back and front tension, the strip's answer
    g = S + Fm/M - trim          what the gaugemeter makes of the measured force Fm = F + f (Sims; BISRA 1950)
    dR/dt = -2 pi 2 Hz (M+Q)/M g     gaugemeter control tells the gap R
    dS/dt = q,  dq/dt = (K (R - S) + b - q)/T     hydraulic gap: cylinder, valve; 12 Hz and damping 0.7 when sound

and for each gap between two stands that hold strip

    ds/dt = E/L (Vin - Vout + dloop/dt)     tension: mass flow, with slip that answers to tension
    J d2a/dt2 = T - k s - k' a - c da/dt    looper

Departures in mm, MN, MPa, m/s, rad. Tension regulates itself within 1 … 10 ms, far stiffer than the rest: the step is
the matrix exponential of the whole, so that no step is too long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from testbed.hotmill import looper
from testbed.hotmill.schedule import PITCH, STANDS, TENSION, Lines
from testbed.mill.stand import AGC_HZ, GAP_DAMPING, GAP_HZ, GAUGE_LAG_S, SLEW, STIFFNESS

DT = 1e-3  # s
GAPS = STANDS - 1
VALVE_S = 1.0 / (2.0 * GAP_DAMPING * 2.0 * math.pi * GAP_HZ)  # 9.5 ms, of a sound valve with its pilot
GAIN = (2.0 * math.pi * GAP_HZ) ** 2 * VALVE_S  # 1/s, of the position loop
MODULUS = 1e5  # MPa of the strip at 900 Cel (domain: 3c)
SLIP_FRONT, SLIP_BACK = 1.5e-3, 4e-3  # slip for each MPa of front and of back tension (domain: 3c)
DRIVE_S = 0.05  # s, main drives
BACK_S = 5.0  # s in which a gap goes back to its preset once gauge control is off
CLEAR_S = 0.5  # s in which it does once the strip is out
LOWER_S = 0.3  # s in which a looper goes down

# states: gap, its speed, what it is told, roll speed, tension, looper angle, its speed, X-ray gauge
GAP, RATE, TOLD, ROLL = (slice(7 * i, 7 * i + 7) for i in range(4))
STRESS, ANGLE, TURN = slice(28, 34), slice(34, 40), slice(40, 46)
GAUGE = 46
STATES = 47
# inputs of each millisecond: e, p, entry thickness, error of the measured force, push on the valve, thickness at gauge
CLOSES, PUSH, ENTRY, FORCE_ERROR, VALVE = (slice(7 * i, 7 * i + 7) for i in range(5))
SEEN = 35
INPUTS = 36
# what control holds for 10 ms: trim of the thickness asked for, roll speed asked for, torque of the loopers
TRIM, SPEED, TORQUE = slice(0, 7), slice(7, 14), slice(14, 20)
HELD = 20
PART = 10  # steps between two controls


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides the matrices, beside the coil.

    Attributes:
        first, last: stands that hold strip, from 0; last < first: none.
        speed: of the mill as a share of the coil's own. agc: whether gaugemeter control is on.
        valves: s, the lag of each stand's valve. free: whether loopers move, or are locked at their target.
    """

    first: int
    last: int
    speed: float
    agc: bool = True
    valves: tuple[float, ...] = (VALVE_S,) * STANDS
    free: bool = True

    def holds(self, stand: int) -> bool:
        return self.first <= stand <= self.last


@dataclass(frozen=True, slots=True, eq=False)
class Algebra:
    """Thickness and force of each stand from state and inputs: h = hx x + hu u, F = fx x + fu u; each (7, ...)."""

    hx: np.ndarray
    hu: np.ndarray
    fx: np.ndarray
    fu: np.ndarray

    @classmethod
    def of(cls, lines: Lines, shape: Shape) -> Algebra:
        hx, fx = np.zeros((STANDS, STATES)), np.zeros((STANDS, STATES))
        hu, fu = np.zeros((STANDS, INPUTS)), np.zeros((STANDS, INPUTS))
        for i in range(STANDS):
            if not shape.holds(i):
                continue
            total = STIFFNESS + lines.plastic[i]
            fx[i, [28 + j for j in (i - 1, i) if 0 <= j < GAPS]] = lines.by_tension[i]
            fu[i, PUSH.start + i] = 1.0
            hx[i], hu[i] = fx[i] / total, fu[i] / total
            hx[i, GAP.start + i] = STIFFNESS / total
            hu[i, CLOSES.start + i] = -STIFFNESS / total
            fx[i] -= lines.plastic[i] * hx[i]
            fu[i] -= lines.plastic[i] * hu[i]
        return cls(hx, hu, fx, fu)


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """One millisecond: x' = ad x + bd u + cd c. `ad` (47, 47), `bd` (36, 47), turned over, `cd` (47, 20).

    Ten of them, from one control to the next, at once: `across` (47, 67) takes state and what control holds, one after
    the other, `driven` (360, 47), turned over, the inputs of all ten.
    """

    algebra: Algebra
    ad: np.ndarray
    bd: np.ndarray
    cd: np.ndarray
    across: np.ndarray
    driven: np.ndarray

    @classmethod
    def of(cls, lines: Lines, shape: Shape) -> System:
        algebra = Algebra.of(lines, shape)
        a, b, c = continuous(lines, shape, algebra)
        ad, held = _exact(a, DT)
        bd, cd = np.ascontiguousarray((held @ b).T), held @ c
        across, late = np.hstack([ad, cd]), [bd]
        for _ in range(PART - 1):
            across = ad @ across
            across[:, STATES:] += cd
            late.append(late[-1] @ ad.T)
        return cls(algebra, ad, bd, cd, across, np.vstack(late[::-1]))

    def between(self, both: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Every millisecond's state (10 n, 47), from state and what is held at n controls (n, 67), and inputs."""
        rows = (u @ self.bd).reshape(-1, PART, STATES)
        rows += (both[:, STATES:] @ self.cd.T)[:, None]
        x, back = both[:, :STATES], self.ad.T
        for k in range(PART):
            rows[:, k] += x @ back
            x = rows[:, k]
        return rows.reshape(-1, STATES)


def continuous(lines: Lines, shape: Shape, algebra: Algebra) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, B, C of dx/dt = A x + B u + C c."""
    a, b, c = np.zeros((STATES, STATES)), np.zeros((STATES, INPUTS)), np.zeros((STATES, HELD))
    for i in range(STANDS):
        _stand(i, lines, shape, algebra, a, b, c)
    for j in range(GAPS):
        if shape.holds(j) and shape.holds(j + 1):
            _tension(j, lines, shape, algebra, a, b)
            _looper(j, lines, shape, a, c)
        else:
            angle = ANGLE.start + j
            a[angle, angle], c[angle, TORQUE.start + j] = -1.0 / LOWER_S, 1.0 / LOWER_S
    a[GAUGE, GAUGE], b[GAUGE, SEEN] = -1.0 / GAUGE_LAG_S, 1.0 / GAUGE_LAG_S
    return a, b, c


def _stand(i, lines: Lines, shape: Shape, algebra: Algebra, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    gap, rate, told, roll = (s.start + i for s in (GAP, RATE, TOLD, ROLL))
    valve = shape.valves[i]
    a[gap, rate] = 1.0
    a[rate, gap], a[rate, told], a[rate, rate] = -GAIN / valve, GAIN / valve, -1.0 / valve
    b[rate, VALVE.start + i] = 1.0 / valve
    if not shape.holds(i):
        a[told, told] = -1.0 / CLEAR_S
    elif not shape.agc:
        a[told, told] = -1.0 / BACK_S
    else:
        gain = 2.0 * math.pi * AGC_HZ * (STIFFNESS + lines.plastic[i]) / STIFFNESS
        a[told] -= gain * algebra.fx[i] / STIFFNESS
        b[told] -= gain * algebra.fu[i] / STIFFNESS
        a[told, gap] -= gain
        b[told, FORCE_ERROR.start + i] -= gain / STIFFNESS
        c[told, TRIM.start + i] = gain
    a[roll, roll], c[roll, SPEED.start + i] = -1.0 / DRIVE_S, 1.0 / DRIVE_S


def _tension(j: int, lines: Lines, shape: Shape, algebra: Algebra, a: np.ndarray, b: np.ndarray) -> None:
    """Gap j lies between stands j and j + 1."""
    row, after = STRESS.start + j, j + 1
    stiff = MODULUS / PITCH
    thin = lines.exit[after] / lines.entry[after]
    speed = shape.speed * lines.speed[j]
    a[row, ROLL.start + j] -= stiff * (1.0 + lines.slip[j])
    a[row, ROLL.start + after] += stiff * thin * (1.0 + lines.slip[after])
    a[row] += stiff * speed / lines.exit[after] * algebra.hx[after]
    b[row] += stiff * speed / lines.exit[after] * algebra.hu[after]
    b[row, ENTRY.start + after] -= stiff * speed / lines.entry[after]
    a[row, row] -= stiff * speed * (SLIP_FRONT + SLIP_BACK)
    if shape.free:
        a[row, TURN.start + j] += stiff * looper.SLOPE


def _looper(j: int, lines: Lines, shape: Shape, a: np.ndarray, c: np.ndarray) -> None:
    if not shape.free:
        return
    angle, turn = ANGLE.start + j, TURN.start + j
    lever = float(lines.lever[j])
    spring = looper.UNBALANCED * TENSION[j] * lever * looper.CURVE / looper.SLOPE
    a[angle, turn] = 1.0
    a[turn, angle], a[turn, turn] = -spring / looper.INERTIA, -looper.FRICTION / looper.INERTIA
    a[turn, STRESS.start + j] = -lever / looper.INERTIA
    c[turn, TORQUE.start + j] = 1.0 / looper.INERTIA


def _exact(a: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """exp(A dt) and its integral over dt: Taylor on a small part of the step, doubled until it is whole."""
    halvings = max(0, math.ceil(math.log2(max(np.abs(a * dt).sum(axis=1).max(), 1e-9)))) + 3
    part = a * (dt / 2**halvings)
    term = np.eye(len(a))
    whole, integral = np.zeros_like(a), np.zeros_like(a)
    for k in range(1, 12):
        whole += term
        integral += term / k
        term = term @ part / k
    integral *= dt / 2**halvings
    for _ in range(halvings):
        integral += whole @ integral
        whole = whole @ whole
    return whole, integral


__all__ = ["DT", "SLEW", "Algebra", "Shape", "System", "continuous"]

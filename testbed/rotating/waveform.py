"""A snapshot of a bearing housing's acceleration: tones of the shaft, noise, and whatever knocks at its resonance.

Nothing is integrated: a snapshot is a function of the machine, its state and random numbers (domain: 3h).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from testbed.rotating.machines import Machine, State

RATE = 12_800.0  # Hz
LENGTH = 16_384  # samples of a snapshot, 1.28 s
DAMPING = 0.03  # of the housing's resonance (domain: 3h)
SLIP = 0.015  # of a period, how irregularly rolling elements come: 1 … 2 % (domain: 3h)
HISS = 0.6  # m/s2 RMS of a sound bearing at full speed and load; judgement
BLOW = 45.0  # m/s2 at full load, an impact on a spall at which the bearing fails; judgement
RUBBLE = 6.0  # a failing bearing hisses by so much more; judgement: kurtosis falls again at the end (domain: F27)
ROUGH = 3.0  # of a sound machine's velocity, shaken by a failing bearing; judgement: zone C in the last 1-2 weeks
FROTH = 9.0  # m/s2 RMS of collapsing bubbles in a pump that cavitates fully; judgement
RATTLE = 30.0  # m/s2, blows of an accelerometer that hangs by its cable; judgement
MOUNT_HZ = 2300.0  # Hz at which a loose accelerometer rings on its stud; judgement
ROCKS_HZ, ROCKS = 17.0, 5.0  # Hz and mm/s RMS at which a sensor rocks that hangs loose; judgement
FLOOR = 0.4  # mm/s RMS that a neighbour hands over at twice its beat, for each m/s2 of its blows; judgement
SENSOR = 0.02  # m/s2 RMS, electrical noise of the accelerometer; data sheets of IEPE sensors: 0.01 … 0.05
SPLIT = 128  # a snapshot of tones is a product of two short tables, SPLIT long each


def snapshot(machine: Machine, end: str, state: State, rng: np.random.Generator, extra: np.random.Generator,
             phases: np.ndarray) -> np.ndarray:  # fmt: skip
    """Acceleration of the housing at `end`, m/s2, float64 (LENGTH,).

    Args:
        machine: what shakes.
        end: where it is measured.
        state: how it is.
        rng: of what is always there.
        extra: of what a fault or look-alike adds, so that it leaves the rest as it was.
        phases: rad, one for each tone, (n,) with n >= 32.
    """
    turn = rng.uniform(0.0, 2.0 * math.pi)  # where the shaft stands when the snapshot begins
    white = _white(rng)
    if state.is_stopped:
        return np.fft.irfft(SENSOR * white, LENGTH)
    drive = state.speed**1.5 * math.sqrt(max(state.load, 0.05))
    worst = max((area for (at, _), area in state.spalls.items() if at == end), default=0.0)
    hiss = HISS * drive * state.film * (1.0 + RUBBLE * worst)
    noise = hiss * white
    if state.cavitation:
        noise = noise + np.fft.rfft(_froth(machine, state, extra))
    spectrum = noise * _housing(machine.resonance) + SENSOR * white
    blows = np.zeros(LENGTH)
    for (at, kind), area in sorted(state.spalls.items()):
        if at == end:
            strike(blows, *_hits(machine, kind, area, state, turn, extra))
    _from_outside(blows, state, end, extra)
    if blows.any():
        struck = np.fft.rfft(blows)
        spectrum = spectrum + struck * _ringing(machine.resonance)
        spectrum += 0.3 * state.mounts.get(end, 0.0) * (struck + noise) * _ringing(MOUNT_HZ)
    return np.fft.irfft(spectrum, LENGTH) + tones(machine, state, end, turn, phases)


def _white(rng: np.random.Generator) -> np.ndarray:
    """Transform of white noise of unit variance, complex128 (LENGTH/2 + 1,): drawn as such, which saves a transform."""
    parts = rng.standard_normal((LENGTH // 2 + 1, 2)).view(np.complex128)[:, 0] * math.sqrt(LENGTH / 2.0)
    parts[[0, -1]] = parts[[0, -1]].real * math.sqrt(2.0)
    return parts


def hiss_rms(machine: Machine) -> float:
    """m/s2 RMS of a sound machine's noise at full speed and load: against it a twin's difference is held."""
    gain = np.abs(_housing(machine.resonance))
    return HISS * float(np.sqrt(np.mean(gain**2)))


# -- tones -------------------------------------------------------------------------------------------------


def tones(machine: Machine, state: State, end: str, turn: float, phases: np.ndarray) -> np.ndarray:
    """What turns with the shaft, m/s2, float64 (LENGTH,)."""
    orders, velocity = zip(*_lines(machine, state, end), strict=True)
    hz = np.array(orders) * machine.rpm * state.speed / 60.0
    peak = math.sqrt(2.0) * np.array(velocity) * 1e-3 * 2.0 * math.pi * hz  # m/s2
    angle = np.array(orders) * turn + phases[: len(hz)]
    step = 2.0 * math.pi * hz / RATE
    coarse = np.exp(1j * (angle + np.outer(np.arange(SPLIT) * SPLIT, step)))
    fine = np.exp(1j * np.outer(step, np.arange(SPLIT)))
    return ((coarse * peak) @ fine).imag.ravel()


def _lines(machine: Machine, state: State, end: str) -> list[tuple[float, float]]:
    """(order, mm/s RMS) of each tone.

    Unbalance pushes with the square of the speed; a misaligned coupling twice a turn; a loose foot at halves and
    multiples; wheels at their vanes, gears at their teeth with sidebands, motors at twice the line (domain: 3h). The
    floor shakes with a neighbour, and a loose sensor rocks.
    """
    v = machine.velocity
    turning, torque = v * state.speed**2, v * (0.4 + 0.6 * state.load)
    loose = 0.04 * v * state.looseness
    lines = [(1.0, 0.8 * turning * state.unbalance + loose), (2.0, 0.3 * torque * state.misalignment + loose)]
    lines += [(order, loose) for order in (0.5, 1.5, 3.0, 4.0, 5.0)]
    lines.append((2.0 * machine.pole_pairs * 1.008, 0.12 * torque))  # 0.8 % slip
    if machine.vanes:
        lines.append((float(machine.vanes), 0.25 * torque))
    if machine.teeth:
        lines += [(float(machine.teeth) + side, 0.3 * torque * share)
                  for side, share in ((0, 1.0), (-1, 0.3), (1, 0.3), (-2, 0.1), (2, 0.1))]  # fmt: skip
    turns_s = machine.rpm * state.speed / 60.0
    size, hz = state.beats
    lines.append((2.0 * hz / turns_s, FLOOR * size))
    lines.append((ROCKS_HZ / turns_s, ROCKS * state.mounts.get(end, 0.0)))
    areas = [(kind, area) for (at, kind), area in sorted(state.spalls.items()) if at == end]
    for kind, area in areas:
        shaken = ROUGH * v * math.sqrt(area) * state.load
        lines += [(n * rate(machine, kind), shaken / n**1.5) for n in (1, 2)]
    return lines


# -- blows -------------------------------------------------------------------------------------------------


def rate(machine: Machine, kind: str) -> float:
    """Blows a turn: a rolling element's spall meets a ring twice a turn of its own."""
    orders = machine.bearing.orders
    return {"outer_race": orders["BPFO"], "inner_race": orders["BPFI"], "rolling_element": 2.0 * orders["BSF"]}[kind]


def _hits(machine: Machine, kind: str, area: float, state: State, turn: float,
          rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """When blows fall in the snapshot, in samples, and how hard, m/s2.

    Rolling elements slip, so that intervals differ by 1 … 2 %. A spot that turns goes in and out of the load zone:
    once a turn on the inner ring, once a turn of the cage on a rolling element.
    """
    turns_s = machine.rpm * state.speed / 60.0
    period = RATE / (rate(machine, kind) * turns_s)
    n = int(LENGTH / period * 1.1) + 4
    at = rng.uniform(0.0, period) + np.cumsum(period * (1.0 + SLIP * rng.standard_normal(n)))
    orders = {"outer_race": 0.0, "inner_race": 1.0, "rolling_element": machine.bearing.orders["FTF"]}
    angle = turn + 2.0 * math.pi * orders[kind] * turns_s / RATE * at
    zone = np.ones(n) if kind == "outer_race" else np.maximum(np.cos(angle), 0.0) ** 1.5  # after Stribeck
    size = BLOW * math.sqrt(area) * state.load * state.speed * zone * (1.0 + 0.15 * rng.standard_normal(n))
    return at, size


def _from_outside(blows: np.ndarray, state: State, end: str, rng: np.random.Generator) -> None:
    """A blow on the housing, the beat of a machine beside it, and a loose accelerometer that rattles."""
    if state.knock:
        strike(blows, rng.uniform(0.1, 0.8, 1) * LENGTH, np.array([state.knock]))
    size, hz = state.beats
    if size:
        at = np.arange(rng.uniform(0.0, 1.0), LENGTH * hz / RATE, 1.0) * RATE / hz
        strike(blows, at, size * (1.0 + 0.2 * rng.standard_normal(len(at))))
    loose = state.mounts.get(end, 0.0)
    if loose:
        n = rng.poisson(60.0 * LENGTH / RATE)
        strike(blows, rng.uniform(0.0, LENGTH, n), loose * RATTLE * rng.standard_normal(n))


def _froth(machine: Machine, state: State, rng: np.random.Generator) -> np.ndarray:
    """Bubbles collapse in bursts, more of them as each vane passes: broadband noise, m/s2."""
    hz = max(machine.vanes, 1) * machine.rpm * state.speed / 60.0
    beat = 1.0 + 0.5 * np.sin(2.0 * math.pi * hz / RATE * np.arange(LENGTH) + rng.uniform(0.0, 2.0 * math.pi))
    return FROTH * state.cavitation * state.load * beat * rng.standard_normal(LENGTH)


def strike(blows: np.ndarray, at: np.ndarray, size: np.ndarray) -> None:
    """Put blows of `size` at times `at` (samples, between which they are shared) into a train."""
    inside = (at >= 0.0) & (at < len(blows) - 1)
    at, size = at[inside], size[inside]
    low = at.astype(int)
    share = at - low
    np.add.at(blows, low, size * (1.0 - share))
    np.add.at(blows, low + 1, size * share)


@cache
def _ringing(resonance: float) -> np.ndarray:
    """Transform of what one blow of 1 leaves: a decaying oscillation of peak near 1."""
    t = np.arange(LENGTH) / RATE
    omega = 2.0 * math.pi * resonance
    return np.fft.rfft(np.exp(-DAMPING * omega * t) * np.sin(omega * math.sqrt(1.0 - DAMPING**2) * t))


@cache
def _housing(resonance: float) -> np.ndarray:
    """How noise reaches the housing: flat, and lifted around the resonance."""
    f = np.fft.rfftfreq(LENGTH, 1.0 / RATE)
    r = f / resonance
    bump = 1.0 / np.hypot(1.0 - r * r, 2.0 * 3.0 * DAMPING * r)  # many modes around it: broader than one
    return 0.5 + 0.5 * np.minimum(bump, 4.0) * (r / np.sqrt(1.0 + r**4))

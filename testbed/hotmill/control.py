"""What the mill's controls ask for every 10 ms: monitor on the X-ray gauge, loopers' height and tension, the notch."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field

import numpy as np

from testbed.hotmill import looper
from testbed.hotmill.schedule import STANDS, TENSION, Lines
from testbed.hotmill.system import ANGLE, GAPS, GAUGE, HELD, SPEED, STRESS, TORQUE, TRIM, Shape

PERIOD_S = 0.01
MONITOR_S = 2.0  # s, integral of the monitor
MONITOR_LIMIT = 0.2  # mm
SHARES = np.array([0.0, 0.0, 0.0, 0.0, 0.3, 0.6, 1.0])  # the monitor trims the last three stands (domain: 3c)
ANSWER_S = 0.1  # s in which gaugemeter control has carried out a trim: Smith's model of it
HEIGHT_HZ = 0.6  # crossover of the height loop, 0.5 … 1 Hz (domain: 3c)
RESET = 0.5  # 1/s, integral of the height loop
TRIM_LIMIT = 0.03  # share of a stand's speed that the height loop may give or take
PULL, PULL_RESET = 0.3, 1.0  # of a tension error, and 1/s: the torque loop
NOTCH_S = 1.5  # s in which the notch learns a ripple
LEARN = PERIOD_S / NOTCH_S * 2.0
LOW = looper.REST - looper.TARGET  # rad, a looper that waits


@dataclass(slots=True)
class Control:
    """State of the slow loops.

    Attributes:
        monitor: mm that the monitor asks of the last stand. answered: of these, carried out; `past` keeps them.
        height: rad·s for each looper. pull: MPa·s. cosine, sine: mm of ripple the notch knows of each stand.
        trims: share of speed that each looper's height loop last asked for, (6,).
    """

    monitor: float = 0.0
    answered: float = 0.0
    past: list[float] = field(default_factory=lambda: [0.0] * 512)
    at: int = 0
    height: np.ndarray = field(default_factory=lambda: np.zeros(GAPS))
    pull: np.ndarray = field(default_factory=lambda: np.zeros(GAPS))
    trims: np.ndarray = field(default_factory=lambda: np.zeros(GAPS))
    cosine: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    sine: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))

    def copy(self) -> Control:
        twin = copy.copy(self)
        twin.past = list(self.past)
        return twin  # arrays are replaced, never written to

    def new_coil(self) -> None:
        """The monitor begins anew; what the loopers' trims have learnt stays."""
        self.monitor = self.answered = 0.0
        self.past = [0.0] * len(self.past)
        self.cosine, self.sine = np.zeros(STANDS), np.zeros(STANDS)

    def gauge(self, reading: float, delay_s: float, is_on: bool) -> None:
        """The X-ray gauge's departure in mm, `delay_s` after the rolls; integral with Smith's predictor."""
        self.answered += PERIOD_S / ANSWER_S * (self.monitor - self.answered)
        self.past[self.at % len(self.past)] = self.answered
        then = self.past[(self.at - min(round(delay_s / PERIOD_S), len(self.past) - 1)) % len(self.past)]
        self.at += 1
        if is_on:
            self.monitor -= PERIOD_S / MONITOR_S * (reading + self.answered - then)
            self.monitor = min(max(self.monitor, -MONITOR_LIMIT), MONITOR_LIMIT)
        else:
            self.monitor *= 1.0 - PERIOD_S

    def loopers(self, x: np.ndarray, tuning: Tuning, active: np.ndarray, wanted: np.ndarray, lines: Lines) -> tuple:
        """Speed trims (6,), shares, and torques (6,), N m, from the state; `wanted` MPa beside the usual tension."""
        angle, stress = x[ANGLE], x[STRESS] - wanted
        raw = -(tuning.gain * angle + tuning.reset * self.height) * (tuning.scale * looper.slope() / lines.speed[:-1])
        trims = np.minimum(np.maximum(raw, -TRIM_LIMIT), TRIM_LIMIT)
        moves = active & (np.abs(raw) < TRIM_LIMIT)
        self.height = self.height + np.where(moves, PERIOD_S * angle, 0.0)
        self.pull = np.where(active, self.pull + PERIOD_S * stress, 0.0)
        self.trims = np.where(active, trims, 0.0)
        lever = looper.lever(lines.width, lines.exit[:-1])
        torque = np.where(active, lever * (wanted - PULL * stress - PULL_RESET * self.pull), LOW)
        return self.trims, torque

    def notch(self, error: np.ndarray, angle: np.ndarray) -> np.ndarray:
        """mm of each stand's gaugemeter error (7,) that turns with its backup rolls, at `angle` rad (7,).

        An adaptive notch (Widrow et al., Proc. IEEE 63 (1975) 1692), locked to the rolls.
        """
        c, s = np.cos(angle), np.sin(angle)
        known = self.cosine * c + self.sine * s
        left = error - known
        self.cosine, self.sine = self.cosine + LEARN * left * c, self.sine + LEARN * left * s
        return known


@dataclass(frozen=True, slots=True)
class Tuning:
    """Of the height loops, each (6,): proportional rad/s per rad, integral 1/s2 per rad, and a common factor."""

    gain: np.ndarray
    reset: np.ndarray
    scale: float = 1.0

    @classmethod
    def usual(cls) -> Tuning:
        crossover = 2.0 * math.pi * HEIGHT_HZ
        return cls(np.full(GAPS, crossover), np.full(GAPS, crossover * RESET))


def asked(
    control: Control, lines: Lines, shape: Shape, x: np.ndarray, tuning: Tuning, wanted: np.ndarray,
    errors: np.ndarray, notch: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """What is held for 10 ms, float64 (20,); `errors` of each drive, shares (7,); `notch` mm (7,)."""
    held = np.empty(HELD)
    held[TRIM] = SHARES * control.monitor + notch
    if shape.free:
        active = np.arange(GAPS) >= shape.first
        active &= np.arange(GAPS) < shape.last
        trims, held[TORQUE] = control.loopers(x, tuning, active, wanted, lines)
        # a trimmed stand takes those before it along, so that their loops stay
        upstream = np.append(np.cumsum(trims[::-1])[::-1], 0.0)
    else:
        upstream, held[TORQUE] = np.zeros(STANDS), 0.0
    held[SPEED] = shape.speed * lines.roll * (upstream + errors)
    return held


def reading(x: np.ndarray) -> float:
    """mm that the X-ray gauge's head shows, beside the thickness asked for."""
    return float(x[GAUGE])


def slack(tension: np.ndarray = TENSION) -> np.ndarray:
    """The departure in MPa at which a strip hangs loose, (6,)."""
    return -tension

"""What the mill's controls ask for every 10 ms: monitor on the X-ray gauge, loopers' height and tension, the notch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from testbed.hotmill import looper
from testbed.hotmill.schedule import STANDS, Lines
from testbed.hotmill.system import ANGLE, GAPS, STRESS, Shape

PERIOD_S = 0.01
MONITOR_S = 2.0  # s, integral of the monitor
MONITOR_LIMIT = 0.2  # mm
SHARES = np.array([0.0, 0.0, 0.0, 0.0, 0.3, 0.6, 1.0])  # the monitor trims the last three stands (domain: 3c)
ANSWER_S = 0.1  # s in which gaugemeter control has carried out a trim: Smith's model of it
HEIGHT_HZ = 0.6  # crossover of the height loop, 0.5 … 1 Hz (domain: 3c)
RESET = 0.5  # 1/s, integral of the height loop
TRIM_LIMIT = 0.08  # share of a stand's speed that the height loop may give or take
PULL, PULL_RESET = 0.3, 1.0  # of a tension error, and 1/s: the torque loop
NOTCH_S = 1.5  # s in which the notch learns a ripple
LEARN = PERIOD_S / NOTCH_S * 2.0
LOW = looper.REST - looper.TARGET  # rad, a looper that waits


@dataclass(slots=True)
class Control:
    """State of the slow loops.

    Attributes:
        monitor: mm that the monitor asks of the last stand. answered: of these, carried out; `past` keeps them.
        height: share of speed that each height loop has learnt. pull: MPa·s.
        cosine, sine: mm of ripple that the notch knows of each stand.
        trims: share of speed that each looper's height loop last asked for.
    """

    monitor: float = 0.0
    answered: float = 0.0
    past: list[float] = field(default_factory=lambda: [0.0] * 512)
    at: int = 0
    height: list[float] = field(default_factory=lambda: [0.0] * GAPS)
    pull: list[float] = field(default_factory=lambda: [0.0] * GAPS)
    trims: list[float] = field(default_factory=lambda: [0.0] * GAPS)
    cosine: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    sine: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))

    def copy(self) -> Control:
        return Control(
            self.monitor, self.answered, self.past.copy(), self.at, self.height.copy(), self.pull.copy(),
            self.trims.copy(), self.cosine, self.sine,  # which are replaced, never written to
        )  # fmt: skip

    def new_coil(self) -> None:
        """The monitor begins anew; what the loopers' trims have learnt stays."""
        self.monitor = self.answered = 0.0
        self.past = [0.0] * len(self.past)
        self.cosine, self.sine = np.zeros(STANDS), np.zeros(STANDS)

    def gauge(self, reading: float | None, delay_s: float) -> None:
        """The X-ray gauge's departure in mm, `delay_s` after the rolls; None where the monitor is not to act on it.

        Integral with Smith's predictor.
        """
        self.answered += PERIOD_S / ANSWER_S * (self.monitor - self.answered)
        self.past[self.at % len(self.past)] = self.answered
        then = self.past[(self.at - min(round(delay_s / PERIOD_S), len(self.past) - 1)) % len(self.past)]
        self.at += 1
        if reading is None:
            self.monitor *= 1.0 - PERIOD_S
        else:
            self.monitor -= PERIOD_S / MONITOR_S * (reading + self.answered - then)
            self.monitor = min(max(self.monitor, -MONITOR_LIMIT), MONITOR_LIMIT)

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
    """Of the height loops, each (6,): proportional rad/s per rad, integral 1/s2 per rad."""

    gain: np.ndarray
    reset: np.ndarray

    @classmethod
    def usual(cls) -> Tuning:
        crossover = 2.0 * math.pi * HEIGHT_HZ
        return cls(np.full(GAPS, crossover), np.full(GAPS, crossover * RESET))


@dataclass(frozen=True, slots=True, eq=False)
class Loops:
    """The loopers' two loops as they are tuned for one coil, speed and set of stands; what is reckoned once a block.

    Height: the stand before a looper runs slower the higher it stands, by `angle` shares for each rad and `height`
    shares a second, each (6,); speed follows the trims by `up` m/s, (7, 6). `each` gap, the last first, has its number,
    whether it holds strip, and one number of each of these: angle, height in a period, stress and pull (N m for each
    MPa and MPa·s, about a torque of N m), that torque, MPa wanted, m/s that its stand is told, m/s of its stand.
    `last` m/s that the last stand is told.
    """

    angle: np.ndarray
    height: np.ndarray
    up: np.ndarray
    each: tuple[tuple, ...]
    last: float

    @classmethod
    def of(cls, lines: Lines, shape: Shape, tuning: Tuning, wanted: np.ndarray, errors: np.ndarray) -> Loops:
        """`wanted` MPa beside the usual tension, (6,); `errors` of each drive, shares, (7,)."""
        some = (_GAP >= shape.first) & (_GAP < shape.last) & shape.free
        by = -looper.SLOPE / lines.speed[:-1]
        lever, roll = lines.lever, shape.speed * lines.roll
        angle, height, told = tuning.gain * by, tuning.reset * by, roll * errors
        columns = (
            _GAP, some, angle, PERIOD_S * height, lever * PULL, lever * PULL_RESET, lever * wanted, wanted, told[:-1],
            roll[:-1],
        )  # fmt: skip
        each = tuple(zip(*(column[::-1].tolist() for column in columns), strict=True))
        return cls(angle, height, roll[:, None] * _UPSTREAM, each, float(told[-1]))


def asked(control: Control, loops: Loops, x: np.ndarray, notch: np.ndarray) -> np.ndarray:
    """What is held for 10 ms, float64 (20,) as HELD has it, from the state; `notch` mm (7,).

    Number by number: six of them are too few for arrays to be faster.
    """
    trimmed = [share * control.monitor + known for share, known in zip(_SHARES, notch.tolist(), strict=True)]
    speed, torques = [loops.last] * STANDS, [LOW] * GAPS
    angles, stresses = x[ANGLE].tolist(), x[STRESS].tolist()
    height, pull, trims = control.height, control.pull, control.trims
    along = 0.0  # a trimmed stand takes those before it along, so that their loops stay
    for j, holds, by_angle, climb, by_stress, by_pull, torque, wanted, told, roll in loops.each:
        if holds:
            angle, stress = angles[j], stresses[j] - wanted
            raw = by_angle * angle + height[j]
            trims[j] = min(max(raw, -TRIM_LIMIT), TRIM_LIMIT)
            if raw == trims[j]:
                height[j] += climb * angle
            pull[j] += PERIOD_S * stress
            torques[j] = torque - by_stress * stress - by_pull * pull[j]
            along += trims[j]
        else:
            trims[j] = pull[j] = 0.0
        speed[j] = told + roll * along
    return np.array(trimmed + speed + torques)


_GAP = np.arange(GAPS)
_SHARES = SHARES.tolist()
# a trimmed stand takes those before it along, so that their loops stay
_UPSTREAM = np.triu(np.ones((STANDS, GAPS)))

"""A stand around its working point: stretch, force, hydraulic gap, and the gaugemeter control on top. 1 kHz.

    h = S - e + F/M        the true thickness: gap, less what an eccentric roll takes away, plus the stretch
    F = w - Q h            the strip's answer; w is what comes in with the strip (thickness, heat, tension)
    g = S + F/M            what the gaugemeter makes of it (Sims, BISRA 1950): it cannot see e

All are departures from the coil's set-up, in mm and MN. Where the gaugemeter is held still, F = -M S and so h = -e: the
control rolls the whole eccentricity into the strip. Without control the stretch takes most of it: h = -e M/(M + Q).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DT = 1e-3  # s
STIFFNESS = 5.0  # MN/mm, M of the stand; 4 … 6 in practice
AGC_HZ = 2.0  # crossover of the gaugemeter loop
GAP_HZ, GAP_DAMPING = 12.0, 0.7  # hydraulic gap control, second order; 10 … 15 Hz
SLEW = 5.0  # mm/s, fastest gap
GAUGE_LAG_S = 0.02  # X-ray gauge
NOTCH_S = 1.5  # s in which the notch learns the ripple it takes out
MONITOR_S = 20.0  # s, the X-ray gauge trims the gaugemeter's zero with this time constant

_SPRING, _DAMPER = (2.0 * math.pi * GAP_HZ) ** 2, 2.0 * GAP_DAMPING * 2.0 * math.pi * GAP_HZ
_LAG = 1.0 - math.exp(-DT / GAUGE_LAG_S)


@dataclass(slots=True)
class Rows:
    """What a stretch of samples gave, one float a millisecond: true thickness, force, gap, gaugemeter, gauge head."""

    thickness: list[float]
    force: list[float]
    gap: list[float]
    gaugemeter: list[float]
    head: list[float]


@dataclass(slots=True)
class Stand:
    """State of the gap and of its control.

    Attributes:
        gap, speed: mm and mm/s. reference: what the gap is told, mm.
        trim: mm, the X-ray gauge's correction of the gaugemeter's zero.
        cosine, sine: mm, the ripple at the backup rolls' turning that the notch has learnt.
        head: mm, the true thickness as the gauge's lag shows it, before the way there.
    """

    gap: float = 0.0
    speed: float = 0.0
    reference: float = 0.0
    trim: float = 0.0
    cosine: float = 0.0
    sine: float = 0.0
    head: float = 0.0

    def roll(
        self, w: list[float], e: list[float], noise: list[list[float]], angle: list[tuple[float, float]] | None,
        plastic: float, is_on: bool,
    ) -> Rows:  # fmt: skip
        """Roll len(w) samples. `e` in mm, `noise` of load cell (MN) and gap sensor (mm), which the control sees too.

        `angle` holds cosine and sine of the backup rolls where the notch is to take their turning out of the control.
        """
        rows = Rows([], [], [], [], [])
        total = STIFFNESS + plastic
        gain = DT * 2.0 * math.pi * AGC_HZ * total / STIFFNESS if is_on else 0.0
        learn = DT / NOTCH_S * 2.0
        gap, speed, reference, head = self.gap, self.speed, self.reference, self.head
        for i, push in enumerate(w):
            h = (STIFFNESS * (gap - e[i]) + push) / total
            force = push - plastic * h
            measured = gap + noise[i][1] + (force + noise[i][0]) / STIFFNESS - self.trim
            error = measured
            if angle is not None:  # an adaptive notch (Widrow et al., Proc. IEEE 63 (1975) 1692), locked to the rolls
                c, s = angle[i]
                error -= self.cosine * c + self.sine * s
                self.cosine += learn * error * c
                self.sine += learn * error * s
            reference -= gain * error
            speed += DT * (_SPRING * (reference - gap) - _DAMPER * speed)
            speed = min(max(speed, -SLEW), SLEW)
            head += _LAG * (h - head)
            rows.thickness.append(h)
            rows.force.append(force)
            rows.gap.append(gap)
            rows.gaugemeter.append(measured)
            rows.head.append(head)
            gap += DT * speed
        self.gap, self.speed, self.reference, self.head = gap, speed, reference, head
        return rows

    def idle(self, n: int) -> Rows:
        """No strip: the gap goes back to the set-up for the next coil."""
        self.reference = self.trim = self.cosine = self.sine = self.head = 0.0
        gaps = []
        for _ in range(n):
            self.speed += DT * (_SPRING * -self.gap - _DAMPER * self.speed)
            self.speed = min(max(self.speed, -SLEW), SLEW)
            gaps.append(self.gap)
            self.gap += DT * self.speed
        none, still = [math.nan] * n, [0.0] * n
        return Rows(none, still, gaps, still, none)

    def monitor(self, error: float, seconds: float) -> None:
        """Trim the gaugemeter's zero by `error` mm that the X-ray gauge found, `seconds` after the last time."""
        self.trim -= seconds / MONITOR_S * error

"""Mould level: steel in through the stopper, steel out with the strand, bulging in between, PI control on top.

A dh/dt = Qin - A v + Qbulge. One step is DT; lags are stepped exactly, the level by Euler (it only integrates).
"""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

DT = 0.05  # s
WIDTH, THICKNESS = 1.5, 0.25  # m
AREA = WIDTH * THICKNESS  # m2
DISCHARGE = 0.8  # Cd of the stopper gap
FLOW_AREA = math.pi * 0.075 * 0.7  # m2 of gap per m of lift (seat of 75 mm)
HEAD = 1.0  # m of steel over the stopper at the nominal tundish weight
NOMINAL_WEIGHT = 55.0  # t
STEEL = 7.0  # t/m3
GRAVITY = 9.81  # m/s2
ACTUATOR_S, NOZZLE_S, SENSOR_S = 0.15, 0.3, 0.3  # stopper lag, dead time nozzle to mould, level sensor lag
KP, TI = 0.2, 8.0  # m/m and s; stable from 0.1 to 0.3
STROKE = 0.09  # m, the stopper's mechanical limit
ROLL_PITCH = 0.25  # m, distance of the support rolls that the strand bulges between
EMPTY = -0.7  # m, the level of a mould that has run out
BULGE = 0.3e-3  # m, level amplitude of a healthy strand's bulging


def inflow(lift: float, weight: float, clog: float = 1.0) -> float:
    """Steel through the stopper, m3/s, for a lift in m and a tundish weight in t."""
    head = HEAD * max(weight, 0.0) / NOMINAL_WEIGHT
    return _flow(clog) * lift * math.sqrt(2.0 * GRAVITY * head)


def _flow(clog: float) -> float:
    """Of a nozzle that passes the share `clog`, m2 of gap that count for each m of lift."""
    return clog * DISCHARGE * FLOW_AREA


def lift_for(speed: float, weight: float = NOMINAL_WEIGHT, clog: float = 1.0) -> float:
    """Stopper lift in m that holds the level at a casting speed in m/s."""
    return AREA * speed / inflow(1.0, weight, clog)


Rest = tuple[float, float, float, float, float]  # level, measured level, lift, command: m; phase of the bulging


@dataclass(slots=True)
class LevelLoop:
    """State of the loop. Levels in m around the usual set-point, lifts in m.

    `clog`, `stick`, `bulge` and `area` are the parameters that faults and operators change.
    """

    level: float = 0.0
    measured: float = 0.0  # what the sensor says, lag and noise in it
    integral: float = 0.0
    command: float = 0.0
    drive: float = 0.0  # where the actuator stands
    lift: float = 0.0  # where the rod stands
    bulge_phase: float = 0.0
    leak: float = 0.0  # m/s the level falls through a hole in the strand; the stopper is shut then
    clog: float = 1.0  # share of its usual flow that the nozzle passes at a lift
    stick: float = 0.0  # m the actuator moves before a sticking rod follows
    bulge: float = BULGE
    area: float = AREA
    set_point: float = 0.0  # m from the usual one
    push: float = 0.0  # m the operator or a dither adds to the command
    disturbance: float = 0.0  # m by which the level sensor errs
    _under_way: deque[float] = field(default_factory=deque)

    @classmethod
    def steady(cls, speed: float, clog: float = 1.0) -> LevelLoop:
        """The loop at rest at a casting speed in m/s."""
        lift = lift_for(speed, clog=clog)
        delay = deque([lift] * round(NOZZLE_S / DT))
        return cls(integral=lift, command=lift, drive=lift, lift=lift, clog=clog, _under_way=delay)

    def step(self, speed: float, weight: float, noise: float) -> None:
        """One DT at a casting speed in m/s; `noise` is the sensor's, in m."""
        self.run([speed], [weight], [noise])

    def run(self, speeds: Sequence[float], weights: Sequence[float], noises: Sequence[float]) -> list[Rest]:
        """DT after DT at the given speeds (m/s), tundish weights (t) and noises (m): where it stood after each."""
        level, measured, integral, drive, lift = self.level, self.measured, self.integral, self.drive, self.lift
        phase, target, push, stick = self.bulge_phase, self.set_point, self.push, self.stick
        gain, area, leak, error_m = _flow(self.clog), self.area, self.leak, self.disturbance
        bulge, under_way = area * self.bulge, self._under_way
        command, trace = self.command, []
        for speed, weight, noise in zip(speeds, weights, noises, strict=True):
            error = target - measured
            integral += _INTEGRAL * error
            if not 0.0 <= integral <= STROKE:
                integral = min(max(integral, 0.0), STROKE)
            command = 0.0 if leak else min(max(integral + KP * error + push, 0.0), STROKE)
            drive += _ACTUATOR * (command - drive)
            if abs(drive - lift) > stick:
                lift = drive
            under_way.append(lift)
            omega = _TURN * speed / ROLL_PITCH
            phase = (phase + omega * DT) % _TURN
            bulging = bulge * omega * math.cos(phase)
            flow = (
                gain * under_way.popleft() * math.sqrt(_FALL * (HEAD * weight / NOMINAL_WEIGHT))
                - area * speed
                + bulging
            )
            level += DT * (flow / area - leak)
            if level < EMPTY:
                level = EMPTY
            measured += _SENSOR * (level + error_m - measured) + noise
            trace.append((level, measured, lift, command, phase))
        self.level, self.measured, self.integral, self.command = level, measured, integral, command
        self.drive, self.lift, self.bulge_phase = drive, lift, phase
        return trace

    def copy(self) -> LevelLoop:
        twin = copy.copy(self)
        twin._under_way = self._under_way.copy()
        return twin


_TURN = 2.0 * math.pi
_FALL = 2.0 * GRAVITY
_INTEGRAL = DT * KP / TI
_ACTUATOR = 1.0 - math.exp(-DT / ACTUATOR_S)
_SENSOR = 1.0 - math.exp(-DT / SENSOR_S)

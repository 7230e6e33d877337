"""Mould level: steel in through the stopper, steel out with the strand, bulging in between, PI control on top.

A dh/dt = Qin - A v + Qbulge. One step is DT; lags are stepped exactly, the level by Euler (it only integrates).
"""

from __future__ import annotations

import copy
import math
from collections import deque
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
BULGE = 0.3e-3  # m, level amplitude of a healthy strand's bulging


def inflow(lift: float, weight: float, clog: float = 1.0) -> float:
    """Steel through the stopper, m3/s, for a lift in m and a tundish weight in t."""
    head = HEAD * max(weight, 0.0) / NOMINAL_WEIGHT
    return clog * DISCHARGE * FLOW_AREA * lift * math.sqrt(2.0 * GRAVITY * head)


def lift_for(speed: float, weight: float = NOMINAL_WEIGHT) -> float:
    """Stopper lift in m that holds the level at a casting speed in m/s."""
    return AREA * speed / inflow(1.0, weight)


@dataclass(slots=True)
class LevelLoop:
    """State of the loop. Levels in m around the set-point, lifts in m."""

    level: float = 0.0
    measured: float = 0.0  # what the sensor says, lag and noise in it
    integral: float = 0.0
    command: float = 0.0
    lift: float = 0.0
    bulge_phase: float = 0.0
    leak: float = 0.0  # m/s the level falls through a hole in the strand; the stopper is shut then
    _under_way: deque[float] = field(default_factory=deque)

    @classmethod
    def steady(cls, speed: float) -> LevelLoop:
        """The loop at rest at a casting speed in m/s."""
        lift = lift_for(speed)
        delay = deque([lift] * round(NOZZLE_S / DT))
        return cls(integral=lift, command=lift, lift=lift, _under_way=delay)

    def step(self, speed: float, weight: float, noise: float) -> None:
        """One DT at a casting speed in m/s; `noise` is the sensor's, in m."""
        error = -self.measured
        self.integral = min(max(self.integral + DT * KP / TI * error, 0.0), STROKE)
        self.command = 0.0 if self.leak else min(max(self.integral + KP * error, 0.0), STROKE)
        self.lift += _ACTUATOR * (self.command - self.lift)
        self._under_way.append(self.lift)
        omega = 2.0 * math.pi * speed / ROLL_PITCH
        self.bulge_phase = (self.bulge_phase + omega * DT) % (2.0 * math.pi)
        bulging = AREA * BULGE * omega * math.cos(self.bulge_phase)
        flow = inflow(self._under_way.popleft(), weight) - AREA * speed + bulging
        self.level = max(self.level + DT * (flow / AREA - self.leak), -0.7)
        self.measured += _SENSOR * (self.level - self.measured) + noise

    def copy(self) -> LevelLoop:
        twin = copy.copy(self)
        twin._under_way = self._under_way.copy()
        return twin


_ACTUATOR = 1.0 - math.exp(-DT / ACTUATOR_S)
_SENSOR = 1.0 - math.exp(-DT / SENSOR_S)

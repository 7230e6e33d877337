"""The coil in the stand: its speed, its head and tail, and what its entry brings along. Stepped every 20 ms."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field

import numpy as np

from testbed.mill.rolling import RATE_POWER, SetUp

KNOT_S = 0.02  # s between steps; in between, all runs straight
ZOOM = 0.15  # m/s2, speeding up after the head and slowing down before the tail
THREADING = 0.85  # of the run speed, while head and tail are under way
HEAD_S, TAIL_S = 8.0, 8.0  # s of the coil at threading speed
LOCK_S = 1.5  # s after the head until gauge control may act
ENTRY_SIGMA, ENTRY_M = 0.005, 15.0  # mm and m: thickness from the stand before, and over how much strip it changes
HEAT_SIGMA, HEAT_M = 2.0, 40.0  # K and m
HARD_SIGMA, HARD_M = 0.008, 0.5  # MN and m: texture of strength and friction
TENSION, TENSION_SIGMA, TENSION_S = 6.0, 0.15, 0.4  # MPa and s: looper
RUNDOWN = 15.0  # K that the tail is colder than the head
HEAD_COLD, HEAD_COLD_M = 12.0, 8.0  # K and m of the chilled head
GROWTH = 0.010  # mm that the rolls' heat closes the gap over a coil, unseen by the gaugemeter
CHANNELS = ("thickness", "heat", "hardness", "tension")


@dataclass(slots=True)
class Skid:
    """Cold marks of the furnace's skids: `heat` K deep, one each `pitch` m of strip (domain: F10)."""

    heat: float
    pitch: float
    phase: float
    rolled: float = 0.0
    share: float = 0.0  # fades in and out
    target: float = 1.0

    def step(self, length: float) -> float:
        """Temperature in K, `length` m of strip later: a rounded dip with its harmonics."""
        self.rolled += length
        self.share += min(max(self.target - self.share, -KNOT_S / 3.0), KNOT_S / 3.0)
        x = 2.0 * math.pi * self.rolled / self.pitch + self.phase
        return -self.heat * self.share * (math.cos(x) + 0.25 * math.cos(2 * x) + 0.08 * math.cos(3 * x))


@dataclass(slots=True)
class Knot:
    """The strip at one moment.

    Attributes:
        push: MN, w of the stand's equations. growth: mm, what the rolls' heat takes from the gap.
        speed: m/s of the roll's surface. entry: mm, heat: K, tension: MPa, departures at the entry.
    """

    push: float = 0.0
    growth: float = 0.0
    speed: float = 0.0
    entry: float = 0.0
    heat: float = 0.0
    tension: float = 0.0


@dataclass(slots=True)
class Coil:
    """One coil, from the wait before its head to its tail."""

    setup: SetUp
    wait_s: float
    rolling_s: float
    number: int
    age: float = 0.0  # s, from the beginning of the wait
    rolled: float = 0.0  # m of strip behind the stand
    target: float = 1.0  # speed as a multiple of the run speed, asked for by an operator
    speed: float = 0.0  # m/s of the strip
    skid: Skid | None = None
    _state: list[float] = field(default_factory=lambda: [0.0] * 6)

    @property
    def in_stand(self) -> bool:
        return self.wait_s <= self.age < self.wait_s + self.rolling_s - 1e-9

    @property
    def is_over(self) -> bool:
        return self.age >= self.wait_s + self.rolling_s - 1e-9

    @property
    def may_control(self) -> bool:
        """Gauge control is held off at the head."""
        return self.in_stand and self.age >= self.wait_s + LOCK_S

    def cut(self) -> None:
        """The tail comes within a second; where there is no strip, there is none to cut."""
        if self.in_stand:
            self.rolling_s = min(self.rolling_s, self.age - self.wait_s + 1.0)

    def copy(self) -> Coil:
        twin = copy.copy(self)
        twin.skid, twin._state = copy.copy(self.skid), list(self._state)
        return twin

    def step(self, noise: np.ndarray) -> Knot:
        """20 ms later; `noise` holds standard normal numbers, one for each of CHANNELS."""
        self.age += KNOT_S
        run, since = self.setup.speed, self.age - self.wait_s
        edge = since < HEAD_S or since > self.rolling_s - TAIL_S
        wanted = run * min(self.target, THREADING) if edge else run * self.target
        if self.speed == 0.0:
            self.speed = run * THREADING
        self.speed += min(max(wanted - self.speed, -ZOOM * KNOT_S), ZOOM * KNOT_S)
        length = self.speed * KNOT_S if self.in_stand else 0.0
        self.rolled += length
        return self._knot(noise.tolist(), since, length)

    def _knot(self, noise: list[float], since: float, length: float) -> Knot:
        setup, state = self.setup, self._state
        metres = self.speed * KNOT_S
        state[0], state[1] = _smooth(state[0], state[1], metres / ENTRY_M, noise[0])
        state[2], state[3] = _smooth(state[2], state[3], metres / HEAT_M, noise[1])
        state[4] += _ou(state[4], metres / HARD_M, noise[2])
        state[5] += _ou(state[5], KNOT_S / TENSION_S, noise[3])
        entry, hard = ENTRY_SIGMA * state[1], HARD_SIGMA * state[4]
        through = min(max(since / self.rolling_s, 0.0), 1.0)
        heat = HEAT_SIGMA * state[3] - RUNDOWN * (through - 0.5) - HEAD_COLD * math.exp(-self.rolled / HEAD_COLD_M)
        if self.skid is not None:
            heat += self.skid.step(length)
        tension = TENSION_SIGMA * state[5]
        if since > self.rolling_s - 1.0:
            tension = -TENSION  # the stand before has let the tail go
        push = (
            setup.by_entry * entry + setup.by_temperature * heat + setup.by_tension * tension + hard
            + RATE_POWER * setup.force * (self.speed / setup.speed - 1.0)
        )  # fmt: skip
        return Knot(push, GROWTH * through, self.speed / (1.0 + setup.slip), entry, heat, tension)


def _ou(value: float, share: float, noise: float) -> float:
    """Step of an Ornstein-Uhlenbeck process of unit variance that forgets with exp(-share)."""
    keep = math.exp(-share)
    return (keep - 1.0) * value + math.sqrt(1.0 - keep * keep) * noise


def _smooth(inner: float, outer: float, share: float, noise: float) -> tuple[float, float]:
    """An Ornstein-Uhlenbeck process and the same lagged once more, scaled back to unit variance."""
    inner += _ou(inner, share, noise)
    outer += (1.0 - math.exp(-share)) * (math.sqrt(2.0) * inner - outer)
    return inner, outer

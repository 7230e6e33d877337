"""What comes out of the last stand: coil after coil with its speed, thickness and temperature, 0.1 s at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from testbed.noise import Noise, stream
from testbed.runout.cooling import DT, END_M
from testbed.runout.descaler import WIDTH

THREADING, ZOOM = 0.82, 0.1  # share of run speed until the coiler holds the head, and m/s2 from then on
HEAD_COLD, HEAD_M, RUNDOWN = 12.0, 8.0, 10.0  # K and m of the chilled head; K that the tail is colder
SIGMA, PATCH_M = 3.0, 40.0  # K and m of how the delivery temperature varies; judgement
BAR = 1040.0  # Cel of the bar behind the roughing mill (domain: 3c)
GRADES = ("SPHC", "SS400", "SM490")


@dataclass(frozen=True, slots=True)
class Now:
    """The strip at the last stand, and the bar under the descaler.

    Attributes:
        speed: m/s of the strip; of what still lies on the table where none comes.
        thickness, width: mm.
        entry: Cel of the strip that comes; None where none does.
        bar: Cel of the bar under the descaler; None where there is none.
        coil, grade: what it is called.
    """

    speed: float
    thickness: float
    width: float
    entry: float | None
    bar: float | None
    coil: str
    grade: str


class Coils:
    """Coils of the table's own, for where no mill feeds it."""

    def __init__(self, seed: int, spec: Mapping[str, tuple[float, float]], is_even: bool) -> None:
        self._seed, self._spec, self._is_even = seed, dict(spec), is_even
        self._noise = Noise(seed, ["runout/delivery"])
        self._drift = 0.0
        self.number = 0
        self._set_up()
        self._before = self._run, self._thickness  # of the coil that may still lie on the table

    def _set_up(self) -> None:
        rng = stream(self._seed, f"runout/coil/{self.number}")
        drawn = {name: float(rng.uniform(*ends)) for name, ends in self._spec.items()}
        self._thickness, self._delivery = round(drawn["thickness"], 2), drawn["delivery"]
        self._run = drawn["speed"] or 11.0 * (2.3 / self._thickness) ** 0.6  # m/s; 11 for 2.3 mm, 8 for 4 mm
        self._wait = 2.0 if self.number == 0 else drawn["wait_s"]
        self._length = drawn["coil_s"] * self._run  # m
        self._grade = str(rng.choice(GRADES))
        self._age = self._rolled = self._speed = 0.0

    @property
    def coil(self) -> str:
        return f"H{26_100_000 + self.number}"

    def step(self) -> Now:
        """DT later."""
        self._age += DT
        if self._age >= self._wait and self._rolled >= self._length:
            self.number += 1
            self._before = self._speed, self._thickness
            self._set_up()
        if self._age < self._wait:
            return Now(*self._before, WIDTH, None, None, self.coil, self._grade)
        if self._speed == 0.0:
            self._speed = self._run * (1.0 if self._is_even else THREADING)
        if self._rolled > END_M:
            self._speed = min(self._speed + ZOOM * DT, self._run)
        metres = self._speed * DT
        self._rolled += metres
        noise = float(self._noise.take(1)[0, 0])
        if self._is_even:
            return self._now(self._delivery, BAR)
        keep = math.exp(-metres / PATCH_M)
        self._drift = keep * self._drift + math.sqrt(1.0 - keep * keep) * noise
        departs = SIGMA * self._drift - RUNDOWN * (self._rolled / self._length - 0.5)
        head = HEAD_COLD * math.exp(-self._rolled / HEAD_M)
        return self._now(self._delivery + departs - head, BAR + departs)

    def _now(self, entry: float, bar: float) -> Now:
        return Now(self._speed, self._thickness, WIDTH, entry, bar, self.coil, self._grade)

    def copy(self) -> Coils:
        twin = Coils.__new__(Coils)
        twin.__dict__ = {**self.__dict__, "_noise": self._noise.copy()}
        return twin


EDGE_COLD = np.array([15.0, 5.0, 2.0, 0.0, 0.0, 0.0, 2.0, 5.0, 15.0])  # K that the bar's zones are colder

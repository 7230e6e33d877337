"""The mould oscillator: its phase, and the force that moves the mould against its mass and the strand's friction."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from connectors.items import Batch, block_times
from connectors.times import SECOND
from testbed.caster import tags
from testbed.caster.level import DT
from testbed.noise import Noise

FRICTION = 25.0  # kN between a sound strand and the mould
INERTIA = 120.0  # kN that the mould's mass takes
HZ = 100.0
QUANTUM, SIGMA = 0.1, 1.0  # kN


def strokes(speed: Any) -> Any:
    """Strokes a minute at one or many speeds, m/min: faster with the strand, to keep the negative strip time."""
    return 60.0 + 70.0 * speed


class Oscillator:
    """Phase of the oscillator, in turns."""

    def __init__(self, seed: int) -> None:
        self.phase = 0.0
        self._noise = Noise(seed, [tag.name for tag in tags.OSCILLATION.tags])

    def run(self, speeds: Sequence[float], drag: float) -> list[tuple[float, float, float]]:
        """DT after DT at speeds in m/min: phase, strokes a second, friction in kN, which is `drag` more than usual."""
        phase, friction, steps = self.phase, FRICTION * (1.0 + drag), []
        for speed in speeds:
            frequency = strokes(speed) / 60.0
            phase = (phase + frequency * DT) % 1.0
            steps.append((phase, frequency, friction))
        self.phase = phase
        return steps

    def batch(self, first: int, steps: list[tuple[float, float, float]]) -> Batch:
        """The force, kN, at HZ over steps that end at `first` (ns) and DT later each."""
        per = round(DT * HZ)
        phase, frequency, friction = (np.array(column)[:, None] for column in zip(*steps, strict=True))
        turns = 2 * np.pi * (phase + frequency * np.arange(1 - per, 1) * (1.0 / HZ)).ravel()
        wave = INERTIA * np.sin(turns) + np.repeat(friction, per) * np.sign(np.cos(turns))
        values = np.rint((wave + SIGMA * self._noise.take(len(turns))[:, 0]) / QUANTUM) * QUANTUM
        time = block_times(first - (per - 1) * SECOND // round(HZ), HZ, len(turns))
        return Batch(tags.OSCILLATION.tags, time, values[:, None], np.zeros((len(turns), 1), np.uint32))

    def copy(self) -> Oscillator:
        twin = copy.copy(self)
        twin._noise = self._noise.copy()
        return twin

"""What resembles chatter, its marks or a tearing weld, and is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from testbed.coldmill.chatter import CRITICAL, FRICTION_POWER, PITCH
from testbed.coldmill.flaws import Flaw
from testbed.coldmill.inputs import KNOT_S, WEAK, Inputs
from testbed.coldmill.places import stand_of, whole_line
from testbed.coldmill.rolling import STANDS
from testbed.coldmill.structure import RATE, K, N
from testbed.coldmill.tags import LINE, UNITS
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.coldmill.unit import ColdMillPlant

KINDS = ("weld_passing", "gear_mesh", "crane_impact", "backup_bearing", "emulsion_change", "speed_change",
         "coil_change")  # fmt: skip
AFTERMATH_S = 2.0  # s after the end in which its own traces still show
FADE_S = 0.5  # s in which a tone comes and goes
THIRD = 0.35  # third harmonic of a gear's mesh, as a share of the first; judgement
RUMBLE, RUMBLE_S = 0.05, 0.06  # m/s2 a N s, and s: the housings rumble after a blow; judgement
CLACK_HZ, CLACK_S = 1400.0, 0.002  # a bearing's knock rings in its chock: Hz and s; judgement


@dataclass(slots=True)
class Passing:
    """Something that begins at once, lasts `duration` s and passes."""

    duration: float
    age: float = 0.0

    def step(self, plant: ColdMillPlant, now: Inputs) -> bool:
        """20 ms later; True when it is over."""
        self.age += KNOT_S
        self.acts(plant, now)
        return self.age >= self.duration

    def acts(self, plant: ColdMillPlant, now: Inputs) -> None: ...

    def tore(self, stand: int) -> bool:
        """None of them tears strip."""
        return False


@dataclass(slots=True)
class GearMesh(Passing):
    """A gear stand hums for a while: its mesh and the third harmonic, in step with the speed."""

    stand: int = 0
    frequency: float = 190.0  # Hz at mill speed `at`
    size: float = 0.0  # m/s2
    at: float = 1.0
    phase: float = 0.0

    def acts(self, plant: ColdMillPlant, now: Inputs) -> None:
        angle = self.phase + 2.0 * np.pi * self.frequency * plant.line.speed / self.at / RATE * K
        self.phase = float(angle[-1]) % (2.0 * np.pi)
        t = self.age - KNOT_S + K / RATE
        fade = np.clip(np.minimum(t, self.duration - t) / FADE_S, 0.0, 1.0)
        now.shake[self.stand] += self.size * fade * (np.sin(angle) + THIRD * np.sin(3.0 * angle))


@dataclass(slots=True)
class CraneImpact(Passing):
    """A crane sets something down: a blow that every stand feels, each a little differently."""

    blows: np.ndarray = field(default_factory=lambda: np.zeros((STANDS, N)))  # N, of the first 20 ms
    rumble: np.ndarray = field(default_factory=lambda: np.zeros((STANDS, N)))  # m/s2 of the housings, cut in 20 ms

    def acts(self, plant: ColdMillPlant, now: Inputs) -> None:
        if self.age <= KNOT_S:
            now.push += self.blows
        at = round(self.age / KNOT_S - 1.0) * N
        now.shake += self.rumble[:, at : at + N] if at + N <= self.rumble.shape[1] else 0.0


@dataclass(slots=True)
class BackupBearing(Passing):
    """A backup roll's bearing knocks for a while: into the modes, and in its own chock."""

    stand: int = 0
    every: float = 0.016  # s
    size: float = 0.0  # N s
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    due: float = 0.0  # s until the next knock

    def acts(self, plant: ColdMillPlant, now: Inputs) -> None:
        while self.due < KNOT_S:
            at = min(int(self.due * RATE), N - 1)
            strength, late = self.rng.uniform(0.7, 1.3), self.rng.normal(0.0, 0.015)
            now.push[self.stand, at] += self.size * strength * RATE
            t = np.arange(N - at) / RATE
            ring = np.exp(-t / CLACK_S) * np.sin(2.0 * np.pi * CLACK_HZ * t)
            now.shake[self.stand, at:] += 2.0 * self.size * strength * ring
            self.due += self.every * (1.0 + late)
        self.due -= KNOT_S


@dataclass(slots=True)
class EmulsionChange(Passing):
    """The emulsion is weaker for a while, and every stand stays stable."""

    weaker: float = 0.0  # share of the concentration

    def acts(self, plant: ColdMillPlant, now: Inputs) -> None:
        ramp = np.clip(min(self.age, self.duration - self.age) / 2.0, 0.0, 1.0)
        now.concentration -= self.weaker * float(ramp)


@dataclass(slots=True)
class SpeedChange(Passing):
    """The mill runs slower for a while. On both ramps the drive's torque ripple sweeps through a stand's first mode."""

    back: float = 0.0  # m/s
    stand: int = 0
    frequency: float = 0.0  # Hz at the speed `back`
    size: float = 0.0  # N on the work roll
    phase: float = 0.0
    before: float = 0.0  # m/s

    def acts(self, plant: ColdMillPlant, now: Inputs) -> None:
        speed = plant.line.speed
        angle = self.phase + 2.0 * np.pi * self.frequency * speed / self.back / RATE * K
        self.phase = float(angle[-1]) % (2.0 * np.pi)
        if self.before and speed != self.before:
            now.push[self.stand] += self.size * np.sin(angle)
        self.before = speed
        if self.age >= self.duration:
            plant.line.run = self.back

    def step(self, plant: ColdMillPlant, now: Inputs) -> bool:
        """20 ms later; True when the mill is back at its speed."""
        self.age += KNOT_S
        self.acts(plant, now)
        return self.age > self.duration and plant.line.speed >= plant.line.run - plant.line.slower - 1e-9


@dataclass(slots=True)
class CoilChange(Passing):
    """The mill slows down, takes a weld through, cuts, and speeds up."""

    def acts(self, plant: ColdMillPlant, now: Inputs) -> None:
        if self.age <= KNOT_S:
            plant.line.coil_s = plant.line.age


Left = dict[str, float | str]
Begun = tuple[Passing | Flaw, str, float, dict[str, float | str]]  # thing, place, s, details


def begin(
    plant: ColdMillPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Passing | Flaw, Injection]:
    """Begin a look-alike. What the script leaves open is drawn."""
    left = dict(params)
    make: dict[str, Callable[[ColdMillPlant, str, Left, np.random.Generator], Begun]] = {
        "weld_passing": _weld_passing, "gear_mesh": _gear_mesh, "crane_impact": _crane_impact,
        "backup_bearing": _backup_bearing, "emulsion_change": _emulsion_change, "speed_change": _speed_change,
        "coil_change": _coil_change,
    }  # fmt: skip
    thing, place, duration, details = make[name](plant, where, left, rng)
    nothing_left(left, name, ("duration", "frequency", "size", "factor", "margin"))
    injection = Injection(key, name, place, "lookalike", forbids=("machine",), duration_s=duration + AFTERMATH_S,
                          details=details)  # fmt: skip
    return thing, injection


def _weld_passing(plant: ColdMillPlant, where: str, left: Left, rng: np.random.Generator) -> Begun:
    whole_line(where)
    seconds = float((PITCH / np.maximum(plant.line.strip(), 0.05)).sum()) + 0.5
    return Flaw(rng), LINE, seconds, {"speed_m_s": round(plant.line.speed, 2)}


def _gear_mesh(plant: ColdMillPlant, where: str, left: Left, rng: np.random.Generator) -> Begun:
    """`size` 1.2 … 1.6 m/s2 at `frequency` 172 … 225 Hz for `duration` 3 … 5 s."""
    stand = stand_of(where, rng)
    frequency, size = number(left, "frequency", 172.0, 225.0, rng), number(left, "size", 1.2, 1.6, rng)
    duration = number(left, "duration", 3.0, 5.0, rng)
    thing = GearMesh(duration, 0.0, stand, frequency, size, max(plant.line.speed, 1.0))
    return thing, UNITS[stand], duration, {"frequency_hz": round(frequency, 1), "size_m_s2": round(size, 2)}


def _crane_impact(plant: ColdMillPlant, where: str, left: Left, rng: np.random.Generator) -> Begun:
    """`size` 25 … 60 N s on every stand, within 20 ms."""
    whole_line(where)
    size = number(left, "size", 25.0, 60.0, rng)
    shape = np.sin(np.pi * np.arange(15) / 14.0)
    blows = np.zeros((STANDS, N))
    for stand, at in enumerate(rng.integers(0, 60, STANDS)):
        blows[stand, at : at + 15] = shape / shape.sum() * size * rng.uniform(0.6, 1.2) * RATE
    t = np.arange(10 * N) / RATE
    rumble = RUMBLE * size * np.exp(-t / RUMBLE_S) * rng.standard_normal((STANDS, len(t)))
    return CraneImpact(1.0, 0.0, blows, rumble), LINE, 1.0, {"size_N_s": round(size, 1)}


def _backup_bearing(plant: ColdMillPlant, where: str, left: Left, rng: np.random.Generator) -> Begun:
    """Knocks of `size` 4 … 7 N s at `frequency` 28 … 45 Hz for `duration` 3 … 6 s."""
    stand = stand_of(where, rng)
    frequency, size = number(left, "frequency", 28.0, 45.0, rng), number(left, "size", 4.0, 7.0, rng)
    duration = number(left, "duration", 3.0, 6.0, rng)
    thing = BackupBearing(duration, 0.0, stand, 1.0 / max(frequency, 1.0), size, rng)
    return thing, UNITS[stand], duration, {"frequency_hz": round(frequency, 1), "size_N_s": round(size, 2)}


def _emulsion_change(plant: ColdMillPlant, where: str, left: Left, rng: np.random.Generator) -> Begun:
    """So weak that `margin` (0.02 … 0.05) is left of the damping of the stand that is nearest to singing.

    For `duration` 8 … 15 s.
    """
    whole_line(where)
    margin, duration = number(left, "margin", 0.02, 0.05, rng), number(left, "duration", 8.0, 15.0, rng)
    nearest = float(CRITICAL.min()) * math.sqrt(max(1.0 - margin, 0.0)) / max(plant.line.speed, plant.line.run, 1.0)
    weaker = max(nearest ** (1.0 / FRICTION_POWER) - 1.0, 0.0) / WEAK
    return EmulsionChange(duration, 0.0, min(weaker, 0.5)), LINE, duration, {"margin": round(margin, 4)}


def _speed_change(plant: ColdMillPlant, where: str, left: Left, rng: np.random.Generator) -> Begun:
    """To `factor` 0.85 … 0.95 of the speed and back, after `duration` 4 … 7 s; a ripple of `size` 500 … 800 N."""
    stand = stand_of(where, rng)
    factor, duration = number(left, "factor", 0.85, 0.95, rng), number(left, "duration", 4.0, 7.0, rng)
    size, back = number(left, "size", 500.0, 800.0, rng), max(plant.line.run, 1.0)
    factor = min(max(factor, 0.2), 1.0)
    plant.line.run = back * factor
    frequency = float(plant.structure.omega[stand, 0]) / (2.0 * math.pi * math.sqrt(factor))
    thing = SpeedChange(duration, 0.0, back, stand, frequency, size)
    return thing, UNITS[stand], duration + 4.0, {"factor": round(factor, 3), "size_N": round(size, 0)}


def _coil_change(plant: ColdMillPlant, where: str, left: Left, rng: np.random.Generator) -> Begun:
    whole_line(where)
    return CoilChange(50.0), LINE, 50.0, {"coil": float(plant.line.number)}

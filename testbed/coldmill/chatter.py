"""Third-octave chatter: the tension between the stands feeds the first mode, and above a critical speed it wins.

x'' + 2 (zs - zn) w x' + w^2 x = force, zn = zs (v / v_crit)^2 (domain: 3e). Poorer lubrication and a heavier reduction
lower the critical speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.coldmill.inputs import DRY, KNOT_S, Inputs
from testbed.coldmill.places import stand_of
from testbed.coldmill.rolling import BACK, ENTRY, EXIT, SPEED
from testbed.coldmill.tags import UNITS
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.coldmill.unit import ColdMillPlant

CRITICAL = np.array([36.0, 32.0, 28.0, 25.5, 24.5])  # m/s behind the last stand at which each stand sings; judgement
FRICTION_POWER = 3.0  # of the friction in the critical speed
GAUGE_BREAKS, TENSION_BREAKS = 0.25, 0.60  # of the mean: domain: 3e, 20 … 30 % and 60 %
PITCH = 4.5  # m between stands, judgement
MODULUS = 206e9  # Pa, steel
SLIP_PER_PA = 1e-9  # forward and backward slip together answer to tension; hot strip: 4e-9 (domain: 3c), cold is harder
_STRIP = EXIT[-1] / EXIT  # speed behind each stand as a share of the last
STARVE_S = 0.15  # s in which the film thins after the flow
QUIET_SHARE = 0.02  # of the thickness: a ripple below is over
REACTION_S = 0.5  # 0.2 s from the alarm to the drives, 0.3 s of braking: later, and the strip tears


def critical(friction: np.ndarray, reduction: np.ndarray) -> np.ndarray:
    """Critical speed of each stand, (5,) m/s behind the last; both as multiples of the usual. Powers are judgement."""
    return CRITICAL / (friction**FRICTION_POWER * np.sqrt(np.maximum(reduction, 0.1)))


def damping(structural: np.ndarray, speed: float, critical_speed: np.ndarray) -> np.ndarray:
    """Net damping ratio of each stand's first mode, (5,), at `speed` m/s behind the last."""
    return structural * (1.0 - (speed / critical_speed) ** 2)


def tension_per_gap(omega: np.ndarray, speed: float) -> np.ndarray:
    """MPa before each stand per m of gap, complex (5,), at each stand's frequency (rad/s).

    d(tension)/dt = (E/L) (V dh/H - V a tension): a wider gap takes more strip in, and slip gives way.
    """
    stiff = MODULUS / PITCH * speed * _STRIP
    return 1e-3 * stiff / ENTRY / (1j * omega + stiff * SLIP_PER_PA)


def breaks(gap: np.ndarray, per_gap: np.ndarray, level: float) -> np.ndarray:
    """Whether the strip tears at each stand, (5,): by ripples of the gap, (5, n) m, or of the tension before it.

    `level` is the tension's mean as a share of the usual.
    """
    largest = np.abs(gap).max(axis=1)
    thin = largest > GAUGE_BREAKS * EXIT * 1e-3
    return thin | (largest * np.abs(per_gap) > TENSION_BREAKS * BACK * max(level, 0.1))


@dataclass(slots=True)
class Chatter:
    """A stand that its emulsion starves until it sings."""

    stand: int
    flow: float  # share of the emulsion that is left in the end
    age: float = 0.0

    def step(self, plant: ColdMillPlant, now: Inputs) -> bool:
        """20 ms later; True once it is over."""
        self.age += KNOT_S
        now.lubricant[self.stand] -= (1.0 - self.flow) * (1.0 - np.exp(-self.age / STARVE_S))
        is_over = plant.zeta[self.stand] > 0 and plant.ripple[self.stand] < QUIET_SHARE * EXIT[self.stand] * 1e-3
        return bool(is_over and self.age > 1.0)

    def tore(self, stand: int) -> bool:
        """Whether it is to blame for strip that tore at `stand`."""
        return stand == self.stand


def chatter(
    plant: ColdMillPlant, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Chatter, Injection]:
    """A stand loses so much of its emulsion that its first mode grows.

    Parameters: `growth` (0.2 … 0.4 s), the time in which the amplitude grows by e at the present speed. `where`: a
    stand; drawn from S3 to S5 if left open.
    """
    stand = stand_of(where, rng, first=2)
    left = dict(params)
    growth = number(left, "growth", 0.2, 0.4, rng)
    nothing_left(left, "chatter", ("growth",))
    omega, zeta = plant.structure.omega[stand, 0], plant.structure.zeta[stand, 0]
    excess = 1.0 / (max(growth, 0.02) * omega) / zeta
    speed = max(plant.line.speed, 0.3 * SPEED)
    friction = (CRITICAL[stand] * np.sqrt(1.0 + excess) / speed) ** (1.0 / FRICTION_POWER)
    flow = float(np.clip(1.0 - (friction - 1.0) / DRY, 0.0, 1.0))
    details = {
        "growth_s": round(growth, 3),
        "flow_left": round(flow, 3),
        "frequency_hz": round(float(omega) / 2 / np.pi, 1),
    }
    injection = Injection(key, "chatter", UNITS[stand], "fault", ("machine",), (), REACTION_S, None, details)
    return Chatter(stand, flow), injection

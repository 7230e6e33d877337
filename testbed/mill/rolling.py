"""What a pass takes: flow stress, roll force, torque, slip, and how each answers to a small change. Plain numbers.

Lengths in mm, forces in MN, stresses in MPa, temperatures in Cel, speeds in m/s unless said otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

HITCHCOCK = 2.2e-5  # mm2/N, elastic flattening of steel rolls (Hitchcock 1935)
LEVER = 0.48  # lever arm of the force as a share of the contact length, hot flat rolling
STEP = 0.01  # mm or K, small enough for a slope
RATE_POWER = 0.13  # exponent of the strain rate in the flow stress


def flow_stress(carbon: float, temperature: float, strain: float, rate: float) -> float:
    """Mean flow stress in MPa (Misaka and Yoshimoto, J. JSTP 8 (1967) 414): `carbon` in %, `rate` in 1/s.

    >>> round(1.155 * flow_stress(0.05, 880.0, 0.267, 169.0))
    234
    """
    c, kelvin = carbon, temperature + 273.15
    per = 0.126 - 1.75 * c + 0.594 * c * c + (2851.0 + 2968.0 * c - 1120.0 * c * c) / kelvin
    return 9.807 * math.exp(per) * strain**0.21 * rate**RATE_POWER


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass: entry and exit thickness, temperature, work-roll radius, exit speed, carbon; F7 as preset."""

    entry: float = 2.9
    exit: float = 2.3
    temperature: float = 880.0
    radius: float = 340.0
    speed: float = 11.0  # of the strip behind the stand
    carbon: float = 0.05

    def rolled(self) -> Rolled:
        """Force, slip and contact at these values (Sims, Proc. IMechE 168 (1954) 191).

        F = w k L Q, k = 1.155 flow stress, L = sqrt(R' dh), the roll flattened by Hitchcock's R' = R (1 + C F/(w dh)).
        """
        draft, reduction = self.entry - self.exit, 1.0 - self.exit / self.entry
        strain = 2.0 / math.sqrt(3.0) * math.log(self.entry / self.exit)
        flat, length, force, slip = self.radius, 0.0, 0.0, 0.0
        for _ in range(8):  # the flattening settles to 1e-6 in five
            length = math.sqrt(flat * draft)
            factor, slip = _sims(reduction, flat / self.exit)
            roll = 1e3 * self.speed / (1.0 + slip)  # mm/s
            rate = roll / length * math.log(1.0 / (1.0 - reduction)) * 2.0 / math.sqrt(3.0)
            stress = 1.155 * flow_stress(self.carbon, self.temperature, strain, rate)
            force = stress * length * factor  # N/mm
            flat = self.radius * (1.0 + HITCHCOCK * force / draft)
        return Rolled(force * 1e-6, length, slip)


@dataclass(frozen=True, slots=True)
class Rolled:
    """Force in MN for each mm of width, contact length in mm, forward slip."""

    force: float
    length: float
    slip: float


def _sims(reduction: float, ratio: float) -> tuple[float, float]:
    """Sims' form factor Q and the forward slip at his neutral angle; `ratio` of roll radius to exit thickness.

    >>> factor, slip = _sims(0.207, 198.0)
    >>> round(factor, 1), round(slip, 3)
    (2.4, 0.055)
    """
    a, s = math.sqrt(reduction / (1.0 - reduction)), math.sqrt(ratio)
    left = math.log(1.0 - reduction)
    angle = math.tan(0.5 * math.atan(a) + math.pi / (8.0 * s) * left) / s
    neutral = 1.0 + 2.0 * ratio * (1.0 - math.cos(angle))  # thickness there, as a multiple of the exit's
    factor = 0.5 * math.pi / a * math.atan(a) - 0.25 * math.pi - s / a * (math.log(neutral) + 0.5 * left)
    return factor, neutral * math.cos(angle) - 1.0


@dataclass(frozen=True, slots=True)
class SetUp:
    """A coil's working point and the stand's answers around it, fixed while the coil is rolled.

    Attributes:
        width, entry, exit: of the strip, mm.
        force: MN.
        plastic: MN/mm of exit thickness, the strip's plastic stiffness.
        by_entry: MN/mm of entry thickness. by_temperature: MN/K. by_tension: MN/MPa.
        torque: kNm of both rolls per MN.
        speed: m/s of the strip. slip: of strip over roll.
    """

    width: float
    entry: float
    exit: float
    force: float
    plastic: float
    by_entry: float
    by_temperature: float
    by_tension: float
    torque: float
    speed: float
    slip: float

    @classmethod
    def of(cls, work: Pass, plastic: float) -> SetUp:
        """The coil of this pass whose plastic stiffness is `plastic` MN/mm; its width follows."""
        return replace(cls.wide(work, plastic / _softening(work, work.rolled())), plastic=plastic)

    @classmethod
    def wide(cls, work: Pass, width: float) -> SetUp:
        """The coil of this pass that is `width` mm wide."""
        at = work.rolled()
        entry = (replace(work, entry=work.entry + STEP).rolled().force - at.force) / STEP
        heat = (replace(work, temperature=work.temperature + STEP).rolled().force - at.force) / STEP
        return cls(
            width=width, entry=work.entry, exit=work.exit, force=width * at.force,
            plastic=width * _softening(work, at),
            by_entry=width * entry, by_temperature=width * heat, by_tension=-0.5e-6 * width * at.length,
            torque=2.0 * LEVER * at.length, speed=work.speed, slip=at.slip,
        )  # fmt: skip


def _softening(work: Pass, at: Rolled) -> float:
    """MN for each mm of width that the force falls by, a mm of exit thickness more; the mass flow stays."""
    slower = work.speed * work.exit / (work.exit + STEP)
    thicker = replace(work, exit=work.exit + STEP, speed=slower).rolled()
    return (at.force - thicker.force) / STEP

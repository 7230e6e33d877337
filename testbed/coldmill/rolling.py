"""The pass schedule of the five stands, and how each stand's force answers to a small change.

Thickness in mm, force in MN, stress in MPa, speed in m/s. Reference conditions: Shock and Vibration 2019, 4358631,
table 1. Strip width and roll radius are not published there; both are judgement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

HITCHCOCK = 2.2e-5  # mm2/N, elastic flattening of steel rolls (Hitchcock 1935)
STANDS = 5
WIDTH = 1000.0  # mm, judgement
RADIUS = 212.5  # mm of the work rolls, judgement: of the published mass
ENTRY = np.array([2.0, 1.269, 0.762, 0.460, 0.300])  # mm
EXIT = np.array([1.269, 0.762, 0.460, 0.300, 0.200])  # mm
FORCE = np.array([7.84, 8.46, 7.78, 7.50, 7.72])  # MN
ROLL_SPEED = np.array([3.38, 5.65, 9.43, 14.44, 22.12])  # m/s
FRONT = np.array([141.0, 165.0, 188.0, 206.0, 68.0])  # MPa, behind each stand
BACK = np.array([60.0, 141.0, 165.0, 188.0, 206.0])  # MPa, before each; the first, of the bridle, is judgement
FRICTION = np.array([0.065, 0.054, 0.043, 0.031, 0.020])  # published from .065 to .020; between them evenly
BACK_SHARE, FRONT_SHARE = 0.7, 0.3  # back tension takes more of the force in cold rolling; judgement
LEVER = 0.45  # lever arm of the force as a share of the contact length, cold strip; judgement
LAST_SLIP = 0.005  # forward slip of the last stand; the others follow from constant mass flow
SPEED = float(ROLL_SPEED[-1] * (1.0 + LAST_SLIP))  # m/s of the strip behind the last stand, at reference
STRIBECK = 0.5  # by how much more the strip rubs at rest, as a share; judgement


def roll_force(
    entry: float, exit_mm: float, friction: float, tension: float, stress: float, flat: float | None = None
) -> tuple[float, float, float]:
    """Force in MN, contact length in mm and radius of the flattened roll in mm of one pass.

    F = w L Q (k - t), Q = 1.08 + 1.79 r mu sqrt(1 - r) sqrt(R'/H) - 1.02 r (Bland and Ford 1948, fitted by Hill), with
    `stress` k and `tension` t in MPa; the roll is flattened by Hitchcock, unless `flat` says to what radius.
    """
    draft, r = entry - exit_mm, 1.0 - exit_mm / entry
    radius, force, length = flat or RADIUS, 0.0, 0.0
    for _ in range(60 if flat is None else 1):  # thin hard strip settles slowly
        length = math.sqrt(radius * draft)
        factor = 1.08 + 1.79 * r * friction * math.sqrt((1.0 - r) * radius / entry) - 1.02 * r
        force = WIDTH * length * factor * (stress - tension)  # N
        radius = flat or RADIUS * (1.0 + HITCHCOCK * force / (WIDTH * draft))
    return force * 1e-6, length, radius


@dataclass(frozen=True, slots=True)
class SetUp:
    """The working point and the answers around it, each float64 (5,), one a stand.

    Attributes:
        stress: MPa, flow stress that gives the published force. length: mm of contact.
        plastic: MN/mm of exit thickness. by_entry: MN/mm of entry thickness.
        by_friction: MN per share of friction. by_tension: MN/MPa of mean tension.
        torque: kNm of both rolls at the reference force. slip: forward slip.
    """

    stress: np.ndarray
    length: np.ndarray
    plastic: np.ndarray
    by_entry: np.ndarray
    by_friction: np.ndarray
    by_tension: np.ndarray
    torque: np.ndarray
    slip: np.ndarray

    @classmethod
    def reference(cls) -> SetUp:
        """Of the published schedule."""
        rows = np.array([_answers(i) for i in range(STANDS)])
        strip = SPEED * EXIT[-1] / EXIT
        return cls(*rows.T, slip=strip / ROLL_SPEED - 1.0)


def _answers(i: int) -> tuple[float, ...]:
    entry, exit_mm, friction = float(ENTRY[i]), float(EXIT[i]), float(FRICTION[i])
    tension = BACK_SHARE * float(BACK[i]) + FRONT_SHARE * float(FRONT[i])
    low, high = tension, 4000.0
    stress = high
    for _ in range(50):  # the force rises with the flow stress
        stress = 0.5 * (low + high)
        if roll_force(entry, exit_mm, friction, tension, stress)[0] < FORCE[i]:
            low = stress
        else:
            high = stress
    force, length, flat = roll_force(entry, exit_mm, friction, tension, stress)
    step = 1e-3 * exit_mm  # the roll stays as flat as it is: of thin strip the fit would turn over
    plastic = (force - roll_force(entry, exit_mm + step, friction, tension, stress, flat)[0]) / step
    by_entry = (roll_force(entry + step, exit_mm, friction, tension, stress, flat)[0] - force) / step
    by_friction = (roll_force(entry, exit_mm, 1.01 * friction, tension, stress)[0] - force) / 0.01
    by_tension = roll_force(entry, exit_mm, friction, tension + 1.0, stress)[0] - force
    return stress, length, plastic, by_entry, by_friction, by_tension, 2.0 * LEVER * length * force


def rubs(speed: float) -> float:
    """Friction as a multiple of that at the reference speed, `speed` m/s of the strip behind the last stand."""
    return 1.0 + STRIBECK * (1.0 - speed / SPEED)

"""True values of the 120 tags at 1 kHz, from a block as it was; float64 (100, k) in the order of the tag table."""

from __future__ import annotations

import numpy as np

from testbed.hotmill import looper, tags, walk
from testbed.hotmill.line import Block
from testbed.hotmill.schedule import RADII, TENSION, Lines
from testbed.hotmill.system import ANGLE, GAIN, GAP, GAPS, GAUGE, ROLL, SLEW, STRESS, TOLD
from testbed.hotmill.train import BLOCK, PART
from testbed.mill.stand import STIFFNESS

BENDING = 900.0  # kN
AREA = 0.60  # m2 of one side's cylinder
TORQUE_PER_KA = 140.0, 95.0, 75.0, 55.0, 42.0, 34.0, 28.0  # kNm for each kA, by the gear of each stand
COLD = 600.0  # Cel, a pyrometer's low end
SIZE = len(tags.STAND)
_AT = {short: slice(i, SIZE * 7, SIZE) for i, short in enumerate(tags.STAND)}
NOISY = [tags.index(tags.STANDS_GROUP, short) for short in ("FORCE_DS", "FORCE_WS")]


def force_noise(noise: np.ndarray) -> np.ndarray:
    """MN of both load cells of each stand, (100, 7), out of the noise of the stands' tags."""
    return noise[:, NOISY[0]] + noise[:, NOISY[1]]


def stands(block: Block, lines: Lines, noise: np.ndarray) -> np.ndarray:
    """`noise` (100, 98) of the tags: gaugemeter and total force are reckoned from measured values, and bring theirs."""
    rolled, now = block.rolled, block.conditions
    x, holds = rolled.x, rolled.holds
    force = (lines.force + rolled.force) * holds
    side = walk.side_force(force, block.aside)
    values = np.empty((BLOCK, SIZE * 7))
    gap = block.preset + x[:, GAP]
    values[:, _AT["ROLL_GAP"]] = gap
    values[:, _AT["FORCE_DS"]] = 0.5 * (force + side) + now.drive_side
    values[:, _AT["FORCE_WS"]] = 0.5 * (force - side) + now.work_side
    total = force + now.drive_side + now.work_side + force_noise(noise)
    values[:, _AT["ROLL_FORCE"]] = total
    roll = block.speed[:, None] * lines.roll + x[:, ROLL]
    values[:, _AT["ROLL_SPEED"]] = roll
    torque = lines.torque * force + _pull(x, lines, holds)
    values[:, _AT["MOTOR_TRQ"]] = torque
    values[:, _AT["MOTOR_I"]] = torque / TORQUE_PER_KA
    values[:, _AT["MOTOR_P"]] = torque * roll / RADII  # kNm · m/s / mm = MW
    values[:, _AT["BEND"]] = BENDING * holds
    values[:, _AT["H_GM"]] = gap + noise[:, _AT["ROLL_GAP"]] + total / STIFFNESS
    values[:, _AT["SERVO"]] = np.clip((GAIN * (x[:, TOLD] - x[:, GAP])) / (SLEW * now.pressure), -1.0, 1.0) * 100.0
    values[:, _AT["CYL_DS"]] = gap + 0.5 * now.tilt
    values[:, _AT["CYL_WS"]] = gap - 0.5 * now.tilt
    values[:, _AT["HYD_P"]] = 5.0 * force / AREA * now.pressure + 12.0  # MN/m2 of one side, in bar
    return values


def _pull(x: np.ndarray, lines: Lines, holds: np.ndarray) -> np.ndarray:
    """kNm that tension adds to each stand's torque."""
    tension = x[:, STRESS] + TENSION
    arm = 1e-6 * lines.width * np.array(RADII)
    pull = np.zeros((BLOCK, GAPS + 1))
    pull[:, :-1] = tension * (-arm * lines.exit)[:-1]
    pull[:, 1:] += tension * (arm * lines.entry)[1:]
    return pull * holds


def loopers(block: Block, lines: Lines) -> np.ndarray:
    """Angle, torque and tension of each gap, one after the other."""
    x = block.rolled.x
    values = np.empty((BLOCK, 3 * GAPS))
    angle = x[:, ANGLE] + looper.TARGET
    tension = x[:, STRESS] + TENSION
    lever = lines.lever
    values[:, 0::3] = np.degrees(angle)
    torque = np.repeat(block.asked[:, 14:20], PART, axis=0)
    holds = block.rolled.holds[:, :-1] & block.rolled.holds[:, 1:]
    values[:, 1::3] = 1e-3 * (looper.WEIGHT * np.cos(angle) + np.where(holds, lever * TENSION + torque, 0.0))
    values[:, 2::3] = tension
    return values


def delivery(block: Block, lines: Lines, spread: float) -> np.ndarray:
    """`spread` mm that the strip is wider than its set-up."""
    values = np.empty((BLOCK, 4))
    holds = block.rolled.holds
    x = block.rolled.x
    values[:, 0] = lines.exit[-1] + x[:, GAUGE] + block.conditions.gauge if block.in_gauge else 0.0
    values[:, 1] = np.where(holds[:, 0], lines.heat[0] + block.heat[:, 0], COLD)
    values[:, 2] = np.where(holds[:, -1], lines.heat[-1] + block.heat[:, -1], COLD)
    shrunk = 0.2 * np.maximum(x[:, STRESS], 0.0).sum(axis=1)  # mm; 0.1 … 0.3 for each MPa too much (domain: 3c)
    values[:, 3] = np.where(holds[:, -1], lines.width + spread - shrunk, 0.0)
    return values


__all__ = ["delivery", "loopers", "stands"]

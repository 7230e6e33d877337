"""True values of the 120 tags at 1 kHz, from a block as it was; float64 (100, k) in the order of the tag table."""

from __future__ import annotations

import numpy as np

from testbed.hotmill import looper, tags, walk
from testbed.hotmill.line import Block
from testbed.hotmill.schedule import RADII, STANDS, TENSION, Lines
from testbed.hotmill.system import ANGLE, GAIN, GAP, GAPS, GAUGE, ROLL, SLEW, STRESS, TOLD
from testbed.hotmill.train import BLOCK, PART
from testbed.mill.stand import STIFFNESS

BENDING = 900.0  # kN
AREA = 0.60  # m2 of one side's cylinder
TORQUE_PER_KA = 140.0, 95.0, 75.0, 55.0, 42.0, 34.0, 28.0  # kNm for each kA, by the gear of each stand
COLD = 600.0  # Cel, a pyrometer's low end
SIZE = len(tags.STAND)
_AT = {short: i for i, short in enumerate(tags.STAND)}
_RADII, _BY_CURRENT = np.array(RADII)[:, None], np.array(TORQUE_PER_KA)[:, None]


def force_noise(noise: np.ndarray) -> np.ndarray:
    """MN of both load cells of each stand, (100, 7), out of the noise of the stands' tags."""
    return noise[:, _AT["FORCE_DS"] :: SIZE] + noise[:, _AT["FORCE_WS"] :: SIZE]


def stands(block: Block, lines: Lines, noise: np.ndarray) -> np.ndarray:
    """`noise` (100, 98) of the tags: gaugemeter and total force are reckoned from measured values, and bring theirs."""
    now, x, sound = block.conditions, block.rolled.x.T.copy(), noise.reshape(BLOCK, STANDS, SIZE)
    holds, ds, ws = block.rolled.holds.T.copy(), now.drive_side.T, now.work_side.T
    force = (lines.force + block.rolled.force).T * holds
    side = walk.side_force(force, block.aside[:, None])
    values = np.empty((SIZE, STANDS, BLOCK))
    gap = values[_AT["ROLL_GAP"]] = block.preset[:, None] + x[GAP]
    values[_AT["FORCE_DS"]] = 0.5 * (force + side) + ds
    values[_AT["FORCE_WS"]] = 0.5 * (force - side) + ws
    total = values[_AT["ROLL_FORCE"]] = force + ds + ws + force_noise(noise).T
    roll = values[_AT["ROLL_SPEED"]] = block.speed * lines.roll[:, None] + x[ROLL]
    torque = values[_AT["MOTOR_TRQ"]] = lines.torque[:, None] * force + _pull(x, lines, holds)
    values[_AT["MOTOR_I"]] = torque / _BY_CURRENT
    values[_AT["MOTOR_P"]] = torque * roll / _RADII  # kNm · m/s / mm = MW
    values[_AT["BEND"]] = BENDING * holds
    values[_AT["H_GM"]] = gap + sound[:, :, _AT["ROLL_GAP"]].T + total / STIFFNESS
    current = (GAIN * (x[TOLD] - x[GAP])) / (SLEW * now.pressure)
    values[_AT["SERVO"]] = np.minimum(np.maximum(current, -1.0), 1.0) * 100.0
    values[_AT["CYL_DS"]] = gap + 0.5 * now.tilt[:, None]
    values[_AT["CYL_WS"]] = gap - 0.5 * now.tilt[:, None]
    values[_AT["HYD_P"]] = 5.0 * force / AREA * now.pressure + 12.0  # MN/m2 of one side, in bar
    return values.transpose(2, 1, 0).reshape(BLOCK, -1)


def _pull(x: np.ndarray, lines: Lines, holds: np.ndarray) -> np.ndarray:
    """kNm that tension adds to each stand's torque, (7, 100)."""
    tension = x[STRESS] + TENSION[:, None]
    arm = 1e-6 * lines.width * _RADII
    pull = np.zeros((STANDS, BLOCK))
    pull[:-1] = tension * (-arm * lines.exit[:, None])[:-1]
    pull[1:] += tension * (arm * lines.entry[:, None])[1:]
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

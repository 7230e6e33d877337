"""Where the strip runs across the mill: a tilted gap or a cambered bar pushes it aside, tension leads it back.

mm from the mill's centre, drive side positive; float64 (7,), one a stand. Constants are judgement.
"""

from __future__ import annotations

import math

import numpy as np

from testbed.hotmill.schedule import STANDS

STEP_S = 0.1
LED_S = 0.8  # s in which tension from the stand before leads it back
AWAY_S = 2.5  # s in which it runs away where the stand before has let it go
BY_TILT = 220.0  # mm aside for each mm of tilt
CARRIED = 0.85  # share of the stand before
WANDER, WANDER_S = 2.5, 1.5  # mm and s: it never runs quite straight
CHOCKS = 2600.0  # mm between the load cells of both sides
GUIDE = 100.0  # mm; further aside it runs into the guides (domain: F18)


def step(aside: np.ndarray, wander: np.ndarray, drive: np.ndarray, holds: np.ndarray, noise: np.ndarray) -> tuple:
    """100 ms later: (aside, wander). `drive` mm that each stand pushes it to, `holds` which stands hold strip."""
    keep = math.exp(-STEP_S / WANDER_S)
    wander = keep * wander + WANDER * math.sqrt(1.0 - keep * keep) * noise
    before = np.concatenate([[True], holds[:-1]])
    carried = np.concatenate([[0.0], CARRIED * aside[:-1]])
    towards = drive + wander + np.where(before, carried, 0.0)
    led = towards + (aside - towards) * math.exp(-STEP_S / LED_S)
    away = aside * math.exp(STEP_S / AWAY_S) + towards * (math.exp(STEP_S / AWAY_S) - 1.0)
    return np.where(holds, np.where(before, led, away), 0.0), wander


def side_force(force: np.ndarray, aside: np.ndarray) -> np.ndarray:
    """MN that the drive side takes more than the work side: a lever between the chocks."""
    return 2.0 * force * aside / CHOCKS


def started(rng: np.random.Generator) -> np.ndarray:
    """Where a head comes in, mm."""
    return np.clip(6.0 * rng.standard_normal(STANDS), -15.0, 15.0)

"""A looper between two stands: how its angle makes the loop longer, and what the strip and its own mass ask of it.

Geometry as surveyed by Choi, Rossiter and Fleming, J. Process Control 17 (2007) 533; dimensions are judgement.
"""

from __future__ import annotations

import numpy as np

ARM = 0.75  # m from pivot to the roll's axis
PIVOT = 2.0, -0.10  # m behind the stand and above the pass line, less the roll's radius
PITCH_M = 5.5
REST = np.deg2rad(10.0)  # where it waits for the strip
TARGET = np.deg2rad(22.0)  # angle asked for; 15 … 35 deg in use (domain: 3c)
STOP = np.deg2rad(60.0)  # its mechanical stop
INERTIA = 100.0  # kg m2
FRICTION = 60.0  # N m s
UNBALANCED = 0.2  # share of the load's change with the angle that the drive's table leaves over
WEIGHT = 2.0e3  # N m, of its own mass at the target


def loop(angle: float) -> float:
    """m by which the strip between the stands is longer than the pass line."""
    along, up = PIVOT[0] + ARM * np.cos(angle), PIVOT[1] + ARM * np.sin(angle)
    return float(np.hypot(along, up) + np.hypot(PITCH_M - along, up) - PITCH_M)


def slope(angle: float = TARGET) -> float:
    """m of strip for each rad, about 0.1 at the target.

    >>> round(slope(), 2)
    0.1
    """
    return (loop(angle + 1e-4) - loop(angle - 1e-4)) / 2e-4


def curve(angle: float = TARGET) -> float:
    """m of strip for each rad2: how the slope grows with the angle."""
    return (slope(angle + 1e-3) - slope(angle - 1e-3)) / 2e-3


def lever(width: float, thickness: np.ndarray) -> np.ndarray:
    """N m of the looper for each MPa of tension, by virtual work; mm and mm."""
    return 1e6 * (1e-3 * width) * (1e-3 * thickness) * SLOPE


SLOPE, CURVE = slope(), curve()  # at the target

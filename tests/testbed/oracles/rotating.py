"""Finds a fault of a machine knowing its name, and neither its place, nor its time, nor its size. Reads tags alone.

What stands out from its own first days by five standard deviations is called the fault: as crude as a limit on the
overall level, and as easily fooled.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

LEARNT = 20  # snapshots that are taken for normal
SIGMAS = 5.0
WATCHED = {
    "outer_race": ("ENV_RMS", "KURT"), "inner_race": ("ENV_RMS", "KURT"), "rolling_element": ("ENV_RMS", "KURT"),
    "unbalance": ("VEL_RMS",), "cavitation": ("ENV_RMS",),
}  # fmt: skip
LOOKALIKES = {
    "outer_race": ("speed_change", "load_change", "lubrication", "passing_impact", "neighbour", "loose_sensor"),
    "inner_race": ("speed_change", "load_change", "lubrication", "passing_impact", "neighbour", "loose_sensor"),
    "rolling_element": ("speed_change", "load_change", "lubrication", "passing_impact", "neighbour", "loose_sensor"),
    "unbalance": ("speed_change", "neighbour", "loose_sensor"),
    "cavitation": ("speed_change", "load_change", "lubrication", "neighbour", "loose_sensor"),
}


def find(fault: str, signals: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> int | None:
    """ns at which the oracle says that the fault is there; None if it never does.

    `signals` holds time (n,) and values (n,) by tag.
    """
    found = []
    for name, (time, values) in signals.items():
        if any(watched in name for watched in WATCHED[fault]):
            usual = values[:LEARNT]
            high = values > usual.mean() + SIGMAS * max(usual.std(ddof=1), 1e-9)
            if high[LEARNT:].any():
                found.append(int(time[LEARNT:][high[LEARNT:].argmax()]))
    return min(found, default=None)

"""Reads a running hot mill as a client would."""

from __future__ import annotations

import numpy as np

from connectors.items import Batch
from connectors.times import SECOND
from testbed.hotmill import tags
from testbed.hotmill.unit import HotMillPlant

TRUE = f"{tags.EXIT}/TRUE_THICKNESS"


def rolled(plant: HotMillPlant, seconds: float, step: float = 1.0) -> dict[str, np.ndarray]:
    """Measured values by group, (n, k), of `seconds` of rolling handed out in steps."""
    rows: dict[str, list[np.ndarray]] = {}
    end = plant.present + round(seconds * SECOND)
    while plant.present < end:
        for item in plant.advance(min(end, plant.present + round(step * SECOND))):
            if isinstance(item, Batch):
                rows.setdefault(item.group, []).append(item.values)
    return {name: np.concatenate(parts) for name, parts in rows.items()}


def stands(got: dict[str, np.ndarray], short: str) -> np.ndarray:
    """A tag of the seven stands, (n, 7)."""
    return got["stands"][:, tags.index(tags.STANDS_GROUP, short)]


def gaps(got: dict[str, np.ndarray], short: str) -> np.ndarray:
    """A tag of the six gaps, (n, 6)."""
    return got["loopers"][:, tags.index(tags.LOOPERS_GROUP, short)]


def delivery(got: dict[str, np.ndarray], short: str) -> np.ndarray:
    return got["delivery"][:, tags.index(tags.DELIVERY_GROUP, short)[0]]


def checks(got: dict[str, np.ndarray], short: str) -> np.ndarray:
    return got["checks"][:, tags.index(tags.CHECKS_GROUP, short)]


def true_thickness(plant: HotMillPlant, since: int) -> np.ndarray:
    """mm behind the last stand, at 100 Hz, since a time."""
    time, thickness = plant.true_signals()[TRUE]
    return thickness[time > since]


def ripple(values: np.ndarray, hz: float, rate: float) -> float:
    """Amplitude at one frequency, a straight line taken out."""
    t = np.arange(len(values)) / rate
    base = np.column_stack([np.cos(2 * np.pi * hz * t), np.sin(2 * np.pi * hz * t), np.ones_like(t), t])
    return float(np.hypot(*np.linalg.lstsq(base, values, rcond=None)[0][:2]))

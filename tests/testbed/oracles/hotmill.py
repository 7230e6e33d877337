"""Oracles of the hot mill: each knows a fault's name, not its place, time or size, and reads tags alone.

`figure` of each is one number of a stretch of rolling; above its limit the fault is there, says the oracle. Limits were
chosen on seeds from 10,000 up. They are as simple as they look, and what resembles the fault fools them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.testbed.hotmill.rolled import checks, gaps, stands

Got = dict[str, np.ndarray]
SLOPES = np.array([1.38, 2.0, 2.66, 3.2, 3.6, 3.95, 4.19])  # MN/mm, M Q/(M + Q) of each stand, as published


def turning(got: Got) -> float:
    """Highest ripple once a turn of a backup roll, in um of roll: the force as if the gap had stood still."""
    force, gap, speed = stands(got, "ROLL_FORCE"), stands(got, "ROLL_GAP"), stands(got, "ROLL_SPEED")
    found = []
    for i in range(7):
        signal = (force[:, i] + SLOPES[i] * gap[:, i])[: len(force) // 20 * 20].reshape(-1, 20).mean(axis=1)
        angle = np.cumsum(speed[: len(signal) * 20, i].reshape(-1, 20).mean(axis=1)) * 0.02 * 2.0 / 1.5
        base = np.column_stack([np.cos(angle), np.sin(angle), np.ones_like(angle), np.linspace(-1, 1, len(angle))])
        found.append(1e3 * np.hypot(*np.linalg.lstsq(base, signal, rcond=None)[0][:2]) / SLOPES[i])
    return float(max(found))


def valve_current(got: Got) -> float:
    """Highest root mean square of a valve's current, %, over any 5 s."""
    servo = stands(got, "SERVO")
    square = (servo[: len(servo) // 1000 * 1000] ** 2).reshape(-1, 1000, 7).mean(axis=1)
    return float(np.sqrt(_over(square, 5).max()))


def swinging(got: Got) -> float:
    """Widest swing of a looper within 3 s, deg."""
    angle = gaps(got, "LPR_ANG")[::20]
    return max(float(np.ptp(angle[at : at + 150], axis=0).max()) for at in range(0, len(angle) - 149, 25))


def mass_flow(got: Got) -> float:
    """Most speed that a height loop has asked for, %, or an eighth of a looper's swing, deg."""
    return float(max(np.abs(checks(got, "LPR_TRIM")).max(), np.ptp(gaps(got, "LPR_ANG"), axis=0).max() / 8.0))


def aside(got: Got) -> float:
    """Furthest that strip or force are to a side: mm of centre line, or 4 for each % of force."""
    return float(max(np.abs(checks(got, "CENTRE")).max(), 4.0 * np.abs(checks(got, "SIDE_DEV")).max()))


def gauge_off(got: Got) -> float:
    """Most that X-ray gauge and mass flow differ, or that the monitor has added, um."""
    return float(max(np.abs(checks(got, "MASS_DEV")).max(), np.abs(checks(got, "MONITOR")).max()))


def force_off(got: Got) -> float:
    """Most that a stand's force is off, or its sides differ, %."""
    return float(max(np.abs(checks(got, "FORCE_DEV")).max(), np.abs(checks(got, "SIDE_DEV")).max()))


def spikes(got: Got) -> float:
    """Fifth highest spike of a stand's force above its surroundings of 121 ms, MN."""
    force = stands(got, "ROLL_FORCE")
    around = np.lib.stride_tricks.sliding_window_view(force, 121, axis=0)[:, :, ::8]
    away = np.abs(force[60:-60] - np.median(around, axis=2))
    blocks = away[: len(away) // 100 * 100].reshape(-1, 100, 7).max(axis=1)
    return float(np.sort(blocks, axis=0)[-5].max())


def _over(rows: np.ndarray, n: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(rows, n, axis=0).mean(axis=-1)


ORACLES: dict[str, tuple[Callable[[Got], float], float]] = {
    "eccentricity": (turning, 10.0),
    "servo_valve": (valve_current, 3.5),
    "looper_hunting": (swinging, 3.0),
    "cobble": (mass_flow, 0.5),
    "strip_walk": (aside, 12.0),
    "gauge_drift": (gauge_off, 15.0),
    "load_cell": (force_off, 1.6),
    "work_roll_spalling": (spikes, 0.085),
}
LOOKALIKES: dict[str, tuple[tuple[str, dict[str, float]], ...]] = {
    "eccentricity": (("skid_marks", {"frequency": 0.1284}), ("rougher_wave", {}), ("spindle_wobble", {})),
    "servo_valve": (("valve_exchange", {}), ("pressure_dip", {}), ("rougher_wave", {"frequency": 1.5, "size": 0.3})),
    "looper_hunting": (("speed_step", {}), ("tension_trim", {}), ("coil_change", {})),
    "cobble": (("speed_step", {}), ("tension_trim", {}), ("coil_change", {})),
    "strip_walk": (("camber", {}), ("cold_edge", {}), ("coil_change", {})),
    "gauge_drift": (("gauge_dust", {}), ("velocimeter_drift", {}), ("warming_rolls", {})),
    "load_cell": (("cold_edge", {}), ("hard_spot", {}), ("rougher_wave", {"frequency": 0.12, "size": 0.35})),
    "work_roll_spalling": (("scale_patch", {}), ("loose_contact", {}), ("water_spots", {})),
}

"""Finds an attack on the network knowing its name, and neither place, nor time, nor size. Reads tags alone.

As crude as the checks of a control room: a thermocouple that leaves its value of a minute ago, a level of which two
seconds look like two earlier ones, a casting speed that changes, a group that pauses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

SECOND = 1_000_000_000
LEAVES = 9.0  # K that a thermocouple leaves its value of a minute ago by, in three samples running
STRETCH, LONGEST = 20, 400  # samples of the level that look like earlier ones, and how far back
CHANGE = 0.04  # m/min within ten seconds
PAUSE_S = 3.0

Signals = Mapping[str, tuple[np.ndarray, np.ndarray]]
LOOKALIKES = {
    "spoofed_values": ("tundish_change", "speed_change", "powder_change"),
    "replayed_signal": ("held_values", "dead_band", "redelivery"),
    "unauthorised_setpoint": ("operator_setpoint", "speed_change", "tundish_change"),
    "stale_data": ("network_delay", "gateway_restart", "bad_quality"),
}


def find(fault: str, signals: Signals, after: int = 0) -> int | None:
    """ns at which the oracle says that the attack is on, from `after` on; None if it never does.

    `signals` holds time (n,) and values (n,) of each tag's samples that are not Bad, by name.
    """
    return min((t for t in _ORACLES[fault](signals) if t >= after), default=None)


def _spoofed(signals: Signals) -> list[int]:
    found: list[int] = []
    for name, (time, values) in signals.items():
        if "/TC_" in name and len(values) > 125:
            off = np.abs(values[120:] - values[:-120]) > LEAVES  # at 2 Hz
            off = off[2:] & off[1:-1] & off[:-2]
            found += time[122:][off].tolist()
    return found


def _replayed(signals: Signals) -> list[int]:
    time, values = next(v for name, v in signals.items() if name.endswith("/LVL_PV"))
    found: list[int] = []
    for lag in range(STRETCH // 2, LONGEST):
        same = np.convolve(values[lag:] == values[:-lag], np.ones(STRETCH), "valid") > STRETCH - 0.5
        found += time[lag + STRETCH - 1 :][same].tolist()
    return found


def _unauthorised(signals: Signals) -> list[int]:
    time, values = next(v for name, v in signals.items() if name.endswith("/V_CAST"))
    return time[100:][np.abs(values[100:] - values[:-100]) > CHANGE].tolist()  # at 10 Hz


def _stale(signals: Signals) -> list[int]:
    found: list[int] = []
    for time, _ in signals.values():
        pauses = np.flatnonzero(np.diff(time) > PAUSE_S * SECOND)
        found += (time[pauses] + round(PAUSE_S * SECOND)).tolist()
    newest = max(int(time[-1]) for time, _ in signals.values())
    return found + [int(t[-1]) + round(PAUSE_S * SECOND) for t, _ in signals.values()
                    if newest - t[-1] > PAUSE_S * SECOND]  # fmt: skip


_ORACLES: dict[str, Callable[[Signals], list[int]]] = {
    "spoofed_values": _spoofed, "replayed_signal": _replayed, "unauthorised_setpoint": _unauthorised,
    "stale_data": _stale,
}  # fmt: skip

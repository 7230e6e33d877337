"""Trivial oracles: each knows a fault's name, not its place, time or size, and reads tags alone, as they come.

Every one compares a tag with its own first minute, which was normal. They are no models: what fools them is the point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Signals = Mapping[str, tuple[np.ndarray, np.ndarray]]  # last level of the tag's name: s since the start, values
FIRST_S = 60.0


def _first(times: np.ndarray, hits: np.ndarray) -> float | None:
    """When something first is so after the normal minute; None if never."""
    hits = hits & (times > FIRST_S)
    return float(times[hits.argmax()]) if hits.any() else None


def _earliest(found: list[float | None]) -> float | None:
    return min((time for time in found if time is not None), default=None)


def _running(values: np.ndarray, n: int) -> np.ndarray:
    """Mean of the last n samples; of those there are, at the start."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    at = np.arange(1, len(values) + 1)
    since = np.maximum(at - n, 0)
    return (total[at] - total[since]) / (at - since)


def _usual(times: np.ndarray, values: np.ndarray) -> float:
    return float(values[times <= FIRST_S].mean())


def _wall(signals: Signals) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Thermocouples of the broad faces as they differ from their first minute, K, smoothed over 2 s."""
    names = [name for name in signals if name.startswith(("TC_BF", "TC_FF"))]
    times = signals[names[0]][0]
    return times, {name: _running(signals[name][1] - _usual(*signals[name]), 4) for name in names}


def sticker(signals: Signals) -> float | None:
    """A thermocouple has moved by 7 K."""
    times, moved = _wall(signals)
    return _earliest([_first(times, np.abs(values) > 7.0) for values in moved.values()])


def longitudinal_crack(signals: Signals) -> float | None:
    """A thermocouple of the upper rows is 4.5 K cooler than its row has become."""
    times, moved = _wall(signals)
    found: list[float | None] = []
    for row in ("TC_BF_1_", "TC_FF_1_", "TC_BF_2_", "TC_FF_2_"):
        columns = np.array([values for name, values in moved.items() if name.startswith(row)])
        found.append(_first(times, (columns - np.median(columns, axis=0) < -4.5).any(axis=0)))
    return _earliest(found)


def sen_clogging(signals: Signals) -> float | None:
    """The stopper stands 15 % further open, for half a minute."""
    times, values = signals["STP_POS"]
    return _first(times, _running(values, 300) > 1.15 * _usual(times, values))


def clog_release(signals: Signals) -> float | None:
    """The level has left its place by 6 mm."""
    times, values = signals["LVL_PV"]
    return _first(times, np.abs(_running(values, 3) - _usual(times, values)) > 6.0)


def bulging(signals: Signals) -> float | None:
    """The level has swung by 1.5 mm rms in the last 30 s."""
    times, values = signals["LVL_PV"]
    away = values - _running(values, 300)
    return _first(times, _running(away**2, 300) > 1.5**2)


def stopper_stiction(signals: Signals) -> float | None:
    """Command and position of the stopper have differed by 0.2 mm on average in the last 20 s."""
    times, values = signals["STP_POS"]
    return _first(times, _running(np.abs(signals["STP_CMD"][1] - values), 200) > 0.2)


def blocked_spray_nozzle(signals: Signals) -> float | None:
    """The pressure of a zone has risen by 15 %."""
    zones = [signals[f"SPR_Z{zone}_PRES"] for zone in range(1, 10)]
    return _earliest([_first(times, _running(bars, 10) > 1.15 * _usual(times, bars)) for times, bars in zones])


def mould_water_loss(signals: Signals) -> float | None:
    """The water of a face has fallen by 7 %."""
    faces = [signals[name] for name in signals if name.startswith("MW_FLOW")]
    return _earliest([_first(times, _running(flow, 3) < 0.93 * _usual(times, flow)) for times, flow in faces])


ORACLES: dict[str, Callable[[Signals], float | None]] = {
    oracle.__name__: oracle
    for oracle in (
        sticker, longitudinal_crack, sen_clogging, clog_release, bulging, stopper_stiction, blocked_spray_nozzle,
        mould_water_loss,
    )
}  # fmt: skip

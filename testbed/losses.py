"""Formulas of what things cost, of assumptions that are each [low, usual, high].

For a mill that stops: loss = stop · rate · margin + scrap · (price gap + CO2) + rolls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Values = Mapping[str, np.ndarray]  # each float64 (3,): low, usual, high


def _stop(minutes: str, rate: str, scrap: str, rolls: bool) -> Callable[[Values], np.ndarray]:
    def loss(v: Values) -> np.ndarray:
        stood = v[minutes] / 60.0 * v[rate] * v["margin"]
        spoilt = v[scrap] * (v["scrap_gap"] + v["co2"] * v["co2_price"])
        return stood + spoilt + (v["rolls"] if rolls else 0.0)

    return loss


def _slow_down(v: Values) -> np.ndarray:
    lost = v["slow_minutes"] / 60.0 * v["caster_rate"] * v["slow_share"] * v["margin"]
    return lost + v["slow_slab"] * v["downgrade"]


def _machine_stop(v: Values) -> np.ndarray:
    return v["machine_hours"] * v["machine_rate"] * v["margin"] + v["machine_repair"]


def _mould_change(v: Values) -> np.ndarray:
    return v["mould_change_minutes"] / 60.0 * v["caster_rate"] * v["margin"] + v["mould_plate"]


LOSSES: dict[str, Callable[[Values], np.ndarray]] = {
    "breakout": lambda v: v["breakout"],
    "cast_stop": _stop("cast_stop_minutes", "caster_rate", "cast_scrap", rolls=False),
    "coil": lambda v: v["coil"] * v["downgrade"],
    "coils": lambda v: v["coils"] * v["coil"] * v["downgrade"],
    "cobble": _stop("hot_stop_minutes", "hot_mill_rate", "hot_scrap", rolls=False),
    "machine_stop": _machine_stop,
    "mould_change": _mould_change,
    "strip_break": _stop("cold_stop_minutes", "cold_mill_rate", "cold_scrap", rolls=True),
}
# Steel that a loss turns into scrap, t: it is made once more, with the CO2 of a tonne.
SCRAP = {"cast_stop": "cast_scrap", "cobble": "hot_scrap", "strip_break": "cold_scrap"}
ANSWERS: dict[str, Callable[[Values], np.ndarray]] = {"slow_down": _slow_down, "look": lambda v: v["look"]}


class _Noted(dict[str, np.ndarray]):
    """Notes which values a formula takes."""

    def __missing__(self, name: str) -> np.ndarray:
        self[name] = np.zeros(3)
        return self[name]


def uses(name: str) -> set[str]:
    """The assumptions that the formula of a loss or of an answer takes; none for an unknown name.

    >>> sorted(uses("coil"))
    ['coil', 'downgrade']
    """
    noted = _Noted()
    formula = LOSSES.get(name) or ANSWERS.get(name)
    if formula is not None:
        formula(noted)
    return set(noted)


def answer_to(condition: str) -> str:
    """What the shop floor does about an alarm of this condition."""
    return "slow_down" if condition == "breakout" else "look"

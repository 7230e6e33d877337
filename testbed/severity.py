"""How bad a fault is, in one word: mild, usual or severe, as a value of the one parameter of it that says so."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import InputError, nearest
from connectors.texts import say

MILD, USUAL, SEVERE = "mild", "usual", "severe"
SEVERITIES = (MILD, USUAL, SEVERE)
# unit: fault: the parameter, and its value where the fault is mild and where it is severe: the ends between which a
# unit draws it where a script leaves it open; usual lies half way. Hours of clogging are shorter than drawn: with four
# of them nothing would be seen within one story (judgement).
SCALES: dict[str, dict[str, tuple[str, float, float]]] = {
    "caster": {
        "sticker": ("rise", 10.0, 30.0),
        "longitudinal_crack": ("dip", 7.0, 15.0),
        "sen_clogging": ("hours", 0.5, 0.15),
        "clog_release": ("share", 0.2, 0.4),
        "bulging": ("amplitude", 5.0, 9.0),
        "stopper_stiction": ("stick", 0.5, 1.0),
        "blocked_spray_nozzle": ("nozzles", 1.0, 3.0),
        "mould_water_loss": ("loss", 0.5, 0.7),
    },
    "hotmill": {
        "eccentricity": ("amplitude", 20.0, 40.0),
        "servo_valve": ("severity", 0.6, 1.0),
        "looper_hunting": ("growth", 0.25, 0.45),
        "cobble": ("creep", 0.5, 0.9),
        "strip_walk": ("rate", 0.08, 0.16),
        "gauge_drift": ("rate", 1.5, 3.0),
        "load_cell": ("size", 0.5, 1.2),
        "work_roll_spalling": ("depth", 0.12, 0.25),
    },
    "mill": {"eccentricity": ("amplitude", 15.0, 30.0)},
    "coldmill": {
        "chatter": ("growth", 0.4, 0.2),  # s in which it grows by e
        "chatter_marks": ("severity", 0.5, 1.0),
        "strip_break": ("crack", 0.05, 0.065),
    },
    "runout": {"blocked_descaler": ("blocked", 3.0, 5.0)},
    "rotating": {
        "outer_race": ("days", 22.0, 18.0),
        "inner_race": ("days", 22.0, 16.0),
        "rolling_element": ("days", 22.0, 16.0),
        "unbalance": ("size", 4.0, 4.5),
        "cavitation": ("size", 0.15, 0.25),
    },
    "strip": {"blocked_descaler": ("severity", 0.6, 0.95), "chatter_marks": ("length_m", 3.0, 6.0)},
}


def scaled(unit: str, name: str) -> bool:
    """Whether a fault of a unit comes in mild, usual and severe."""
    return name in SCALES.get(unit, {})


def params_of(unit: str, name: str, severity: str, params: Mapping[str, float | str]) -> dict[str, float | str]:
    """`params` with what `severity` says; a parameter that is given outright counts.

    Raises InputError for a severity that there is not, or that this fault does not come in.

    >>> params_of("caster", "sticker", "severe", {"fall": 12.0})
    {'rise': 30.0, 'fall': 12.0}
    """
    if not severity:
        return dict(params)
    if severity not in SEVERITIES:
        raise InputError(
            say("A severity is {known}, but got '{severity}'.", known=", ".join(SEVERITIES), severity=severity)
            + nearest(severity, SEVERITIES)
        )
    if not scaled(unit, name):
        raise InputError(say("'{name}' does not come in mild and severe. Leave the severity out.", name=name))
    parameter, mild, severe = SCALES[unit][name]
    value = {MILD: mild, USUAL: (mild + severe) / 2.0, SEVERE: severe}[severity]
    return {parameter: value, **params}

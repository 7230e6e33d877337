"""What a run was worth: saved, lost and spent for nothing, each as a range under assumptions that can be edited.

A simulated estimate, never an account. A fault found before its deadline saves its loss, less what the answer to the
alarm costs; one that is missed or found too late loses it; a false alarm costs the answer for nothing. Defects of one
coil lose it once, and save it only if all are found. Faults without a loss class count for nothing, and are named.
A loss is a formula of assumptions, each [low, usual, high]; for a mill that stops it is

    loss = stop · rate · margin + scrap · (price gap + CO2) + rolls
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError, Problem, nearest
from connectors.results import Event
from connectors.text import read_text
from connectors.texts import say
from testbed.match import Found

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


LOSSES: dict[str, Callable[[Values], np.ndarray]] = {
    "breakout": lambda v: v["breakout"],
    "coil": lambda v: v["coil"] * v["downgrade"],
    "coils": lambda v: v["coils"] * v["coil"] * v["downgrade"],
    "cobble": _stop("hot_stop_minutes", "hot_mill_rate", "hot_scrap", rolls=False),
    "strip_break": _stop("cold_stop_minutes", "cold_mill_rate", "cold_scrap", rolls=True),
}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What things cost.

    Attributes:
        currency: ISO 4217.
        values: name to (low, usual, high).
        faults: name of a fault to the loss it leads to.
        origin: where they come from: 'defaults', or the name of a file.
    """

    currency: str
    values: Mapping[str, tuple[float, float, float]]
    faults: Mapping[str, str]
    origin: str = "defaults"

    @classmethod
    def read(cls, path: str | Path) -> Assumptions:
        """Defaults, with what a TOML file says otherwise. Raises InputError with every fault of the file."""
        raw, text = _toml(path)
        usual = defaults()
        problems = [Problem(str(path), fault, _line(text, key)) for key, fault in _faults(raw, usual)]
        if problems:
            raise InputError.of(problems)
        values = _values(raw.get("values", {}))
        return cls(
            currency=raw.get("currency", usual.currency),
            values={**usual.values, **values},
            faults={**usual.faults, **raw.get("faults", {})},
            origin=Path(path).name,
        )

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Assumptions:
        """From plain JSON values, as `plain` makes them."""
        values = _values(raw["values"])
        return cls(currency=raw["currency"], values=values, faults=raw["faults"], origin=raw["origin"])

    def plain(self) -> dict[str, Any]:
        """As plain JSON values."""
        values = {name: list(given) for name, given in self.values.items()}
        return {"currency": self.currency, "origin": self.origin, "values": values, "faults": dict(self.faults)}


@cache
def defaults() -> Assumptions:
    """The shipped assumptions."""
    raw = tomllib.loads(files("testbed").joinpath("money.toml").read_text("utf-8"))
    return Assumptions(currency=raw["currency"], values=_values(raw["values"]), faults=raw["faults"])


def _values(raw: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float, float]]:
    return {name: (float(low), float(usual), float(high)) for name, (low, usual, high) in raw.items()}


def _toml(path: str | Path) -> tuple[dict[str, Any], str]:
    text = read_text(path)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise InputError.of([Problem(str(path), say("is no TOML: {reason}.", reason=error))]) from None


def _line(text: str, key: str) -> int | None:
    """The line a key stands on."""
    found = re.search(rf"^[ \t\[\"']*{re.escape(key)}\b", text, re.MULTILINE)
    return None if found is None else text.count("\n", 0, found.start()) + 1


def _faults(raw: Mapping[str, Any], usual: Assumptions) -> Iterable[tuple[str, str]]:
    """Every fault of a file of assumptions, with the key it is at."""
    tables = ("currency", "values", "faults")
    for key in raw:
        if key in usual.values:
            yield key, say("'{key}' belongs into the table [values].", key=key)
        elif key not in tables:
            yield key, say("'{key}' is no assumption.", key=key) + nearest(key, [*tables, *usual.values])
    currency = raw.get("currency", usual.currency)
    if not (isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency)):
        yield "currency", say("currency takes a code of three letters such as KRW, but got '{value}'.", value=currency)
    for key in ("values", "faults"):
        if not isinstance(raw.get(key, {}), dict):
            yield key, say("'{key}' is a table: write [{key}] on a line of its own.", key=key)
            return
    for name, given in raw.get("values", {}).items():
        if name not in usual.values:
            yield name, say("'{key}' is no assumption.", key=name) + nearest(name, usual.values)
        elif not _is_range(given):
            yield name, say("'{key}' takes [low, usual, high], numbers from 0 up that do not fall.", key=name)
    for name, loss in raw.get("faults", {}).items():
        if loss not in LOSSES:
            yield (
                name,
                say("'{name}' leads to '{loss}', which is no loss.", name=name, loss=loss) + nearest(str(loss), LOSSES),
            )


def _is_range(given: object) -> bool:
    if not isinstance(given, list) or len(given) != 3:
        return False
    numbers = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    return len(numbers) == 3 and 0 <= numbers[0] <= numbers[1] <= numbers[2] < float("inf")


def estimate(found: Sequence[Found], false_alarms: Sequence[Event], assumed: Assumptions) -> dict[str, Any] | None:
    """What a run was worth, as plain JSON values; None where nothing in it has a price.

    `low` and `high` hold what the alarms saved less what false ones cost, against a line without models. `lost` is
    what no alarm came for in time: it is gone with and without models.
    """
    values = {name: np.array(given) for name, given in assumed.values.items()}
    entries = [_of_faults(together, assumed, values) for together in _together(found, assumed)]
    entries += _of_alarms(false_alarms, values)
    if not entries:
        return None
    sums = {what: _sum(entries, what) for what in ("saved", "lost", "spent")}
    return {
        "low": sums["saved"]["low"] - sums["spent"]["high"],
        "high": sums["saved"]["high"] - sums["spent"]["low"],
        "currency": assumed.currency,
        **sums,
        "entries": entries,
        "unpriced": sorted({f.truth.name for f in found if f.truth.is_fault and f.truth.name not in assumed.faults}),
        "assumptions": assumed.plain(),
    }


def _together(found: Sequence[Found], assumed: Assumptions) -> list[list[Found]]:
    """Faults with a price, those of one loss on one coil together: a coil is downgraded once."""
    groups: dict[object, list[Found]] = {}
    for i, one in enumerate(found):
        loss = assumed.faults.get(one.truth.name)
        if one.truth.is_fault and loss is not None:
            box = one.truth.box
            groups.setdefault(i if box is None else (loss, box.part_id), []).append(one)
    return list(groups.values())


def _of_faults(together: Sequence[Found], assumed: Assumptions, values: Values) -> dict[str, Any]:
    """Faults that were all found in time save their loss, less the answer to the alarm; else it is lost."""
    truth = together[0].truth
    name = assumed.faults[truth.name]
    loss = LOSSES[name](values)
    entry = {
        "names": sorted({one.truth.name for one in together}),
        "where": truth.where if truth.box is None else truth.box.part_id,
        "loss": name,
        "n": len(together),
    }
    first = [one.events[0] for one in together if one.events and one.events[0].time <= one.truth.alert_deadline]
    if len(first) < len(together):
        return {**entry, "what": "lost", **_ends(loss[0], loss[2])}
    answer = answer_to(first[0].condition)
    cost = ANSWERS[answer](values)
    return {**entry, "what": "saved", "answer": answer, **_ends(loss[0] - cost[2], loss[2] - cost[0])}


def _of_alarms(alarms: Sequence[Event], values: Values) -> list[dict[str, Any]]:
    """False alarms by their answer."""
    entries = []
    for answer, cost in ANSWERS.items():
        n = sum(answer_to(event.condition) == answer for event in alarms)
        if n:
            low, _, high = n * cost(values)
            entries.append({"names": [], "where": "", "what": "spent", "n": n, "answer": answer, **_ends(low, high)})
    return entries


def _ends(low: float, high: float) -> dict[str, int]:
    return {"low": round(float(low)), "high": round(float(high))}


def _sum(entries: Sequence[Mapping[str, Any]], what: str) -> dict[str, int]:
    return {end: sum(entry[end] for entry in entries if entry["what"] == what) for end in ("low", "high")}

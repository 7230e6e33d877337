"""What an attacker, or a poor network, does to samples on their way; the plant and its noise stay as they are."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from connectors.items import Batch, Item
from connectors.status import BAD_NO_COMMUNICATION
from connectors.times import END, SECOND
from testbed.cyber import targets
from testbed.drawn import nothing_left, number
from testbed.noise import Noise
from testbed.plant import Action, Injection

if TYPE_CHECKING:
    from testbed.cyber.network import NetworkedPlant

AFTERMATH_S = 3.0  # s after the end of a look-alike in which an alarm may still stand for it
RAMP_S = 15.0  # s over which forged values leave the true ones; judgement: slow enough for rate checks

ATTACKS = ("spoofed_values", "replayed_signal", "unauthorised_setpoint", "stale_data")
LOOKALIKES = (
    "operator_setpoint", "network_delay", "gateway_restart", "bad_quality", "held_values", "dead_band", "redelivery",
)  # fmt: skip
KINDS = (*ATTACKS, *LOOKALIKES)

# name: range of its size, range of how long it lasts, s. Judgement; sizes are described at `_ALTER`.
DRAWN = {
    "spoofed_values": ((25.0, 40.0), (60.0, 90.0)),
    "replayed_signal": ((12.0, 20.0), (70.0, 100.0)),
    "unauthorised_setpoint": ((0.1, 0.2), (60.0, 90.0)),
    "stale_data": ((0.0, 1.0), (40.0, 70.0)),
    "operator_setpoint": ((0.1, 0.2), (20.0, 30.0)),
    "network_delay": ((0.0, 1.0), (5.0, 8.0)),
    "gateway_restart": ((0.0, 1.0), (5.0, 8.0)),
    "bad_quality": ((0.0, 1.0), (5.0, 8.0)),
    "held_values": ((0.0, 1.0), (5.0, 8.0)),
    "dead_band": ((6.0, 9.0), (50.0, 80.0)),
    "redelivery": ((2.5, 4.0), (6.0, 9.0)),
}


@dataclass(slots=True)
class Trouble:
    """One attack or look-alike under way on some tags.

    Attributes:
        key, name: of the injection. since, until: ns, it alters samples in (since, until].
        tags: names of the tags it alters. size: see the functions below.
        noise: of what it forges. taken: samples it has listened to, in order.
        held: last value of each tag that was let through.
        setpoint: that was forged; the attack lasts until the desk gives it anew.
    """

    key: int
    name: str
    since: int
    until: int
    tags: frozenset[str]
    size: float = 0.0
    noise: Noise | None = None
    taken: list[np.ndarray] = field(default_factory=list)
    told: int = 0
    held: np.ndarray | None = None
    setpoint: str = ""

    def show(self, item: Item) -> Item | None:
        """The item as it is shown; None where nothing comes."""
        if not isinstance(item, Batch) or self.name not in _ALTER:
            return item
        columns = np.array([i for i, tag in enumerate(item.tags) if tag.name in self.tags], int)
        rows = np.flatnonzero((item.time > self.since) & (item.time <= self.until))
        if not len(columns) or not len(rows):
            return item
        if self.name in SILENCING:
            left = np.ones(len(item.time), bool)
            left[rows] = False
            if not left.any():
                return None
            return Batch(item.tags, item.time[left], item.values[left], item.status[left])
        values, status = item.values.copy(), item.status.copy()
        for row in rows.tolist():
            age = (int(item.time[row]) - self.since) / SECOND
            _ALTER[self.name](self, values[row], status[row], columns, age)
        return Batch(item.tags, item.time, values, status)

    def copy(self) -> Trouble:
        twin = copy.copy(self)
        twin.noise = None if self.noise is None else self.noise.copy()
        twin.taken = list(self.taken)
        return twin


# -- what is done to a row: values (k,) and status (k,) of a group, in place, at some columns ------------------


def _spoof(it: Trouble, values: np.ndarray, status: np.ndarray, columns: np.ndarray, age: float) -> None:
    """Forged values leave the true ones by `size` (in the tag's unit) within RAMP_S, with a noise of their own."""
    forged = values[columns] + it.size * min(age / RAMP_S, 1.0)
    if it.noise is not None:
        forged = forged + 0.2 * it.noise.take(1)[0, : len(columns)]
    values[columns] = np.round(forged, 1)


def _replay(it: Trouble, values: np.ndarray, status: np.ndarray, columns: np.ndarray, age: float) -> None:
    """Listens for `size` s, then shows what it heard, over and over."""
    if age <= it.size:
        it.taken.append(values[columns].copy())
    else:
        values[columns] = it.taken[it.told % len(it.taken)]
        it.told += 1


def _bad(it: Trouble, values: np.ndarray, status: np.ndarray, columns: np.ndarray, age: float) -> None:
    values[columns] = np.nan
    status[columns] = BAD_NO_COMMUNICATION


def _hold(it: Trouble, values: np.ndarray, status: np.ndarray, columns: np.ndarray, age: float) -> None:
    it.held = values[columns].copy() if it.held is None else it.held
    values[columns] = it.held


def _dead_band(it: Trouble, values: np.ndarray, status: np.ndarray, columns: np.ndarray, age: float) -> None:
    """A value goes through only if it has moved by more than `size` times 0.35 of its unit since the last that did."""
    now = values[columns]
    it.held = now.copy() if it.held is None else np.where(np.abs(now - it.held) > 0.35 * it.size, now, it.held)
    values[columns] = it.held


def _redeliver(it: Trouble, values: np.ndarray, status: np.ndarray, columns: np.ndarray, age: float) -> None:
    """What came in the first `size` s comes once more after them, as a broker does with a message not acknowledged."""
    if age <= it.size:
        it.taken.append(values[columns].copy())
    elif it.told < len(it.taken):
        values[columns] = it.taken[it.told]
        it.told += 1


def _silence(it: Trouble, values: np.ndarray, status: np.ndarray, columns: np.ndarray, age: float) -> None:
    """Nothing comes: see `show`."""


SILENCING = ("stale_data", "network_delay", "gateway_restart")
_ALTER: dict[str, Callable[[Trouble, np.ndarray, np.ndarray, np.ndarray, float], None]] = {
    "spoofed_values": _spoof, "replayed_signal": _replay, "bad_quality": _bad, "held_values": _hold,
    "dead_band": _dead_band, "redelivery": _redeliver, **dict.fromkeys(SILENCING, _silence),
}  # fmt: skip


# -- beginning -------------------------------------------------------------------------------------------------


def begin(
    plant: NetworkedPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[Trouble, Injection]:
    """An attack or look-alike that begins now. Raises InputError for a target or parameter that is not known."""
    left = dict(params)
    sizes, spans = DRAWN[name]
    size = number(left, "size", *sizes, rng)
    duration = number(left, "duration", *spans, rng)
    chosen = targets.choose(plant.inner, name, where, rng)
    details: dict[str, float | str] = {"target": chosen.name, "size": round(size, 3), "duration_s": round(duration, 1)}
    if chosen.setpoint:
        value = float(left.pop("value", targets.other_value(plant.inner, chosen.setpoint, size, rng)))
        details["value"] = value
        action = Action(plant.present, chosen.setpoint, value)
        plant.act(action) if name == "operator_setpoint" else plant.forge(action)
    nothing_left(left, name, ("size", "duration", "value"))
    until = plant.present + round(duration * SECOND)
    trouble = Trouble(key, name, plant.present, until, frozenset(chosen.tags), size)
    if name == "unauthorised_setpoint":
        trouble.until, trouble.setpoint = END, chosen.setpoint
    if name == "spoofed_values":
        trouble.noise = Noise(plant.seed, [f"{tag}/forged@{plant.present}" for tag in sorted(chosen.tags)])
    if name in ATTACKS:
        return trouble, Injection(key, name, chosen.path, "fault", expects=("cyber",), details=details)
    return trouble, Injection(key, name, chosen.path, "lookalike", forbids=("cyber",),
                              duration_s=duration + AFTERMATH_S, details=details)  # fmt: skip

"""What an attacker aims at, on any plant: a family of tags, one tag, a group, or a set-point."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.tags import Tag, unit_path
from connectors.texts import say
from testbed.plant import Plant, setpoints

ONE_TAG = ("replayed_signal", "dead_band", "redelivery")
COMMANDS = ("unauthorised_setpoint", "operator_setpoint")


@dataclass(frozen=True, slots=True)
class Target:
    """Tags by name, how the target is called, the path of the unit, and the set-point where it is one."""

    name: str
    tags: tuple[str, ...]
    path: str
    setpoint: str = ""


def choose(plant: Plant, name: str, where: str, rng: np.random.Generator) -> Target:
    """The target of an attack; what `where` leaves open is drawn. Raises InputError if there is no such target."""
    if name in COMMANDS:
        known = {key: (tag.name,) for key, tag in setpoints(plant).items()}
        usual = list(known)[:1]
    elif name == "spoofed_values":
        known = _families(plant)
        widest = max((len(tags) for tags in known.values()), default=0)
        usual = [stem for stem, tags in known.items() if len(tags) == widest]
    elif name in ONE_TAG:
        known = {tag.short: (tag.name,) for tag in _scalars(plant) if plant.noise.get(tag.name, 0.0) > 0.0}
        usual = [short for short in known if short.endswith("_PV")] or list(known)
    else:
        known = {g.name: tuple(t.name for t in g.tags) for g in plant.groups if g.kind == "scalars"}
        usual = list(known)
    if not known:
        raise InputError(say("{plant} offers nothing for '{name}' to act on.", plant=plant.name, name=name))
    drawn = usual[int(rng.integers(len(usual)))]
    wanted = where or drawn
    if wanted not in known:
        raise InputError(
            say("'{where}' is no target of '{name}'.", where=where, name=name) + nearest(where, list(known))
        )
    tags = known[wanted]
    if name == "gateway_restart":  # everything that the same wire carries
        wire = plant.transports[wanted]
        tags = tuple(t.name for g in plant.groups if g.kind == "scalars" and plant.transports[g.name] == wire
                     for t in g.tags)  # fmt: skip
    path = unit_path([tag.name for tag in _scalars(plant)])
    return Target(wanted, tags, path, wanted if name in COMMANDS else "")


def other_value(plant: Plant, name: str, share: float, rng: np.random.Generator) -> float:
    """Another value for a set-point: off by `share` of its range, or the other state of a switch."""
    tag = setpoints(plant)[name]
    low, high = tag.eu_range or (0.0, 1.0)
    now = float(plant.setting(name))  # pyright: ignore[reportAttributeAccessIssue]
    if (low, high) == (0.0, 1.0):
        return 1.0 - round(now)
    step = share * (high - low) * (1.0 if rng.random() < 0.5 else -1.0)
    return round(min(max(now + step if low <= now + step <= high else now - step, low), high), 3)


def _scalars(plant: Plant) -> list[Tag]:
    return [tag for group in plant.groups if group.kind == "scalars" for tag in group.tags]


def _families(plant: Plant) -> dict[str, tuple[str, ...]]:
    """Tags that differ by trailing numbers alone, such as TC_BF_1_1 and TC_BF_3_12, by what they share."""
    found: dict[str, list[str]] = {}
    for tag in _scalars(plant):
        if plant.noise.get(tag.name, 0.0) > 0.0:
            found.setdefault(re.sub(r"(_\d+)+$", "", tag.short), []).append(tag.name)
    return {stem: tuple(tags) for stem, tags in found.items()}

"""What a plant is: a function of time and inputs that hands out measured samples, and can be copied.

Physics sees no tag names and no wall clock. Sensors stand between the true value and the measured one. Protocols
are adapters outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from connectors.items import Item
from connectors.tags import Group, Tag
from connectors.truth import Truth

START = 1_767_571_200_000_000_000  # 2026-01-05T00:00:00Z in ns, when every scenario starts


@dataclass(frozen=True, slots=True)
class Action:
    """A set-point given to the plant: `name` to `value`, effective at `time` (ns)."""

    time: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault or look-alike that the plant has taken on.

    Attributes:
        key: unique in a run.
        name, where: what and where, the place as a path.
        kind: 'fault' or 'lookalike'.
        expects, forbids: conditions that find it, and that it must not raise.
        reaction_s: seconds an operator or controller needs to avert the consequence.
        duration_s: a look-alike's length; None for a fault, which lasts until it heals or strikes.
        details: the parameters as drawn, for the record.
        truths: the answer key where the plant knows it outright, one truth a mark; otherwise twins find it.
    """

    key: int
    name: str
    where: str
    kind: str
    expects: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    reaction_s: float = 0.0
    duration_s: float | None = None
    details: Mapping[str, float | str] = field(default_factory=dict)
    truths: tuple[Truth, ...] = ()


class Plant(Protocol):
    """A simulated unit.

    Attributes:
        name: of the unit, such as 'caster'.
        groups: its tags by group.
        transports: group name to 'opcua' or 'mqtt', the unit's own wiring.
        noise: standard deviation of each tag's measurement noise, in its unit.
        present: ns; everything up to here has been handed out.
        step_ns: actions and injections take effect on whole multiples of this.
    """

    name: str
    groups: tuple[Group, ...]
    transports: Mapping[str, str]
    noise: Mapping[str, float]
    present: int
    step_ns: int

    def advance(self, until: int) -> list[Item]:
        """Samples in (present, until], in order of time within each group."""
        ...

    def act(self, action: Action) -> None:
        """Take a set-point, effective at its time, which must not be past. Raises InputError if unknown."""
        ...

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        """Begin a fault or look-alike now. Raises InputError if the name, place or a parameter is unknown."""
        ...

    def struck(self, key: int) -> int | None:
        """When the consequence of an injected fault came about, ns; None while it has not."""
        ...

    def cleared(self, key: int) -> int | None:
        """When an injected fault or look-alike was over, ns; None while it lasts."""
        ...

    def copy(self) -> Plant:
        """A twin with the same state, noise and pending actions, independent from here on."""
        ...


def setpoints(plant: Plant) -> Mapping[str, Tag]:
    """What may be set from outside: the tag by the name the plant acts on. Such a plant has `setting(name)`."""
    return getattr(plant, "SETPOINTS", {})


def true_signals(plant: Plant) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What the unit keeps of its true values, beside everything that measures them: name to time (ns) and values.

    It stays on the plant's side: no model, tag or transport sees it.
    """
    give = getattr(plant, "true_signals", None)
    return {} if give is None else give()


def believed(plant: Plant) -> Mapping[str, str]:
    """Which tag the line takes for each of the true signals: name of the true one to name of the tag."""
    return getattr(plant, "BELIEVED", {})


def kinds(plant: Plant) -> Sequence[str]:
    """Names of the faults and look-alikes a plant knows."""
    return tuple(getattr(plant, "KINDS", ()))

"""A network between a plant and its transports: hands on what the plant gives, and is where an attacker sits.

The attacker sees tags, not physics. He may alter what is shown, and send commands that look like the desk's. Physics
goes on below him: a controller still sees the true values.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Item
from connectors.tags import Group
from connectors.texts import say
from connectors.times import SECOND
from testbed.cyber import attacks
from testbed.cyber.attacks import Trouble
from testbed.cyber.balances import balances
from testbed.cyber.tags import network_group
from testbed.noise import stream
from testbed.plant import Action, Injection, Plant, setpoints
from testbed.scenario import PlantSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Networked:
    """Describes a plant with a network before it. `plant` is any unit's spec."""

    plant: PlantSpec

    def build(self, seed: int, start: int) -> NetworkedPlant:
        return NetworkedPlant(self.plant.build(seed, start), seed)


class NetworkedPlant:
    """See the module. What it does not know itself it asks the plant behind it."""

    def __init__(self, inner: Plant, seed: int) -> None:
        self.inner, self.seed = inner, seed
        self.name, self.present, self.step_ns = inner.name, inner.present, inner.step_ns
        self._net = network_group(inner)
        self.groups: tuple[Group, ...] = (*inner.groups, *([self._net] if self._net else []))
        self.transports: Mapping[str, str] = {**inner.transports, **({"network": "mqtt"} if self._net else {})}
        self.noise: Mapping[str, float] = {
            **inner.noise, **{tag.name: 1e-9 for tag in (self._net.tags if self._net else ())}
        }  # fmt: skip
        self.KINDS = (*getattr(inner, "KINDS", ()), *attacks.KINDS)
        self.troubles: tuple[Trouble, ...] = ()
        self.desk = {name: self._held(name) for name in setpoints(inner)}  # as the desk gave them
        self._given: tuple[Action, ...] = ()  # from the desk, not yet effective
        self._forged: tuple[Action, ...] = ()  # by an attacker, not yet effective
        self._usurped: tuple[str, ...] = ()  # set-points that hold what no desk gave
        self._cleared: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        if name == "inner":
            raise AttributeError(name)  # while being copied
        return getattr(self.inner, name)

    @property
    def BALANCE(self) -> dict[str, Any] | None:  # noqa: N802  # as other plants name what a kind of model looks at
        return balances(self.inner)

    def _held(self, name: str) -> float:
        return float(self.inner.setting(name))  # pyright: ignore[reportAttributeAccessIssue]

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        """The plant's samples as the network shows them, second by second."""
        items: list[Item] = []
        while self.inner.present < until:
            stop = min(until, (self.inner.present // SECOND + 1) * SECOND)
            items += self._shown(self.inner.advance(stop))
            self.present = stop
            self._follow(stop)
            if self._net is not None and stop % SECOND == 0:
                items += self._shown([self._row(self._net, stop)])
        return items

    def _follow(self, now: int) -> None:
        """Where each set-point stands: at the desk, and with the controller."""
        for action in [a for a in self._given if a.time <= now]:
            self.desk[action.name] = action.value
            for trouble in self.troubles:
                if trouble.setpoint == action.name and trouble.since < action.time:
                    self._cleared.setdefault(trouble.key, action.time)
            self._usurped = tuple(name for name in self._usurped if name != action.name)
        self._given = tuple(a for a in self._given if a.time > now)
        for action in [a for a in self._forged if a.time < now]:
            self._usurped = (*self._usurped, action.name)
        self._forged = tuple(a for a in self._forged if a.time >= now)
        for name in self.desk:
            if name not in self._usurped:
                self.desk[name] = self._held(
                    name
                )  # the crew changes it at the unit's own panel, which the desk follows
        for trouble in self.troubles:
            if now >= trouble.until:
                self._cleared.setdefault(trouble.key, trouble.until)
        self.troubles = tuple(t for t in self.troubles if t.key not in self._cleared)

    def _row(self, net: Group, now: int) -> Batch:
        row = np.array([[value for name in self.desk for value in (self.desk[name], self._held(name))]])
        return Batch(net.tags, np.array([now]), row, np.zeros(row.shape, np.uint32))

    def _shown(self, items: list[Item]) -> list[Item]:
        for trouble in self.troubles:
            items = [shown for item in items if (shown := trouble.show(item)) is not None]
        return items

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def act(self, action: Action) -> None:
        self.inner.act(action)
        self._given = (*self._given, action)

    def forge(self, action: Action) -> None:
        """A command that no desk gave reaches the controller."""
        self.inner.act(action)
        self._forged = (*self._forged, action)

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(
                say("Neither the plant nor its network knows a fault or look-alike '{name}'.", name=name)
                + nearest(name, self.KINDS)
            )
        if name not in attacks.KINDS:
            return self.inner.inject(name, where, params, key)
        rng = stream(self.seed, f"network/{name}@{self.present}")
        trouble, injection = attacks.begin(self, name, where, params, key, rng)
        self.troubles = (*self.troubles, trouble)
        return injection

    def struck(self, key: int) -> int | None:
        return self.inner.struck(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key) or self.inner.cleared(key)

    def copy(self) -> NetworkedPlant:
        twin = copy.copy(self)
        twin.inner = self.inner.copy()
        twin.desk, twin._cleared = dict(self.desk), dict(self._cleared)
        twin.troubles = tuple(trouble.copy() for trouble in self.troubles)
        return twin

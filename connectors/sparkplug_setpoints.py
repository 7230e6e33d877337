"""A plant as Sparkplug B edge nodes: its scalars and texts, what its set-points stand at, and commands to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connectors.items import Changes, Item
from connectors.secrets import Login
from connectors.setpoints import SetPoint
from connectors.sparkplug_plant import SparkplugPublisher
from connectors.tags import Group
from connectors.writes import Desk

WAY = "Sparkplug"
COMMANDS = ("spBv1.0/STATE/+", "spBv1.0/+/NCMD/+", "spBv1.0/+/DCMD/+/+")  # what a host application writes


class SparkplugPlant:
    """Enter it, `send` items. Blocks and pictures are left out; every command is judged and audited at the desk.

    Raises InputError where tags have no path that Sparkplug can hold, PartFailed where the broker is not there.
    """

    def __init__(self, groups: Sequence[Group], port: int, desk: Desk, login: Login | None = None) -> None:
        self._desk = desk
        self._tags = tuple(desk.tags.values())
        self._shown: dict[str, float] = {}
        plain = [group for group in groups if group.kind in ("scalars", "texts")]
        by_group = dict.fromkeys(tag.group for tag in self._tags)
        settings = [Group(name, tuple(tag for tag in self._tags if tag.group == name)) for name in by_group]
        self._publisher = SparkplugPublisher([*plain, *settings], port, on_command=self._ask, login=login)

    async def __aenter__(self) -> SparkplugPlant:
        await self._publisher.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._publisher.__aexit__(*exc)

    @property
    def roots(self) -> list[str]:
        """Group and edge node of each line, as topics have them."""
        return [f"spBv1.0/{node.group}/+/{node.node}" for node in self._publisher.nodes]

    async def send(self, items: Sequence[Item], present: int) -> None:
        """Report what is new, and what the set-points stand at, as of `present`, ns."""
        await self._publisher.send([*items, *self._settings(present)])

    def _settings(self, present: int) -> list[Item]:
        found: list[Item] = []
        for i, tag in enumerate(self._tags):
            value = self._desk.value(tag.name)
            if self._shown.get(tag.name) != value:
                self._shown[tag.name] = value
                columns = np.array([i], np.int32), np.array([present], np.int64), np.array([value])
                found.append(Changes(self._tags, *columns, np.zeros(1, np.uint32)))
        return found

    def _ask(self, asked: SetPoint) -> None:
        self._desk.ask(asked.name, asked.value, WAY, asked.source)

"""An edge node and a host application without a broker between them: what the tests hand to and fro."""

from __future__ import annotations

from typing import Any

import numpy as np

from connectors.items import Batch, Changes, Context
from connectors.mqtt_session import Note
from connectors.sparkplug_host import HostApplication, Items
from connectors.sparkplug_node import EdgeNode, edge_nodes
from connectors.sparkplug_schema import payload_class
from connectors.status import GOOD_NO_DATA
from connectors.tags import Group, Tag

START = 1_767_571_200_000_000_000  # ns; 2026-01-05
MS = 1_000_000  # ns
LINE = "POH/STEEL/CC1"
MOLD, TUNDISH = f"{LINE}/MOLD", f"{LINE}/TUNDISH"


def tag(name: str, group: str = "scalars", **more: Any) -> Tag:
    return Tag(name=name, group=group, **more)


NUMBERS = Group(
    "scalars",
    (
        tag(f"{MOLD}/LEVEL", unit="mm", eu_range=(0.0, 200.0), writable=True),
        tag(f"{MOLD}/SPEED", unit="m/min"),
        tag(f"{TUNDISH}/WEIGHT", unit="t"),
    ),
)
HEAT = Group("texts", (tag(f"{MOLD}/HEAT", "texts"),), "texts")


def node(**types: Any) -> EdgeNode:
    (only,) = edge_nodes((NUMBERS, HEAT), types)
    return only


def batch(time: int, *values: float, status: tuple[int, ...] = (0, 0, 0)) -> Batch:
    holes = [GOOD_NO_DATA if np.isnan(v) and not s else s for v, s in zip(values, status, strict=True)]
    return Batch(NUMBERS.tags, np.array([time]), np.array([values]), np.array([holes], np.uint32))


def payload(note: Note) -> Any:
    return payload_class().FromString(note.payload)


class Pair:
    """Feeds a host what a node says; wall time passes by `wait`, source time with it."""

    def __init__(self, reorder_s: float = 2.0) -> None:
        self.node = node()
        self.host = HostApplication(reorder_s=reorder_s)
        self.wall = 0.0
        self.bdseq = 0
        self.items: Items = []

    @property
    def now(self) -> int:
        return START + round(self.wall * 1e3) * MS

    def wait(self, seconds: float) -> Items:
        self.wall += seconds
        return self.keep(self.host.tick(self.wall))

    def hear(self, *notes: Note) -> Items:
        """What comes of these messages."""
        came: Items = []
        for note in notes:
            came += self.host.take(note.topic, note.payload, self.now, self.wall)
        return self.keep(came)

    def keep(self, items: Items) -> Items:
        self.items += items
        return items

    def born(self, bdseq: int | None = None) -> Items:
        self.bdseq = self.bdseq if bdseq is None else bdseq
        return self.hear(*self.node.births(self.bdseq, self.now))

    def say(self, *values: float, status: tuple[int, ...] = (0, 0, 0)) -> list[Note]:
        """The node's messages on these values of LEVEL, SPEED and WEIGHT (NaN: no sample), a millisecond on."""
        self.wall += 0.001
        return list(self.node.data(self.node.update([batch(self.now, *values, status=status)]), self.now))


def samples(items: Items, end: str) -> list[tuple[int, float, int]]:
    """(time, value, status) of the tag whose name ends so; NaN as -1."""
    found = []
    for item in items:
        if isinstance(item, Changes):
            for column, time, value, status in zip(item.tag, item.time, item.value, item.status, strict=True):
                if item.tags[column].name.endswith(end):
                    found.append((int(time), -1.0 if value != value else float(value), int(status)))
    return found


def texts(items: Items) -> list[str]:
    return [item.text for item in items if isinstance(item, Context)]

"""What a Sparkplug B edge node says and hears: births, data by exception, deaths, commands. Bytes only, no connection.

Sparkplug Specification 3.0.0, sections 5 and 6.4. Scalars travel as Double and texts as String unless told otherwise;
blocks and pictures do not belong into metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import BadMessage, InputError
from connectors.items import Batch, Changes, Context, Item
from connectors.mqtt_session import Note
from connectors.setpoints import SetPoint
from connectors.sparkplug import (
    BDSEQ,
    MILLISECOND,
    REBIRTH,
    Topic,
    add_status,
    by_device,
    payload_of,
    places,
)
from connectors.sparkplug_schema import payload_class
from connectors.sparkplug_types import INTEGERS, DataType, Value, read_value, write_value
from connectors.status import BAD, BAD_WAITING_FOR_INITIAL_DATA, GOOD, GOOD_NO_DATA
from connectors.tags import Group, Tag
from connectors.texts import say

SEQUENCE = 256  # message numbers go from 0 to 255


@dataclass(slots=True)
class _Metric:
    """One tag: its number on the wire and what it was last said to be. `time` is ns."""

    tag: Tag
    name: str
    alias: int
    kind: DataType
    value: Value = None
    status: int = BAD_WAITING_FOR_INITIAL_DATA
    time: int | None = None

    def is_new(self, value: Value, status: int) -> bool:
        """Whether this differs from what was last said; NaN is like NaN."""
        is_nan = value != value and self.value != self.value
        return status != self.status or (value != self.value and not is_nan)


class EdgeNode:
    """One edge node and its devices.

    Attributes:
        group, node: its names.
        devices: names of its devices, '' not among them; `alive` those that are born.
    """

    def __init__(self, group: str, node: str, metrics: Mapping[str, Sequence[_Metric]]) -> None:
        self.group, self.node = group, node
        self.devices = tuple(name for name in metrics if name)
        self.alive = set(self.devices)
        self._metrics = {device: tuple(several) for device, several in metrics.items()}
        self._by_tag = {m.tag.name: (device, m) for device, several in metrics.items() for m in several}
        self._by_place = {(device, m.name): m for device, m in self._by_tag.values()}
        self._by_alias = {m.alias: (device, m) for device, m in self._by_tag.values()}
        self._seq = 0

    @property
    def filters(self) -> list[tuple[str, int]]:
        """Topics of its commands, with their QoS."""
        return [(str(Topic(self.group, "NCMD", self.node)), 1), (str(Topic(self.group, "DCMD", self.node, "+")), 1)]

    def death(self, bdseq: int, now: int) -> Note:
        """NDEATH: the will of a connection, and its last message when it is left on purpose. It has no seq."""
        payload = payload_class()(timestamp=now // MILLISECOND)
        payload.metrics.add(name=BDSEQ, datatype=DataType.INT64, long_value=bdseq)
        return Note(str(Topic(self.group, "NDEATH", self.node)), payload.SerializeToString(), qos=1)

    def births(self, bdseq: int, now: int) -> Iterator[Note]:
        """NBIRTH with seq 0, then a DBIRTH for each device that is alive; each holds all metrics there are."""
        self._seq = 0
        payload = self._numbered(now)
        ms = now // MILLISECOND
        payload.metrics.add(name=BDSEQ, timestamp=ms, datatype=DataType.INT64, long_value=bdseq)
        payload.metrics.add(name=REBIRTH, timestamp=ms, datatype=DataType.BOOLEAN, boolean_value=False)
        for metric in self._metrics.get("", ()):
            _add_birth(payload, metric, ms)
        yield Note(str(Topic(self.group, "NBIRTH", self.node)), payload.SerializeToString())
        for device in self.devices:
            if device in self.alive:
                yield self.device_birth(device, now)

    def device_birth(self, device: str, now: int) -> Note:
        """DBIRTH: the device can be reached."""
        self.alive.add(device)
        payload = self._numbered(now)
        for metric in self._metrics[device]:
            _add_birth(payload, metric, now // MILLISECOND)
        return Note(str(Topic(self.group, "DBIRTH", self.node, device)), payload.SerializeToString())

    def device_death(self, device: str, now: int) -> Note:
        """DDEATH: the device can be reached no more."""
        self.alive.discard(device)
        return Note(str(Topic(self.group, "DDEATH", self.node, device)), self._numbered(now).SerializeToString())

    def update(self, items: Iterable[Item]) -> dict[str, list[tuple[_Metric, Value, int, int]]]:
        """Take in samples; those that say something new, by device: metric, value, status, time."""
        found: dict[str, list[tuple[_Metric, Value, int, int]]] = {}
        for item in items:
            for name, time, value, status in _samples(item):
                device, metric = self._by_tag.get(name, ("", None))
                if metric is not None and metric.is_new(value, status):
                    found.setdefault(device, []).append((metric, value, status, time))
                    metric.value, metric.status, metric.time = value, status, time
        return found

    def data(self, found: Mapping[str, Sequence[tuple[_Metric, Value, int, int]]], now: int) -> Iterator[Note]:
        """NDATA and DDATA that report what `update` found new, by alias alone."""
        for device, several in found.items():
            if device and device not in self.alive:
                continue
            payload = self._numbered(now)
            for metric, value, status, time in several:
                said = payload.metrics.add(alias=metric.alias, timestamp=time // MILLISECOND)
                _say(said, metric.kind, value, status)
            kind = "DDATA" if device else "NDATA"
            yield Note(str(Topic(self.group, kind, self.node, device)), payload.SerializeToString())

    def commands(self, topic: str, data: bytes, now: int) -> tuple[bool, list[SetPoint]]:
        """Whether a command asks for a rebirth, and the set-points it asks for. Raises BadMessage if it is none.

        An unknown metric is a set-point under the name or alias that was asked for: the one who judges says so.
        """
        where = Topic.of(topic)
        if (where.group, where.node) != (self.group, self.node) or where.kind not in ("NCMD", "DCMD"):
            raise BadMessage(say("'{topic}' is no command to {node}.", topic=topic, node=f"{self.group}/{self.node}"))
        is_rebirth, wanted = False, []
        for asked in payload_of(data).metrics:
            if where.kind == "NCMD" and asked.name == REBIRTH:
                is_rebirth |= asked.boolean_value
                continue
            device, metric = where.device, self._by_place.get((where.device, asked.name))
            if not asked.name and asked.HasField("alias"):
                device, metric = self._by_alias.get(asked.alias, ("", None))
            if metric is None or device != where.device:
                name, value = str(asked.name or asked.alias), None
            else:
                name = metric.tag.name
                value = None if asked.is_null else read_value(asked, metric.kind)
            wanted.append(SetPoint(name, value, now, topic))
        return is_rebirth, wanted

    def tag(self, name: str) -> Tag | None:
        """The tag of this name, if the node has it."""
        _, metric = self._by_tag.get(name, ("", None))
        return None if metric is None else metric.tag

    def _numbered(self, now: int) -> Any:
        """An empty payload with the next message number."""
        payload = payload_class()(timestamp=now // MILLISECOND, seq=self._seq)
        self._seq = (self._seq + 1) % SEQUENCE
        return payload


def edge_nodes(groups: Sequence[Group], types: Mapping[str, DataType] | None = None) -> tuple[EdgeNode, ...]:
    """The edge nodes that carry these groups; `types` says the type of single tags, by name.

    Raises InputError for blocks and pictures, and for paths that do not fit.
    """
    types = types or {}
    for group in groups:
        if group.kind not in ("scalars", "texts"):
            raise InputError(
                say(
                    "Group '{group}' is of {kind}: Sparkplug metrics carry scalars and texts. Send it by MQTT.",
                    group=group.name,
                    kind=group.kind,
                )
            )
    usual = {tag: DataType.STRING if g.kind == "texts" else DataType.DOUBLE for g in groups for tag in g.tags}
    found = places(usual)
    nodes: dict[tuple[str, str], dict[str, list[_Metric]]] = {}
    for (group, node, device), tags in by_device(found).items():
        devices = nodes.setdefault((group, node), {})
        for tag in tags:
            alias = 1 + sum(map(len, devices.values()))
            metric = _Metric(tag, found[tag].metric, alias, types.get(tag.name, usual[tag]))
            devices.setdefault(device, []).append(metric)
    return tuple(EdgeNode(group, node, devices) for (group, node), devices in nodes.items())


def _samples(item: Item) -> Iterator[tuple[str, int, Value, int]]:
    """(tag, time, value, status) of an item, in order of time; holes left out."""
    if isinstance(item, Batch):
        for time, values, statuses in zip(item.time.tolist(), item.values.tolist(), item.status.tolist(), strict=True):
            for tag, value, status in zip(item.tags, values, statuses, strict=True):
                if status != GOOD_NO_DATA:
                    yield tag.name, time, value, status
    elif isinstance(item, Changes):
        columns = (item.tag.tolist(), item.time.tolist(), item.value.tolist(), item.status.tolist())
        for tag, time, value, status in zip(*columns, strict=True):
            yield item.tags[tag].name, time, value, status
    elif isinstance(item, Context):
        yield item.tag.name, item.time, item.text, GOOD


def _say(said: Any, kind: DataType, value: Value, status: int) -> None:
    """Put a value and its status on a metric; a Bad sample has none."""
    if status & BAD or value is None or value != value:
        said.is_null = True
    else:
        write_value(said, kind, round(value) if kind in INTEGERS and isinstance(value, float) else value)
    if status != GOOD:
        add_status(said, status)


def _add_birth(payload: Any, metric: _Metric, ms: int) -> None:
    at = ms if metric.time is None else metric.time // MILLISECOND
    said = payload.metrics.add(name=metric.name, alias=metric.alias, timestamp=at, datatype=metric.kind)
    _say(said, metric.kind, metric.value, metric.status)
    tag = metric.tag
    told: list[tuple[str, DataType, Value]] = [("engUnit", DataType.STRING, tag.unit)]
    if tag.eu_range is not None:
        low, high = tag.eu_range
        told += [("engLow", DataType.DOUBLE, low), ("engHigh", DataType.DOUBLE, high)]
    told.append(("readOnly", DataType.BOOLEAN, not tag.writable))
    for key, kind, value in told:
        said.properties.keys.append(key)
        write_value(said.properties.values.add(type=kind), kind, value)

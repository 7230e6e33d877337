"""What births have told of a Sparkplug B edge node: its metrics, their types and aliases, and the items they become."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connectors.errors import BadMessage
from connectors.items import Changes, Context
from connectors.sparkplug import BDSEQ, CONTROL, MILLISECOND, Place, nanoseconds, properties_of, status_of
from connectors.sparkplug_types import NUMBERS, DataType, Value, as_text, checked_text, data_type, read_value
from connectors.status import BAD, BAD_NO_COMMUNICATION, GOOD
from connectors.tags import Group, Tag
from connectors.texts import say

NEVER = -(2**62)
TEXTS = ":texts"  # what the group of a device's texts is called after the group of its numbers
UNREAD = {DataType.UNKNOWN, DataType.TEMPLATE, DataType.PROPERTY_SET, DataType.PROPERTY_SET_LIST}

Named = Callable[[Place, Tag], Tag | None]


class Unknown(Exception):
    """A metric came by a name or an alias that no birth has told."""


@dataclass(slots=True, eq=False)
class Held:
    """A group of ours, the samples waiting to be handed out, and the newest time of each tag, int64 (k,) ns."""

    group: Group
    last: np.ndarray
    rows: list[tuple[int, int, float, int]] = field(default_factory=list)

    def grow(self, tags: Iterable[Tag]) -> None:
        """Take in tags; one of a known name is replaced."""
        known = dict(zip([tag.name for tag in self.group.tags], self.last.tolist(), strict=True))
        merged = {tag.name: tag for tag in (*self.group.tags, *tags)}
        if tuple(merged.values()) != self.group.tags:
            self.group = Group(self.group.name, tuple(merged.values()), self.group.kind)
            self.last = np.array([known.get(name, NEVER) for name in merged], np.int64)

    def flush(self) -> Changes | None:
        """The waiting samples as one item."""
        if not self.rows:
            return None
        tag, time, value, status = zip(*self.rows, strict=True)
        self.rows.clear()
        columns, times = np.array(tag, np.int32), np.array(time, np.int64)
        np.maximum.at(self.last, columns, times)
        return Changes(self.group.tags, columns, times, np.array(value, np.float64), np.array(status, np.uint32))


@dataclass(slots=True, eq=False)
class Slot:
    """One metric as its birth told it; `held` is None where it becomes no item. `value` is its newest."""

    device: str
    label: str
    kind: DataType
    held: Held | None = None
    column: int = 0
    value: Value = None


class Catalogue:
    """The metrics of one edge node and its devices.

    Attributes:
        devices: by name ('' is the node itself), the metrics of its newest birth by name.
        newest: ns, the newest source time that came.
        handed, unmapped: metrics that became items, and metrics that became none.
    """

    def __init__(self, group: str, node: str, named: Named, groups: dict[str, Held]) -> None:
        self.group, self.node = group, node
        self.devices: dict[str, dict[str, Slot]] = {}
        self.newest = 0
        self.handed = self.unmapped = 0
        self._named = named
        self._groups = groups
        self._by_alias: dict[int, Slot] = {}

    def birth(self, device: str, payload: Any, now: int) -> list[Changes | Context]:
        """A birth of the node ('' as device) or a device. Raises BadMessage, with nothing changed, if it is none."""
        base = nanoseconds(payload.timestamp) or now
        slots: dict[str, Slot] = {}
        # a node's birth starts all aliases afresh
        aliases = {} if not device else {a: slot for a, slot in self._by_alias.items() if slot.device != device}
        read: list[tuple[Slot, Tag, int, Value, int]] = []
        for metric in payload.metrics:
            label = checked_text(metric.name)
            if label == BDSEQ or label.startswith(CONTROL):
                continue
            if label in slots or not all(label.split("/")):
                raise BadMessage(say("A birth of {node} names '{name}' wrongly or twice.", node=self.node, name=label))
            slot = slots[label] = Slot(device, label, data_type(metric.datatype))
            if metric.HasField("alias"):
                if metric.alias in aliases:
                    raise BadMessage(say("Alias {alias} of {node} is given twice.", alias=metric.alias, node=self.node))
                aliases[metric.alias] = slot
            if slot.kind not in UNREAD:
                at = nanoseconds(metric.timestamp) or base
                read.append((slot, self._described(slot, metric), at, *_value_of(metric, slot.kind)))
        self._settle(device, [(slot, tag) for slot, tag, *_ in read])
        self.devices[device], self._by_alias = slots, aliases
        self.unmapped += len(slots) - len(read)
        contexts: list[Context] = []
        for slot, _, at, value, status in read:
            if slot.held is not None and at <= slot.held.last[slot.column]:  # what held since then holds now
                at = max(base, int(slot.held.last[slot.column]) + MILLISECOND)
            contexts += self._hand(slot, at, value, status)
        return self.flush(contexts)

    def data(self, device: str, payload: Any, now: int) -> list[Changes | Context]:
        """Samples of the node or a device. Raises BadMessage or Unknown, with nothing changed."""
        base = nanoseconds(payload.timestamp) or now
        slots, aliases, double = self.devices[device], self._by_alias, DataType.DOUBLE
        contexts: list[Context] = []
        fast = 0
        try:
            for metric in payload.metrics:
                label = metric.name
                slot = slots.get(label) if label else aliases.get(metric.alias)
                if slot is None or slot.device != device or not (label or metric.HasField("alias")):
                    raise Unknown(checked_text(label) or metric.alias)
                held = slot.held
                if slot.kind is double and held is not None and metric.HasField("double_value"):
                    value, ms = metric.double_value, metric.timestamp
                    if value == value and ms and ms < 2**42 and not _is_special(metric):
                        slot.value = value
                        held.rows.append((slot.column, ms * MILLISECOND, value, GOOD))
                        fast += 1
                        continue
                if metric.HasField("datatype") and metric.datatype != slot.kind:
                    raise BadMessage(
                        say("{name} was born as {born}, but came as type {came}.",
                            name=slot.label, born=slot.kind.name, came=metric.datatype)
                    )  # fmt: skip
                if slot.kind not in UNREAD:
                    at = nanoseconds(metric.timestamp) or base
                    contexts += self._hand(slot, at, *_value_of(metric, slot.kind), bool(metric.is_historical))
                else:
                    self.unmapped += 1
        except (BadMessage, Unknown):
            for held in self._groups.values():
                held.rows.clear()
            raise
        self.handed += fast
        return self.flush(contexts)

    def stale(self, devices: Iterable[str], at: int) -> list[Changes | Context]:
        """Every number of these devices becomes Bad: nobody can tell it any more. `at` is ns of source time."""
        for device in devices:
            for slot in self.devices.get(device, {}).values():
                if slot.held is not None and slot.kind in NUMBERS:
                    after = max(at, int(slot.held.last[slot.column]) + MILLISECOND)
                    slot.held.rows.append((slot.column, after, math.nan, BAD_NO_COMMUNICATION))
        return self.flush([])

    def flush(self, contexts: list[Context]) -> list[Changes | Context]:
        """Everything waiting as items."""
        items: list[Changes | Context] = []
        for held in self._groups.values():
            changes = held.flush()
            if changes is not None:
                self.newest = max(self.newest, int(changes.time.max()))
                items.append(changes)
        return items + contexts

    def _hand(self, slot: Slot, at: int, value: Value, status: int, is_historical: bool = False) -> list[Context]:
        if not is_historical:
            slot.value = value
        if slot.held is None:
            self.unmapped += 1
            return []
        self.handed += 1
        if slot.kind in NUMBERS:
            number = math.nan if status & BAD else float(value)  # pyright: ignore[reportArgumentType]
            slot.held.rows.append((slot.column, at, number, status if number == number else status | BAD))
            return []
        return [] if status & BAD else [Context(slot.held.group.tags[slot.column], at, as_text(value))]

    def _described(self, slot: Slot, metric: Any) -> Tag:
        """The tag that a birth's metric would be; unit and range as its properties tell them."""
        told = properties_of(metric)
        unit, low, high = told.get("engUnit"), told.get("engLow"), told.get("engHigh")
        numbers = isinstance(low, int | float) and isinstance(high, int | float) and low < high
        where = Place(self.group, self.node, slot.device, slot.label)
        return Tag(
            name=str(where),
            unit=unit if isinstance(unit, str) and unit else "1",
            eu_range=(float(low), float(high)) if numbers else None,  # pyright: ignore[reportArgumentType]
            group="/".join(filter(None, (self.group, self.node, slot.device)))
            + ("" if slot.kind in NUMBERS else TEXTS),
            address=str(where),
            writable=told.get("readOnly") is False,
        )

    def _settle(self, device: str, described: list[tuple[Slot, Tag]]) -> None:
        """Find each metric's tag and the group that takes its samples."""
        found: dict[str, list[tuple[Slot, Tag]]] = {}
        for slot, told in described:
            tag = self._named(Place(self.group, self.node, device, slot.label), told)
            if tag is not None:
                found.setdefault(tag.group, []).append((slot, tag))
        for name, several in found.items():
            kind = "scalars" if any(slot.kind in NUMBERS for slot, _ in several) else "texts"
            held = self._groups.setdefault(name, Held(Group(name, (), kind), np.zeros(0, np.int64)))
            held.grow(tag for _, tag in several)
            column = {tag.name: i for i, tag in enumerate(held.group.tags)}
            for slot, tag in several:
                slot.held, slot.column = held, column[tag.name]


def _is_special(metric: Any) -> bool:
    """Whether a metric says more than alias, time and double."""
    return (
        metric.is_null
        or metric.is_historical
        or metric.HasField("properties")
        or metric.datatype not in (DataType.UNKNOWN, DataType.DOUBLE)
    )


def _value_of(metric: Any, kind: DataType) -> tuple[Value, int]:
    """Value and OPC UA status of a metric. Raises BadMessage where they do not fit its type."""
    status = status_of(properties_of(metric)) if metric.HasField("properties") else GOOD
    if metric.is_null:
        return None, status if status & BAD else BAD
    return read_value(metric, kind), status

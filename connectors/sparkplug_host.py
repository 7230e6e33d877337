"""What a Sparkplug B host application does with what it hears: order, births, deaths. Bytes in, items out.

Sparkplug Specification 3.0.0, sections 5 and 6.4. Data of a node whose order has a gap, or whose alias nobody knows,
is not guessed at: the node is asked to be born again, and until then what it says is counted, not handed out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import BadMessage
from connectors.items import Changes, Context
from connectors.mqtt_session import Note
from connectors.sparkplug import BDSEQ, MILLISECOND, REBIRTH, Place, Topic, payload_of
from connectors.sparkplug_catalogue import Catalogue, Held, Named, Unknown
from connectors.sparkplug_schema import payload_class
from connectors.sparkplug_types import DataType, Value, write_value
from connectors.tags import Group, Tag
from connectors.texts import say

SEQUENCE = 256  # message numbers go from 0 to 255
REORDER_S = 2.0  # wall seconds that a missing message is waited for
ASK_S = 2.0  # wall seconds between requests for the same birth
ASKS = 30  # requests nobody answers before a node is only asked when it speaks

Items = list[Changes | Context]


@dataclass(slots=True)
class Counts:
    """What came in, apart from metrics handed out.

    Attributes:
        refused: metrics of nodes that must be born first; malformed: messages that do not decode.
        missing: messages that never came; reordered: messages that came late and were put in order.
        outdated: births and deaths of a session that is over; requests: rebirths asked for.
    """

    refused: int = 0
    malformed: int = 0
    missing: int = 0
    reordered: int = 0
    outdated: int = 0
    requests: int = 0


@dataclass(slots=True, eq=False)
class _Node:
    """An edge node as its newest birth told. Wall times are seconds, `born_ms` is the node's own clock."""

    catalogue: Catalogue
    alive: set[str] = field(default_factory=set)  # devices, and '' for the node itself
    needs_birth: bool = True
    is_dead: bool = False  # by its own word: it is born when it is back
    bdseq: int = -1
    born_ms: int = -1
    due: int = 0
    asked: float = -math.inf
    unanswered: int = 0  # requests since its last birth
    gap_since: float | None = None
    heard: float = 0.0
    waiting: dict[int, tuple[Topic, Any]] = field(default_factory=dict)

    def present(self, wall: float) -> int:
        """What time it should be at the node by now, ns in whole ms."""
        return self.catalogue.newest + round((wall - self.heard) * 1000) * MILLISECOND


class HostApplication:
    """Knows every edge node that has spoken. Feed it messages with `take`, and call `tick` now and then.

    Attributes:
        counts: what came in and was not handed out.
        requests: (group, node) to ask for a birth; whoever sends them empties the list.

    Args:
        named: which of our tags a metric is, from its place and the tag its birth describes; None leaves it out.
            Without it every metric becomes a tag 'group/node/device/metric' of the group 'group/node/device'.
        reorder_s: wall seconds a missing message is waited for before a rebirth is asked for.
    """

    def __init__(self, named: Named | None = None, reorder_s: float = REORDER_S) -> None:
        self.counts = Counts()
        self.requests: list[tuple[str, str]] = []
        self._named = named or (lambda place, tag: tag)
        self._reorder_s = reorder_s
        self._nodes: dict[tuple[str, str], _Node] = {}
        self._groups: dict[str, Held] = {}

    @property
    def groups(self) -> tuple[Group, ...]:
        """Groups as births have told them so far, in order of name."""
        return tuple(self._groups[name].group for name in sorted(self._groups))

    @property
    def handed(self) -> int:
        """Metrics that became items."""
        return sum(node.catalogue.handed for node in self._nodes.values())

    @property
    def unmapped(self) -> int:
        """Metrics that became none: no tag list names them, or their type has no item."""
        return sum(node.catalogue.unmapped for node in self._nodes.values())

    def is_online(self, group: str, node: str, device: str = "") -> bool:
        """Whether an edge node, or its device, is born and not dead."""
        known = self._nodes.get((group, node))
        return known is not None and device in known.alive

    def value(self, group: str, node: str, device: str, metric: str) -> Value:
        """The newest value of a metric as the wire tells it, bytes and tables too. Raises KeyError if there is none."""
        return self._nodes[group, node].catalogue.devices[device][metric].value

    def find(self, tag: Tag) -> tuple[Place, DataType] | None:
        """Where a tag lives and its type on the wire; None while it is not alive."""
        for (group, node), known in self._nodes.items():
            for device in known.alive:
                for slot in known.catalogue.devices[device].values():
                    if slot.held is not None and slot.held.group.tags[slot.column] == tag:
                        return Place(group, node, device, slot.label), slot.kind
        return None

    def take(self, topic: str, data: bytes, now: int, wall: float) -> Items:
        """Items of one message. `now` is ns since 1970 UTC, `wall` seconds on a clock that never jumps."""
        node = None
        try:
            where = Topic.of(topic)
            if where.kind.endswith("CMD"):
                return []
            node = self._node(where)
            payload = payload_of(data)
            if where.kind == "NBIRTH":
                return self._node_birth(node, payload, now, wall)
            if where.kind == "NDEATH":
                return self._node_death(node, payload, wall)
            return self._numbered(node, where, payload, now, wall)
        except BadMessage:
            self.counts.malformed += 1
            if node is not None and Topic.of(topic).kind == "NBIRTH":  # its aliases may be others now
                return self._ask(node, wall)
            return []

    def tick(self, wall: float) -> Items:
        """Ends what has been waited for too long: missing messages, births that do not come."""
        items: Items = []
        for node in self._nodes.values():
            if node.gap_since is not None and wall - node.gap_since >= self._reorder_s:
                items += self._give_up(node, wall)
            elif node.needs_birth and not node.is_dead and node.unanswered < ASKS:
                items += self._ask(node, wall)
        return items

    def lost(self, wall: float) -> Items:
        """The connection to the broker broke: everything is stale until it is born again."""
        items: Items = []
        for node in self._nodes.values():
            items += self._kill(node, sorted(node.alive), wall)
            node.needs_birth, node.is_dead = True, False  # it may be back before we are
            node.unanswered, node.gap_since = 0, None
            node.waiting.clear()
        return items

    def _node(self, where: Topic) -> _Node:
        key = (where.group, where.node)
        if key not in self._nodes:
            self._nodes[key] = _Node(Catalogue(*key, self._named, self._groups))
        return self._nodes[key]

    def _numbered(self, node: _Node, where: Topic, payload: Any, now: int, wall: float) -> Items:
        """A message that carries a seq: the one that is due, one after a gap, or one nobody can read."""
        if not payload.HasField("seq") or payload.seq >= SEQUENCE:
            raise BadMessage(say("A {kind} needs a seq from 0 to 255.", kind=where.kind))
        if node.needs_birth:
            self.counts.refused += len(payload.metrics)
            return self._ask(node, wall)
        if payload.seq == node.due:
            return self._in_order(node, where, payload, now, wall)
        if payload.seq in node.waiting:
            raise BadMessage(say("Message {seq} of {node} came twice.", seq=payload.seq, node=where.node))
        node.waiting[payload.seq] = (where, payload)
        node.gap_since = wall if node.gap_since is None else node.gap_since
        return self._give_up(node, wall) if self._reorder_s <= 0 else []

    def _in_order(self, node: _Node, where: Topic, payload: Any, now: int, wall: float) -> Items:
        items: Items = []
        due: tuple[Topic, Any] | None = (where, payload)
        while due is not None and not node.needs_birth:
            node.due = (node.due + 1) % SEQUENCE
            newest = node.catalogue.newest
            try:
                items += self._device_message(node, *due, now, wall)
            except BadMessage:
                self.counts.malformed += 1
            if node.catalogue.newest > newest:
                node.heard = wall
            due = node.waiting.pop(node.due, None)
            self.counts.reordered += due is not None
        if not node.waiting:
            node.gap_since = None
        return items

    def _device_message(self, node: _Node, where: Topic, payload: Any, now: int, wall: float) -> Items:
        if where.kind == "DBIRTH":
            items = node.catalogue.birth(where.device, payload, now)
            node.alive.add(where.device)
            return items
        if where.kind == "DDEATH":
            return self._kill(node, [where.device], wall)
        try:
            if where.device not in node.alive:
                raise Unknown(where.device)
            return node.catalogue.data(where.device, payload, now)
        except Unknown:
            self.counts.refused += len(payload.metrics)
            return self._ask(node, wall)

    def _node_birth(self, node: _Node, payload: Any, now: int, wall: float) -> Items:
        bdseq = _bdseq(payload)
        if bdseq is None or not payload.HasField("seq") or payload.seq != 0:
            raise BadMessage(say("An NBIRTH needs seq 0 and a bdSeq."))
        if bdseq == node.bdseq and payload.timestamp < node.born_ms:
            self.counts.outdated += 1  # an older birth of the same session, overtaken on its way
            return []
        at = node.present(wall)
        items = node.catalogue.birth("", payload, now)
        items = node.catalogue.stale(sorted(node.alive - {""}), at) + items
        node.alive = {""}
        node.bdseq, node.born_ms = bdseq, payload.timestamp
        node.needs_birth = node.is_dead = False
        node.unanswered = 0
        node.due, node.gap_since, node.heard = 1, None, wall
        node.waiting.clear()
        return items

    def _node_death(self, node: _Node, payload: Any, wall: float) -> Items:
        if "" not in node.alive or _bdseq(payload) != node.bdseq:
            self.counts.outdated += 1
            return []
        items = self._kill(node, sorted(node.alive), wall)
        node.needs_birth = node.is_dead = True
        return items

    def _kill(self, node: _Node, devices: Sequence[str], wall: float) -> Items:
        """Devices are dead, and their numbers stale."""
        items = node.catalogue.stale([device for device in devices if device in node.alive], node.present(wall))
        node.alive.difference_update(devices)
        return items

    def _give_up(self, node: _Node, wall: float) -> Items:
        """The gap stays. Aliases may have changed in it, so what was held is not handed out."""
        self.counts.missing += min((seq - node.due) % SEQUENCE for seq in node.waiting)
        self.counts.refused += sum(len(payload.metrics) for _, payload in node.waiting.values())
        return self._ask(node, wall)

    def _ask(self, node: _Node, wall: float) -> Items:
        """Ask for a rebirth, not too often; what cannot be told until then is stale."""
        items = self._kill(node, sorted(node.alive), wall)
        node.needs_birth, node.gap_since = True, None
        node.waiting.clear()
        if wall - node.asked >= ASK_S:
            node.asked = wall
            node.unanswered += 1
            self.counts.requests += 1
            self.requests.append((node.catalogue.group, node.catalogue.node))
        return items


def _bdseq(payload: Any) -> int | None:
    for metric in payload.metrics:
        if metric.name == BDSEQ:
            return metric.long_value or metric.int_value
    return None


def rebirth_request(group: str, node: str, now: int) -> Note:
    """NCMD that asks an edge node to be born again. `now` is ns."""
    return command(Topic(group, "NCMD", node), REBIRTH, DataType.BOOLEAN, True, now)


def command(where: Topic, metric: str, kind: DataType, value: Value, now: int) -> Note:
    """NCMD or DCMD that sets one metric, by name. Raises ValueError where the value is none of the type."""
    payload = payload_class()(timestamp=now // MILLISECOND)
    asked = payload.metrics.add(name=metric, timestamp=now // MILLISECOND, datatype=kind)
    write_value(asked, kind, value)
    return Note(str(where), payload.SerializeToString())

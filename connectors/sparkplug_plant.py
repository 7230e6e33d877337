"""The plant as Sparkplug B edge nodes: one MQTT session a node, opened again when it breaks, commands taken in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.broker import LOOPBACK
from connectors.clock import now_ns, sleep
from connectors.errors import BadMessage, PartFailed
from connectors.items import Item
from connectors.mqtt_session import MqttSession, Note
from connectors.secrets import Login
from connectors.setpoints import Audit, SetPoint, refusal
from connectors.sparkplug import STATE, read_state
from connectors.sparkplug_node import SEQUENCE, EdgeNode, edge_nodes
from connectors.sparkplug_types import DataType
from connectors.tags import Group
from connectors.texts import say

RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)  # wall seconds before each next connection; the last one repeats
GOODBYE_S = 5.0  # a broker that has not acknowledged a death by then will not
OnSetPoint = Callable[[SetPoint], None]


@dataclass(slots=True)
class Counts:
    """What happened at the plant's side.

    Attributes:
        sent: metrics published; unsent: metrics that were new while nobody could be told, or the device was away.
        births: NBIRTHs; malformed: commands that do not decode.
    """

    sent: int = 0
    unsent: int = 0
    births: int = 0
    malformed: int = 0


class SparkplugPublisher:
    """Sends scalars and texts as Sparkplug B, by exception. Enter it, `send` items.

    A connection that breaks is opened again with the next bdSeq, and everything is born again; what changed
    meanwhile is counted in `counts.unsent` and its newest value is in the births.

    Args:
        groups: scalars and texts; tags of several lines become several edge nodes.
        on_setpoint: called with every set-point that is let through; without it all are refused.
        on_command: called with every set-point as it came, instead of both; it judges and audits by itself.
        audit: where every attempt to write goes.
        types: types of single tags on the wire, by name.
        login, is_secure: how the broker lets us in, and whether by TLS.
        primary_host: births wait until the host application of this id is online, and die when it goes.

    Raises InputError for groups that do not fit, and PartFailed on entering when the broker is not there.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        port: int,
        host: str = LOOPBACK,
        on_setpoint: OnSetPoint | None = None,
        audit: Audit | None = None,
        types: Mapping[str, DataType] | None = None,
        primary_host: str = "",
        login: Login | None = None,
        is_secure: bool = False,
        on_command: OnSetPoint | None = None,
    ) -> None:
        self.counts = Counts()
        self.login, self.is_secure = login, is_secure
        self._lines = [_NodeLine(node, self, port, host, primary_host) for node in edge_nodes(groups, types)]
        self._on_setpoint, self._on_command = on_setpoint, on_command
        self._audit = audit
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> SparkplugPublisher:
        loop = asyncio.get_running_loop()
        for line in self._lines:
            line.opened = loop.create_future()
        self._tasks = [loop.create_task(line.keep()) for line in self._lines]
        try:
            await asyncio.gather(*(line.opened for line in self._lines if line.opened is not None))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def nodes(self) -> tuple[EdgeNode, ...]:
        """The edge nodes."""
        return tuple(line.node for line in self._lines)

    async def send(self, items: Sequence[Item]) -> None:
        """Report what these items say that is new. Raises what a session has ended with for good."""
        for task in self._tasks:
            if task.done():
                task.result()
        for line in self._lines:
            line.report(items)
        await asyncio.sleep(0)

    def kill_device(self, device: str) -> None:
        """A device can be reached no more: DDEATH. It is born again by `revive_device`."""
        for line in self._lines:
            if device in line.node.alive:
                line.tell(line.node.device_death, device)

    def revive_device(self, device: str) -> None:
        """A device can be reached again: DBIRTH."""
        for line in self._lines:
            if device in line.node.devices:
                line.tell(line.node.device_birth, device)

    def ask(self, node: EdgeNode, asked: SetPoint) -> None:
        """Judge a set-point, write down what became of it, and hand it on."""
        if self._on_command is not None:
            self._on_command(asked)
            return
        tag = node.tag(asked.name)
        why_not = refusal(tag, asked.value)
        if self._on_setpoint is None:
            why_not = say("This plant takes no set-points.")
        if self._audit is not None:
            self._audit.note(asked, why_not)
        if why_not is None and self._on_setpoint is not None:
            self._on_setpoint(asked)


class _NodeLine:
    """One edge node's sessions, one after another."""

    def __init__(self, node: EdgeNode, plant: SparkplugPublisher, port: int, host: str, primary: str) -> None:
        self.node = node
        self.opened: asyncio.Future[None] | None = None
        self._plant = plant
        self._port, self._host = port, host
        self._state_topic = f"{STATE}/{primary}" if primary else ""
        self._host_ms = -1  # time of the primary host's newest STATE
        self._session: MqttSession | None = None  # while births are out
        self._bdseq = -1

    async def keep(self) -> None:
        attempt = 0
        while True:
            self._bdseq = (self._bdseq + 1) % SEQUENCE
            births = self._plant.counts.births
            try:
                await self._one_session()
            except PartFailed as error:
                if self.opened is not None and not self.opened.done():
                    self.opened.set_exception(error)
                    return
            attempt = 0 if self._plant.counts.births > births else attempt + 1
            await sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])

    async def _one_session(self) -> None:
        """Connect, be born, hear commands. Returns when the primary host has gone; raises PartFailed when it broke."""
        will = self.node.death(self._bdseq, now_ns())
        filters = [*self.node.filters, *([(self._state_topic, 1)] if self._state_topic else [])]
        plant = self._plant
        async with MqttSession("node", self._port, self._host, filters, will, plant.login, plant.is_secure) as session:
            try:
                if not self._state_topic:
                    self._be_born(session)
                self._told_open()
                while await self._hear(session):
                    pass
            finally:
                self._session = None
                if session.failure is None:
                    await self._say_goodbye(session)

    def _told_open(self) -> None:
        if self.opened is not None and not self.opened.done():
            self.opened.set_result(None)

    async def _say_goodbye(self, session: MqttSession) -> None:
        """NDEATH before a DISCONNECT: the broker then keeps the will to itself."""
        try:
            session.publish(self.node.death(self._bdseq, now_ns()))
            await session.confirm(GOODBYE_S)
        except PartFailed:
            return  # the will speaks instead

    def _be_born(self, session: MqttSession) -> None:
        for note in self.node.births(self._bdseq, now_ns()):
            session.publish(note)
        self._session = session
        self._plant.counts.births += 1

    async def _hear(self, session: MqttSession) -> bool:
        """Take in what came; False when the primary host is gone."""
        for topic, payload in await session.heard():
            try:
                if topic == self._state_topic:
                    if not self._host_says(session, payload):
                        return False
                    continue
                is_rebirth, wanted = self.node.commands(topic, payload, now_ns())
            except BadMessage:
                self._plant.counts.malformed += 1
                continue
            for asked in wanted:
                self._plant.ask(self.node, asked)
            if is_rebirth and self._session is not None:
                self._be_born(session)
        return True

    def _host_says(self, session: MqttSession, payload: bytes) -> bool:
        """Births when the primary host comes online; False when it went. A STATE older than the newest is ignored."""
        is_online, ms = read_state(payload)
        if ms < self._host_ms:
            return True
        self._host_ms = ms
        if is_online and self._session is None:
            self._be_born(session)
        return is_online or self._session is None

    def report(self, items: Sequence[Item]) -> None:
        """Publish what is new, or count it."""
        found = self.node.update(items)
        for device in list(found):
            if device and device not in self.node.alive:
                self._plant.counts.unsent += len(found.pop(device))
        count = sum(map(len, found.values()))
        if self._session is None:
            self._plant.counts.unsent += count
            return
        try:
            for note in self.node.data(found, now_ns()):
                self._session.publish(note)
            self._plant.counts.sent += count
        except PartFailed:
            self._session = None
            self._plant.counts.unsent += count

    def tell(self, certificate: Callable[[str, int], Note], device: str) -> None:
        """Publish a device's certificate; while there is no session the next birth tells."""
        note = certificate(device, now_ns())
        try:
            if self._session is not None:
                self._session.publish(note)
        except PartFailed:
            self._session = None

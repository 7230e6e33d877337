"""MQTT in and out: one message a group and tick, one connection, one wildcard.

With `mqtt_lane`, which reads for it, the only file that knows paho.
"""

# paho re-exports its enumerations without saying so
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import asyncio
import itertools
import json
import math
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from connectors.broker import LOOPBACK
from connectors.errors import BadMessage, PartFailed
from connectors.items import Batch, Item, Mark
from connectors.message import Message, decode, encode
from connectors.mqtt_address import Session
from connectors.mqtt_lane import Heard, LaneClient
from connectors.mqtt_reasons import told
from connectors.secrets import Login
from connectors.tags import Group, unit_path
from connectors.texts import say
from connectors.times import END, text

CONNECT_S = 10.0  # a broker that has not answered by then is not there
QUEUE = 100_000  # messages waiting for acknowledgement before publishing counts as failed
PER_CALL = 200  # topics in one subscription
NOBODYS = "testbed/nobody"  # a filter that nobody subscribes
BAD_USER = (134, 135)  # reason codes: bad user name or password, not authorised
MARKER = "_group"  # topic level under the unit that carries group messages

_ids = itertools.count(1)


def topic_root(groups: Sequence[Group]) -> str:
    """The topic under which these groups' messages go: the path of their unit, and a marker level."""
    return f"{unit_path(tag.name for group in groups for tag in group.tags)}/{MARKER}"


class _Connection:
    """A paho client in its own thread, entered and left; failures become one sentence."""

    def __init__(
        self,
        role: str,
        host: str,
        port: int,
        login: Login | None = None,
        is_secure: bool = False,
        session: Session | None = None,
    ) -> None:
        self.host, self.port = host, port
        self._role = role
        self.session = session or Session()
        self._login, self._is_secure = login or Login(), is_secure
        self._client = LaneClient(
            paho.CallbackAPIVersion.VERSION2,
            client_id=self.session.client or f"testbed-{role}-{id(self):x}-{next(_ids)}",
            clean_session=None if self.session.version == 5 else not self.session.client,
            protocol=paho.MQTTv5 if self.session.version == 5 else paho.MQTTv311,
            reconnect_on_failure=False,  # what was sent meanwhile would be lost: a broken connection is the end
        )
        self._client.max_inflight_messages_set(500)
        self._client.max_queued_messages_set(0)
        if self._login.user:
            self._client.username_pw_set(self._login.user, self._login.password or None)
        self._tls: ssl.SSLContext | None = None
        if is_secure:
            from connectors.tls import client_context

            self._tls = client_context(self._login)
            self._client.tls_set_context(self._tls)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.heard = self._heard
        self._arrived: deque[Heard] = deque()
        self._wake = asyncio.Event()
        self._ready = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_leaving = False
        self._refused: int | None = None  # the reason code of a CONNACK that let us not in
        self.failure: str | None = None

    async def _open(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            if self._tls is not None:
                from connectors.tls import try_handshake

                await asyncio.to_thread(try_handshake, self._tls, self.host, self.port)
            await asyncio.to_thread(self._connect)
        except OSError as error:
            raise PartFailed(
                say("No MQTT broker answers at {host}:{port} ({error}).", host=self.host, port=self.port, error=error)
            ) from None
        self._client.loop_start()
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._ready.wait()
        except TimeoutError:
            self.failure = self.failure or say("it did not answer within {span:.0f} s", span=CONNECT_S)
        if self.failure is not None:
            await self._close()
            raise PartFailed(self._not_let_in(self.failure))

    def _connect(self) -> None:
        if self.session.version != 5:
            self._client.connect(self.host, self.port, 60)
            return
        asked = Properties(PacketTypes.CONNECT)
        if self.session.client:
            asked.SessionExpiryInterval = self.session.expiry_s
        self._client.connect(self.host, self.port, 60, clean_start=not self.session.client, properties=asked)

    def _not_let_in(self, reason: str) -> str:
        place = {"host": self.host, "port": self.port}
        if self._refused in BAD_USER and self._login.user:
            return say(
                "The MQTT broker at {host}:{port} refused user '{user}': wrong name or password. There, 'testbed users "
                "add {user}' sets a new one.", **place, user=self._login.user,
            )  # fmt: skip
        if self._refused in BAD_USER:
            return say(
                "The MQTT broker at {host}:{port} lets nobody in without a user. Set TESTBED_USER and "
                "TESTBED_PASSWORD; there, 'testbed users add NAME' makes one.", **place,
            )  # fmt: skip
        if self._is_secure and self._refused is None:  # it shut the door after the handshake: TLS 1.3 tells it so late
            return say(
                "The MQTT broker at {host}:{port} closed the door on us ({reason}). If it asks for certificates: "
                "'testbed certs init' makes ours, and there 'testbed certs trust FILE' lets it in.",
                **place, reason=reason,
            )  # fmt: skip
        if self.session.version == 5 and self._refused is None:  # an older one hangs up
            return say(
                "The MQTT broker at {host}:{port} hung up on us ({reason}). If it speaks 3.1.1 alone, leave out "
                "'?v=5'.", **place, reason=reason,
            )  # fmt: skip
        return say("The MQTT broker at {host}:{port} let nobody in: {reason}.", **place, reason=reason)

    async def _close(self) -> None:
        self._is_leaving = True
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
        for callback in ("on_connect", "on_disconnect", "on_message", "on_subscribe", "on_unsubscribe", "on_publish"):
            setattr(self._client, callback, None)  # no cycle: paho closes its last sockets when it goes

    def _call(self, function: Any, *args: Any) -> None:
        """Run in the event loop what paho's thread has seen."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self.failure, self._refused = told(reason), reason.value
            self._call(self._ready.set)
        else:
            self._welcome()

    def _welcome(self) -> None:
        self._call(self._ready.set)

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if not self._is_leaving:
            broke = say(
                "the connection to the MQTT broker at {host}:{port} broke ({reason})",
                host=self.host,
                port=self.port,
                reason=told(reason),
            )
            self.failure = self.failure or broke
            self._call(self._ready.set)
            self._call(self._broke)

    def _broke(self) -> None:
        self._wake.set()

    def _heard(self, messages: list[Heard]) -> None:
        self._arrived.extend(messages)
        if len(self._arrived) <= len(messages):  # whoever reads had nothing
            self._call(self._wake.set)

    def _take_all(self) -> list[Heard]:
        return [self._arrived.popleft() for _ in range(len(self._arrived))]


class MqttPublisher(_Connection):
    """Sends groups as messages, `<unit>/_group/<group>`, QoS 1; `plain` adds one JSON topic a scalar tag.

    Raises PartFailed when the broker is not there or goes away.
    """

    def __init__(
        self, groups: Sequence[Group], port: int, host: str = LOOPBACK, plain: bool = False, login: Login | None = None
    ) -> None:
        super().__init__("plant", host, port, login)
        self._plain = plain
        self.groups = {group.name: group for group in groups}
        self._root = topic_root(groups)
        self._seq = dict.fromkeys(self.groups, 0)

    async def __aenter__(self) -> MqttPublisher:
        await self._open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._close()

    async def send(self, items: Sequence[Item]) -> None:
        """Publish one message for every group that has a mark among `items`."""
        if self.failure is not None:
            raise PartFailed(say("Sending stopped: {reason}.", reason=self.failure))
        parts: dict[str, list[Item]] = {}
        marks: dict[str, Mark] = {}
        ended = {item.group for item in items if isinstance(item, Mark) and item.time == END}
        for item in items:
            if not isinstance(item, Mark):
                parts.setdefault(item.group, []).append(item)
            elif item.time != END:
                marks[item.group] = item
        for name, mark in marks.items():
            payload = encode(self.groups[name], self._seq[name], parts.get(name, []), mark, name in ended)
            self._seq[name] += 1
            self._client.publish(f"{self._root}/{name}", payload, qos=1)
        if self._plain:
            for item in items:
                self._send_plain(item)
        await asyncio.sleep(0)

    def _send_plain(self, item: Item) -> None:
        """The newest value of each scalar under the tag's own name, for people and dashboards: {v, ts, q, eu}."""
        if not isinstance(item, Batch) or self.groups[item.group].kind != "scalars" or not len(item.time):
            return
        moment = text(int(item.time[-1]))
        for tag, value, status in zip(item.tags, item.values[-1], item.status[-1], strict=True):
            good = not math.isnan(value)
            body = {"v": float(value) if good else None, "ts": moment, "q": int(status), "eu": tag.unit}
            self._client.publish(tag.name, json.dumps(body), qos=0)


class MqttSource(_Connection):
    """Items of groups that an MqttPublisher sends. Enter it, iterate it; it ends when every group has ended.

    A message that was doubled is dropped and counted; one that is missing shows in the mark's count; one that does
    not decode is counted in `malformed`. Raises PartFailed when the connection breaks.
    """

    def __init__(self, groups: Sequence[Group], port: int, host: str = LOOPBACK) -> None:
        super().__init__("edge", host, port)
        self.groups = tuple(groups)
        self.bytes = 0
        self.doubled = 0
        self.malformed = 0
        self._by_name = {group.name: group for group in groups}
        self._root = topic_root(groups)
        self._next = dict.fromkeys(self._by_name, 0)
        self._missing: dict[str, set[int]] = {name: set() for name in self._by_name}
        self._client.on_subscribe = lambda *_: self._call(self._ready.set)

    @property
    def missing(self) -> int:
        """Messages that have not come although later ones have."""
        return sum(len(numbers) for numbers in self._missing.values())

    async def __aenter__(self) -> MqttSource:
        await self._open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._close()

    def _welcome(self) -> None:
        self._client.subscribe(f"{self._root}/+", qos=1)

    async def __aiter__(self) -> AsyncIterator[Item]:
        is_open = set(self._by_name)
        while is_open:
            if not self._arrived:
                if self.failure is not None:
                    raise PartFailed(say("Reading stopped: {reason}.", reason=self.failure))
                self._wake.clear()
                if not self._arrived:
                    await self._wake.wait()
                continue
            topic, payload, _ = self._arrived.popleft()
            self.bytes += len(topic) + len(payload)
            message = self._take(payload)
            if message is None:
                continue
            for item in message.items:
                yield item
            yield message.mark
            if message.is_last:
                is_open.discard(message.group)
                yield Mark(message.group, END, message.mark.count)

    def _take(self, payload: bytes) -> Message | None:
        """The message, or None when it came twice or does not decode."""
        try:
            message = decode(payload, self._by_name)
        except BadMessage:
            self.malformed += 1
            return None
        due, missing = self._next[message.group], self._missing[message.group]
        if message.seq >= due:
            missing.update(range(due, message.seq))
            self._next[message.group] = message.seq + 1
        elif message.seq in missing:
            missing.discard(message.seq)  # delayed: its samples will be late, and counted so
        else:
            self.doubled += 1
            return None
        return message


class MqttTopics(_Connection):
    """Messages of single topics at a broker that need not be ours. Enter it, and ask for what has come.

    Attributes:
        refused: topics that the broker let us subscribe none of, and `reason` why.
        answers: so often the broker has answered `ask`.
    """

    def __init__(
        self,
        topics: Sequence[str],
        host: str,
        port: int,
        login: Login,
        is_secure: bool = False,
        session: Session | None = None,
    ) -> None:
        super().__init__("watch", host, port, login, is_secure, session)
        self.refused: list[str] = []
        self.reason = ""
        self._topics = self.session.filters(list(topics))
        self._pending: dict[int, list[str]] = {}
        self.answers = 0
        self._client.on_unsubscribe = self._on_unsubscribe
        self._client.on_subscribe = self._on_subscribe

    async def __aenter__(self) -> MqttTopics:
        await self._open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._close()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message, QoS 1."""
        self._client.publish(topic, payload, qos=1)

    def ask(self) -> None:
        """Ask the broker for a sign of life: it must answer who unsubscribes what nobody subscribed (3.1.1, 3.10.4)."""
        self._client.unsubscribe(NOBODYS)

    def _on_unsubscribe(self, client: Any, userdata: Any, number: int, reasons: Any, properties: Any) -> None:
        self.answers += 1

    def take(self) -> list[Heard]:
        """(topic, payload, whether the broker had kept it) of what has come. Raises PartFailed once it broke."""
        if self.failure is not None and not self._arrived:
            raise PartFailed(self.failure)
        return self._take_all()

    def _welcome(self) -> None:
        for at in range(0, len(self._topics), PER_CALL):
            part = self._topics[at : at + PER_CALL]
            _, number = self._client.subscribe([(topic, self.session.qos) for topic in part])
            self._pending[number or 0] = part  # on_subscribe comes by this same thread

    def _on_subscribe(self, client: Any, userdata: Any, number: int, reasons: Any, properties: Any) -> None:
        for topic, reason in zip(self._pending.pop(number, []), reasons, strict=False):
            if reason.is_failure:
                self.refused.append(topic)
                self.reason = told(reason)
        if not self._pending:
            self._call(self._ready.set)

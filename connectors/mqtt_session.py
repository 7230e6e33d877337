"""One MQTT session with a will: it subscribes, hears, and publishes with or without waiting for the broker's word."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.broker import LOOPBACK
from connectors.errors import PartFailed
from connectors.mqtt import _Connection
from connectors.mqtt_address import Session
from connectors.mqtt_reasons import told
from connectors.secrets import Login
from connectors.texts import say


@dataclass(frozen=True, slots=True)
class Note:
    """A message as MQTT carries it."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


class MqttSession(_Connection):
    """An MQTT session, clean unless it has a name. Enter it, use it, leave it with a DISCONNECT.

    All filters are subscribed when it has been entered. `heard` gives what has come. When the connection breaks,
    `failure` says why, and `heard`, `publish` and `confirm` raise PartFailed; a new session is a new object, since a
    will is fixed when a client connects.
    """

    def __init__(
        self,
        role: str,
        port: int,
        host: str = LOOPBACK,
        filters: Sequence[tuple[str, int]] = (),
        will: Note | None = None,
        login: Login | None = None,
        is_secure: bool = False,
        session: Session | None = None,
    ) -> None:
        super().__init__(role, host, port, login, is_secure, session)
        self._filters = list(filters)
        self._sent = 0  # QoS 1 messages handed to paho
        self._order: deque[int] = deque()  # message ids in the order they were handed over
        self._pending: set[int] = set()  # those not acknowledged
        self._confirmed = 0
        if will is not None:
            self._client.will_set(will.topic, will.payload, will.qos, will.retain)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish

    async def __aenter__(self) -> MqttSession:
        opening = asyncio.ensure_future(self._open())
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:  # paho connects in a thread, which nobody can stop: close what it opens
            await asyncio.wait({opening})
            if opening.exception() is None:
                await self._close()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._close()

    @property
    def confirmed(self) -> int:
        """How many QoS 1 messages the broker has acknowledged, counted without a gap from the first one."""
        return self._confirmed

    async def heard(self, timeout_s: float | None = None) -> list[tuple[str, bytes]]:
        """(topic, payload) of what has come; waits for something, at most `timeout_s`. Raises PartFailed."""
        if not self._arrived and self.failure is None:
            await self._wait(timeout_s)
        if not self._arrived:
            self._check()
        return [(topic, payload) for topic, payload, _ in self._take_all()]

    def publish(self, note: Note) -> None:
        """Hand a message to the connection. Raises PartFailed once it is broken."""
        self._check()
        info = self._client.publish(note.topic, note.payload, note.qos, note.retain)
        if note.qos:
            self._order.append(info.mid)
            self._pending.add(info.mid)
            self._sent += 1

    async def confirm(self, within_s: float) -> None:
        """Wait until every QoS 1 message so far is acknowledged. Raises PartFailed if it breaks or takes longer."""
        try:
            async with asyncio.timeout(within_s):
                while self._confirmed < self._sent:
                    self._check()
                    await self._wait(None)
        except TimeoutError:
            raise PartFailed(say("The MQTT broker did not acknowledge within {span:g} s.", span=within_s)) from None

    async def wait(self, timeout_s: float) -> None:
        """Wait for something to come or to be acknowledged, or for the connection to break."""
        if self.failure is None:
            await self._wait(timeout_s)

    def _check(self) -> None:
        if self.failure is not None:
            raise PartFailed(self.failure)

    async def _wait(self, timeout_s: float | None) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _welcome(self) -> None:
        if self._filters:
            self._client.subscribe(self._filters)
        else:
            super()._welcome()

    def _on_subscribe(self, client: Any, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        for (topic, _), reason in zip(self._filters, reasons, strict=False):
            if reason.is_failure:
                self.failure = say("it does not let us subscribe {topic} ({reason})", topic=topic, reason=told(reason))
        self._call(self._ready.set)

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        if reason.is_failure:  # MQTT 5 alone tells; it must not count as acknowledged
            self.failure = self.failure or say("it refused what was sent: {reason}", reason=told(reason))
            self._call(self._broke)
            return
        self._call(self._acknowledge, mid)

    def _acknowledge(self, mid: int) -> None:
        if mid not in self._pending:
            return  # QoS 0: sent, and nobody says more
        self._pending.discard(mid)
        while self._order and self._order[0] not in self._pending:
            self._order.popleft()
            self._confirmed += 1
        self._wake.set()

"""Store and forward: what goes out waits in a spool until the broker has acknowledged it, in order, at least once.

Each message is JSON with an `id`; one that comes twice has the same id, so that a receiver can drop it.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.broker import LOOPBACK
from connectors.clock import Stopwatch, sleep
from connectors.errors import PartFailed
from connectors.mqtt_address import Session
from connectors.mqtt_session import MqttSession, Note
from connectors.secrets import Login
from connectors.spool import Spool
from connectors.texts import say

RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)  # wall seconds before each next connection; the last one repeats
WINDOW = 400  # messages under way at once
STALL_S = 10.0  # a broker that acknowledges nothing for so long is tried anew


class Outbox:
    """Sends what its spool holds to an MQTT broker, QoS 1. Enter it, `put` messages; it never waits for the broker.

    Attributes:
        state: 'connected' or 'lost', and `reason` why.
        resent: messages sent again since nobody had acknowledged them when a connection broke.

    `alive` is a topic that says, retained, whether we are there: {"state": "online"}, or "offline" by our will.
    """

    def __init__(
        self,
        spool: Spool,
        port: int,
        host: str = LOOPBACK,
        login: Login | None = None,
        is_secure: bool = False,
        session: Session | None = None,
        alive: str = "",
    ) -> None:
        self.spool = spool
        self.state, self.reason = "lost", ""
        self.resent = 0
        self._port, self._host = port, host
        self._login, self._is_secure, self._session = login, is_secure, session
        self._alive = alive
        self._news = asyncio.Event()
        self._handed = 0  # the highest id ever handed to a connection
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Outbox:
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def put(self, topic: str, body: Mapping[str, Any]) -> str | None:
        """Take in a message; its id, or None when the spool had to give it up. Raises SpoolFull if that refuses."""
        return self.put_many([(topic, body)])[0]

    def put_many(self, messages: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str | None]:
        """The same for several messages, in one commit."""
        if self._task is not None and self._task.done():
            self._task.result()  # a fault of our own: told, not hidden
        told = self.spool.put_many(messages)
        self._news.set()
        return told

    async def drain(self, within_s: float) -> bool:
        """Wait until nothing is left to send; whether it came to that."""
        watch = Stopwatch()
        while len(self.spool) and watch.seconds() < within_s:
            await sleep(0.01)
        return not len(self.spool)

    def status(self) -> dict[str, Any]:
        """State and counts as JSON values."""
        return {"state": self.state, "reason": self.reason, "resent": self.resent, **self.spool.status()}

    async def _keep(self) -> None:
        attempt = 0
        while True:
            sent = self.spool.counts.sent
            try:
                async with self._opened() as session:
                    self.state, self.reason = "connected", ""
                    self._say_alive(session, "online")
                    try:
                        await self._forward(session)
                    finally:
                        if session.failure is None:
                            self._say_alive(session, "offline")
            except PartFailed as error:
                self.state, self.reason = "lost", str(error)
            attempt = 0 if self.spool.counts.sent > sent else attempt + 1
            await sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])

    def _opened(self) -> MqttSession:
        will = Note(self._alive, _state("offline"), qos=1, retain=True) if self._alive else None
        return MqttSession(
            "outbox", self._port, self._host, will=will, login=self._login, is_secure=self._is_secure,
            session=self._session,
        )  # fmt: skip

    def _say_alive(self, session: MqttSession, state: str) -> None:
        if self._alive:
            session.publish(Note(self._alive, _state(state), retain=True))

    async def _forward(self, session: MqttSession) -> None:
        """Hand over messages and take in acknowledgements until it breaks. Raises PartFailed."""
        under_way: deque[int] = deque()
        last = confirmed = 0
        watch = Stopwatch()
        while True:
            self._news.clear()
            for entry in self.spool.peek(WINDOW - len(under_way), last):
                session.publish(Note(entry.topic, entry.body, qos=1))
                under_way.append(entry.id)
                self.resent += entry.id <= self._handed
                last = entry.id
                self._handed = max(self._handed, last)
            if under_way:
                await session.wait(STALL_S)
            else:
                await self._news_or(session)
                watch = Stopwatch()
            if session.confirmed > confirmed:
                done = [under_way.popleft() for _ in range(session.confirmed - confirmed)]
                confirmed = session.confirmed
                self.spool.done(done[-1])
                watch = Stopwatch()
            if session.failure is not None or watch.seconds() > STALL_S:
                raise PartFailed(session.failure or say("the broker acknowledges nothing"))

    async def _news_or(self, session: MqttSession) -> None:
        """Wait for something to send, or for the connection to break."""
        waiting = {asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(session.wait(STALL_S))}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


def _state(state: str) -> bytes:
    return json.dumps({"state": state}).encode()

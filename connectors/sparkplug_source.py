"""A Sparkplug B host application on a broker: items of every edge node that is born, set-points the other way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from connectors.broker import LOOPBACK
from connectors.clock import now_ns, sleep, wall_s
from connectors.errors import BadMessage, InputError, PartFailed, nearest
from connectors.items import Changes, Context
from connectors.mqtt_session import MqttSession, Note
from connectors.secrets import Login
from connectors.setpoints import Audit, SetPoint, refusal
from connectors.sparkplug import MILLISECOND, NAMESPACE, STATE, Topic, places, read_state, state_payload
from connectors.sparkplug_catalogue import Named
from connectors.sparkplug_host import HostApplication, Items, command, rebirth_request
from connectors.tags import Group, Tag
from connectors.texts import say

RETRY_S = (0.2, 0.5, 1.0, 2.0)  # wall seconds before each next connection; the last one repeats
TICK_S = 0.25  # wall seconds between looks at what is waited for
GOODBYE_S = 5.0  # a broker that has not acknowledged a death by then will not
HOST_ID = "testbed"


def named_by(tags: Sequence[Tag]) -> Named:
    """Which tag of a list a metric is: by its address 'group/node/device/metric', or by where its path puts it."""
    by_place = {str(place): tag for tag, place in places(tag for tag in tags if not tag.address).items()}
    by_place |= {tag.address: tag for tag in tags if tag.address}
    return lambda place, told: by_place.get(str(place))


class SparkplugSource:
    """Enter it, iterate its items; it does not end by itself. `bytes` counts what arrived.

    A connection that breaks is opened again; what nobody can tell meanwhile is Bad. `state` is 'connected' or 'lost',
    `reason` says why.

    Args:
        tags: a tag list that names the metrics that are wanted; without it every metric that is born is a tag.
        host_id: under which our births and deaths stand; edge nodes may wait for it as their primary host.
        audit: where every set-point goes.
        login, is_secure: how the broker lets us in, and whether by TLS.
        app: what to go on with instead of a new host application.

    Raises PartFailed on entering when the broker is not there.
    """

    def __init__(
        self,
        port: int,
        host: str = LOOPBACK,
        tags: Sequence[Tag] | None = None,
        host_id: str = HOST_ID,
        audit: Audit | None = None,
        login: Login | None = None,
        is_secure: bool = False,
        app: HostApplication | None = None,
    ) -> None:
        if not host_id or set("/+#") & set(host_id):
            raise InputError(say("A Sparkplug host id has no '/', '+' or '#', but got '{id}'.", id=host_id))
        self.app = app or HostApplication(None if tags is None else named_by(tags))
        self.bytes = 0
        self.state, self.reason = "lost", ""
        self.reconnects = 0
        self._host, self._port = host, port
        self._state_topic = f"{STATE}/{host_id}"
        self._audit = audit
        self._login, self._is_secure = login, is_secure
        self._session: MqttSession | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """Groups as births have told them so far."""
        return self.app.groups

    async def __aenter__(self) -> SparkplugSource:
        self._session = await self._connect()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session is not None:
            try:
                self._session.publish(self._certificate(False, now_ns() // MILLISECOND))
                await self._session.confirm(GOODBYE_S)
            except PartFailed:
                pass  # the will speaks instead
            finally:
                await self._session.__aexit__()
                self._session = None

    async def __aiter__(self) -> AsyncIterator[Changes | Context]:
        attempt = 0
        while True:
            try:
                if self._session is None:
                    self._session = await self._connect()
                    self.reconnects += 1
                attempt = 0
                for item in await self._hear(self._session):
                    yield item
            except PartFailed as error:
                for item in await self._lost(str(error)):
                    yield item
                await sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
                attempt += 1

    async def hear(self) -> Items:
        """Items of what has come on this connection, waiting a little. Raises PartFailed once it is broken."""
        if self._session is None:
            raise PartFailed(say("The broker cannot be reached: {reason}.", reason=self.reason))
        return await self._hear(self._session)

    def set(self, name: str, value: float | str | bool) -> None:
        """Set a tag: NCMD or DCMD to its node. Raises InputError if it is not born, not writable or out of range."""
        tag = next((tag for group in self.groups for tag in group.tags if tag.name == name), None)
        why_not = refusal(tag, value)
        found = None
        if tag is None:
            why_not = say("No tag '{name}' is born.", name=name) + nearest(
                name, [t.name for g in self.groups for t in g.tags]
            )
        elif why_not is None:
            found = self.app.find(tag)
            why_not = None if found is not None else say("The edge node of {name} is not online.", name=name)
        if self._audit is not None:
            self._audit.note(SetPoint(name, value, now_ns(), "here"), why_not)
        if why_not is not None or found is None:
            raise InputError(why_not or "")
        place, kind = found
        if self._session is None:
            raise PartFailed(say("The broker cannot be reached: {reason}.", reason=self.reason))
        where = Topic(place.group, "DCMD" if place.device else "NCMD", place.node, place.device)
        self._session.publish(command(where, place.metric, kind, value, now_ns()))

    async def _connect(self) -> MqttSession:
        """Connect, subscribe, then say that we are online: with the time that our will has."""
        ms = now_ns() // MILLISECOND
        will = self._certificate(False, ms)
        session = MqttSession(
            "host", self._port, self._host, [(f"{NAMESPACE}/#", 1)], will, self._login, self._is_secure
        )
        await session.__aenter__()
        session.publish(self._certificate(True, ms))
        self.state, self.reason = "connected", ""
        return session

    async def _hear(self, session: MqttSession) -> Items:
        items: Items = []
        for topic, payload in await session.heard(TICK_S):
            self.bytes += len(topic) + len(payload)
            if topic.startswith(f"{STATE}/"):
                self._check_state(session, topic, payload)
            else:
                items += self.app.take(topic, payload, now_ns(), wall_s())
        items += self.app.tick(wall_s())
        with suppress(PartFailed):  # a connection that broke is told by the next look
            while self.app.requests:
                session.publish(rebirth_request(*self.app.requests.pop(), now_ns()))
        return items

    def _check_state(self, session: MqttSession, topic: str, payload: bytes) -> None:
        """Somebody says we are offline, such as the will of an older session: say that we are not."""
        try:
            is_online, _ = read_state(payload) if topic == self._state_topic else (True, 0)
        except BadMessage:
            is_online = False
        if not is_online and session.failure is None:
            session.publish(self._certificate(True, now_ns() // MILLISECOND))

    async def _lost(self, reason: str) -> Items:
        if self._session is not None:
            await self._session.__aexit__()
            self._session = None
        if self.state == "lost":
            self.reason = reason
            return []
        self.state, self.reason = "lost", reason
        return self.app.lost(wall_s())

    def _certificate(self, is_online: bool, ms: int) -> Note:
        return Note(self._state_topic, state_payload(is_online, ms), qos=1, retain=True)

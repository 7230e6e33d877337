"""OPC UA in: one subscription, every sample, marks effective after the whole notification message."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence

from asyncua import Client, ua

from connectors.errors import PartFailed
from connectors.heed import heed
from connectors.items import Item, Mark
from connectors.opcua_columns import Decoded, read_in_columns
from connectors.opcua_inbox import IS_MARK, Inbox
from connectors.opcua_lane import Lane
from connectors.opcua_publish import Published
from connectors.opcua_server import MARK, NAMESPACE
from connectors.tags import Group
from connectors.texts import say
from connectors.times import END

TIMEOUT_S = 30.0  # of a request, and between asyncua's own probes: a busy loop is not a dead server
QUEUE = 10_000  # samples a monitored item may hold on the server
PER_CALL = 1_000  # monitored items created in one request
LIFETIME = 15_000  # publishing cycles without a request before a server may drop the subscription


class OpcUaSource:
    """Items of groups that an OpcUaServer serves. Enter it, iterate it; it ends when every group has ended.

    Raises PartFailed when the server is not there, refuses an item, or the connection breaks.
    """

    def __init__(self, groups: Sequence[Group], url: str, publishing_ms: float = 20.0) -> None:
        self.groups = tuple(groups)
        self.url = url
        self.bytes = 0
        self._publishing_ms = publishing_ms
        self._client = Client(url, timeout=TIMEOUT_S, watchdog_intervall=TIMEOUT_S)
        self._inbox = Inbox(groups)
        self._arrived: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._failure: str | None = None
        self.decoded = Decoded()
        self._due = 1  # sequence number of the next notification message

    async def __aenter__(self) -> OpcUaSource:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        try:
            await self._client.connect()
        except (OSError, TimeoutError, ua.UaError) as error:
            raise PartFailed(
                say("No OPC UA server answers at {url} ({reason}).", url=self.url, reason=_reason(error))
            ) from None
        self._client.connection_lost_callback = self._on_lost
        try:
            heed()
            await self._subscribe()
        except (ConnectionError, TimeoutError, ua.UaError) as error:
            await self.__aexit__()
            raise PartFailed(
                say("{url} refused the subscription: {reason}.", url=self.url, reason=_reason(error))
            ) from None
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            async with asyncio.timeout(5.0):
                await self._client.disconnect()
        except (ConnectionError, TimeoutError, ua.UaError):
            self._client.disconnect_socket()  # a server that does not answer must not keep it open

    def _count(self, n: int) -> None:
        self.bytes += n

    async def _subscribe(self) -> None:
        session = self._client.uaclient.session
        index = await self._client.get_namespace_index(NAMESPACE)
        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=self._publishing_ms,
            RequestedLifetimeCount=LIFETIME,
            RequestedMaxKeepAliveCount=LIFETIME // 5,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
        )
        wanted: list[tuple[str, Group, int]] = []
        for group in self.groups:
            wanted += [(tag.address or tag.name, group, i) for i, tag in enumerate(group.tags)]
            wanted.append((f"{group.name}/{MARK}", group, IS_MARK))
        self._inbox.expect([(group, tag) for _, group, tag in wanted])
        self.decoded = read_in_columns(session, Lane(session, self._count), self._on_publish, self._on_end)
        made = await session.create_subscription(parameters, _nothing)
        for at in range(0, len(wanted), PER_CALL):
            names = [name for name, _, _ in wanted[at : at + PER_CALL]]
            await self._monitor(made.SubscriptionId, index, at + 1, names)

    async def _monitor(self, subscription: int, index: int, first: int, names: Sequence[str]) -> None:
        """Nodes of these names, under client handles from `first` on."""
        trigger = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        requests = []
        for handle, name in enumerate(names, first):
            item = ua.ReadValueId(NodeId=ua.NodeId(name, index), AttributeId=ua.AttributeIds.Value)
            monitoring = ua.MonitoringParameters(
                ClientHandle=handle, SamplingInterval=0.0, Filter=trigger, QueueSize=QUEUE, DiscardOldest=True
            )
            requests.append(ua.MonitoredItemCreateRequest(item, ua.MonitoringMode.Reporting, monitoring))
        session = self._client.uaclient.session
        results = await session.create_monitored_items(
            ua.CreateMonitoredItemsParameters(subscription, ua.TimestampsToReturn.Source, requests)
        )
        refused = [
            f"{name} ({result.StatusCode.name})"
            for name, result in zip(names, results, strict=True)
            if not result.StatusCode.is_good()
        ]
        if refused:
            shown = ", ".join(refused[:5]) + (" …" if len(refused) > 5 else "")
            raise PartFailed(
                say(
                    "{url} does not offer {n} of {of} items: {shown}.",
                    url=self.url,
                    n=len(refused),
                    of=len(names),
                    shown=shown,
                )
            )

    @property
    def malformed(self) -> int:
        """Pictures that came and are none."""
        return self._inbox.malformed

    async def _on_lost(self, error: Exception) -> None:
        self._fail(say("the connection to {url} broke ({reason})", url=self.url, reason=_reason(error)))

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self._wake.set()

    def _on_publish(self, published: Published) -> None:
        """One notification message: its samples first, then its marks. Whatever it holds, this is no traceback."""
        if published.notifications and published.sequence != self._due:
            self._fail(
                say(
                    "{url} sent notification message {number} where {due} was due: one was lost",
                    url=self.url,
                    number=published.sequence,
                    due=self._due,
                )
            )
        self._due = published.sequence + 1 if published.notifications else self._due
        try:
            self._arrived.extend(self._inbox.take(published.runs))
        except (ValueError, IndexError, TypeError) as error:
            self._fail(say("{url} sent what does not fit its tags ({reason})", url=self.url, reason=_reason(error)))
        if self._arrived:
            self._wake.set()

    def _on_end(self, status: str) -> None:
        self._fail(say("{url} dropped the subscription ({name})", url=self.url, name=status))

    async def __aiter__(self) -> AsyncIterator[Item]:
        is_open = {group.name for group in self.groups}
        while is_open:
            if not self._arrived:
                if self._failure is not None:
                    raise PartFailed(say("Reading stopped: {reason}.", reason=self._failure))
                self._wake.clear()
                await self._wake.wait()
                continue
            item = self._arrived.popleft()
            if isinstance(item, Mark) and item.time == END:
                is_open.discard(item.group)
            yield item


def _nothing(result: object) -> None:
    """asyncua wants a callback; what it would be told has been received before."""


def _reason(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__

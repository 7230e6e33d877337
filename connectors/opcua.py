"""OPC UA in: one subscription, every sample, marks effective after the whole notification message."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from asyncua import Client, ua

from connectors.errors import BadMessage, PartFailed
from connectors.items import Batch, Changes, Context, Frame, Item, Mark, block_times
from connectors.message import decode
from connectors.opcua_server import MARK, NAMESPACE
from connectors.status import BAD, BAD_WAITING_FOR_INITIAL_DATA
from connectors.tags import Group
from connectors.texts import say
from connectors.times import END, SECOND, of_datetime

TIMEOUT_S = 30.0  # of a request, and between asyncua's own probes: a busy loop is not a dead server
QUEUE = 10_000  # samples a monitored item may hold on the server
PER_CALL = 1_000  # monitored items created in one request
LIFETIME = 15_000  # publishing cycles without a request before a server may drop the subscription


@dataclass(slots=True)
class _Block:
    """An array as it came; a Bad one comes without values, so its length is known only at the next mark."""

    first: int
    values: np.ndarray | None
    status: int


@dataclass(slots=True)
class _Pending:
    """What a group has received since its last mark."""

    scalars: list[tuple[int, int, float, int]] = field(default_factory=list)
    blocks: dict[int, list[_Block]] = field(default_factory=dict)
    others: list[Item] = field(default_factory=list)


class OpcUaSource:
    """Items of groups that an OpcUaServer serves. Enter it, iterate it; it ends when every group has ended.

    Raises PartFailed when the server is not there, refuses an item, or the connection breaks.
    """

    def __init__(self, groups: Sequence[Group], url: str, publishing_ms: float = 20.0) -> None:
        self.groups = tuple(groups)
        self.url = url
        self.bytes = 0
        self.malformed = 0
        self._publishing_ms = publishing_ms
        self._client = Client(url, timeout=TIMEOUT_S, watchdog_intervall=TIMEOUT_S)
        self._handles: dict[int, tuple[Group, int]] = {}  # client handle: group, tag (-1: the mark)
        self._pending = {group.name: _Pending() for group in groups}
        self._by_name = {group.name: group for group in groups}
        self._arrived: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._failure: str | None = None
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
        self._count_bytes()
        try:
            await self._subscribe()
        except (ConnectionError, TimeoutError, ua.UaError) as error:
            await self.__aexit__()
            raise PartFailed(
                say("{url} refused the subscription: {reason}.", url=self.url, reason=_reason(error))
            ) from None
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            await asyncio.wait_for(self._client.disconnect(), 5.0)
        except (ConnectionError, TimeoutError, ua.UaError):
            self._client.disconnect_socket()  # a server that does not answer must not keep it open

    def _count_bytes(self) -> None:
        protocol: Any = self._client.uaclient.protocol
        received = protocol.data_received

        def counted(data: bytes) -> None:
            self.bytes += len(data)
            received(data)

        protocol.data_received = counted

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
        made = await session.create_subscription(parameters, self._on_publish)
        wanted: list[tuple[str, Group, int]] = []
        for group in self.groups:
            wanted += [(tag.address or tag.name, group, i) for i, tag in enumerate(group.tags)]
            wanted.append((f"{group.name}/{MARK}", group, -1))
        for at in range(0, len(wanted), PER_CALL):
            await self._monitor(made.SubscriptionId, index, wanted[at : at + PER_CALL])

    async def _monitor(self, subscription: int, index: int, wanted: list[tuple[str, Group, int]]) -> None:
        trigger = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        requests = []
        for name, group, tag in wanted:
            handle = len(self._handles) + 1
            self._handles[handle] = (group, tag)
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
            for (name, _, _), result in zip(wanted, results, strict=True)
            if not result.StatusCode.is_good()
        ]
        if refused:
            shown = ", ".join(refused[:5]) + (" …" if len(refused) > 5 else "")
            raise PartFailed(
                say(
                    "{url} does not offer {n} of {of} items: {shown}.",
                    url=self.url,
                    n=len(refused),
                    of=len(wanted),
                    shown=shown,
                )
            )

    async def _on_lost(self, error: Exception) -> None:
        self._fail(say("the connection to {url} broke ({reason})", url=self.url, reason=_reason(error)))

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self._wake.set()

    async def _on_publish(self, result: ua.PublishResult) -> None:
        """asyncua logs what its callback raises and goes on; here that is the end of reading."""
        try:
            self._receive(result)
        except Exception as error:
            self._fail(say("{url} sent what does not fit its tags ({reason})", url=self.url, reason=_reason(error)))

    def _receive(self, result: ua.PublishResult) -> None:
        """One notification message: its samples first, then its marks."""
        marks: dict[str, list[tuple[int, int, bool]]] = {}
        notifications = result.NotificationMessage.NotificationData or ()
        number = result.NotificationMessage.SequenceNumber
        if notifications and number != self._due:
            self._fail(
                say(
                    "{url} sent notification message {number} where {due} was due: one was lost",
                    url=self.url,
                    number=number,
                    due=self._due,
                )
            )
        self._due = number + 1 if notifications else self._due
        for notification in notifications:
            if isinstance(notification, ua.StatusChangeNotification):
                self._fail(say("{url} dropped the subscription ({name})", url=self.url, name=notification.Status.name))
            elif isinstance(notification, ua.DataChangeNotification):
                for item in notification.MonitoredItems:
                    self._take(item.ClientHandle, item.Value, marks)
        for name, reached in marks.items():
            self._release(self._by_name[name], reached)
        if self._arrived:
            self._wake.set()

    def _take(self, handle: int, data: ua.DataValue, marks: dict[str, list[tuple[int, int, bool]]]) -> None:
        group, tag = self._handles[handle]
        status = 0 if data.StatusCode is None else data.StatusCode.value
        if status == BAD_WAITING_FOR_INITIAL_DATA or data.SourceTimestamp is None:
            return
        time = of_datetime(data.SourceTimestamp)
        value = None if data.Value is None else data.Value.Value
        pending = self._pending[group.name]
        if tag < 0:
            count, end = value  # pyright: ignore[reportGeneralTypeIssues]
            marks.setdefault(group.name, []).append((time, count, bool(end)))
        elif group.kind == "scalars":
            number = np.nan if status & BAD or value is None else float(value)
            pending.scalars.append((tag, time, number, status))
        elif group.kind == "blocks":
            values = None if status & BAD or value is None else np.array(value, np.float64)
            pending.blocks.setdefault(tag, []).append(_Block(time, values, status))
        elif group.kind == "frames":
            self._take_frame(value, pending)
        else:
            pending.others.append(Context(group.tags[tag], time, str(value)))

    def _take_frame(self, value: object, pending: _Pending) -> None:
        try:
            message = decode(bytes(value), self._by_name)  # pyright: ignore[reportArgumentType]
        except (BadMessage, TypeError):
            self.malformed += 1
            return
        pending.others.extend(item for item in message.items if isinstance(item, Frame))

    def _release(self, group: Group, marks: list[tuple[int, int, bool]]) -> None:
        pending = self._pending[group.name]
        times = sorted(time for time, _, _ in marks)
        if pending.scalars:
            tag, time, value, status = zip(*pending.scalars, strict=True)
            self._arrived.append(
                Changes(
                    group.tags,
                    np.array(tag, np.int32),
                    np.array(time, np.int64),
                    np.array(value, np.float64),
                    np.array(status, np.uint32),
                )
            )
        for tag, blocks in pending.blocks.items():
            self._arrived.extend(_batches(group, tag, blocks, times))
        self._arrived.extend(pending.others)
        self._pending[group.name] = _Pending()
        time, count, _ = max(marks)
        self._arrived.append(Mark(group.name, time, count))
        if any(end for _, _, end in marks):
            self._arrived.append(Mark(group.name, END, count))

    async def __aiter__(self) -> AsyncIterator[Item]:
        is_open = set(self._by_name)
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


def _batches(group: Group, tag: int, blocks: list[_Block], marks: list[int]) -> list[Item]:
    """One Batch a block; a Bad block without values reaches up to the next block or mark."""
    tags = (group.tags[tag],)
    rate = group.tags[tag].rate_hz or 1.0
    made: list[Item] = []
    for i, block in enumerate(blocks):
        if block.values is None:
            later = [b.first - 1 for b in blocks[i + 1 : i + 2]] + [m for m in marks if m >= block.first]
            n = int((min(later, default=block.first) - block.first) * rate / SECOND) + 1
            values = np.full(n, np.nan)
        else:
            values = block.values
            n = len(values)
        time = block_times(block.first, rate, n)
        status = np.full((n, 1), block.status, np.uint32)
        made.append(Batch(tags, time, values[:, None], status))
    return made


def _reason(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__

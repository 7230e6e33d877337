"""From the plant's side to the edge: the same groups over memory, OPC UA, MQTT, or each by its own wiring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

from connectors.errors import InputError, nearest
from connectors.items import Item
from connectors.memory import MemoryLink
from connectors.tags import Group
from connectors.texts import say

OVER = ("memory", "opcua", "mqtt", "wire")
Dial = Callable[[str, int], int]  # (transport, port of the server) -> port to connect to; a proxy in tests


class Sender(Protocol):
    """The plant's end of a transport."""

    async def send(self, items: Sequence[Item]) -> None: ...


class Receiver(Protocol):
    """The edge's end of a transport."""

    bytes: int

    def __aiter__(self) -> AsyncIterator[Item]: ...


def direct(transport: str, port: int) -> int:
    """No proxy in between."""
    return port


class Link:
    """Both ends of one or more transports. Enter it, `send` ticks, iterate the items that arrive."""

    def __init__(self, groups: Sequence[Group], over: Mapping[str, str], dial: Dial = direct) -> None:
        self.groups = tuple(groups)
        self._over = over
        self._dial = dial
        self._stack = AsyncExitStack()
        self._senders: dict[str, Sender] = {}
        self._receivers: dict[str, Receiver] = {}

    async def __aenter__(self) -> Link:
        async with AsyncExitStack() as stack:
            for transport in sorted(set(self._over.values())):
                groups = [g for g in self.groups if self._over[g.name] == transport]
                sender, receiver = await _OPEN[transport](stack, groups, self._dial)
                self._senders[transport], self._receivers[transport] = sender, receiver
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def send(self, items: Sequence[Item]) -> None:
        """Hand each group's items to its transport."""
        for transport, sender in self._senders.items():
            await sender.send([item for item in items if self._over[item.group] == transport])

    async def __aiter__(self) -> AsyncIterator[Item]:
        receivers = list(self._receivers.values())
        if len(receivers) == 1:
            async for item in receivers[0]:
                yield item
            return
        async for item in _merged(receivers):
            yield item

    @property
    def bytes(self) -> dict[str, int]:
        """Bytes that arrived, by transport."""
        arrived: dict[str, int] = dict.fromkeys(OVER[:3], 0)
        arrived.update({name: receiver.bytes for name, receiver in self._receivers.items()})
        return arrived

    def notes(self) -> dict[str, int]:
        """What a transport had to put right or refuse: messages doubled or malformed."""
        found: dict[str, int] = {}
        for receiver in self._receivers.values():
            for what in ("doubled", "malformed", "missing"):
                found[what] = found.get(what, 0) + getattr(receiver, what, 0)
        return found


def wiring(groups: Sequence[Group], transports: Mapping[str, str], over: str) -> dict[str, str]:
    """Group name to transport for one value of `--over`. Raises InputError for an unknown one."""
    if over not in OVER:
        raise InputError(say("No transport is called '{over}'.", over=over) + nearest(over, OVER))
    return {g.name: transports[g.name] if over == "wire" else over for g in groups}


async def _merged(receivers: Sequence[Receiver]) -> AsyncIterator[Item]:
    """Items of several receivers as they come; ends when all have ended, fails when one fails."""
    queue: asyncio.Queue[Item | BaseException | None] = asyncio.Queue()

    async def pump(receiver: Receiver) -> None:
        try:
            async for item in receiver:
                queue.put_nowait(item)
            queue.put_nowait(None)
        except Exception as error:  # carried to the reader, who raises it
            queue.put_nowait(error)

    tasks = [asyncio.create_task(pump(receiver)) for receiver in receivers]
    try:
        running = len(tasks)
        while running:
            item = await queue.get()
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


Opened = tuple[Sender, Receiver]


async def _memory(stack: AsyncExitStack, groups: Sequence[Group], dial: Dial) -> Opened:
    link = await stack.enter_async_context(MemoryLink(groups))
    return link, link


async def _opcua(stack: AsyncExitStack, groups: Sequence[Group], dial: Dial) -> Opened:
    from connectors.opcua import OpcUaSource
    from connectors.opcua_server import OpcUaServer

    server = await stack.enter_async_context(OpcUaServer(groups))
    url = f"opc.tcp://{server.host}:{dial('opcua', server.port)}/"
    return server, await stack.enter_async_context(OpcUaSource(groups, url))


async def _mqtt(stack: AsyncExitStack, groups: Sequence[Group], dial: Dial) -> Opened:
    from connectors.broker import Broker
    from connectors.mqtt import MqttPublisher, MqttSource

    broker = await stack.enter_async_context(Broker())
    source = await stack.enter_async_context(MqttSource(groups, dial("mqtt", broker.port)))
    return await stack.enter_async_context(MqttPublisher(groups, broker.port)), source


_OPEN = {"memory": _memory, "opcua": _opcua, "mqtt": _mqtt}

"""The shortest transport: a queue inside the process. What every other transport must be equal to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from connectors.items import Item, Mark, weight
from connectors.tags import Group
from connectors.times import END


class MemoryLink:
    """A publisher and a source in one: what is sent comes out, in order.

    Enter it, `send` the items of a tick, iterate it. Iteration ends when every group has ended.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = tuple(groups)
        self.bytes = 0
        self._items: asyncio.Queue[Item] = asyncio.Queue()
        self._open = {group.name for group in groups}

    async def __aenter__(self) -> MemoryLink:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def send(self, items: Sequence[Item]) -> None:
        """Hand over the items of one tick, each group's mark after its samples."""
        for item in items:
            self.bytes += weight(item)
            self._items.put_nowait(item)

    async def __aiter__(self) -> AsyncIterator[Item]:
        while self._open:
            item = await self._items.get()
            if isinstance(item, Mark) and item.time == END:
                self._open.discard(item.group)
            yield item

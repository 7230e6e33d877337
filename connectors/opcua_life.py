"""Whether an OPC UA subscription really delivers: a watch of our own over asyncua's.

A server gives a sign of life every second. Where it does not, it is asked directly: one that answers has a dead publish
loop, which is started anew, and opened anew if that does not help. Where signs of life come and values do not, the
values are read: one that changes and is not published is a dead subscription.
"""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from asyncua import ua

from connectors.clock import Stopwatch
from connectors.line import DEAD, LIFE_S, Line
from connectors.texts import say

ASK_S = 1.0  # wall seconds an answer may take
LOOKED_AT = 50  # values that are read where none comes
GONE = (ConnectionError, TimeoutError, OSError, ua.UaError)


class Watchdog:
    """Over one connection: call `look` often.

    Attributes:
        revived: so often the publish loop was started anew.
    """

    def __init__(self, line: Line, session: Any, nodes: Sequence[ua.NodeId]) -> None:
        self.revived = 0
        self._line, self._session = line, session
        self._nodes = list(nodes[:LOOKED_AT])
        self._asked = Stopwatch()
        self._is_revived = False
        self._read = Stopwatch()
        self._seen: list[Any] | None = None  # values read since the last one came

    async def look(self) -> str | None:
        """Why the connection has to be opened anew; None while it need not."""
        line, patience = self._line, self._line.settings.patience_s
        if line.silent_s > DEAD * patience:
            return say("no sign of life for {s} s", s=f"{DEAD * patience:g}")
        if line.silent_s > LIFE_S:
            return await self._ask() if self._asked.seconds() > LIFE_S else None
        self._is_revived = False
        if line.still_s < patience:
            self._seen = None
        elif self._read.seconds() > patience:
            return await self._read_values()
        return None

    async def _ask(self) -> str | None:
        """Ask the server for its time, since no sign of life comes by itself."""
        self._asked = Stopwatch()
        node = ua.NodeId(ua.ObjectIds.Server_ServerStatus_CurrentTime)
        if await self._values([node]) is None or self._line.silent_s < LIFE_S:
            return None
        if self._is_revived:
            return say("the server answers, and its subscription is dead")
        self._is_revived = True
        self.revived += 1
        task = self._session._publish_task  # it may wait for ever for the answer of a channel that is gone
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._session.ensure_publish_loop()
        return None

    async def _read_values(self) -> str | None:
        """Read what should come: a value that changed meanwhile did not come although it should have."""
        self._read = Stopwatch()
        values = await self._values(self._nodes)
        if values is None or self._line.still_s < self._line.settings.patience_s:
            return None
        before, self._seen = self._seen, values
        if before is not None and before != values:
            return say("the server has new values, and does not publish them")
        return None

    async def _values(self, nodes: Sequence[ua.NodeId]) -> list[Any] | None:
        """What the nodes hold, None if nobody answers in time."""
        try:
            async with asyncio.timeout(ASK_S):
                told = await self._session.read_attributes(list(nodes), ua.AttributeIds.Value)
        except GONE:
            return None
        return [None if value.Value is None else repr(value.Value.Value) for value in told]

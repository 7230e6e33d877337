"""A cancellation that a library loses ends a task all the same: a Ctrl-C must not hang."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from connectors.heed import heed
from connectors.line import Line, Settings
from connectors.opcua_enter import Wish, enter
from connectors.secrets import Login
from connectors.tags import Tag


class Deaf:
    """A client that goes on when it is cancelled while it connects, as asyncua can on Python 3.11."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()
        self.connected = False

    async def connect_and_get_server_endpoints(self) -> list:
        self.waits.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600.0)
        return []

    async def connect(self) -> None:
        self.connected = True


async def test_a_way_in_ends_where_the_library_lost_its_cancellation():
    client = Deaf()
    task = asyncio.create_task(enter(client, "opc.tcp://127.0.0.1:4840", Login(), Wish()))  # pyright: ignore[reportArgumentType]
    await client.waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not client.connected


class DeafLine(Line):
    """A line whose reading ends by itself when it is cancelled."""

    def __init__(self) -> None:
        super().__init__("mqtt://deaf", (Tag(name="L/A"),), Login(), Settings())
        self.reads = asyncio.Event()

    async def read(self) -> None:
        self.reads.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600.0)


async def test_a_line_that_is_kept_ends_too():
    line = DeafLine()
    task = asyncio.create_task(line.keep())
    await line.reads.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_time_limit_that_is_over_is_no_cancellation():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600.0)
            heed()
    heed()

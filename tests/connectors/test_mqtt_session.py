"""What an MQTT session owes to whoever waits on it."""

from __future__ import annotations

import asyncio

import pytest

from connectors.mqtt_session import MqttSession


async def test_a_reader_who_is_cancelled_as_something_comes_stops():
    session = MqttSession("reader", 1883)

    async def read() -> None:
        while True:
            await session.wait(0.25)

    reader = asyncio.create_task(read())
    await asyncio.sleep(0)  # it waits now
    session._wake.set()
    await asyncio.sleep(0)  # what it waits for is done, and it has not been told: asyncio.wait_for lost the cancel here
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5.0):
            await reader

"""A client of another make sees the topic of every group, and its messages decode."""

from __future__ import annotations

import asyncio

import pytest

from connectors.broker import LOOPBACK, Broker
from connectors.message import decode
from connectors.mqtt import MqttPublisher
from testbed.testplant import PATH, TestPlant
from tests.models import plain

GROUPS = TestPlant.groups
MESSAGES = 5 * len(GROUPS)
TICKS = plain(60.0)[1]

pytestmark = pytest.mark.needs("mosquitto_sub")
BROKERS = ["embedded", pytest.param("mosquitto", marks=pytest.mark.needs("mosquitto"))]


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_foreign_client_sees_the_topic_of_every_group_and_its_messages_decode(kind):
    async with Broker(kind) as broker, MqttPublisher(GROUPS, broker.port) as publisher:
        subscriber = await asyncio.create_subprocess_exec(
            "mosquitto_sub", "-h", LOOPBACK, "-p", str(broker.port), "-t", "#", "-q", "1",
            "-C", str(MESSAGES), "-W", "30", "-F", "%t %x", stdout=asyncio.subprocess.PIPE
        )  # fmt: skip
        reading = asyncio.ensure_future(subscriber.communicate())
        for items in TICKS:
            await publisher.send(items)
            await asyncio.wait({reading}, timeout=0.02)
            if reading.done():
                break
        said, _ = await reading
    lines = [line.split() for line in said.decode().splitlines()]
    assert {topic for topic, _ in lines} == {f"{PATH}/_group/{group.name}" for group in GROUPS}
    known = {group.name: group for group in GROUPS}
    messages = [decode(bytes.fromhex(payload), known) for _, payload in lines]
    assert len(messages) == MESSAGES
    for group in GROUPS:
        seqs = [message.seq for message in messages if message.group == group.name]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))

"""Plain topics of a broker: numbers, texts and JSON become readings, and a broker that comes back is read on."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable

import paho.mqtt.client as paho
import pytest

from connectors.broker import Broker
from connectors.errors import BadMessage, InputError, PartFailed
from connectors.items import Changes, Context, Mark
from connectors.line import Settings
from connectors.live import LiveSource, live_source
from connectors.mqtt_values import decoded
from connectors.status import BAD
from connectors.tags import Tag
from connectors.times import END, SECOND
from tests.ports import free_port

NOON = 1_767_571_200 * SECOND  # 2026-01-05T00:00:00Z


@pytest.mark.parametrize(
    ("payload", "path", "expected"),
    [
        (b"21.5", "", (None, 21.5, 0)),
        (b" -3 ", "", (None, -3.0, 0)),
        (b"true", "", (None, 1.0, 0)),
        (b'"coil 7"', "", (None, "coil 7", 0)),
        (b"RUNNING", "", (None, "RUNNING", 0)),
        (b'{"v": 1, "ts": "2026-01-05T00:00:00Z", "q": 0}', "", (NOON, 1.0, 0)),
        (b'{"value": 1, "timestamp": 1767571200, "quality": "Good"}', "", (NOON, 1.0, 0)),
        (b'{"value": 1, "timestamp": 1767571200000}', "", (NOON, 1.0, 0)),
        (b'{"value": 1, "time": 1767571200000000}', "", (NOON, 1.0, 0)),
        (b'{"value": 1, "t": 1767571200000000000}', "", (NOON, 1.0, 0)),
        (b'{"ts": 1767571200, "mould": {"level": 0.8}}', "mould.level", (NOON, 0.8, 0)),
        (b'{"mould": {"level": {"v": 2, "ts": 1767571200}}}', "mould.level", (NOON, 2.0, 0)),
    ],
)
def test_a_message_tells_time_value_and_status(payload, path, expected):
    assert decoded(payload, path) == expected


@pytest.mark.parametrize(
    "payload", [b"null", b"", b"NaN", b'{"v": null}', b'{"v": 5, "q": "BAD"}', b'{"v": 5, "q": 2147483648}']
)
def test_what_is_missing_or_bad_is_nan_and_bad(payload):
    _, value, status = decoded(payload)
    assert math.isnan(value)
    assert status & BAD


@pytest.mark.parametrize(
    ("payload", "path"),
    [(b"\xff\xfe", ""), (b"{broken", ""), (b"[1, 2]", ""), (b'{"x": 1}', ""), (b"5", "a.b"),
     (b'{"v": 1, "ts": "noon"}', ""), (b'{"v": 1, "ts": 5}', ""), (b'{"v": {"w": 1}}', ""), (b"[" * 100_000, "")],
)  # fmt: skip
def test_what_is_none_of_that_is_no_message(payload, path):
    with pytest.raises(BadMessage):
        decoded(payload, path)


class Plc:
    """Somebody else's publisher."""

    def __init__(self, port: int) -> None:
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, topic: str, payload: str, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10.0)

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


TAGS = (
    Tag(name="L/A", rate_hz=10.0, address="plc/a"),
    Tag(name="L/LEVEL", rate_hz=10.0, address="plc/state#mould.level"),
    Tag(name="L/COIL", address="plc/coil", group="texts"),
)


class Reader:
    """Reads a source in a task, and waits for what the test wants to see."""

    def __init__(self, source: LiveSource) -> None:
        self.source, self.items = source, []

    async def __aenter__(self) -> Reader:
        await self.source.__aenter__()
        self._task = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        async for items in self.source:
            self.items += items

    async def __aexit__(self, *exc: object) -> None:
        self.source.stop()
        await self._task
        await self.source.__aexit__()

    async def until(self, seen: Callable[[Reader], bool], s: float = 20.0) -> None:
        async with asyncio.timeout(s):
            while not seen(self):
                await asyncio.sleep(0.02)

    def values(self, name: str) -> list[float]:
        return [
            value
            for c in self.items if isinstance(c, Changes)
            for t, value in zip(c.tag, c.value.tolist(), strict=True) if c.tags[t].name == name
        ]  # fmt: skip


async def test_topics_become_samples_texts_and_marks():
    async with (
        Broker("embedded") as broker,
        Reader(live_source([f"mqtt://127.0.0.1:{broker.port}"], TAGS, Settings())) as reader,
    ):
        plc = await asyncio.to_thread(Plc, broker.port)
        for i in range(3):
            message = json.dumps({"mould": {"level": i}, "ts": 1767571200 + i})
            await asyncio.to_thread(plc.say, "plc/state", message)
        await asyncio.to_thread(plc.say, "plc/a", "7")
        await asyncio.to_thread(plc.say, "plc/a", "{broken")
        await asyncio.to_thread(plc.say, "plc/coil", "coil 7")
        await reader.until(lambda r: r.values("L/A") == [7.0] and r.source.lines[0].malformed == 1)
        await reader.until(lambda r: any(isinstance(item, Context) for item in r.items))
        await asyncio.to_thread(plc.leave)
    assert reader.values("L/LEVEL") == [0.0, 1.0, 2.0]
    assert [item.text for item in reader.items if isinstance(item, Context)] == ["coil 7"]
    assert {item.group for item in reader.items if isinstance(item, Mark) and item.time == END} == {"main", "texts"}
    assert reader.source.lines[0].status()["received"] == 5


async def test_a_broker_that_comes_back_is_read_on():
    port = free_port()
    async with Broker("embedded", port):
        reader = Reader(live_source([f"mqtt://127.0.0.1:{port}"], TAGS[:1], Settings()))
        await reader.__aenter__()
        plc = await asyncio.to_thread(Plc, port)
        await asyncio.to_thread(plc.say, "plc/a", "1")
        await reader.until(lambda r: r.values("L/A") == [1.0])
        await asyncio.to_thread(plc.leave)
    line = reader.source.lines[0]
    await reader.until(lambda r: line.state.name == "lost")
    assert "broke" in line.state.reason
    async with Broker("embedded", port):
        await reader.until(lambda r: line.state.name == "connected")
        plc = await asyncio.to_thread(Plc, port)
        await asyncio.to_thread(plc.say, "plc/a", "2")
        await reader.until(lambda r: r.values("L/A") == [1.0, 2.0])
        await asyncio.to_thread(plc.leave)
        await reader.__aexit__()
    assert line.reconnects == 1


async def test_a_broker_that_says_nothing_is_stale():
    async with Broker("embedded") as broker:
        settings = Settings(patience_s=0.3)
        async with Reader(live_source([f"mqtt://127.0.0.1:{broker.port}"], TAGS[:1], settings)) as reader:
            line = reader.source.lines[0]
            await reader.until(lambda r: line.state.name == "stale")
            plc = await asyncio.to_thread(Plc, broker.port)
            await asyncio.to_thread(plc.say, "plc/a", "1")
            await reader.until(lambda r: line.state.name == "connected")
            await asyncio.to_thread(plc.leave)


async def test_a_broker_that_is_not_there_is_told_at_the_start():
    with pytest.raises(PartFailed, match="No MQTT broker answers"):
        async with live_source([f"mqtt://127.0.0.1:{free_port()}"], TAGS[:1], Settings()):
            pass


async def test_a_topic_with_a_wildcard_is_refused():
    async with Broker("embedded") as broker:
        tag = Tag(name="L/A", address="plc/+")
        with pytest.raises(InputError, match="no topic of a tag"):
            async with live_source([f"mqtt://127.0.0.1:{broker.port}"], [tag], Settings()):
                pass

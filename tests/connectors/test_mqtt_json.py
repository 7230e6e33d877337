"""JSON in columns means what the slow way reads, and goes from a broker to items."""

from __future__ import annotations

import asyncio
import json
import random

import numpy as np
import pytest

from connectors.broker import Broker
from connectors.errors import BadMessage
from connectors.items import Changes, Context
from connectors.mqtt_json import JsonColumns, JsonSource
from connectors.mqtt_session import MqttSession, Note
from connectors.mqtt_values import decoded
from connectors.tags import Tag
from tests.connectors.test_foreign_sparkplug import BROKERS

NOW = 1_767_571_200_000_000_000
TAGS = (
    Tag(name="POH/A"),
    Tag(name="POH/B", group="slow", address="plc/7#state.level"),
    Tag(name="POH/C", group="slow", address="plc/7#state.mode"),
)

MESSAGES = [
    {"v": 1.5, "ts": 1_767_571_200},
    {"v": 2, "ts": 1_767_571_200_123},
    {"v": -0.25, "ts": 1_767_571_200_123_456},
    {"v": 3.5, "ts": 1_767_571_200_123_456_000},
    {"v": 3.5, "ts": 1_767_571_200.25},
    {"v": 4, "ts": "2026-01-05T00:00:01Z", "q": 0},
    {"v": 5, "q": "bad"},
    {"v": 6, "ts": 1_767_571_200_000, "q": 0x40000000},
    {"v": True, "ts": 1_767_571_200_000},
    {"value": 7, "timestamp": 1_767_571_200_000},
    8.5,
    "word",
    {"v": None, "ts": 1_767_571_200_000},
]
BROKEN = [
    b"",
    b"{",
    b"[1]",
    b"\xff",
    b'{"x": 1}',
    b'{"v": [1]}',
    b'{"v": 1, "ts": 5}',
    b'{"v": 1, "ts": 1e99}',
    b"[" * 9999,
]


def as_rows(items):
    rows = []
    for item in items:
        if isinstance(item, Changes):
            columns = (item.tag, item.time, item.value, item.status)
            rows += [(item.tags[i].name, int(t), repr(float(v)), int(s)) for i, t, v, s in zip(*columns, strict=True)]
        else:
            rows.append((item.tag.name, item.time, item.text, 0))
    return rows


@pytest.mark.parametrize("message", MESSAGES, ids=str)
def test_a_message_means_what_the_slow_way_reads(message):
    payload = json.dumps(message).encode()
    time, value, status = decoded(payload)
    (row,) = as_rows(JsonColumns(TAGS).items([("POH/A", payload)], NOW))
    shown = value if isinstance(value, str) else repr(float(value))
    assert row == ("POH/A", NOW if time is None else time, shown, status)


def test_several_tags_of_one_message_and_none():
    columns = JsonColumns(TAGS)
    payload = json.dumps({"ts": 1_767_571_200_000, "state": {"level": 3, "mode": "auto"}}).encode()
    items = columns.items([("plc/7", payload), ("else", payload)], NOW)
    assert {row[0]: row[2] for row in as_rows(items)} == {"POH/B": "3.0", "POH/C": "auto"}
    assert (columns.received, columns.unmapped, columns.malformed) == (2, 1, 0)


@pytest.mark.parametrize("payload", BROKEN, ids=lambda p: repr(p[:12]))
def test_what_is_no_message_is_counted(payload):
    columns = JsonColumns(TAGS)
    assert [row for row in as_rows(columns.items([("POH/A", payload)], NOW)) if row[2] != "nan"] == []
    assert columns.malformed == 1 or payload == b""


def test_mutated_messages_are_refused_or_read_as_the_slow_way_reads_them():
    source = random.Random(10_005)
    for _ in range(20_000):
        data = bytearray(json.dumps(source.choice(MESSAGES)).encode())
        for _ in range(source.randint(1, 3)):
            at = source.randrange(len(data))
            data[at : at + source.randint(0, 2)] = source.choice([b"", b"9", b"e", b'"', b"-", b"\xff", b"}", b"1e400"])
            data = data or bytearray(b"0")
        columns = JsonColumns(TAGS)
        rows = as_rows(columns.items([("POH/A", bytes(data))], NOW))
        try:
            time, value, status = decoded(bytes(data))
            if time is not None and abs(time) >= 2**63:
                raise BadMessage("past the year 2262")
        except BadMessage:
            assert not rows and columns.malformed == 1, data
            continue
        shown = value if isinstance(value, str) else repr(float(value))
        assert rows == [("POH/A", NOW if time is None else time, shown, status)], data


@pytest.mark.parametrize("kind", BROKERS)
async def test_messages_come_from_a_broker_in_order(kind):
    async with Broker(kind) as broker, JsonSource(TAGS[:1], broker.port) as source:
        async with MqttSession("writer", broker.port) as writer:
            for n in range(500):
                writer.publish(Note("POH/A", json.dumps({"v": n, "ts": NOW // 1000 + n}).encode(), qos=1))
            await writer.confirm(20.0)
            values: list[float] = []
            async with asyncio.timeout(20.0):
                async for item in source:
                    assert not isinstance(item, Context)
                    values += item.value.tolist()
                    if len(values) == 500:
                        break
        assert values == np.arange(500.0).tolist()
        assert source.bytes > 10_000

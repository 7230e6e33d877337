"""The lane reads what paho reads, however the network cuts it."""

from __future__ import annotations

import random
import select
import socket
import struct
from typing import Any

import paho.mqtt.client as paho
import pytest

from connectors.mqtt_lane import Heard, LaneClient, _Ahead


def length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (128 if size else 0))
        if not size:
            return bytes(out)


def publish(topic: bytes, payload: bytes, qos: int = 0, retain: int = 0, properties: bytes = b"") -> bytes:
    body = struct.pack(">H", len(topic)) + topic + (b"\0\7" if qos else b"") + properties + payload
    return bytes([0x30 | qos << 1 | retain]) + length(len(body)) + body


def stream(rng: random.Random, is_v5: bool) -> bytes:
    """A hundred packets as a broker may send them."""
    parts = []
    for n in range(100):
        size = rng.choice([0, 1, 100, 120, 121, 122, 130, 200, 16_300, 70_000 if n % 10 == 0 else 3])
        properties = b"" if not is_v5 else rng.choice([b"\0", b"\0", b"\2\1\0", b"\3\x23\0\1"])
        topic = b"" if b"\x23" in properties and n > 50 else rng.choice([b"a", "제철/온도".encode(), b"x" * 130])
        parts.append(publish(topic, rng.randbytes(size), rng.choice([0, 0, 0, 1]), rng.choice([0, 1]), properties))
        if rng.random() < 0.2:
            parts.append(b"\xd0\0")
    return b"".join(parts)


def heard_by(client: Any, wire: bytes, cuts: list[int], got: list[Heard]) -> tuple[list[Heard], int]:
    """What a client hears of a stream cut at these places, and the last code of its loop."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    client._sock = _Ahead(ours) if isinstance(client, LaneClient) else ours
    code = 0
    with theirs:
        for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
            theirs.sendall(wire[start:end])
            while code == 0 and select.select([ours], [], [], 0)[0]:
                code = client.loop_read()
    client._sock = None
    ours.close()
    return got, code


def of_paho(version: int, wire: bytes) -> list[Heard]:
    """What paho alone hears."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=version)
    got: list[Heard] = []
    client.on_message = lambda c, u, message: got.append((message.topic, bytes(message.payload), message.retain))
    return heard_by(client, wire, list(range(5_000, len(wire), 5_000)), got)[0]


def of_lane(version: int, wire: bytes, cuts: list[int]) -> tuple[list[Heard], int]:
    client = LaneClient(paho.CallbackAPIVersion.VERSION2, protocol=version)
    got: list[Heard] = []
    client.heard = got.extend
    return heard_by(client, wire, cuts, got)


@pytest.mark.parametrize("version", [paho.MQTTv311, paho.MQTTv5])
@pytest.mark.parametrize("seed", range(5))
def test_what_comes_in_pieces_is_heard_as_paho_hears_it(version: int, seed: int) -> None:
    rng = random.Random(seed)
    wire = stream(rng, version == paho.MQTTv5)
    cuts = sorted(rng.sample(range(1, len(wire)), 300))
    expected = of_paho(version, wire)
    assert len(expected) == 100
    assert of_lane(version, wire, cuts) == (expected, 0)


def test_small_messages_are_heard_wherever_they_are_cut() -> None:
    wire = publish(b"a/b", b"1") + b"\xd0\0" + publish(b"a/c", b"x" * 130, retain=1) + publish(b"a/d", b"", qos=1)
    expected = [("a/b", b"1", False), ("a/c", b"x" * 130, True), ("a/d", b"", False)]
    for cut in range(1, len(wire)):
        assert of_lane(paho.MQTTv311, wire, [cut]) == (expected, 0)
    assert of_lane(paho.MQTTv311, wire, list(range(1, len(wire)))) == (expected, 0)


@pytest.mark.parametrize(
    "bad",
    [publish(b"\xff\xfe", b"1"), publish(b"\xff\xfe", b"1", qos=1), b"\x30\4\0\x09ab", b"\x30\0" + publish(b"a", b"2")],
    ids=["no UTF-8", "no UTF-8, QoS 1", "a topic longer than its packet", "an empty packet"],
)
def test_what_breaks_the_protocol_ends_the_connection_after_what_came_before(bad: bytes) -> None:
    got, code = of_lane(paho.MQTTv311, publish(b"a", b"1") + bad, [])
    assert got == [("a", b"1", False)]
    assert code > 0


def test_the_end_of_a_connection_is_told() -> None:
    client = LaneClient(paho.CallbackAPIVersion.VERSION2)
    ended: list[Any] = []
    client.on_disconnect = lambda *told: ended.append(told)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    client._sock = _Ahead(ours)
    theirs.sendall(publish(b"a", b"1")[:3])
    assert client.loop_read() == 0
    theirs.close()
    assert client.loop_read() > 0
    assert len(ended) == 1

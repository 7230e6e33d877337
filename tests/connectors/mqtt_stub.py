"""A broker that only listens: it lets everyone in, subscribes to everything, and keeps each packet as it came."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Any

NAMES = {1: "CONNECT", 3: "PUBLISH", 8: "SUBSCRIBE", 12: "PINGREQ", 14: "DISCONNECT"}


@dataclass(frozen=True)
class Packet:
    """One control packet of MQTT 3.1.1; what does not apply is empty."""

    name: str
    topic: str = ""
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    clean: bool = False
    filters: tuple[tuple[str, int], ...] = ()


class MqttStub:
    """Enter it; while `is_silent` it acknowledges nothing.

    `packets` are those of all connections in the order they came. `send` publishes to the newest."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.port = 0
        self.is_silent = False
        self._writer: asyncio.StreamWriter | None = None
        self._serving: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def __aenter__(self) -> MqttStub:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for writer in self._serving.values():
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._serving))
        await self._server.wait_closed()

    def of(self, name: str) -> list[Packet]:
        return [packet for packet in self.packets if packet.name == name]

    def cut(self) -> None:
        """Break the newest connection without a word."""
        if self._writer is not None:
            self._writer.transport.abort()

    def send(self, topic: str, payload: bytes) -> None:
        assert self._writer is not None
        body = struct.pack(">H", len(topic.encode())) + topic.encode() + payload
        self._writer.write(b"\x30" + _length(len(body)) + body)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = self._serving[asyncio.current_task()] = writer
        try:
            while True:
                head, body = await _packet(reader)
                packet, answer = _read(head, body)
                self.packets.append(packet)
                if not (self.is_silent and packet.name == "PUBLISH"):
                    writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head, size, shift = (await reader.readexactly(1))[0], 0, 0
    while True:
        (byte,) = await reader.readexactly(1)
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return head, await reader.readexactly(size)


def _length(n: int) -> bytes:
    out = b""
    while True:
        n, byte = n >> 7, n & 127
        out += bytes([byte | (128 if n else 0)])
        if not n:
            return out


def _read(head: int, body: bytes) -> tuple[Packet, bytes]:
    name = NAMES[head >> 4]
    if name == "CONNECT":
        flags = body[7]
        _, at = _text(body, 10)
        will: dict[str, Any] = {}
        if flags & 4:
            will["topic"], at = _text(body, at)
            will["payload"], _ = _bytes(body, at)
        qos, retain = flags >> 3 & 3, bool(flags & 32)
        return Packet(name, qos=qos, retain=retain, clean=bool(flags & 2), **will), b"\x20\x02\0\0"
    if name == "SUBSCRIBE":
        filters, at = [], 2
        while at < len(body):
            topic, at = _text(body, at)
            filters.append((topic, body[at]))
            at += 1
        answer = body[:2] + bytes(qos for _, qos in filters)
        return Packet(name, filters=tuple(filters)), b"\x90" + _length(len(answer)) + answer
    if name == "PUBLISH":
        qos = head >> 1 & 3
        topic, at = _text(body, 0)
        answer = b"\x40\x02" + body[at : at + 2] if qos else b""
        return Packet(name, topic, body[at + 2 * bool(qos) :], qos, bool(head & 1)), answer
    return Packet(name), b"\xd0\0" if name == "PINGREQ" else b""


def _bytes(body: bytes, at: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">H", body, at)
    return body[at + 2 : at + 2 + size], at + 2 + size


def _text(body: bytes, at: int) -> tuple[str, int]:
    raw, after = _bytes(body, at)
    return raw.decode(), after

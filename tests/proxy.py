"""A wire that harms exactly one message: a relay that knows OPC UA chunks and MQTT packets."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

LOOPBACK = "127.0.0.1"
DELAY_S = 1.0  # wall time by which a delayed message comes later, after whatever overtook it
HARMS = ("drop", "double", "delay", "cut")


class Proxy:
    """Stands between an edge and its server; `dial` fits testbed.links.Link.

    The first message towards the edge that `matches`, once `when` says so, is dropped, doubled or delayed,
    or the connection is cut in its place; `harmed` holds it. All else passes untouched, in both directions.
    """

    def __init__(
        self,
        transport: str,
        harm: str,
        when: Callable[[], bool],
        matches: Callable[[bytes], bool] = lambda message: True,
    ) -> None:
        self.transport, self.harm = transport, harm
        self.harmed: list[bytes] = []
        self._read, self._is_data = _FRAMINGS[transport]
        self._when, self._matches = when, matches
        self._target = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)
        await self._server.wait_closed()

    def dial(self, transport: str, port: int) -> int:
        if transport != self.transport:
            return port
        self._target = port
        return self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        try:
            await self._relay(reader, writer)
        except asyncio.CancelledError:
            pass  # the streams of Python 3.11 log a handler that ends cancelled

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
        self._writers += [writer, far_writer]
        pumps = [asyncio.ensure_future(self._back(reader, far_writer)),
                 asyncio.ensure_future(self._forth(far_reader, writer))]  # fmt: skip
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            writer.close()
            far_writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the edge to the server, untouched."""
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the server to the edge, message by message."""
        while True:
            message = await self._read(reader)
            if not self.harmed and self._is_data(message) and self._matches(message) and self._when():
                self.harmed.append(message)
                match self.harm:
                    case "delay":
                        self._later(message, writer)
                    case "double":
                        writer.write(message + message)
                    case "cut":
                        return
            else:
                writer.write(message)
            await writer.drain()

    def _later(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        async def deliver() -> None:
            await asyncio.sleep(DELAY_S)
            if not writer.is_closing():
                writer.write(message)

        self._tasks.add(asyncio.ensure_future(deliver()))


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """One OPC UA chunk (OPC 10000-6, 7.1.2): three letters, a chunk flag, uint32 size of it all."""
    head = await reader.readexactly(8)
    (size,) = struct.unpack("<I", head[4:])
    return head + await reader.readexactly(size - 8)


async def _packet(reader: asyncio.StreamReader) -> bytes:
    """One MQTT control packet (MQTT 3.1.1, 2.2): type and flags, variable-length size, the rest."""
    head = await reader.readexactly(1)
    size, shift = 0, 0
    while True:
        byte = await reader.readexactly(1)
        head += byte
        size |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return head + await reader.readexactly(size)


def topic(packet: bytes) -> str:
    """The topic of a PUBLISH packet."""
    at = 1
    while packet[at] >= 0x80:
        at += 1
    (size,) = struct.unpack_from(">H", packet, at + 1)
    return packet[at + 3 : at + 3 + size].decode()


_FRAMINGS = {
    "opcua": (_chunk, lambda message: message[:3] == b"MSG"),
    "mqtt": (_packet, lambda message: message[0] >> 4 == 3),
}

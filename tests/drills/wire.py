"""A wire between a reader and its server that can be made slow, cut in the middle of a message, or closed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

LOOPBACK = "127.0.0.1"


class Wire:
    """Enter it: `port` leads to `target`. Nothing is changed in what passes."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.latency_s = 0.0  # of everything that comes from the server
        self._server: asyncio.Server | None = None
        self._cut_next = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Wire:
        await self.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Nobody gets in any more, and whoever is in is out."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Half of the next packet from the server still comes, and then the connection is reset."""
        self._cut_next = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = asyncio.current_task()
        assert me is not None
        self._tasks.add(me)
        far = None
        pumps = []
        try:
            far_reader, far = await asyncio.open_connection(LOOPBACK, self.target)
            pumps = [
                asyncio.ensure_future(self._there(reader, far)),
                asyncio.ensure_future(self._back(far_reader, writer)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.CancelledError):
            pass  # the streams of Python 3.11 log a handler that ends cancelled
        for pump in pumps:
            pump.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*pumps, return_exceptions=True)
        for end in (writer, far):
            if end is not None:
                end.transport.abort()
        self._tasks.discard(me)

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Packets leave in order, each `latency_s` after it came."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data = await waiting.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if self._cut_next and len(data) > 40:
                    self._cut_next = False
                    writer.write(data[: len(data) // 2])
                    await asyncio.sleep(0.05)
                    raise ConnectionResetError
                writer.write(data)

        delivery = asyncio.ensure_future(deliver())
        try:
            while True:
                reading = asyncio.ensure_future(reader.read(1 << 16))
                await asyncio.wait([reading, delivery], return_when=asyncio.FIRST_COMPLETED)
                if delivery.done() or not reading.done() or not (data := reading.result()):
                    reading.cancel()
                    return
                waiting.put_nowait((loop.time() + self.latency_s, data))
        finally:
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)

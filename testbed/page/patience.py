"""How long the page waits for who is slow to say what they want: a head that never ends holds no connection."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 10.0  # wall time in which a request's head must have come, judgement
LINE = 8_000  # bytes of one header of a handshake
CONNECTIONS = 256  # at once; further ones are told to come back later


class Patience(H11Protocol):
    """HTTP that closes a connection whose next request has not begun in time."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        if any(len(name) + len(value) > LINE for name, value in event.headers):
            self.send_400_response("A header is too long.")  # whoever shakes hands would wait for ever
        else:
            super().handle_websocket_upgrade(event)

    def data_received(self, data: bytes) -> None:
        if self._due is None:
            self._wait()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._due = self.loop.call_later(HEAD_S, self.transport.close)

    def _rest(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

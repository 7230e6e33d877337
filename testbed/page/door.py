"""The door of the page: which names it answers to, who may knock from where, and what a browser may load."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox allow-modals"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-cache",
}
MOST_HEADERS = 100  # of one request; browsers send some twenty
BOUND_FOR = ("POST", "PUT", "PATCH", "DELETE")


class Door:
    """Refuses what comes under a foreign name (DNS rebinding) or from a foreign page, and says what may be loaded.

    Args:
        near: answer to loopback's names alone.
    """

    def __init__(self, app: ASGIApp, near: bool) -> None:
        self._app, self._near = app, near
        self._names = {"localhost"} if near else {"localhost", socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = _headers(scope["headers"])
        host, origin = headers.get("host", ""), headers.get("origin")
        is_socket = scope["type"] == "websocket"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = _headers(message["headers"])
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k not in given]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        tell = send if is_socket else guarded
        if len(scope["headers"]) > MOST_HEADERS:
            return await _refuse(scope, receive, tell, 431)
        if not self._answers_to(host) or len(_all(scope["headers"], b"host")) != 1:
            return await _refuse(scope, receive, tell, 400)
        if (is_socket or scope["method"] in BOUND_FOR) and not _is_own(origin, host, scope["scheme"]):
            return await _refuse(scope, receive, tell, 403)
        await self._app(scope, receive, tell)

    def _answers_to(self, host: str) -> bool:
        """Whether a Host header names this machine: by an address, which no foreign name server can rebind, or name."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return address.is_loopback if self._near else True


def _is_own(origin: str | None, host: str, scheme: str) -> bool:
    """Whether a request comes from our own page; every browser says where a websocket or a POST comes from."""
    secure = scheme in ("https", "wss")
    return origin is not None and origin == f"{'https' if secure else 'http'}://{host}"


def whole(text: str) -> int:
    """A number of a few digits in an address, -1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else -1


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _all(raw: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in raw if key.lower() == name]


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
    answer = WebSocketClose(1008) if scope["type"] == "websocket" else PlainTextResponse("", status)
    await answer(scope, receive, send)

"""A page server in a thread of its own, and visitors that speak to it as a browser does."""

from __future__ import annotations

import asyncio
import http.client
import json
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from websockets.sync.client import ClientConnection, connect

from testbed.page.access import Access
from testbed.page.app import app
from testbed.page.playing import Choice
from testbed.page.records import Records
from testbed.page.serving import configured, listening
from testbed.page.stage import Stage

QUICK = Choice("caster-sticker", 1, "max", "memory")


@dataclass
class Served:
    """A page that is being served."""

    port: int
    stage: Stage
    loop: asyncio.AbstractEventLoop
    open: ExitStack

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str = "GET", path: str = "/", body: str | None = None, **headers: str):
        """Status, headers and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    def visit(self, origin: str | None = None, **more: Any) -> Visit:
        headers = more.pop("headers", {})
        address = f"ws://127.0.0.1:{self.port}/live"
        opened = connect(address, origin=origin or self.address, additional_headers=headers, max_size=2**24)
        socket = self.open.enter_context(opened)
        return Visit(socket)

    def do(self, work: Any) -> Any:
        """Await something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


@dataclass
class Visit:
    """One websocket; keeps the newest of everything it is told."""

    socket: ClientConnection
    told: dict[str, Any] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    rows: list[tuple[int, int, bytes]] = field(default_factory=list)
    n: int = 0

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def read(self) -> dict[str, Any]:
        data = self.socket.recv(timeout=240)
        assert isinstance(data, bytes)
        (length,) = struct.unpack_from("<I", data)
        head = json.loads(data[4 : 4 + length])
        assert length % 4 == 0
        for name in ("hello", "state", "begin", "t", "run"):
            if name in head:
                self.told[name] = head[name]
        for answer in head.get("answers", ()):
            self.answers[answer["n"]] = answer["no"]
        if "since" in head:
            self.rows.append((head["since"], head["until"], data[4 + length :]))
        if "hello" not in head:
            self.send(do="drawn")
        return head

    def until(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Read until something holds of what was told."""
        while not holds(self.told):
            self.read()
        return self.told

    def order(self, do: str, **given: Any) -> str:
        """The sentence that says why not, '' where it was done."""
        self.n += 1
        self.send(do=do, n=self.n, lang="en", **given)
        while self.n not in self.answers:
            self.read()
        return self.answers[self.n]


@contextmanager
def serving(folder: Path, access: Access | None = None, port: int = 0) -> Iterator[Served]:
    """A page that plays nothing yet."""
    ready: list[Any] = []
    up = threading.Event()

    async def body() -> None:
        own = listening("127.0.0.1", port)
        stage = Stage(QUICK, folder)
        config = configured(app(stage, access or Access(is_open=True), Records([folder])))
        server = uvicorn.Server(config)
        ready.extend([own.getsockname()[1], stage, asyncio.get_running_loop(), server])
        up.set()
        await server.serve(sockets=[own])

    thread = threading.Thread(target=asyncio.run, args=(body(),))
    thread.start()
    assert up.wait(60)
    port, stage, loop, server = ready
    try:
        with ExitStack() as opened:
            yield Served(port, stage, loop, opened)
    finally:
        server.should_exit = True
        thread.join(60)

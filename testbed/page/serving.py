"""Opens the page: the address it listens on, who may come in there, and the browser."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import sys
import webbrowser
from dataclasses import replace
from typing import Any

import uvicorn
from starlette.applications import Starlette

from connectors.certs import Store
from connectors.clock import sleep
from connectors.errors import InputError
from connectors.texts import language, say
from connectors.users import Users
from testbed.links import OVER
from testbed.page import Ask
from testbed.page.access import Access
from testbed.page.app import app
from testbed.page.patience import CONNECTIONS, Patience
from testbed.page.playing import ENDED, Choice
from testbed.page.records import Records
from testbed.page.stage import RUNS, Stage
from testbed.page.telling import stories
from testbed.page.wire import LONGEST
from testbed.running import in_loop, pace_of

SHOWN_S = 15.0  # wall time for which the end of a story stands before the next one begins
GLANCE_S = 1.0


def serve(ask: Ask) -> int:
    """Serve until interrupted. Raises InputError."""
    pace_of(ask.speed)
    if ask.over not in OVER:
        raise InputError(say("--over takes {known}, but got '{over}'.", known=", ".join(OVER), over=ask.over))
    near = is_near(ask.host)
    users = Users()
    if not near and not any(user.scrypt for user in users.all().values()):
        raise InputError(
            say("Beyond this machine the page is for users alone, and there are none yet. "
                "'testbed users add NAME --role operator' makes one.")
        )  # fmt: skip
    records = Records.told(ask.records, ask.out or RUNS)
    in_loop(_serve(ask, Access(near, users), listening(ask.host, ask.port), records))
    return 0


def is_near(host: str) -> bool:
    """Whether nobody but this machine reaches the address. Raises InputError for what is no address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise InputError(
            say("--host takes an address of this machine such as 0.0.0.0, but got '{host}'.", host=host)
        ) from None


def listening(host: str, port: int) -> socket.socket:
    """A socket at the port, or at any other where it is taken. Raises InputError where there is none at all."""
    name = "127.0.0.1" if host == "localhost" else host
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    if not 0 <= port <= 65_535:
        raise InputError(say("A port is a number up to 65535, but got {port}.", port=port))
    why = ""
    for wanted in (port, 0):
        own = socket.socket(family, socket.SOCK_STREAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            own.bind((name, wanted))
        except OSError as error:
            own.close()
            why = error.strerror or str(error)
            continue
        own.listen(128)
        return own
    raise InputError(say("The page cannot listen on {host}: {reason}.", host=host, reason=why))


async def _serve(ask: Ask, access: Access, own: socket.socket, records: Records) -> None:
    choice = Choice(ask.story, ask.seed, ask.speed, ask.over)
    stage = Stage(choice, ask.out, language())
    secure = {} if access.is_open else _secured()
    server = uvicorn.Server(configured(app(stage, access, records), **secure))
    scheme = "https" if secure else "http"
    host, port = own.getsockname()[:2]
    shown = socket.gethostname() if ipaddress.ip_address(host).is_unspecified else host
    address = f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    if records.first is not None:
        address += f"replay.html#record={records.first}"
    print(say("Live page: {address}  (Ctrl-C ends it)", address=address), flush=True)
    if records.first is None:  # who brings a record came to see it, not a new story
        await stage.start(choice)
    if ask.browser and access.is_open and _has_browser():
        asyncio.get_running_loop().call_later(0.5, webbrowser.open, address)
    loop = asyncio.create_task(_go_on(stage)) if ask.kiosk else None
    try:
        await server.serve(sockets=[own])
    finally:
        if loop is not None:
            loop.cancel()


async def _go_on(stage: Stage) -> None:
    """One story after another, for a screen that nobody tends; a story that somebody else starts counts as one.

    Each begins shortly before its first fault, at a pace that shows it in two minutes, unless another was asked for.
    """
    offered = {story["name"]: story for story in stories(stage) if not story["slow"]}
    names = list(offered)
    while True:
        await sleep(GLANCE_S)
        show = stage.show
        if show is not None and show.phase in ENDED:
            await sleep(SHOWN_S)
            if stage.show is show:
                at = names.index(show.choice.story) if show.choice.story in names else -1
                story = offered[names[(at + 1) % len(names)]]
                speed = story["fit"] if stage.asked == "real" else stage.asked
                await stage.start(
                    replace(stage.choice, story=story["name"], ai=True, begin=story["begin"], speed=speed)
                )


def configured(asked: Starlette, **secure: Any) -> uvicorn.Config:
    """How the page is served: small messages, no compression, nothing said of what serves it."""
    return uvicorn.Config(
        asked, log_config=None, access_log=False, server_header=False, date_header=False, proxy_headers=False,
        ws="websockets-sansio", ws_max_size=LONGEST, ws_per_message_deflate=False, ws_max_queue=16,
        timeout_graceful_shutdown=2, lifespan="on", http=Patience, limit_concurrency=CONNECTIONS, **secure,
    )  # fmt: skip


def _secured() -> dict[str, Any]:
    """Our certificate, made where there is none yet: no password goes over the network in clear."""
    store = Store()
    if not store.has_own:
        store.make()
    store.own()  # raises where it has expired
    return {"ssl_certfile": str(store.pem_path), "ssl_keyfile": str(store.key_path)}


def _has_browser() -> bool:
    """Whether there is a screen to open one on."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

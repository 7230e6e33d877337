"""The page's addresses: its own files, its words, reports, the log-in, and the websocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from connectors.errors import TestbedError
from connectors.texts import LANGUAGES, say, speaking
from testbed.page.access import COOKIE, LASTS_S, Access
from testbed.page.door import REPORT_POLICY, Door, whole
from testbed.page.labels import labels
from testbed.page.records import Records
from testbed.page.replay_routes import replay_routes
from testbed.page.stage import Stage
from testbed.page.wire import Hub

TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
FORM, FORM_S = 1_024, 10.0  # bytes of a log-in, and wall time in which they must have come


def app(stage: Stage, access: Access, records: Records) -> Starlette:
    """Everything there is to ask for; nothing is read from the disk by a name that comes from outside."""
    hub = Hub(stage, access)
    pages = Pages(stage, access)

    async def talk(socket: WebSocket) -> None:
        await hub.serve(socket)

    @asynccontextmanager
    async def alive(_: Starlette) -> AsyncIterator[None]:
        pulse = asyncio.create_task(hub.pulse())
        try:
            yield
        finally:
            pulse.cancel()
            await stage.stop()

    held = [Route(f"/{name}", pages.file(name)) for name in own_files()]
    routes = [
        Route("/", pages.home),
        Route("/texts.json", pages.texts),
        Route("/report/{number}/{language}", pages.report),
        Route("/crop/{number}/{alarm}", pages.crop),
        Route("/login", pages.log_in, methods=["POST"]),
        *replay_routes(records, access),
        *held,
        WebSocketRoute("/live", talk),
    ]
    served = Starlette(routes=routes, lifespan=alive, middleware=[Middleware(Door, near=access.is_open)])
    served.router.redirect_slashes = False
    return served


def own_files() -> dict[str, bytes]:
    """The page's own files, by the path under which a browser asks for them."""
    root = files("testbed.page").joinpath("static")
    found = {one.name: one.read_bytes() for one in root.iterdir() if one.is_file()}
    return found | {f"views/{one.name}": one.read_bytes() for one in root.joinpath("views").iterdir() if one.is_file()}


class Pages:
    """Answers to what a browser asks for."""

    def __init__(self, stage: Stage, access: Access) -> None:
        self._stage, self._access = stage, access
        self._files = own_files()
        self._reports: dict[tuple[str, str], str] = {}
        told = {}
        for language in LANGUAGES:
            with speaking(language):
                told[language] = labels()
        self._texts = orjson.dumps(told)

    def file(self, name: str):
        """The one that serves a file of ours."""
        body, kind = self._files[name], TYPES[name.rsplit(".", 1)[-1]]

        async def give(_: Request) -> Response:
            return Response(body, media_type=kind)

        return give

    async def home(self, request: Request) -> Response:
        is_known = self._access.visitor(request.cookies) is not None
        return Response(self._files["index.html" if is_known else "login.html"], media_type=TYPES["html"])

    async def texts(self, _: Request) -> Response:
        return Response(self._texts, media_type="application/json")

    async def report(self, request: Request) -> Response:
        """The report of the run on the stage, once it is over."""
        show, language = self._stage.show, request.path_params["language"]
        if self._access.visitor(request.cookies) is None:
            return Response(status_code=403)
        is_there = show is not None and str(show.number) == request.path_params["number"] and show.result is not None
        if show is None or not is_there or language not in LANGUAGES:
            return Response(status_code=404)
        key = str(show.folder), language
        if key not in self._reports:
            self._reports = {known: text for known, text in self._reports.items() if known[0] == key[0]}  # one run's
            self._reports[key] = await asyncio.to_thread(_report, show.result, language)
        return Response(
            self._reports[key], media_type=TYPES["html"], headers={"content-security-policy": REPORT_POLICY}
        )

    async def crop(self, request: Request) -> Response:
        """What the camera saw, of an alarm of the run on the stage."""
        show, alarm = self._stage.show, whole(request.path_params["alarm"])
        if self._access.visitor(request.cookies) is None:
            return Response(status_code=403)
        is_there = show is not None and str(show.number) == request.path_params["number"]
        if show is None or not is_there or not 1 <= alarm <= len(show.alarms.entries):
            return Response(status_code=404)
        return Response(show.alarms.entries[alarm - 1].event.crop, media_type="image/png")

    async def log_in(self, request: Request) -> Response:
        """A name and a password for a cookie."""
        body = b""
        try:
            async with asyncio.timeout(FORM_S):
                async for part in request.stream():
                    body += part
                    if len(body) > FORM:
                        return Response(status_code=413)
        except TimeoutError:
            return Response(status_code=408)
        given = parse_qs(body.decode("utf-8", "replace"))
        name, password = (given.get(field, [""])[0] for field in ("name", "password"))
        address = request.client.host if request.client else ""
        try:
            cookie = await asyncio.to_thread(self._access.log_in, name, password, address)
        except TestbedError as error:
            return Response(str(error), status_code=429, media_type="text/plain")
        if cookie is None:
            return Response(say("wrong name or password"), status_code=403, media_type="text/plain")
        answer = RedirectResponse("/", status_code=303)
        is_secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, cookie, max_age=LASTS_S, httponly=True, samesite="strict", secure=is_secure)
        return answer


def _report(run, language: str) -> str:
    with speaking(language):
        return run.report()

"""Where a page asks for records: the list, one of them, its curves, its pictures, its report, files to take."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from polars.exceptions import PolarsError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from connectors.errors import InputError, TestbedError
from connectors.texts import LANGUAGES, say, speaking
from connectors.times import nanoseconds
from testbed.exports import SUFFIX, export, missing
from testbed.exports.content import Content
from testbed.page.access import Access, Bucket
from testbed.page.door import REPORT_POLICY, whole
from testbed.page.records import Records
from testbed.page.replay import Replay

OWN = (None, "same-origin", "none")  # what a browser says of where a request comes from: from our page, or typed
BURST, PER_S = 200, 40.0  # requests
EXPORTS, EXPORTS_PER_S = 6, 0.2
PIECE = 1_000_000  # bytes
Give = Callable[[Request], Awaitable[Response]]


def replay_routes(records: Records, access: Access) -> list[Route]:
    """The addresses under /record; who is not let in at the page is not let in here."""
    desk = _Desk(records, access)
    return [
        Route("/records.json", desk.guarded(desk.listed)),
        Route("/record/{name}/about.json", desk.guarded(desk.about)),
        Route("/record/{name}/rows", desk.guarded(desk.rows)),
        Route("/record/{name}/picture/{alarm}", desk.guarded(desk.picture)),
        Route("/record/{name}/report/{language}", desk.guarded(desk.report)),
        Route("/record/{name}/export/{form}", desk.guarded(desk.export)),
    ]


class _Desk:
    """Answers; what is slow is done in a thread, one export at a time."""

    def __init__(self, records: Records, access: Access) -> None:
        self._records, self._access = records, access
        self._requests, self._exports = Bucket(BURST, PER_S), Bucket(EXPORTS, EXPORTS_PER_S)
        self._exporting, self._opening = asyncio.Lock(), asyncio.Lock()

    def guarded(self, give: Give) -> Give:
        """For visitors we know, from our own page, not too often; what does not fit is said in a sentence."""

        async def answer(request: Request) -> Response:
            if self._access.visitor(request.cookies) is None or request.headers.get("sec-fetch-site") not in OWN:
                return Response(status_code=403)
            if not self._requests.take():
                return Response(status_code=429)
            with speaking(_language(request)):
                try:
                    return await give(request)
                except (TestbedError, PolarsError, ValueError, KeyError, OSError) as error:
                    told = str(error) if isinstance(error, TestbedError) else say("This record cannot be read.")
                    return Response(told, status_code=422, media_type="text/plain")

        return answer

    async def _open(self, request: Request) -> Replay:
        async with self._opening:
            found = await asyncio.to_thread(self._records.open, request.path_params["name"])
        if found is None:
            raise InputError(say("There is no such record here."))
        return found

    async def listed(self, _: Request) -> Response:
        told = {"records": await asyncio.to_thread(self._records.listed), "first": self._records.first,
                "formats": {form: missing(form) for form in SUFFIX}}  # fmt: skip
        return _json(told)

    async def about(self, request: Request) -> Response:
        replay = await self._open(request)
        return _json(await asyncio.to_thread(replay.plain))

    async def rows(self, request: Request) -> Response:
        """float32 rows, as `Replay.rows` gives them."""
        replay, asked = await self._open(request), request.query_params
        columns = [int(one) for one in asked["columns"].split(",")]
        since, until, n = float(asked["from"]), float(asked["to"]), int(asked["n"])
        found = await asyncio.to_thread(replay.rows, columns, since, until, n)
        return Response(found.tobytes(), media_type="application/octet-stream")

    async def picture(self, request: Request) -> Response:
        data = (await self._open(request)).picture(whole(request.path_params["alarm"]))
        return Response(data, media_type="image/png") if data else Response(status_code=404)

    async def report(self, request: Request) -> Response:
        replay, language = await self._open(request), request.path_params["language"]
        if language not in LANGUAGES:
            return Response(status_code=404)
        page = await asyncio.to_thread(_report, replay, language)
        return Response(page, media_type="text/html", headers={"content-security-policy": REPORT_POLICY})

    async def export(self, request: Request) -> Response:
        """A file to take along: all of the record, or what lies between `from` and `to`, s since its start."""
        replay, form = await self._open(request), request.path_params["form"]
        visitor = self._access.visitor(request.cookies)
        if visitor is None or not self._exports.take():
            return Response(say("Too many at once. Wait a moment."), status_code=429, media_type="text/plain")
        asked = request.query_params
        since, until = (replay.run.start + nanoseconds(float(asked[key])) if key in asked else None
                        for key in ("from", "to"))  # fmt: skip
        self._access.note(visitor, "export", {"record": replay.folder.name, "format": form[:20]}, None)
        async with self._exporting:
            work = _written, replay.folder, form, since, until, _language(request)
            path = await asyncio.to_thread(*work)
        head = {"content-disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
                "content-length": str(path.stat().st_size)}  # fmt: skip
        return StreamingResponse(_read(path), media_type="application/octet-stream", headers=head)


async def _read(path: Path) -> AsyncIterator[bytes]:
    """A file piece by piece; its folder goes when it is through, or when nobody reads on."""
    try:
        with path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, PIECE):
                yield part
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def _written(folder: Path, form: str, since: int | None, until: int | None, language: str) -> Path:
    """The exported file, in a folder of its own that its reader removes."""
    beside = Path(tempfile.mkdtemp(prefix="testbed-"))
    try:
        with speaking(language):
            content = Content(folder, since, until)
            return export(content, form, beside / f"{content.name}{SUFFIX.get(form, '')}")
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _report(replay: Replay, language: str) -> str:
    with speaking(language):
        return replay.run.report()


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else "en"


def _json(told: Any) -> Response:
    return Response(orjson.dumps(told), media_type="application/json")

"""The page's websocket: frames go out as fast as a page draws them, orders come in.

A frame is `u32 length | JSON, padded to 4 bytes | float32 rows | int16 waveforms | JPEG` and means "everything newer
than you have", so a page that skips frames loses no rows; of waveforms it is sent the newest. A page has two credits;
it gives one back when it has drawn.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from connectors.clock import sleep, wall_s
from connectors.errors import InputError
from connectors.items import Frame
from connectors.texts import LANGUAGES, say, speaking
from testbed.page import orders, telling
from testbed.page.access import Access, Bucket, Visitor
from testbed.page.camera import Shown, shown
from testbed.page.playing import Show
from testbed.page.stage import Stage
from testbed.page.waves import Cut

FORMAT = "testbed.page/1"
LONGEST = 8_192  # bytes of a message from a page
CREDITS = 2
PULSE_S = 0.02  # wall time between two looks at what is new
PICTURE_S = 0.3  # wall time between two pictures of a camera
STATE_S = 0.5  # wall time after which verdicts and shelving times are looked at anew
CLIENTS = 32
COLUMNS = 160
ANSWERS = 200  # that wait for a page to draw


class Client:
    """One page, as far as it has got."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.run = -1
        self.row = 0
        self.state = -1
        self.picture: Shown | None = None
        self.columns: tuple[int, ...] = ()
        self.watch = 0  # number of the page's last choice of columns
        self.wants_picture = self.wants_waves = False
        self.wave = 0  # number of the sample it has got to
        self.answers: list[dict[str, Any]] = []
        self.credits = CREDITS
        self.wake = asyncio.Event()
        self.orders = Bucket(40, 10)
        self.signs = Bucket(240, 120)


class Hub:
    """All pages of one stage."""

    def __init__(self, stage: Stage, access: Access) -> None:
        self.stage, self.access = stage, access
        self.clients: set[Client] = set()
        self._state = b"null"
        self._state_rev = 0
        self._seen: tuple[int, int, int] = (-1, -1, -1)
        self._looked = -STATE_S
        self._run: tuple[int, bytes] = (-1, b"null")
        self._filmed: tuple[Frame, ...] = ()
        self._filmed_at = 0.0
        self._picture: Shown | None = None
        self._frames: dict[tuple[Any, ...], bytes] = {}
        self._look()

    async def pulse(self) -> None:
        """Wake pages whenever there is something new."""
        while True:
            await sleep(PULSE_S)
            show = self.stage.show
            seen = (self.stage.rev, 0 if show is None else show.number, -1 if show is None or show.rows is None
                    else show.rows.complete)  # fmt: skip
            is_due = wall_s() - self._looked >= STATE_S
            if seen == self._seen and not is_due:
                continue
            if is_due or seen[:2] != self._seen[:2]:
                self._look()
            self._seen = seen
            self._frames.clear()
            for client in self.clients:
                client.wake.set()

    def _look(self) -> None:
        self._looked = wall_s()
        state = orjson.dumps(telling.plain(self.stage))
        if state != self._state:
            self._state, self._state_rev = state, self._state_rev + 1

    async def serve(self, socket: WebSocket) -> None:
        """One page from hello to goodbye."""
        visitor = self.access.visitor(socket.cookies)
        if visitor is None or len(self.clients) >= CLIENTS:
            await socket.close(1008)
            return
        await socket.accept()
        client = Client(visitor)
        self.clients.add(client)
        sender = asyncio.create_task(self._send(socket, client))
        try:
            await socket.send_bytes(_packed({"hello": self._hello(visitor)}))
            await self._read(socket, client)
        except (WebSocketDisconnect, RuntimeError):  # it left, or was closed while something was on its way
            pass
        finally:
            self.clients.discard(client)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def _hello(self, visitor: Visitor) -> dict[str, Any]:
        return {"format": FORMAT, "name": visitor.name, "role": visitor.role, "stories": telling.stories(self.stage)}

    # -- out -----------------------------------------------------------------------------------------------

    async def _send(self, socket: WebSocket, client: Client) -> None:
        while True:
            await client.wake.wait()
            client.wake.clear()
            if client.credits <= 0:
                continue  # it wakes again when it has drawn
            frame = self._frame(client)
            if frame is not None:
                client.credits -= 1
                await socket.send_bytes(frame)

    def _frame(self, client: Client) -> bytes | None:
        """Everything that is newer than what the page has, None where nothing is."""
        show = self.stage.show
        number = 0 if show is None or show.rows is None else show.number
        if client.run != number:
            client.run, client.row, client.columns, client.picture, client.wave = number, 0, (), None, 0
            return self._first(client)
        until = 0 if show is None or show.rows is None else show.rows.complete
        frames = show.frames if show is not None and client.wants_picture else ()
        picture = self._camera(frames) if frames else None
        is_new = picture is not None and picture is not client.picture
        cut = (
            show.waves.since(client.wave)
            if show is not None and show.waves is not None and client.wants_waves
            else None
        )
        is_same = client.row == until and client.state == self._state_rev and not (cut and cut.n)
        if is_same and not client.answers and not is_new:
            return None
        key = (client.row, client.state, client.columns, client.watch, is_new, cut and (cut.first, cut.n))
        frame = None if client.answers else self._frames.get(key)
        if frame is None:
            frame = self._built(client, show, until, picture if is_new else None, cut)
            if not client.answers:
                self._frames[key] = frame
        client.wave = client.wave if cut is None else cut.first + cut.n
        client.row, client.state, client.answers = until, self._state_rev, []
        client.picture = picture if is_new else client.picture
        return frame

    def _first(self, client: Client) -> bytes:
        if self._run[0] != client.run:
            self._run = client.run, orjson.dumps(telling.run_plain(self.stage))
        client.state = self._state_rev
        head = {"run": client.run, "begin": orjson.Fragment(self._run[1]), "state": orjson.Fragment(self._state)}
        return _packed(head)

    def _built(self, client: Client, show: Show | None, until: int, picture: Shown | None, cut: Cut | None) -> bytes:
        head: dict[str, Any] = {"run": client.run, "since": client.row, "until": until}
        rows = b""
        if show is not None and show.rows is not None:
            head["t"], head["born"] = show.rows.present_s, show.born / 1e6
            head["watch"] = client.watch
            rows = show.rows.block(client.row, until, client.columns).tobytes() if client.columns else b""
        if client.state != self._state_rev:
            head["state"] = orjson.Fragment(self._state)
        if client.answers:
            head["answers"] = client.answers
        jpeg = wave = b""
        if cut is not None:
            wave, head["wave"] = cut.data, cut.plain()
        if picture is not None:
            jpeg, head["picture"] = picture.jpeg, picture.plain()
        return _packed(head, rows, wave, jpeg)

    def _camera(self, frames: tuple[Frame, ...]) -> Shown:
        """The camera's last frames as a picture, made anew when there are others, but no oftener than PICTURE_S."""
        if frames is not self._filmed and (self._picture is None or wall_s() - self._filmed_at >= PICTURE_S):
            self._filmed, self._filmed_at, self._picture = frames, wall_s(), shown(frames)
        assert self._picture is not None  # noqa: S101 - frames are never the empty tuple it begins with
        return self._picture

    # -- in ------------------------------------------------------------------------------------------------

    async def _read(self, socket: WebSocket, client: Client) -> None:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            told = _object(message.get("text"))
            if told is None or not client.signs.take() or len(client.answers) > ANSWERS:
                await socket.close(1008)
                return
            match told.get("do"):
                case "drawn":
                    client.credits = min(CREDITS, client.credits + 1)
                    client.wake.set()
                case "watch":
                    self._watch(client, told)
                case _:
                    await self._order(client, told)

    def _watch(self, client: Client, told: Mapping[str, Any]) -> None:
        """Which tags a page draws; it is given their whole past."""
        show, wanted = self.stage.show, told.get("columns")
        if show is None or show.rows is None or told.get("run") != client.run or not isinstance(wanted, list):
            return
        n = len(show.rows.tags)
        client.columns = tuple(c for c in wanted[:COLUMNS] if type(c) is int and 0 <= c < n)
        client.watch = told["watch"] if type(told.get("watch")) is int else 0
        client.wants_picture, client.wants_waves = told.get("picture") is True, told.get("waves") is True
        client.row = 0
        client.wake.set()

    async def _order(self, client: Client, told: Mapping[str, Any]) -> None:
        n = told.get("n")
        language = told.get("lang")
        with speaking(language if language in LANGUAGES else "en"):
            try:
                if not client.orders.take():
                    raise InputError(say("Too many orders at once. Wait a moment."))
                await orders.carry_out(orders.read(told), self.stage, client.visitor, self.access)
                answer = ""
            except InputError as error:
                answer = str(error)
            except Exception as error:  # whatever an order makes of the plant, the page and its visitors go on
                answer = say("That did not work: {reason}.", reason=f"{type(error).__name__}: {error}"[:200])
        client.answers.append({"n": n if type(n) is int else 0, "no": answer})
        client.wake.set()


def _object(text: str | None) -> dict[str, Any] | None:
    """A message as a JSON object, None for anything else; bytes are none."""
    if text is None or len(text) > LONGEST:
        return None
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return told if isinstance(told, dict) else None


def _packed(head: Mapping[str, Any], *parts: bytes) -> bytes:
    told = orjson.dumps(head)
    told += b" " * (-len(told) % 4)
    return b"".join([struct.pack("<I", len(told)), told, *parts])

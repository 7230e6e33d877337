"""Chaos drills: a foreign server or broker is harmed while it is read, and what comes out is held against its ticks.

What was expected is counted by tick numbers that the foreign side wrote into its data, never by counters of ours.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from connectors.broker import LOOPBACK
from connectors.certs import Store
from connectors.items import Changes
from connectors.line import Line, Settings
from connectors.live import LiveSource, live_source
from connectors.marks import Filled
from connectors.tags import Tag
from testbed.cli import run_cli
from tests.drills.wire import Wire
from tests.ports import free_port

NODE = Path(__file__).parents[1] / "node"
TAGS = 4
SETTLED_S = 1.5  # of undisturbed data before and after
BACK_S = 30.0  # a drill that takes longer to come back has failed
PUBLISHING_MS = 100.0


@dataclass(slots=True)
class Outcome:
    """What a drill came to. Times in wall seconds; samples over all tags.

    Attributes:
        shown_s: from its begin until the line's state, reason or counts showed it; None: never.
        state, reason: what was shown first; at_end: the state and reason when the drill ended.
        back_s: from its end until new data came.
        expected: by tick numbers; received: different ones of them; lost, filled, doubled, reordered: as the line says.
    """

    name: str
    over: str
    length_s: float
    shown_s: float | None = None
    state: str = ""
    reason: str = ""
    at_end: str = ""
    back_s: float | None = None
    expected: int = 0
    received: int = 0
    lost: int = 0
    filled: int = 0
    doubled: int = 0
    reordered: int = 0
    gaps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether what was expected was received or counted as lost."""
        return self.expected > 0 and self.expected == self.received + self.lost

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "adds_up": self.adds_up}


class Ticker:
    """A foreign process that writes ticks, and takes orders on its stdin."""

    def __init__(self, *command: str) -> None:
        self.command = command
        self.process: asyncio.subprocess.Process | None = None
        self.told: dict[str, Any] = {}

    async def __aenter__(self) -> Ticker:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop(signal.SIGTERM)

    async def start(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(*self.command, stdin=pipe, stdout=pipe)
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while not (line := await self.process.stdout.readline()).startswith(b'{"port"'):
                assert line, f"{self.command} ended"
        self.told = json.loads(line)

    async def stop(self, number: int = signal.SIGKILL) -> None:
        process = self.process
        if process is not None and process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            try:
                async with asyncio.timeout(10.0):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def order(self, **orders: Any) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(orders).encode() + b"\n")


class Reading:
    """Reads a live source in a task, and keeps the ticks of each tag."""

    def __init__(self, source: LiveSource) -> None:
        self.source = source
        self.line: Line = source.lines[0]
        self.ticks: dict[str, list[int]] = {}
        self.epochs = 0
        self.bad = 0

    async def __aenter__(self) -> Reading:
        await self.source.__aenter__()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.source.stop()
        await self._task
        await self.source.__aexit__()

    async def _read(self) -> None:
        async for items in self.source:
            for item in items:
                changes = item.changes if isinstance(item, Filled) else item
                if isinstance(changes, Changes):
                    for tag, value in zip(changes.tag.tolist(), changes.value.tolist(), strict=True):
                        if value == value:
                            self.ticks.setdefault(changes.tags[tag].name, []).append(int(value))
                        else:
                            self.bad += 1

    @property
    def newest(self) -> int:
        return min((max(ticks) for ticks in self.ticks.values()), default=0) if len(self.ticks) == TAGS else 0

    def seen(self) -> tuple[Any, ...]:
        """What a user would see change; not the counts, but for those of what is odd."""
        status = self.line.status()
        return status["state"], status["reason"], status["reconnects"], bool(status["doubled"] or status["reordered"])


Harm = Callable[["Stage"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Foreign:
    """Others' programs: `ticker` writes the ticks, `server` is what is read, the ticker itself or a broker."""

    over: str
    ticker: Ticker
    server: Ticker
    port: int
    home: Path


@dataclass(slots=True)
class Stage:
    """What a drill can lay hands on."""

    ticker: Ticker
    server: Ticker
    wire: Wire
    length_s: float
    home: Path
    is_bad: bool = False


async def freeze(stage: Stage) -> None:
    stage.server.signal(signal.SIGSTOP)
    await asyncio.sleep(stage.length_s)
    stage.server.signal(signal.SIGCONT)


async def kill(stage: Stage) -> None:
    await stage.server.stop()
    await asyncio.sleep(stage.length_s)
    await stage.server.start()


async def cut(stage: Stage) -> None:
    stage.wire.cut()
    await asyncio.sleep(0.5)


async def slow(stage: Stage) -> None:
    stage.wire.latency_s = 2.0
    await asyncio.sleep(stage.length_s)
    stage.wire.latency_s = 0.0


async def close(stage: Stage) -> None:
    await stage.wire.close()
    await asyncio.sleep(stage.length_s)
    await stage.wire.open()


def clock(by_s: int) -> Harm:
    async def jump(stage: Stage) -> None:
        stage.ticker.order(shift=by_s)
        await asyncio.sleep(stage.length_s)
        stage.ticker.order(shift=0)

    return jump


async def bad(stage: Stage) -> None:
    stage.is_bad = True
    stage.ticker.order(bad=True)
    await asyncio.sleep(stage.length_s)
    stage.ticker.order(bad=False)


async def odd(stage: Stage) -> None:
    stage.ticker.order(odd=True)
    await asyncio.sleep(stage.length_s)
    stage.ticker.order(odd=False)


async def certificate(stage: Stage) -> None:
    """The server comes back with another key and certificate; somebody trusts it after a while."""
    await stage.server.stop()
    shutil.rmtree(stage.home / "pki" / "own", ignore_errors=True)
    (stage.home / "certificate.pem").unlink()
    await stage.server.start()
    await asyncio.sleep(stage.length_s)
    trust(stage)


@dataclass(frozen=True, slots=True)
class Drill:
    """A harm and how long it lasts at full length, wall seconds."""

    name: str
    harm: Harm
    length_s: float
    least_s: float = 3.0  # however short the drills are made
    over: tuple[str, ...] = ("opcua", "mqtt")
    wishes: tuple[str, ...] = ()  # of the server


DRILLS = (
    Drill("frozen", freeze, 8.0),
    Drill("killed and restarted", kill, 8.0, 1.0),
    Drill("cut in the middle of a message", cut, 0.5),
    Drill("2 s latency", slow, 20.0),
    Drill("port closed", close, 60.0),
    Drill("port closed, history kept", close, 60.0, over=("opcua",), wishes=("history",)),
    Drill("certificate replaced", certificate, 10.0, over=("opcua",), wishes=("secure",)),
    Drill("clock +1 h", clock(3600), 10.0),
    Drill("clock -1 h", clock(-3600), 10.0),
    Drill("Bad quality", bad, 10.0),
    Drill("doubled and reordered", odd, 10.0),
)


def trust(stage: Stage) -> None:
    """As a user does: `testbed certs trust FILE`."""
    _command("trust", stage.server.told["certificate"])


def _command(*words: str) -> None:
    with redirect_stdout(io.StringIO()):
        assert run_cli(["certs", *words]) == 0


@asynccontextmanager
async def foreign(over: str, home: Path, wishes: Sequence[str] = ()) -> AsyncIterator[Foreign]:
    """What is to be read, with ticks coming."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    async with AsyncExitStack() as stack:
        if over == "opcua":
            command = ("node", str(NODE / "ticks.js"), str(port), str(home), str(TAGS), *wishes)
            ticker = server = await stack.enter_async_context(Ticker(*command))
        else:
            server = await stack.enter_async_context(_Broker(port, home))
            ticker = await stack.enter_async_context(Ticker("node", str(NODE / "ticks_mqtt.js"), str(port), str(TAGS)))
        yield Foreign(over, ticker, server, port, home)


class _Broker(Ticker):
    """mosquitto as it comes with a system, on a port of its own."""

    def __init__(self, port: int, home: Path) -> None:
        conf = home / "mosquitto.conf"
        conf.write_text(f"listener {port} {LOOPBACK}\nallow_anonymous true\npersistence false\n", encoding="utf-8")
        super().__init__("mosquitto", "-c", str(conf))
        self.port = port

    async def start(self) -> None:
        null = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(*self.command, stdout=null, stderr=null)
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection(LOOPBACK, self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                return


def _tags(over: str) -> list[Tag]:
    address = "ns=1;s=T{}" if over == "opcua" else "ticks/T{}"
    return [Tag(name=f"D/T{i}", rate_hz=10.0, address=address.format(i)) for i in range(TAGS)]


async def run(drill: Drill, there: Foreign, share: float = 1.0) -> Outcome:
    """Carry out one drill at a share of its length."""
    length_s = max(drill.least_s, drill.length_s * share)
    outcome = Outcome(drill.name, there.over, length_s)
    async with Wire(there.port) as wire:
        stage = Stage(there.ticker, there.server, wire, length_s, there.home)
        if "secure" in drill.wishes:
            _introduce(stage)
        scheme = "opc.tcp" if there.over == "opcua" else "mqtt"
        settings = Settings(publishing_ms=PUBLISHING_MS, security="Basic256Sha256" if "secure" in drill.wishes else "")
        source = live_source([f"{scheme}://{LOOPBACK}:{wire.port}"], _tags(there.over), settings)
        async with Reading(source) as reading:
            await _until(lambda: reading.newest > 0, BACK_S)
            await asyncio.sleep(SETTLED_S)
            await _harm(drill, stage, reading, outcome)
            await asyncio.sleep(SETTLED_S)
            await _until(lambda: not reading.line.ledger.is_open, BACK_S)
            await asyncio.sleep(0.5)  # what a server kept still comes
    _count(outcome, reading, stage)
    return outcome


async def run_all(drills: Sequence[Drill], over: str, home: Path, share: float = 1.0) -> AsyncIterator[Outcome]:
    """Carry out drills one after the other; those that wish the same of a server share it."""
    for wishes in dict.fromkeys(drill.wishes for drill in drills):
        async with foreign(over, home / "-".join((over, *wishes)), wishes) as there:
            for drill in drills:
                if drill.wishes == wishes and over in drill.over:
                    yield await run(drill, there, share)


async def _harm(drill: Drill, stage: Stage, reading: Reading, outcome: Outcome) -> None:
    before, began = reading.seen(), time.monotonic()
    harming = asyncio.create_task(drill.harm(stage))
    while not harming.done():
        now = reading.seen()
        if outcome.shown_s is None and now != before:
            outcome.shown_s = round(time.monotonic() - began, 2)
            outcome.state, outcome.reason = now[0], now[1]
        await asyncio.sleep(0.01)
    await harming
    ended, wall = time.monotonic(), time.time()
    outcome.at_end = ": ".join(filter(None, reading.seen()[:2]))
    await _until(lambda: reading.newest > wall * 10 and reading.line.state.name == "connected", BACK_S)
    outcome.back_s = round(time.monotonic() - ended, 2)


def _count(outcome: Outcome, reading: Reading, stage: Stage) -> None:
    status = reading.line.status()
    for ticks in reading.ticks.values():
        outcome.expected += max(ticks) - min(ticks) + 1
        outcome.received += len(set(ticks))
    if stage.is_bad:  # a Bad sample is NaN and has no number: it came all the same
        outcome.received += reading.bad
    outcome.lost, outcome.filled = status["lost"], status["filled"]
    outcome.doubled, outcome.reordered, outcome.gaps = status["doubled"], status["reordered"], status["gaps"]


def _introduce(stage: Stage) -> None:
    """Both sides trust each other's certificate, ours by the command, theirs by a file in its folder."""
    _command("init")
    trust(stage)
    trusted = stage.home / "pki" / "trusted" / "certs"
    shutil.copy(Store().certificate_path, trusted / "testbed.der")


async def _until(is_so: Callable[[], bool], s: float) -> None:
    async with asyncio.timeout(s):
        while not is_so():
            await asyncio.sleep(0.02)


def load() -> str:
    """How busy the machine is, for whoever reads the figures."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"

"""The spool drill: `testbed watch --publish` goes on while its receiver is away, and is killed twice meanwhile.

Models that score every 20 ms make 500 results a second. What arrives is held against the spool's own numbers: each
once, or again with the same id and body, in order.
"""

from __future__ import annotations

import asyncio
import json
import math
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from connectors.broker import LOOPBACK, Broker
from connectors.mqtt_session import MqttSession, Note
from connectors.outbox import Outbox
from connectors.spool import Spool
from tests.connectors.test_outbox import Road
from tests.models import every_sample

RATE_HZ, MODELS = 50.0, 10  # results a second: their product
LINE = "D/L"
SETTLED_S = 2.0


@dataclass(slots=True)
class Outcome:
    """What a drill came to.

    Attributes:
        away_s: how long the receiver was away; results: different ones that arrived; doubles: those that came again.
        missing: numbers of the spool that never came; disordered: first arrivals after a higher number.
        changed: doubles whose body was another.
        per_s: results for each second that a watch was there.
    """

    away_s: float
    results: int = 0
    doubles: int = 0
    missing: int = 0
    disordered: int = 0
    changed: int = 0
    per_s: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost, in order, doubles alike."""
        return self.results > 0 and not (self.missing or self.disordered or self.changed)


class Receiver:
    """Keeps the number and body of everything that arrives."""

    def __init__(self, port: int) -> None:
        self._session = MqttSession("receiver", port, filters=[(f"{LINE}/_ai/+/result", 1)])
        self.bodies: dict[int, int] = {}  # number in the spool: hash of the body, while this process lives
        self.order: list[int] = []
        self.doubles = self.changed = 0

    async def __aenter__(self) -> Receiver:
        await self._session.__aenter__()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._session.__aexit__()

    async def _read(self) -> None:
        while True:
            for _, payload in await self._session.heard():
                number = int(json.loads(payload)["id"].rpartition("-")[2])
                if number in self.bodies:
                    self.doubles += 1
                    self.changed += self.bodies[number] != hash(payload)
                else:
                    self.bodies[number] = hash(payload)
                    self.order.append(number)


class Plc:
    """Says a value 50 times a second, with its time."""

    def __init__(self, port: int) -> None:
        self._session = MqttSession("plc", port)

    async def __aenter__(self) -> Plc:
        await self._session.__aenter__()
        self._task = asyncio.create_task(self._say())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._session.__aexit__()

    async def _say(self) -> None:
        n = round(time.time() * RATE_HZ)
        while True:
            while n <= time.time() * RATE_HZ:
                body = {"v": 5 * math.sin(n / 40), "ts": round(n * 1000 / RATE_HZ)}
                self._session.publish(Note("plc/t", json.dumps(body).encode()))
                n += 1
            await asyncio.sleep(0.005)


class Box:
    """`testbed watch`, as a process that can be killed."""

    def __init__(self, folder: Path, source: int, target: int) -> None:
        models = ",".join(str(folder / f"m{i}.onnx") for i in range(MODELS))
        self._command = [
            sys.executable, "-m", "testbed", "watch", f"mqtt://{LOOPBACK}:{source}", "--tags", str(folder / "t.csv"),
            "--models", models, "--record", "none", "--publish", f"mqtt://{LOOPBACK}:{target}",
            "--spool", str(folder / "s.db"), "--json",
        ]  # fmt: skip
        self.process: asyncio.subprocess.Process | None = None
        self.alive_s = 0.0
        self._since = 0.0

    async def start(self) -> None:
        null = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(*self._command, stdout=null, stderr=null)
        self._since = time.monotonic()

    async def stop(self, number: int = signal.SIGKILL) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            await self.process.wait()
            self.alive_s += time.monotonic() - self._since


def write_models(folder: Path) -> None:
    """Ten models that score every value, and their tag list."""
    for i in range(MODELS):
        (folder / f"m{i}.onnx").write_bytes(every_sample(f"m{i}", "*/T", RATE_HZ, 10.0 + i))
    (folder / "t.csv").write_text(f"name,low,high,rate_hz,address\n{LINE}/T,-10,10,{RATE_HZ:g},plc/t\n")


async def drill(folder: Path, away_s: float, kind: str = "mosquitto") -> Outcome:
    """The receiver is away for so long; the watch is killed in the middle of that, and while it empties its spool."""
    write_models(folder)
    async with Broker(kind) as source, Broker(kind) as target, Plc(source.port), Receiver(target.port) as receiver:
        road = Road(target.port)
        box = Box(folder, source.port, road.port)
        try:
            async with road:
                await box.start()
                await until(lambda: receiver.order)
                await asyncio.sleep(SETTLED_S)
            await asyncio.sleep(away_s / 2)
            await box.stop()
            await box.start()
            await asyncio.sleep(away_s / 2)
            before = len(receiver.order)
            async with road:
                await until(lambda: len(receiver.order) > before)
                await box.stop()  # while it empties its spool
                await box.start()
                await until(lambda: len(receiver.order) > before + RATE_HZ * MODELS)
                await box.stop(signal.SIGINT)
                with Spool(folder / "s.db") as spool:
                    async with Outbox(spool, road.port) as outbox:
                        assert await outbox.drain(600.0)
                    last = spool.next_id - 1
                await until(lambda: last in receiver.bodies)
        finally:
            await box.stop()
    return _told(receiver, last, away_s, box.alive_s)


def _told(receiver: Receiver, last: int, away_s: float, alive_s: float) -> Outcome:
    order = np.array(receiver.order)
    return Outcome(
        away_s,
        results=len(order),
        doubles=receiver.doubles,
        missing=last - len(order),
        disordered=int((np.diff(order) < 0).sum()),
        changed=receiver.changed,
        per_s=round(len(order) / alive_s, 1),
    )


async def until(is_so: Callable[[], object]) -> None:
    """The drill's own time limit ends a wait in vain."""
    while not is_so():
        await asyncio.sleep(0.02)

"""What goes out arrives: in order, at least once, doubles with the same id, whoever was away or killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from connectors.broker import LOOPBACK, Broker
from connectors.mqtt_session import MqttSession
from connectors.outbox import Outbox
from connectors.spool import Spool
from tests.connectors.mqtt_stub import MqttStub
from tests.connectors.test_foreign_sparkplug import BROKERS, until
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
TOPIC = "plant/results"


class Receiver:
    """A subscriber that keeps everything it gets, doubles too."""

    def __init__(self, port: int) -> None:
        self.session = MqttSession("receiver", port, filters=[(TOPIC, 1)])
        self.bodies: list[dict[str, object]] = []

    async def __aenter__(self) -> Receiver:
        await self.session.__aenter__()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.session.__aexit__()

    async def _read(self) -> None:
        while True:
            for _, payload in await self.session.heard():
                self.bodies.append(json.loads(payload))

    def numbers(self) -> list[int]:
        """Without doubles, which must have the id of the first."""
        seen: dict[object, object] = {}
        for body in self.bodies:
            assert seen.setdefault(body["id"], body) == body
        return [int(str(body["n"])) for body in seen.values()]


@pytest.mark.parametrize("kind", BROKERS)
async def test_messages_go_out_in_order_and_leave_the_spool(kind, tmp_path):
    async with Broker(kind) as broker, Receiver(broker.port) as receiver:
        with Spool(tmp_path / "s.db") as spool:
            async with Outbox(spool, broker.port) as outbox:
                for n in range(2000):
                    outbox.put(TOPIC, {"n": n})
                assert await outbox.drain(20.0)
                await until(lambda: receiver.numbers()[-1:] == [1999], "the last message")
            assert spool.counts.sent == spool.counts.put == 2000
        assert receiver.numbers() == list(range(2000))  # doubles, of which a busy machine makes some, told once
        assert receiver.bodies[0]["id"] == f"{spool.name}-1"


async def test_what_was_not_acknowledged_is_sent_again_with_the_same_id(tmp_path):
    with Spool(tmp_path / "s.db") as spool:
        async with MqttStub() as stub, Outbox(spool, stub.port) as outbox:
            stub.is_silent = True
            for n in range(10):
                outbox.put(TOPIC, {"n": n})
            await until(lambda: len(stub.of("PUBLISH")) == 10, "the first time")
            assert spool.counts.sent == 0 and outbox.state == "connected"
            stub.is_silent = False
            stub.cut()
            await until(lambda: len(stub.of("PUBLISH")) == 20 and not len(spool), "the second time")
            first, second = stub.of("PUBLISH")[:10], stub.of("PUBLISH")[10:]
            assert [p.payload for p in first] == [p.payload for p in second]
            assert outbox.resent == 10


async def test_it_takes_in_2500_results_with_nobody_there(tmp_path):
    with Spool(tmp_path / "s.db") as spool:
        async with Outbox(spool, free_port()) as outbox:
            for n in range(2500):
                outbox.put(TOPIC, {"n": n, "model": "mspc", "score": 0.5, "evidence": [["POH/A", 0.4]] * 3})
            await until(lambda: outbox.reason, "the reason")
            assert outbox.status()["waiting"] == 2500
            assert "No MQTT broker answers" in outbox.reason


SENDER = """
import asyncio, sys
from connectors.outbox import Outbox
from connectors.spool import Spool

async def main(path, port, rate):
    with Spool(path) as spool:
        async with Outbox(spool, int(port)) as outbox:
            loop, began, count = asyncio.get_running_loop(), asyncio.get_running_loop().time(), 0
            while True:
                while count < (loop.time() - began) * float(rate):
                    outbox.put("plant/results", {"n": spool.next_id, "text": "x" * 150})
                    count += 1
                    print(spool.next_id - 1, flush=True)
                await asyncio.sleep(0.005)

asyncio.run(main(*sys.argv[1:]))
"""


class Road:
    """The way from a sender to a broker, which can be closed: whoever is on it is thrown off, and nobody gets on."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None] | None] = set()

    async def __aenter__(self) -> Road:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._tasks), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
        self._writers += [writer, far_writer]
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


class Sender:
    """A process that sends numbered results and can be killed; it logs each number once its spool has it."""

    def __init__(self, path: Path, port: int, rate: float) -> None:
        self._log = path.with_suffix(f".{len(list(path.parent.iterdir()))}.log")
        command = [sys.executable, "-c", SENDER, str(path), str(port), str(rate)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log)

    async def run(self, seconds: float) -> Sender:
        """Let it send for so long after its first message."""
        await until(lambda: self._log.stat().st_size, "a first message")
        await asyncio.sleep(seconds)
        return self

    def kill(self) -> int:
        """The last number it has taken in for sure."""
        self._process.kill()
        self._process.wait()
        lines = self._log.read_bytes().split(b"\n")[:-1]
        return int(lines[-1]) if lines else 0


async def drill(kind: str, path: Path, away_s: float, rate: float) -> tuple[list[int], int, int]:
    """The broker is away for so long, the sender is killed twice meanwhile; numbers, how many at least, doubles."""
    async with Broker(kind) as broker, Receiver(broker.port) as receiver, AsyncExitStack() as stack:
        road = Road(broker.port)

        def start() -> Sender:
            sender = Sender(path, road.port, rate)
            stack.callback(sender.kill)
            return sender

        async with road:
            sender = await start().run(1.0)
            await until(lambda: receiver.bodies, "the first message")
        await asyncio.sleep(away_s / 2)
        sender.kill()
        sender = await start().run(away_s / 2)
        before = len(receiver.bodies)
        async with road:
            await until(lambda: len(receiver.bodies) > before, "the first after the gap")
            sender.kill()  # while it empties its spool
            sender = await start().run(1.0)
            told = sender.kill()
            with Spool(path) as spool:
                async with Outbox(spool, road.port) as outbox:
                    assert await outbox.drain(120.0)
                await until(lambda: receiver.numbers()[-1] == spool.next_id - 1, "the last message")
        return receiver.numbers(), told, len(receiver.bodies) - len(receiver.numbers())


@pytest.mark.parametrize("kind", BROKERS)
async def test_nothing_is_lost_when_the_broker_is_away_and_the_sender_killed_twice(kind, tmp_path):
    numbers, told, _ = await drill(kind, tmp_path / "s.db", 3.0, 500.0)
    assert numbers == list(range(1, len(numbers) + 1))
    assert 1000 < told <= len(numbers)

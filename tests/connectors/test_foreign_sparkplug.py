"""npm sparkplug-client and we understand each other, it as edge node and we as host, and the other way round."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connectors.broker import LOOPBACK, Broker
from connectors.clock import now_ns
from connectors.items import Batch, Changes, Context
from connectors.setpoints import SetPoint
from connectors.sparkplug_plant import SparkplugPublisher
from connectors.sparkplug_source import SparkplugSource
from connectors.sparkplug_types import DataSet, DataType
from connectors.status import BAD_NO_COMMUNICATION
from tests.connectors.sparkplug_pair import HEAT, MOLD, NUMBERS

SCRIPT = Path(__file__).parents[1] / "node" / "sparkplug.js"
PATIENCE_S = 40.0

pytestmark = pytest.mark.needs("node")
BROKERS = ["embedded", pytest.param("mosquitto", marks=pytest.mark.needs("mosquitto"))]


class Foreign:
    """The npm client as a process: what it tells, and what it is told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[dict[str, Any]] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.told.append(json.loads(line))

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    def events(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.told if one["event"] == event]

    def messages(self, kind: str) -> list[dict[str, Any]]:
        return [one["payload"] for one in self.events("message") if f"/{kind}/" in one["topic"]]


@asynccontextmanager
async def foreign(role: str, port: int, node: str = "N", device: str = "D", group: str = "G") -> AsyncIterator[Foreign]:
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), role, f"mqtt://{LOOPBACK}:{port}", group, node, device,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    client = Foreign(process)
    try:
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await client._reading


async def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait until a condition holds."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := condition()):
                await asyncio.sleep(0.01)
            return found
    except TimeoutError:
        pytest.fail(f"waited in vain for {what}")


class Reader:
    """Keeps what a source hands out: the newest value and status of each tag, and texts."""

    def __init__(self, source: SparkplugSource) -> None:
        self.source = source
        self.newest: dict[str, tuple[float, int]] = {}
        self.values: dict[str, list[float]] = {}
        self.texts: dict[str, str] = {}
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for item in self.source:
            if isinstance(item, Changes):
                for column, value, status in zip(item.tag, item.value, item.status, strict=True):
                    name = item.tags[column].short
                    self.newest[name] = (float(value), int(status))
                    self.values.setdefault(name, []).append(float(value))
            elif isinstance(item, Context):
                self.texts[item.tag.short] = item.text

    def value(self, name: str) -> float | None:
        value, status = self.newest.get(name, (0.0, -1))
        return None if status else value

    def is_stale(self, name: str) -> bool:
        return self.newest.get(name, (0.0, 0))[1] == BAD_NO_COMMUNICATION

    async def stop(self) -> None:
        """Raises what ended the reading, if anything did."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


@asynccontextmanager
async def reading(port: int) -> AsyncIterator[Reader]:
    async with SparkplugSource(port) as source:
        reader = Reader(source)
        try:
            yield reader
        finally:
            await reader.stop()


@pytest.mark.parametrize("kind", BROKERS)
async def test_we_read_its_births_with_every_type_it_has(kind):
    async with Broker(kind) as broker, reading(broker.port) as reader, foreign("edge", broker.port):
        await until(lambda: "LEVEL" in reader.newest, "its births")
        app = reader.source.app
        assert (reader.value("LEVEL"), reader.value("SMALL"), reader.value("TINY")) == (0.5, -300.0, -3.0)
        assert (reader.value("LARGE"), reader.value("RUNS"), reader.value("Uptime")) == (-5.0, 1.0, 4_000_000_000.0)
        assert reader.newest["NOTHING"][1] != 0
        assert reader.texts["GRADE"] == "강종 A"
        assert app.value("G", "N", "D", "RAW") == b"\0\xff"
        rows = (("C1", 1.5), ("C2", 2.5))
        assert app.value("G", "N", "D", "TABLE") == DataSet(("part", "width"), (DataType.STRING, DataType.DOUBLE), rows)
        level = reader.source.groups[1].tags[0]
        assert (level.name, level.unit, level.eu_range, level.writable) == ("G/N/D/LEVEL", "mm", (0.0, 200.0), True)
        assert app.counts.malformed == app.unmapped == 0


@pytest.mark.parametrize("kind", BROKERS)
async def test_we_read_its_data_by_alias_and_ask_for_a_birth_after_a_gap(kind):
    async with Broker(kind) as broker, reading(broker.port) as reader, foreign("edge", broker.port) as edge:
        await until(lambda: "LEVEL" in reader.newest, "its births")
        for n in range(1, 300):  # past the sequence's wrap
            edge.say("data")
            if n % 50 == 0:
                await until(lambda n=n: reader.value("LEVEL") == n + 0.5, f"data {n}")
        await until(lambda: reader.value("SMALL") == -599.0, "the last data")
        assert reader.values["LEVEL"] == [n + 0.5 for n in range(300)]
        assert not edge.events("ncmd")
        edge.say("skip")
        edge.say("data")
        await until(lambda: edge.events("ncmd"), "a rebirth request")
        await until(lambda: reader.value("LEVEL") == 300.5, "the birth after it")
        counts = reader.source.app.counts
        assert (counts.missing, counts.requests, counts.malformed) == (1, 1, 0)
        edge.say("data")
        await until(lambda: reader.value("LEVEL") == 301.5, "data after the rebirth")


@pytest.mark.parametrize("kind", BROKERS)
async def test_its_death_makes_its_tags_stale_and_it_comes_back(kind):
    async with Broker(kind) as broker, reading(broker.port) as reader:
        async with foreign("edge", broker.port) as edge:
            await until(lambda: reader.value("LEVEL") == 0.5, "its births")
            edge.say("device-death")
            await until(lambda: reader.is_stale("LEVEL"), "the death of its device")
            assert reader.value("Uptime") == 4_000_000_000.0
            edge.process.kill()
            await until(lambda: reader.is_stale("Uptime"), "its will")
        async with foreign("edge", broker.port) as edge:
            await until(lambda: reader.value("LEVEL") == 0.5, "its births again")
            edge.say("stop")
            await until(lambda: reader.is_stale("LEVEL") and reader.is_stale("Uptime"), "its death on leaving")
            await edge.process.wait()


@pytest.mark.parametrize("kind", BROKERS)
async def test_it_hears_our_commands(kind):
    async with Broker(kind) as broker, reading(broker.port) as reader, foreign("edge", broker.port) as edge:
        await until(lambda: "LEVEL" in reader.newest, "its births")
        reader.source.set("G/N/D/LEVEL", 120.0)
        (told,) = await until(lambda: edge.events("dcmd"), "the command")
        (metric,) = told["payload"]["metrics"]
        assert (told["device"], metric["name"], metric["type"], metric["value"]) == ("D", "LEVEL", "Double", 120)


TYPES = {f"{MOLD}/SPEED": DataType.INT16}


def at(time: int, *values: float) -> Batch:
    return Batch(NUMBERS.tags, np.array([time]), np.array([values]), np.zeros((1, 3), np.uint32))


@pytest.mark.parametrize("kind", BROKERS)
async def test_it_reads_our_births_data_and_deaths(kind):
    place = {"group": "POH_STEEL", "node": "CC1", "device": "MOLD"}
    async with Broker(kind) as broker, foreign("listen", broker.port, **place) as listener:
        await until(lambda: listener.events("ready"), "its subscription")
        async with SparkplugPublisher((NUMBERS, HEAT), broker.port, types=TYPES) as plant:
            await until(lambda: len(listener.messages("DBIRTH")) == 2, "our births")
            (node,), devices = listener.messages("NBIRTH"), listener.messages("DBIRTH")
            named = {metric["name"]: metric for metric in node["metrics"]}
            assert (node["seq"], [d["seq"] for d in devices]) == (0, [1, 2])
            assert (named["bdSeq"]["value"], named["Node Control/Rebirth"]["value"]) == (0, False)
            await plant.send([at(now_ns(), 100.25, -300.0, 50.0)])
            data = await until(lambda: [d for d in listener.events("data") if "LEVEL" in d["values"]], "our data")
            assert data[0]["values"] == {"LEVEL": 100.25, "SPEED": -300}
            listener.say("rebirth")
            await until(lambda: len(listener.messages("DBIRTH")) == 4, "our rebirth")
            again = {metric["name"]: metric for metric in listener.messages("DBIRTH")[2]["metrics"]}
            assert (again["SPEED"]["type"], again["SPEED"]["value"], again["LEVEL"]["value"]) == ("Int16", -300, 100.25)
            assert [listener.messages("NBIRTH")[1]["seq"], listener.messages("DBIRTH")[2]["seq"]] == [0, 1]
        (death,) = await until(lambda: listener.messages("NDEATH"), "our death on leaving")
        assert [(m["name"], m["value"]) for m in death["metrics"]] == [("bdSeq", 0)]
        assert "seq" not in death


@pytest.mark.parametrize("kind", BROKERS)
async def test_we_hear_its_commands(kind):
    place = {"group": "POH_STEEL", "node": "CC1", "device": "MOLD"}
    wanted: list[SetPoint] = []
    async with Broker(kind) as broker, foreign("listen", broker.port, **place) as listener:
        await until(lambda: listener.events("ready"), "its subscription")
        async with SparkplugPublisher((NUMBERS, HEAT), broker.port, on_setpoint=wanted.append):
            await until(lambda: len(listener.messages("DBIRTH")) == 2, "our births")
            for line in (
                "LEVEL Double 500",
                "SPEED Double 1",
                "NOWHERE Double 1",
                "LEVEL Boolean true",
                "LEVEL Double 120",
            ):
                listener.say(f"set {line}")
            await until(lambda: wanted, "a set-point")
            assert [(point.name, point.value) for point in wanted] == [(f"{MOLD}/LEVEL", 120.0)]

"""Somebody else's OPC UA server: nodes by id and by path, texts and bad values, and a server that comes back."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from asyncua import Server, ua

from connectors.errors import InputError, PartFailed
from connectors.items import Changes, Context
from connectors.line import Settings
from connectors.live import live_source
from connectors.status import BAD_SENSOR_FAILURE
from connectors.tags import Tag
from tests.connectors.test_mqtt_live import Reader
from tests.ports import free_port

TAGS = (
    Tag(name="L/LEVEL", rate_hz=10.0, address="ns=2;s=Mould.Level"),
    Tag(name="L/SPEED", rate_hz=10.0, address="/Objects/2:Caster/2:Speed"),
    Tag(name="L/COUNT", rate_hz=10.0, address="nsu=http://maker/;i=77"),
    Tag(name="L/ON", rate_hz=10.0, address="ns=2;s=Mould.On"),
    Tag(name="L/HEAT", address="ns=2;s=Heat", group="texts"),
    Tag(name="L/SETPOINT", address="ns=2;s=Setpoint"),
)
FAST = Settings(publishing_ms=50.0, patience_s=1.0)


class Maker:
    """A small server of another make."""

    def __init__(self, port: int, server: Server, index: int) -> None:
        self.port, self._server, self._index = port, server, index
        self._nodes: dict[str, ua.NodeId] = {}

    async def build(self) -> None:
        folder = await self._server.nodes.objects.add_object(self._index, "Caster")
        for name, ident, value in (
            ("Level", "Mould.Level", 0.0), ("Speed", "Caster.Speed", np.float32(1.5)), ("Count", 77, 3),
            ("On", "Mould.On", True), ("Heat", "Heat", "H1"), ("Setpoint", "Setpoint", 2.0),
            ("Array", "Array", [1.0, 2.0]),
        ):  # fmt: skip
            kind = ua.VariantType.Float if isinstance(value, np.float32) else None
            value = float(value) if isinstance(value, np.float32) else value
            node = await folder.add_variable(
                ua.NodeId(ident, self._index), ua.QualifiedName(name, self._index), value, kind
            )
            self._nodes[name] = node.nodeid
        old = datetime.now(UTC) - timedelta(hours=3)
        await self.write("Setpoint", 2.0, moment=old)

    async def write(self, name: str, value: object, status: int = 0, moment: datetime | None = None) -> None:
        kinds = {"Speed": ua.VariantType.Float, "Count": ua.VariantType.Int64}
        data = ua.DataValue(ua.Variant(value, kinds.get(name)), ua.StatusCode(status), moment or datetime.now(UTC))
        done = await self._server.iserver.aspace.write_attribute_value(self._nodes[name], ua.AttributeIds.Value, data)
        assert done.is_good()


@asynccontextmanager
async def maker(port: int):
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    made = Maker(port, server, await server.register_namespace("http://maker/"))
    await made.build()
    await server.start()
    try:
        yield made
    finally:
        inner = server.iserver
        if inner.time_task is not None:  # stop() would wait for its next second
            inner.time_task.cancel()
            await asyncio.gather(inner.time_task, return_exceptions=True)
            inner.time_task = None
        for session in list(inner._external_sessions.values()):
            await session.close_session(True)
        for transport in list(inner.asyncio_transports):
            transport.close()
        await asyncio.sleep(0)
        await server.stop()


def url(port: int) -> str:
    return f"opc.tcp://127.0.0.1:{port}/"


async def test_numbers_texts_and_flags_of_a_foreign_server_become_readings():
    async with maker(free_port()) as made, Reader(live_source([url(made.port)], TAGS, FAST)) as reader:
        await reader.until(lambda r: r.values("L/COUNT") == [3.0] and r.values("L/ON") == [1.0])
        await made.write("Level", 0.5)
        await made.write("Heat", "H2")
        await reader.until(lambda r: 0.5 in r.values("L/LEVEL"))
        await reader.until(lambda r: [i.text for i in r.items if isinstance(i, Context)][-1:] == ["H2"])
        await made.write("Level", 0.7, BAD_SENSOR_FAILURE)
        await reader.until(lambda r: np.isnan(r.values("L/LEVEL")[-1]))
        await reader.until(lambda r: r.values("L/SETPOINT")[:1] == [2.0])  # three hours old, and said as it holds
    assert reader.values("L/SPEED")[0] == 1.5
    assert reader.source.epochs == 0
    times = np.concatenate([item.time for item in reader.items if isinstance(item, Changes)])
    assert np.ptp(times) < 3600e9
    bad = [int(s) for i in reader.items if isinstance(i, Changes) for s in i.status if s]
    assert bad[0] == BAD_SENSOR_FAILURE


async def test_a_server_that_comes_back_delivers_again():
    port = free_port()
    async with maker(port) as made:
        reader = Reader(live_source([url(port)], TAGS[:1], FAST))
        await reader.__aenter__()
        line = reader.source.lines[0]
        await made.write("Level", 0.5)
        await reader.until(lambda r: 0.5 in r.values("L/LEVEL"))
    await reader.until(lambda r: line.state.name == "lost")
    async with maker(port) as made:
        await reader.until(lambda r: line.state.name == "connected")
        await made.write("Level", 0.9)
        await reader.until(lambda r: 0.9 in r.values("L/LEVEL"))
        await reader.__aexit__()
    assert line.reconnects == 1


async def test_a_server_without_news_is_alive_and_not_stale():
    async with maker(free_port()) as made, Reader(live_source([url(made.port)], TAGS[:1], FAST)) as reader:
        line = reader.source.lines[0]
        heard = line._heard
        await reader.until(lambda r: line._heard > heard + 2.0)  # two signs of life, a second apart, without a value
        assert line.state.name == "connected"


async def test_tags_that_are_not_there_are_named_all_at_once():
    wrong = [
        Tag(name="L/A", address="ns=2;s=Nope"),
        Tag(name="L/B", address="/Objects/2:Caster/2:Nope"),
        Tag(name="L/C", address="ns=2;s=Mould.Level"),
        Tag(name="L/D"),
    ]
    async with maker(free_port()) as made:
        with pytest.raises(InputError, match="does not offer 2 tags") as caught:
            async with live_source([url(made.port)], wrong, FAST):
                pass
        assert "L/B" in str(caught.value)
        assert "L/D" in str(caught.value)
        with pytest.raises(InputError, match=r"L/A .*BadNodeIdUnknown"):
            async with live_source([url(made.port)], wrong[:1], FAST):
                pass


async def test_an_array_is_counted_and_not_read():
    tags = [Tag(name="L/ARRAY", address="ns=2;s=Array")]
    async with maker(free_port()) as made, Reader(live_source([url(made.port)], tags, FAST)) as reader:
        await reader.until(lambda r: r.source.lines[0].malformed == 1)


async def test_a_server_that_is_not_there_is_told_at_the_start_or_waited_for():
    port = free_port()
    with pytest.raises(PartFailed, match="No OPC UA server answers"):
        async with live_source([url(port)], TAGS[:1], FAST):
            pass
    patient = Settings(publishing_ms=50.0, patience_s=1.0, wait=True)
    async with Reader(live_source([url(port)], TAGS[:1], patient)) as reader:
        line = reader.source.lines[0]
        await reader.until(lambda r: line.state.name == "lost")
        async with maker(port) as made:
            await reader.until(lambda r: line.state.name == "connected")
            await made.write("Level", 0.4)
            await reader.until(lambda r: 0.4 in r.values("L/LEVEL"))


NODE = Path(__file__).parents[1] / "node" / "misbehave.js"


@asynccontextmanager
async def drive(port: int, *more: str):
    """The drive that node serves; it has begun to listen."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("node", str(NODE), str(port), "0", *more, stdout=pipe)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            while b'"port"' not in await process.stdout.readline():  # what its parts say on stdout comes before
                pass
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        async with asyncio.timeout(15.0):
            await process.wait()


LOAD = [Tag(name="L/LOAD", rate_hz=10.0, address="ns=1;s=Drive.LOAD")]


@pytest.mark.needs("node")
async def test_a_server_that_freezes_is_stale_then_lost_and_read_on_once_it_goes_on():
    port = free_port()
    async with drive(port) as server, Reader(live_source([url(port)], LOAD, FAST)) as reader:
        line = reader.source.lines[0]
        await reader.until(lambda r: len(r.values("L/LOAD")) > 5)
        server.send_signal(signal.SIGSTOP)
        await reader.until(lambda r: line.state.name == "stale")
        await reader.until(lambda r: line.state.name == "lost")
        server.send_signal(signal.SIGCONT)
        before = len(reader.values("L/LOAD"))
        await reader.until(lambda r: len(r.values("L/LOAD")) > before + 5, 40.0)
        assert line.state.name == "connected"


@pytest.mark.needs("node")
async def test_a_server_that_comes_back_with_its_clock_set_back_starts_a_new_epoch():
    port = free_port()
    patient = Settings(publishing_ms=50.0, patience_s=1.0, wait=True)
    async with Reader(live_source([url(port)], LOAD, patient)) as reader:
        async with drive(port):
            await reader.until(lambda r: len(r.values("L/LOAD")) > 5, 40.0)
        before = len(reader.values("L/LOAD"))
        assert reader.source.epochs == 0
        async with drive(port, "3600"):
            await reader.until(lambda r: len(r.values("L/LOAD")) > before + 5, 40.0)
    assert reader.source.epochs == 1
    times = np.concatenate([item.time for item in reader.items if isinstance(item, Changes)])
    assert times[-1] < times[0] - 3000e9

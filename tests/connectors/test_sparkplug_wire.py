"""What our Sparkplug edge nodes and host application put on the wire, packet by packet, and how both get up again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connectors.broker import Broker
from connectors.clock import now_ns
from connectors.errors import InputError, PartFailed
from connectors.items import Batch
from connectors.setpoints import Audit, SetPoint
from connectors.sparkplug import Topic, state_payload
from connectors.sparkplug_host import command, rebirth_request
from connectors.sparkplug_plant import SparkplugPublisher
from connectors.sparkplug_schema import payload_class
from connectors.sparkplug_source import SparkplugSource
from connectors.sparkplug_types import DataType
from connectors.tags import Group, Tag
from tests.connectors.mqtt_stub import MqttStub, Packet
from tests.connectors.sparkplug_pair import HEAT, MOLD, NUMBERS, TUNDISH
from tests.connectors.test_foreign_sparkplug import BROKERS, Reader, until
from tests.ports import free_port

GROUPS = (NUMBERS, HEAT)
NODE = "spBv1.0/POH_STEEL/{}/CC1"


def numbers(*values: float, time: int | None = None) -> Batch:
    status = np.zeros((1, 3), np.uint32)
    return Batch(NUMBERS.tags, np.array([time or now_ns()]), np.array([values]), status)


def payload(packet: Packet) -> Any:
    return payload_class().FromString(packet.payload)


def names(packet: Packet) -> list[str]:
    return [metric.name for metric in payload(packet).metrics]


@asynccontextmanager
async def stubbed(**options: Any) -> AsyncIterator[tuple[MqttStub, SparkplugPublisher]]:
    async with MqttStub() as stub, SparkplugPublisher(GROUPS, stub.port, **options) as plant:
        yield stub, plant


async def test_a_node_connects_with_its_death_as_will_subscribes_and_only_then_is_born():
    async with stubbed() as (stub, _):
        await until(lambda: len(stub.of("PUBLISH")) == 3, "births")
    connect, subscribe, *rest = stub.packets
    assert (connect.name, connect.clean, connect.qos, connect.retain) == ("CONNECT", True, 1, False)
    assert connect.topic == NODE.format("NDEATH")
    (bdseq,) = payload(connect).metrics
    assert (bdseq.name, bdseq.datatype, bdseq.long_value) == ("bdSeq", DataType.INT64, 0)
    assert not payload(connect).HasField("seq")
    assert subscribe.filters == ((NODE.format("NCMD"), 1), (NODE.format("DCMD") + "/+", 1))
    births = rest[:3]
    assert [p.topic for p in births] == [
        NODE.format("NBIRTH"),
        *(NODE.format("DBIRTH") + d for d in ("/MOLD", "/TUNDISH")),
    ]
    assert [payload(p).seq for p in births] == [0, 1, 2]
    assert {(p.qos, p.retain) for p in births} == {(0, False)}
    assert all(payload(p).timestamp for p in births)
    for packet in births:
        for metric in payload(packet).metrics:
            assert metric.name and metric.timestamp and metric.HasField("datatype")
            assert metric.is_null != (metric.WhichOneof("value") is not None)


async def test_a_birth_tells_bdseq_rebirth_and_every_metric_with_an_alias_of_its_own():
    async with stubbed() as (stub, _):
        node, *devices = await until(lambda: stub.of("PUBLISH")[2:] and stub.of("PUBLISH"), "births")
        control = {metric.name: metric for metric in payload(node).metrics}
        rebirth = control["Node Control/Rebirth"]
        assert (rebirth.datatype, rebirth.boolean_value, rebirth.HasField("alias")) == (DataType.BOOLEAN, False, False)
        assert control["bdSeq"].long_value == 0
        assert [names(device) for device in devices] == [["LEVEL", "SPEED", "HEAT"], ["WEIGHT"]]
        aliases = [metric.alias for device in devices for metric in payload(device).metrics]
        assert len(set(aliases)) == 4


async def test_data_is_by_alias_by_exception_at_most_once_and_numbered_on():
    async with stubbed() as (stub, plant):
        for n in range(300):
            await plant.send([numbers(float(n), 1.0, 2.0)])
        data = await until(lambda: len(stub.of("PUBLISH")) == 304 and stub.of("PUBLISH")[3:], "data")
    assert [p.topic for p in data[:3]] == [NODE.format("DDATA") + d for d in ("/MOLD", "/TUNDISH", "/MOLD")]
    assert [payload(p).seq for p in data] == [(3 + n) % 256 for n in range(301)]
    assert {(p.qos, p.retain) for p in data} == {(0, False)}
    assert [len(payload(p).metrics) for p in data[:4]] == [2, 1, 1, 1]
    for packet in data:
        for metric in payload(packet).metrics:
            assert metric.HasField("alias") and metric.timestamp
            assert not metric.HasField("name") and not metric.HasField("datatype")
    assert plant.counts.sent == 302


async def test_leaving_says_death_and_then_disconnects():
    async with stubbed() as (stub, _):
        pass
    await until(lambda: stub.of("DISCONNECT"), "the disconnect")
    death, last = stub.packets[-2:]
    assert (death.name, death.topic, death.qos, death.retain) == ("PUBLISH", NODE.format("NDEATH"), 1, False)
    assert names(death) == ["bdSeq"] and not payload(death).HasField("seq")
    assert last.name == "DISCONNECT"


async def test_a_rebirth_request_brings_the_same_bdseq_and_seq_0_again():
    async with stubbed() as (stub, plant):
        await plant.send([numbers(100.0, 1.0, 2.0)])
        await until(lambda: len(stub.of("PUBLISH")) == 5, "births and data")
        note = rebirth_request("POH_STEEL", "CC1", now_ns())
        stub.send(note.topic, note.payload)
        again = await until(lambda: stub.of("PUBLISH")[5:8][2:] and stub.of("PUBLISH")[5:8], "the rebirth")
        assert [p.topic.split("/")[2] for p in again] == ["NBIRTH", "DBIRTH", "DBIRTH"]
        assert [payload(p).seq for p in again] == [0, 1, 2]
        assert payload(again[0]).metrics[0].long_value == 0
        assert payload(again[1]).metrics[0].double_value == 100.0
        await plant.send([numbers(101.0, 1.0, 2.0)])
        data = await until(lambda: stub.of("PUBLISH")[8:], "data after it")
        assert payload(data[0]).seq == 3


async def test_every_new_connection_has_the_next_bdseq_in_will_and_birth():
    async with stubbed() as (stub, plant):
        for n in range(3):
            await until(lambda n=n: len(stub.of("PUBLISH")) == 3 * (n + 1), f"births {n}")
            stub.cut()
        await until(lambda: len(stub.of("PUBLISH")) >= 12, "the last births")
        wills = [payload(p).metrics[0].long_value for p in stub.of("CONNECT")]
        born = [payload(p).metrics[0].long_value for p in stub.of("PUBLISH") if "NBIRTH" in p.topic]
        assert wills[:4] == born[:4] == [0, 1, 2, 3]
        assert plant.counts.births == 4


async def test_a_device_dies_and_is_born_again_by_number():
    async with stubbed() as (stub, plant):
        plant.kill_device("MOLD")
        await plant.send([numbers(100.0, 1.0, 2.0)])
        plant.revive_device("MOLD")
        death, data, birth = await until(
            lambda: stub.of("PUBLISH")[3:][2:] and stub.of("PUBLISH")[3:], "three messages"
        )
    assert [p.topic.split("/")[2:] for p in (death, data, birth)] == [
        ["DDEATH", "CC1", "MOLD"],
        ["DDATA", "CC1", "TUNDISH"],
        ["DBIRTH", "CC1", "MOLD"],
    ]
    assert [payload(p).seq for p in (death, data, birth)] == [3, 4, 5]
    assert {(p.qos, p.retain) for p in (death, birth)} == {(0, False)} and payload(death).timestamp
    assert payload(birth).metrics[0].double_value == 100.0
    assert plant.counts.unsent == 2


async def test_only_writable_tags_in_range_are_set_and_every_attempt_is_on_record(tmp_path):
    wanted: list[SetPoint] = []
    audit = Audit(tmp_path / "audit.jsonl")
    async with stubbed(on_setpoint=wanted.append, audit=audit) as (stub, plant):
        mold, tundish = (Topic("POH_STEEL", "DCMD", "CC1", d) for d in ("MOLD", "TUNDISH"))
        for where, name, value in (
            (mold, "LEVEL", 500.0),
            (mold, "LEVEL", float("nan")),
            (mold, "SPEED", 1.0),
            (tundish, "LEVEL", 1.0),
            (mold, "NOWHERE", 1.0),
            (mold, "LEVEL", 120.0),
        ):
            note = command(where, name, DataType.DOUBLE, value, now_ns())
            stub.send(note.topic, note.payload)
        by_alias = payload_class()()
        by_alias.metrics.add(alias=1, double_value=130.0)
        stub.send(str(mold), by_alias.SerializeToString())
        stub.send(str(mold), b"\xff")
        await until(lambda: plant.counts.malformed, "the last command")
    assert [(asked.name, asked.value) for asked in wanted] == [(f"{MOLD}/LEVEL", 120.0), (f"{MOLD}/LEVEL", 130.0)]
    lines = [json.loads(line) for line in audit.path.read_text("utf-8").splitlines()]
    assert [line["accepted"] for line in lines] == [False] * 5 + [True, True]
    assert [line["tag"] for line in lines[2:5]] == [f"{MOLD}/SPEED", "LEVEL", "NOWHERE"]
    assert lines[0]["reason"] == f"{MOLD}/LEVEL takes 0 to 200 mm, but got 500."
    assert (audit.accepted, audit.refused) == (2, 5)


async def test_a_plant_without_an_ear_for_set_points_refuses_them(tmp_path):
    audit = Audit(tmp_path / "audit.jsonl")
    async with stubbed(audit=audit) as (stub, _):
        note = command(Topic("POH_STEEL", "DCMD", "CC1", "MOLD"), "LEVEL", DataType.DOUBLE, 120.0, now_ns())
        stub.send(note.topic, note.payload)
        await until(lambda: audit.refused, "the command")


async def test_births_wait_for_the_primary_host_and_die_with_it():
    async with stubbed(primary_host="H") as (stub, plant):
        state = "spBv1.0/STATE/H"
        assert stub.of("SUBSCRIBE")[0].filters[-1] == (state, 1)
        await plant.send([numbers(100.0, 1.0, 2.0)])
        stub.send(state, state_payload(False, 5))
        stub.send("spBv1.0/STATE/H", b"OFFLINE")  # an older draft's form is none
        await until(lambda: plant.counts.malformed, "the draft's form")
        assert not stub.of("PUBLISH") and plant.counts.unsent == 3
        stub.send(state, state_payload(True, 10))
        born = await until(lambda: stub.of("PUBLISH")[2:] and stub.of("PUBLISH"), "births")
        assert payload(born[1]).metrics[0].double_value == 100.0
        stub.send(state, state_payload(False, 9))  # older than the newest: of a session that is over
        await plant.send([numbers(101.0, 1.0, 2.0)])
        await until(lambda: len(stub.of("PUBLISH")) == 4, "data")
        stub.send(state, state_payload(False, 11))
        await until(lambda: len(stub.of("CONNECT")) == 2, "the next connection")
        assert stub.of("PUBLISH")[4].topic == NODE.format("NDEATH")
        assert stub.of("DISCONNECT")
        await until(lambda: len(stub.of("SUBSCRIBE")) == 2, "its subscription")
        stub.send(state, state_payload(True, 12))
        again = await until(lambda: stub.of("PUBLISH")[5:][2:] and stub.of("PUBLISH")[5:], "births again")
        assert payload(again[0]).metrics[0].long_value == payload(stub.of("CONNECT")[1]).metrics[0].long_value == 1


async def test_a_host_connects_with_its_death_as_will_subscribes_says_it_is_online_and_leaves_offline():
    async with MqttStub() as stub:
        async with SparkplugSource(stub.port, host_id="H") as source:
            reader = Reader(source)
            await until(lambda: stub.of("PUBLISH"), "its birth")
            stub.send("spBv1.0/STATE/H", state_payload(False, 1))  # the will of an older session, come late
            await until(lambda: len(stub.of("PUBLISH")) == 2, "its answer")
            await reader.stop()
        await until(lambda: stub.of("DISCONNECT"), "the disconnect")
    connect, subscribe, birth, again, death, last = stub.packets
    will, born, dead = (json.loads(p.payload) for p in (connect, birth, death))
    assert (connect.clean, connect.topic, connect.qos, connect.retain) == (True, "spBv1.0/STATE/H", 1, True)
    assert subscribe.filters == (("spBv1.0/#", 1),)
    for packet in (birth, again, death):
        assert (packet.topic, packet.qos, packet.retain) == ("spBv1.0/STATE/H", 1, True)
    assert (will["online"], born["online"], json.loads(again.payload)["online"], dead["online"]) == (0, 1, 1, 0)
    assert will["timestamp"] == born["timestamp"] <= dead["timestamp"]
    assert last.name == "DISCONNECT"


@pytest.mark.parametrize("kind", BROKERS)
async def test_when_the_broker_restarts_both_sides_get_up_and_data_goes_on(kind):
    port = free_port()
    async with Broker(kind, port):
        plant = await SparkplugPublisher(GROUPS, port).__aenter__()
        source = await SparkplugSource(port).__aenter__()
        reader = Reader(source)
        await plant.send([numbers(100.0, 1.0, 2.0)])
        await until(lambda: reader.value("LEVEL") == 100.0, "data")
    try:
        await until(lambda: reader.is_stale("LEVEL") and source.state == "lost" and source.reason, "the loss")
        await plant.send([numbers(101.0, 1.0, 2.0)])
        async with Broker(kind, port):
            await until(lambda: reader.value("LEVEL") == 101.0, "the newest value, by a birth")
            await plant.send([numbers(102.0, 1.0, 2.0)])
            await until(lambda: reader.value("LEVEL") == 102.0, "data again")
            assert (source.state, source.app.counts.malformed) == ("connected", 0)
            assert source.reconnects == 1 and plant.counts.births >= 2  # once more where the host asked, too
            await plant.__aexit__()
            await reader.stop()
            await source.__aexit__()
    finally:
        await plant.__aexit__()
        await reader.stop()


NODE_PROCESS = """
import asyncio, sys
from connectors.sparkplug_plant import SparkplugPublisher
from tests.connectors.test_sparkplug_wire import GROUPS, numbers

async def main():
    async with SparkplugPublisher(GROUPS, int(sys.argv[1])) as plant:
        await plant.send([numbers(100.0, 1.0, 2.0)])
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_node_that_is_killed_dies_by_its_will(kind):
    async with Broker(kind) as broker, SparkplugSource(broker.port) as source:
        reader = Reader(source)
        process = subprocess.Popen(
            [sys.executable, "-c", NODE_PROCESS, str(broker.port)], cwd=Path(__file__).parents[2]
        )
        try:
            await until(lambda: reader.value("LEVEL") == 100.0, "its data")
        finally:
            process.kill()
            process.wait()
        await until(lambda: reader.is_stale("LEVEL") and reader.is_stale("WEIGHT"), "its will")
        await reader.stop()


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_set_point_goes_from_host_to_plant_and_what_does_not_fit_stays_here(kind, tmp_path):
    wanted: list[SetPoint] = []
    audit = Audit(tmp_path / "here.jsonl")
    name = "POH_STEEL/CC1/MOLD/LEVEL"
    async with Broker(kind) as broker, SparkplugSource(broker.port, audit=audit) as source:
        reader = Reader(source)
        with pytest.raises(InputError, match="No tag"):
            source.set(name, 120.0)
        async with SparkplugPublisher(GROUPS, broker.port, on_setpoint=wanted.append) as plant:
            await plant.send([numbers(100.0, 1.0, 2.0)])
            await until(lambda: reader.value("LEVEL") == 100.0, "data")
            for bad, value, why in (
                (name, 500.0, "takes 0 to 200 mm"),
                (name.replace("LEVEL", "SPEED"), 1.0, "not writable"),
                ("LEVLE", 1.0, "LEVEL"),
            ):
                with pytest.raises(InputError, match=why):
                    source.set(bad, value)
            source.set(name, 120.0)
            await until(lambda: wanted, "the set-point")
        await until(lambda: reader.is_stale("LEVEL"), "the plant's death")
        with pytest.raises(InputError, match="not online"):
            source.set(name, 120.0)
        await reader.stop()
    assert [(asked.name, asked.value) for asked in wanted] == [(f"{MOLD}/LEVEL", 120.0)]
    assert (audit.accepted, audit.refused) == (1, 5)


def test_a_path_that_is_too_short_or_a_block_is_refused():
    with pytest.raises(InputError, match="SITE/LINE/UNIT/SIGNAL"):
        SparkplugPublisher([Group("main", (Tag(name="LINE/A"),))], 1883)
    with pytest.raises(InputError, match="by MQTT"):
        SparkplugPublisher([Group("b", (Tag(name=f"{TUNDISH}/V", group="b", rate_hz=1000.0),), "blocks")], 1883)
    with pytest.raises(InputError, match="host id"):
        SparkplugSource(1883, host_id="a/b")


async def test_a_broker_that_is_not_there_is_told_at_once():
    port = free_port()
    for side in (SparkplugPublisher(GROUPS, port), SparkplugSource(port)):
        with pytest.raises(PartFailed, match=f"No MQTT broker answers at 127.0.0.1:{port}"):
            await side.__aenter__()

"""A served plant as Sparkplug B edge nodes: born, read, commanded, and every command on record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from connectors.items import Changes
from connectors.mqtt_session import MqttSession, Note
from connectors.sparkplug_schema import payload_class
from connectors.sparkplug_source import SparkplugSource
from testbed.testplant import PATH
from tests.served import served

OFFSET = f"{PATH}/SET/OFFSET"


class Host:
    """A host application that keeps the newest value of each tag."""

    def __init__(self, source: SparkplugSource) -> None:
        self.source = source
        self.newest: dict[str, float] = {}

    async def read(self) -> None:
        async for item in self.source:
            if isinstance(item, Changes):
                for tag, value in zip(item.tag.tolist(), item.value.tolist(), strict=True):
                    self.newest[item.tags[tag].name] = value

    async def until(self, is_so: Callable[[dict[str, float]], bool]) -> None:
        """The test's own time limit ends a wait in vain."""
        while not is_so(self.newest):
            await asyncio.sleep(0.05)


async def command(port: int, value: float) -> None:
    """As a host of another make gives it, which judges nothing."""
    payload = payload_class()(timestamp=1, seq=0)
    payload.metrics.add(name="SET/OFFSET", datatype=10, double_value=value)
    async with MqttSession("other", port) as session:
        session.publish(Note("spBv1.0/TEST/DCMD/LINE/UNIT", payload.SerializeToString(), qos=1))
        await session.confirm(20.0)


async def test_a_served_plant_is_born_and_takes_what_a_host_commands(tmp_path):
    out = tmp_path / "out"
    with served(tmp_path / "home", "testplant", "--sparkplug", "--out", str(out)) as line:
        assert any("Sparkplug B  spBv1.0/TEST/+/LINE/#" in said for said in line.lines)
        async with SparkplugSource(line.mqtt_port) as source:
            host = Host(source)
            reading = asyncio.create_task(host.read())
            try:
                await host.until(lambda newest: newest.get(OFFSET) == 0.0 and f"{PATH}/WALK_2" in newest)
                source.set(OFFSET, 40.0)
                await host.until(lambda newest: newest[OFFSET] == 40.0 and newest[f"{PATH}/WALK_2"] > 25.0)
                await command(line.mqtt_port, 99.0)
                await asyncio.to_thread(line.says, "refused")
                assert host.newest[OFFSET] == 40.0
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
    audit = [json.loads(one) for one in (out / "audit.jsonl").read_text().splitlines()]
    assert [(one["tag"], one["value"], one["accepted"]) for one in audit] == [
        (OFFSET, 40.0, True),
        (OFFSET, 99.0, False),
    ]
    assert {one["source"] for one in audit} == {"Sparkplug"}
    assert audit[0]["who"] == "spBv1.0/TEST/DCMD/LINE/UNIT"
    (step,) = [json.loads(one) for one in (out / "steps.jsonl").read_text().splitlines()]
    assert (step["name"], step["details"]["value"]) == ("offset", 40.0)

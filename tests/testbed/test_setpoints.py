"""Set-points and the method of a served plant, by clients of other makes: judged, answered, audited, acted upon."""

from __future__ import annotations

import asyncio
import json
import subprocess

import pytest
from asyncua import Client, ua

from connectors.times import SECOND
from testbed.engine import Engine
from testbed.mill import Mill
from testbed.scenario import Scenario
from testbed.serve import FOREVER_S
from testbed.testplant import PATH, TestPlantSpec
from tests.served import served

OFFSET = f"{PATH}/SET/OFFSET"


async def wrote(client: Client, index: int, name: str, value: object) -> str:
    """The status a write is answered with."""
    try:
        await client.get_node(f"ns={index};s={name}").write_value(ua.DataValue(ua.Variant(value)))
    except ua.UaStatusCodeError as error:
        return type(error).__name__
    return "Good"


async def settled(client: Client, index: int, name: str, least: float) -> float:
    """A tag's value once it is above `least`; the test's own time limit ends a wait in vain."""
    node = client.get_node(f"ns={index};s={name}")
    while True:
        data = await node.read_data_value(raise_on_bad_status=False)
        if data.StatusCode.is_good() and data.Value.Value > least:
            return data.Value.Value
        await asyncio.sleep(0.05)


async def test_a_write_over_opc_ua_moves_the_plant_or_is_answered_with_why_not(tmp_path):
    with served(tmp_path / "home", "testplant", "--out", str(tmp_path / "out")) as line:
        async with Client(line.opcua) as client:
            index = await client.get_namespace_index("urn:steel-testbed:plant")
            assert await wrote(client, index, OFFSET, 40.0) == "Good"
            assert await settled(client, index, f"{PATH}/WALK_2", 25.0) > 25.0
            assert await settled(client, index, OFFSET, 39.0) == 40.0
            assert await wrote(client, index, OFFSET, 50.5) == "BadOutOfRange"
            assert await wrote(client, index, OFFSET, "40") == "BadTypeMismatch"
            assert await wrote(client, index, f"{PATH}/WALK_1", 1.0) == "BadNotWritable"
            assert await wrote(client, index, f"{PATH}/NIX", 1.0) == "BadNodeIdUnknown"
            text = await client.get_node(f"ns={index};s={PATH}/SET").call_method(f"{index}:Write", OFFSET, -3.0)
            assert text == ""
            with pytest.raises(ua.uaerrors.BadOutOfRange):
                await client.get_node(f"ns={index};s={PATH}/SET").call_method(f"{index}:Write", OFFSET, 99.0)
        audit = [json.loads(one) for one in (tmp_path / "out" / "audit.jsonl").read_text().splitlines()]
        steps = [json.loads(one) for one in (tmp_path / "out" / "steps.jsonl").read_text().splitlines()]
    assert [one["accepted"] for one in audit] == [True, False, False, False, False, True, False]
    assert all(one["who"] == "anonymous@127.0.0.1" for one in audit)
    assert [one["details"]["value"] for one in steps] == [40.0, -3.0]
    assert all(one["time"] % (SECOND // 10) == 0 for one in steps)  # on the plant's steps


@pytest.mark.needs("mosquitto_sub")
def test_a_message_is_answered_on_its_own_topic(tmp_path):
    with served(tmp_path / "home", "testplant") as line:
        topic = f"{PATH}/_set/lee/OFFSET"

        def asked(payload: str, name: str = "OFFSET") -> dict:
            to = topic.replace("OFFSET", name)
            command = ["mosquitto_rr", "-h", "127.0.0.1", "-p", str(line.mqtt_port), "-t", to, "-e", f"{to}/result"]
            done = subprocess.run([*command, "-m", payload, "-W", "10"], capture_output=True, text=True, check=False)
            return json.loads(done.stdout)

        assert asked("4") == {"accepted": True, "reason": ""}
        assert asked('{"value": 5, "id": "a7"}') == {"accepted": True, "reason": "", "id": "a7"}
        assert "takes -50 to 50 mm" in asked("51")["reason"]
        assert "finite number" in asked("[1")["reason"]
        assert "no such tag" in asked("1", "NIX")["reason"]
        assert "lee by MQTT" in line.says("from 0 to 4")


def test_it_takes_effect_at_the_first_step_after_the_present_and_is_noted_before():
    engine = Engine(Scenario(name="t", plant=TestPlantSpec(), duration=FOREVER_S), 1)
    engine.tick(engine.start + 250_000_000)
    time = engine.set_point("offset", 30.0, "test")
    assert time == engine.start + 300_000_000
    assert engine.done[-1].time == time
    before = engine.plant.setting("offset")  # pyright: ignore[reportAttributeAccessIssue]
    engine.tick(engine.start + 300_000_000)
    assert (before, engine.plant.setting("offset")) == (0.0, 30.0)  # pyright: ignore[reportAttributeAccessIssue]


def test_what_a_plant_would_not_take_is_told_before_anything_is_done():
    engine = Engine(Scenario(name="t", plant=Mill(), duration=FOREVER_S), 1)
    with pytest.raises(Exception, match="takes 0 or 1"):
        engine.check_set_point("agc_on", 0.5)
    engine.check_set_point("agc_on", 1.0)
    assert engine.done == []

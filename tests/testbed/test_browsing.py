"""`testbed browse`: a tag list from servers and brokers of any make, that check and watch take as it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from connectors.broker import Broker
from connectors.browsed import Found
from connectors.mqtt_browse import browse_mqtt
from connectors.opcua_server import MARK
from connectors.secrets import Login
from connectors.tag_list import read_tag_list
from testbed.caster import tags as caster
from tests.ports import free_port
from tests.served import Person, served

MANY = Path(__file__).parents[1] / "node" / "many.js"


@pytest.fixture
def person(tmp_path, monkeypatch, capsys) -> Person:
    return Person(tmp_path / "home", monkeypatch, capsys)


@contextmanager
def foreign() -> Iterator[str]:
    """The address of a server with much to browse."""
    process = subprocess.Popen(["node", str(MANY), "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        told = json.loads(next(line for line in process.stdout if line.startswith("{")))
        yield f"opc.tcp://127.0.0.1:{told['port']}"
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@pytest.mark.needs("node")
def test_everything_a_server_of_another_make_offers_is_found_within_its_limits(person, tmp_path):
    path = tmp_path / "tags.csv"
    with foreign() as url:
        status, said = person.types("browse", url, "--seconds", "3", "--out", str(path))
        assert status == 0, said
        status, offered = person.types("browse", url, "--seconds", "0", "--json")
        assert status == 0
    tags = {tag.name: tag for tag in read_tag_list(path)}
    assert {name for name in tags if name.startswith("Line_4/T")} == {f"Line_4/T{i}" for i in range(2500)}
    first, second, third = (tags[f"Line_4/T{i}"] for i in range(3))
    assert [tag.unit for tag in (first, second, third)] == ["Cel", "mm", "furlong"]
    assert (second.eu_range, second.writable, first.writable) == ((0.0, 101.0), False, True)
    assert first.address.startswith("nsu=urn:") and first.address.endswith(";s=T0")
    assert 0.0 < (tags["Line_4/FAST"].rate_hz or 0.0) < 26.0  # every 50 ms, later on a busy machine
    assert first.rate_hz is None  # it did not speak
    assert "Line_4/COIL" in tags and "Line_4/WAVE" not in tags and "Line_4/PICTURE" not in tags
    assert "Machines/Leveller: Manufacturer Acme, SerialNumber A-7" in said
    assert "furlong" in said and "1 arrays" in said
    told = {tag["name"]: tag for tag in json.loads(offered.splitlines()[0])["tags"]}
    assert told["Line_4/T0"]["rate_hz"] == 2.0  # what the server names as its sampling interval


def test_what_our_own_plant_offers_are_its_tags_and_watch_takes_them_unchanged(person, tmp_path):
    paths = tmp_path / "opcua.csv", tmp_path / "mqtt.csv"
    with served(tmp_path / "plant", "caster") as line:
        urls = line.opcua, f"mqtt://127.0.0.1:{line.mqtt_port}"
        for url, path in zip(urls, paths, strict=True):
            status, said = person.types("browse", url, "--out", str(path))
            assert status == 0, said
            assert person.types("check", str(path))[0] == 0
            status, said = person.types("watch", url, "--tags", str(path), "--models", "caster-mspc,rules",
                                        "--duration", "1s", "--record", "none", "--json")  # fmt: skip
            assert status == 0, said
            assert json.loads(said.splitlines()[0])["samples"]["received"] > 0
    scalars = {tag.name: tag for group in caster.GROUPS if group.kind == "scalars" for tag in group.tags}
    for path in paths:
        found = {tag.name: tag for tag in read_tag_list(path)}
        assert set(scalars) <= set(found)
        marks = tuple(f"{group.name}{sign}" for group in caster.GROUPS for sign in (MARK, f"/{MARK}"))
        assert not any(name.endswith(marks) for name in found)
        assert all(found[name].unit == tag.unit for name, tag in scalars.items())
        assert found[caster.MOLD.tags[0].name].rate_hz == 10.0
    found = {tag.name: tag for tag in read_tag_list(paths[0])}
    assert all(found[name].eu_range == tag.eu_range for name, tag in scalars.items())
    assert found[caster.SETPOINTS["casting_speed"].name].writable
    assert found[caster.OSCILLATION.tags[0].name].rate_hz == 100.0  # arrays, whose samples are counted


async def test_topics_of_any_shape_become_tags_and_what_is_none_is_counted():
    messages = {
        "press/force": b"812.5",
        "press/state": b'{"level": {"v": 3.5, "unit": "mm"}, "oil": {"temp": 44.1}, "ts": "2026-01-05T00:00:00Z"}',
        "press/order": b"K-17",
        "press/picture": b"\xff\xd8\xff\xe0\x00\x10",
        "press/force/deep": b'{"value": 1, "eu": "kN"}',
    }
    async with Broker("embedded") as broker:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()

        def send(done: int, of: int) -> None:
            for topic, payload in messages.items():
                client.publish(topic, payload, qos=1)

        try:
            found: Found = await browse_mqtt(f"mqtt://127.0.0.1:{broker.port}", Login(), 1.0, False, send)
        finally:
            client.loop_stop()
            client.disconnect()
            client.loop(0.2)
    tags = {tag.address: tag for tag in found.tags}
    assert set(tags) == {"press/force", "press/state#level", "press/state#oil.temp", "press/order", "press/force/deep"}
    assert tags["press/state#level"].unit == "mm"
    assert tags["press/force/deep"].unit == "kN"
    assert tags["press/state#oil.temp"].name == "press/state/oil/temp"
    assert sum(found.left_out.values()) > 0


def test_nothing_there_and_nobody_there_are_told(person, tmp_path):

    status, said = person.types("browse", f"opc.tcp://127.0.0.1:{free_port()}")
    assert status == 3 and "No OPC UA server answers" in said
    status, said = person.types("browse", f"mqtt://127.0.0.1:{free_port()}")
    assert status == 3 and "No MQTT broker answers" in said
    status, said = person.types("browse", "http://plc")
    assert (status == 2 and "opc.tcp://" in said) or "Did you mean" in said
    status, said = person.types("browse", "mqtt://127.0.0.1:1883", "--seconds", "0")
    assert status == 2 and "--seconds" in said

"""Pictures come from somebody else's broker by a mapping, up to 4 MB and more; what is none is counted."""

from __future__ import annotations

import asyncio
import base64
import json

import numpy as np
import pytest

from connectors.broker import LOOPBACK, Broker
from connectors.errors import InputError
from connectors.items import Frame, Mark
from connectors.line import Settings
from connectors.live import live_source
from connectors.mapped import LARGEST, Mapped
from connectors.mapping import Rule, lint_mapping, read_mapping
from connectors.mqtt_browse import browse_mqtt
from connectors.mqtt_session import MqttSession, Note
from connectors.pictures import encode, encode_raw
from connectors.secrets import Login
from connectors.tags import Tag
from connectors.times import END
from edge.pipeline import Pipeline
from edge.rules import Rules
from tests.connectors.test_foreign_sparkplug import BROKERS
from tests.connectors.test_mqtt_live import Reader

NOON = 1_767_571_200_000_000_000
TEXT = """
[[map]]
topic = "cam/{n}/raw"
name = "W/CAM{n}"
picture = "raw"
[[map]]
topic = "cam/{n}/json"
name = "W/STRIP{n}"
picture = "base64"
value = "$.image"
time = "$.t"
time_format = "ns"
part_id = "$.coil"
position_m = "$.at"
"""
LARGE = np.random.default_rng(10_000).integers(0, 256, (2048, 2048), np.uint8)  # 4 MB
SMALL = LARGE[:64, :48]


@pytest.fixture
def rules(tmp_path) -> tuple[Rule, ...]:
    (tmp_path / "m.toml").write_text(TEXT)
    return read_mapping(tmp_path / "m.toml")


def as_json(n: int) -> bytes:
    image = base64.b64encode(encode(SMALL)).decode()
    return json.dumps({"image": image, "t": NOON + n * 10**9, "coil": "C7", "at": 12.5 + n}).encode()


@pytest.mark.parametrize("kind", BROKERS)
async def test_pictures_come_whole_from_a_broker(kind, rules):
    tags = [Tag(name="W/CAM1", group="raw"), Tag(name="W/STRIP1", group="strip", rate_hz=1.0), Tag(name="W/A")]
    async with Broker(kind) as broker, MqttSession("camera", broker.port) as camera:
        url = f"mqtt://{LOOPBACK}:{broker.port}"
        async with Reader(live_source([url], tags, Settings(mapping=rules))) as reader:
            assert {g.name: g.kind for g in reader.source.groups} == {
                "raw": "frames", "strip": "frames", "main": "scalars",
            }  # fmt: skip
            data = encode_raw(LARGE)
            assert len(data) > 4_000_000
            camera.publish(Note("cam/1/raw", data, 1))
            for n in range(3):
                camera.publish(Note("cam/1/json", as_json(n), 1))
            for broken in (data[:1000], b"", b"no picture"):
                camera.publish(Note("cam/1/raw", broken, 1))
            camera.publish(Note("cam/1/json", b'{"image": "%%%", "t": 1767571200000000000}', 1))
            line = reader.source.lines[0]
            await reader.until(lambda r: line.malformed == 4)
            await reader.until(lambda r: sum(isinstance(item, Frame) for item in r.items) == 4)
            assert line.received == 4
    strip = [item for item in reader.items if isinstance(item, Frame) and item.tag.name == "W/STRIP1"]
    assert [(f.time, f.position_m, f.part_id) for f in strip] == [
        (NOON + n * 10**9, 12.5 + n, "C7") for n in range(3)
    ]  # fmt: skip
    assert (strip[0].image == SMALL).all()
    (raw,) = [item for item in reader.items if isinstance(item, Frame) and item.tag.name == "W/CAM1"]
    assert raw.data == data and (raw.image == LARGE).all()
    marks = [item.time for item in reader.items if isinstance(item, Mark) and item.group == "strip"]
    assert marks[-1] == END and marks == sorted(marks)
    pipeline = Pipeline(reader.source.groups, [Rules(reader.source.groups)])
    pipeline.feed([item for item in reader.items if isinstance(item, Frame | Mark)])
    assert pipeline.counts()["strip"].received == 3


async def test_cameras_are_browsed_into_a_group_of_their_own(rules):
    async with Broker("embedded") as broker, MqttSession("camera", broker.port) as camera:
        looking = asyncio.create_task(browse_mqtt(f"mqtt://{LOOPBACK}:{broker.port}", Login(), 1.0, mapping=rules))
        await asyncio.sleep(0.3)
        camera.publish(Note("cam/1/json", as_json(0), 1))
        camera.publish(Note("W/A", b"7", 1))
        tags = (await looking).tags
    assert {(tag.name, tag.group == "pictures") for tag in tags} == {("W/STRIP1", True), ("W/A", False)}


def test_a_group_does_not_mix_pictures_with_other_tags(rules):
    with pytest.raises(InputError, match="a group of their own"):
        live_source(["mqtt://b"], [Tag(name="W/CAM1"), Tag(name="W/A")], Settings(mapping=rules))


def test_a_picture_that_is_too_large_is_refused(rules):
    told, malformed = Mapped(rules, [Tag(name="W/CAM1")]).take("cam/1/raw", bytes(LARGEST + 1), False)
    assert (told, malformed) == ([], 1)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('picture = "rw"\nvalue = "v"', "Did you mean 'raw'"),
        ('picture = "raw"\nvalue = "v"', "no 'value' here"),
        ('picture = "base64"\nvalue = "v"\nrate_hz = 5', "no 'rate_hz' here"),
        ('value = "v"\npart_id = "$.p"', "nothing without 'picture'"),
        ('picture = "base64"', "needs 'value'"),
    ],
)
def test_what_does_not_fit_a_picture_is_told(tmp_path, more, told):
    (tmp_path / "m.toml").write_text(f'[[map]]\ntopic = "t"\n{more}\n')
    (problem,) = lint_mapping(tmp_path / "m.toml")[1]
    assert told in problem.text

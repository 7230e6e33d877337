"""What stands behind a broker's address, and brokers that speak one version or both."""

from __future__ import annotations

import asyncio
import getpass

import pytest

from connectors import broker as module
from connectors.addresses import check_url, shared_out
from connectors.broker import LOOPBACK, Broker
from connectors.errors import InputError, PartFailed
from connectors.line import Settings
from connectors.live import live_source
from connectors.mqtt import MqttTopics
from connectors.mqtt_address import MqttAddress, Session, mqtt_address
from connectors.mqtt_session import MqttSession, Note
from connectors.secrets import Login
from connectors.tags import Tag
from tests.connectors.test_foreign_sparkplug import until
from tests.connectors.test_mqtt_live import Reader

MOSQUITTO = pytest.mark.needs("mosquitto")


def test_an_address_says_where_and_how():
    assert mqtt_address("mqtt://b") == MqttAddress("b", 1883)
    assert mqtt_address("mqtts://b") == MqttAddress("b", 8883, is_secure=True)
    assert mqtt_address("mqtt://b:1?v=5&client=line-4&expiry=8h&qos=0&share=edge").session == Session(
        5, "line-4", 28_800, 0, "edge"
    )
    assert mqtt_address("mqtt://b", version=5).session.version == 5
    assert mqtt_address("mqtt://b?v=3", version=5).session.version == 3


def test_every_option_that_is_wrong_is_told():
    with pytest.raises(InputError) as told:
        check_url("mqtt://b?v=4&clint=x&qos=2&expiry=0&share=a/b")
    for part in ("'v=4' does not fit", "'client'", "'qos=2'", "'expiry=0'", "'share=a/b'"):
        assert part in str(told.value)


def test_a_tag_may_name_its_broker_without_the_options():
    url = "mqtt://b:1883?v=5"
    (tag,) = shared_out([url, "mqtt://c"], [Tag(name="L/A", address="mqtt://b:1883#plc/a"), Tag(name="L/B",
                        address="mqtt://c#x")])[url]  # fmt: skip
    assert tag.address == "plc/a"


async def heard(topics: MqttTopics, count: int) -> list[str]:
    got: list[str] = []

    def enough() -> bool:
        got.extend(payload.decode() for _, payload, _ in topics.take())
        return len(got) >= count

    await until(enough, f"{count} messages, got {got}")
    return got


@MOSQUITTO
@pytest.mark.parametrize("version", [3, 5])
async def test_a_session_with_a_name_gets_what_came_while_it_was_away(version):
    session = Session(version, client="line4")
    async with Broker("mosquitto") as broker:
        async with MqttTopics(["plc/#"], LOOPBACK, broker.port, Login(), session=session):
            pass
        async with MqttSession("writer", broker.port) as writer:
            for n in range(20):
                writer.publish(Note("plc/a", str(n).encode(), qos=1))
            await writer.confirm(10.0)
        async with MqttTopics(["plc/#"], LOOPBACK, broker.port, Login(), session=session) as topics:
            assert await heard(topics, 20) == [str(n) for n in range(20)]


@MOSQUITTO
async def test_a_session_is_kept_no_longer_than_was_asked():
    session = Session(5, client="line4", expiry_s=1)
    async with Broker("mosquitto") as broker:
        async with MqttTopics(["plc/#"], LOOPBACK, broker.port, Login(), session=session):
            pass
        async with MqttSession("writer", broker.port) as writer:
            writer.publish(Note("plc/a", b"old", qos=1))
            await writer.confirm(10.0)
            await asyncio.sleep(2.5)  # the broker looks once a second
            async with MqttTopics(["plc/#"], LOOPBACK, broker.port, Login(), session=session) as topics:
                writer.publish(Note("plc/a", b"new", qos=1))
                assert await heard(topics, 1) == ["new"]


@pytest.mark.parametrize(
    ("kind", "version"), [("embedded", 3), pytest.param("mosquitto", 3, marks=MOSQUITTO),
                          pytest.param("mosquitto", 5, marks=MOSQUITTO)]
)  # fmt: skip
async def test_a_shared_subscription_gives_each_message_to_one(kind, version):
    session = Session(version, share="edge")
    async with (
        Broker(kind) as broker,
        MqttTopics(["plc/+"], LOOPBACK, broker.port, Login(), session=session) as one,
        MqttTopics(["plc/+"], LOOPBACK, broker.port, Login(), session=session) as other,
        MqttSession("writer", broker.port) as writer,
    ):
        for n in range(40):
            writer.publish(Note("plc/a", str(n).encode(), qos=1))
        await writer.confirm(10.0)
        got: list[list[str]] = [[], []]

        def all_came() -> bool:
            for mine, topics in zip(got, (one, other), strict=True):
                mine.extend(payload.decode() for _, payload, _ in topics.take())
            return len(got[0]) + len(got[1]) >= 40

        await until(all_came, "all of them")
        assert sorted(map(int, got[0] + got[1])) == list(range(40))
        assert got[0] and got[1]


async def test_a_broker_that_speaks_3_1_1_alone_is_told_in_one_sentence():
    async with Broker("embedded") as broker:
        url = f"mqtt://{LOOPBACK}:{broker.port}?v=5"
        with pytest.raises(PartFailed, match="leave out '\\?v=5'") as told:
            async with live_source([url], [Tag(name="L/A")], Settings()):
                pass
    assert str(told.value).count(".") < 12


@MOSQUITTO
async def test_a_line_is_watched_by_mqtt_5():
    async with Broker("mosquitto") as broker:
        url = f"mqtt://{LOOPBACK}:{broker.port}"
        async with (
            Reader(live_source([url], [Tag(name="L/A", address="plc/a")], Settings(mqtt_version=5))) as reader,
            MqttSession("writer", broker.port) as writer,
        ):
            writer.publish(Note("plc/a", b"7", qos=1))
            await reader.until(lambda r: r.values("L/A") == [7.0])


@MOSQUITTO
@pytest.mark.parametrize(
    ("setting", "note", "why"),
    [
        ("user {user}\nacl_file {acl}", Note("plc/shut", b"1", qos=1), "the user may not do that"),
        ("max_packet_size 1000", Note("plc/free", b"1" * 2000, qos=1), "larger than it takes"),
    ],
)
async def test_what_a_broker_of_mqtt_5_refuses_is_told_and_not_taken_for_sent(
    tmp_path, monkeypatch, setting, note, why
):
    acl = tmp_path / "acl"
    acl.write_text("topic read #\ntopic write plc/free\n")
    monkeypatch.setattr(module, "_MOSQUITTO", f"{module._MOSQUITTO}{setting.format(acl=acl, user=getpass.getuser())}\n")
    async with (
        Broker("mosquitto") as broker,
        MqttSession("writer", broker.port, session=Session(5)) as writer,
    ):
        writer.publish(Note("plc/free", b"1", qos=1))
        await writer.confirm(10.0)
        writer.publish(note)
        with pytest.raises(PartFailed, match=why):
            await writer.confirm(10.0)
        assert writer.confirmed == 1

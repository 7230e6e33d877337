"""JSON of any shape becomes samples by a mapping, and a mapping's faults are told at once, each with its line."""

from __future__ import annotations

import asyncio
import json
import math
import random
from pathlib import Path

import pytest

from connectors.broker import LOOPBACK, Broker
from connectors.errors import BadMessage, InputError
from connectors.items import Batch
from connectors.json_path import JsonPath
from connectors.line import Settings
from connectors.live import live_source
from connectors.mapped import Mapped, rules_of, values
from connectors.mapping import Rule, lint_mapping, read_mapping
from connectors.mqtt_browse import browse_mqtt
from connectors.mqtt_session import MqttSession, Note
from connectors.readings import Block, Reading
from connectors.secrets import Login
from connectors.status import BAD, GOOD, UNCERTAIN
from connectors.tags import Tag
from testbed.check import check
from tests.connectors.test_foreign_sparkplug import BROKERS
from tests.connectors.test_mqtt_live import Reader

NOON = 1_767_571_200_000_000_000  # 2026-01-05T00:00:00Z


@pytest.fixture
def rules(tmp_path):
    def write(text: str) -> tuple[Rule, ...]:
        path = tmp_path / "m.toml"
        path.write_text(text, encoding="utf-8")
        return read_mapping(path)

    return write


def told(rules: tuple[Rule, ...], topic: str, message: object) -> list[tuple]:
    found = values(rules_of(rules, topic), json.dumps(message).encode())
    return ["bad" if isinstance(v, BadMessage) else (v.name, v.time, v.value, v.status) for v in found]  # pyright: ignore


def test_a_value_and_its_time_and_quality_are_found_where_the_mapping_says(rules):
    found = rules("""
[[map]]
topic = "plant/{line}/{tag}"
name = "POH/L{line}/{tag}"
value = "$.payload.value"
time = "payload.t"
time_format = "ms"
quality = "payload['q.c']"
good = [192, "OK"]
uncertain = ["OLD"]
""")
    body = {"payload": {"value": 21.5, "t": NOON // 1_000_000, "q.c": 192}}
    assert told(found, "plant/4/TEMP", body) == [("POH/L4/TEMP", NOON, 21.5, GOOD)]
    for quality, status in (("OK", GOOD), ("OLD", UNCERTAIN), (0, BAD), (True, BAD), (None, BAD)):
        assert told(found, "plant/4/TEMP", {"payload": {**body["payload"], "q.c": quality}})[0][3] == status
    assert told(found, "plant/4", body) == told(found, "plant/4/5/TEMP", body) == []
    assert told(found, "plant/4/TEMP", {"payload": {"value": 1}}) == ["bad"]
    assert told(found, "plant/4/TEMP", {"other": 1}) == ["bad"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("ns", NOON), ("us", NOON // 1000), ("ms", NOON // 10**6), ("ms", str(NOON // 10**6)), ("s", NOON // 10**9),
     ("s", 1767571200.0), ("s", "1767571200.0"), ("iso", "2026-01-05T00:00:00Z"), ("iso", "2026-01-05 09:00:00"),
     ("auto", NOON // 10**6), ("auto", "2026-01-05T00:00:00+00:00")],
)  # fmt: skip
def test_times_are_read_as_the_mapping_says(rules, kind, value):
    found = rules(f'[[map]]\ntopic="t"\nvalue="v"\ntime="t"\ntime_format="{kind}"\nzone="Asia/Seoul"\n')
    assert told(found, "t", {"v": 1, "t": value}) == [("t", NOON, 1, GOOD)]


@pytest.mark.parametrize("value", [None, True, "noon", 1e300, -1e30, [], {}])
def test_a_time_that_does_not_fit_is_no_message(rules, value):
    found = rules('[[map]]\ntopic="t"\nvalue="v"\ntime="t"\ntime_format="ms"\n')
    assert told(found, "t", {"v": 1, "t": value}) == ["bad"]


def test_one_message_may_tell_many_tags(rules):
    found = rules("""
[[map]]
topic = "kep/{device}"
name = "{device}/{tag}"
value = "$.values[id={tag}].v"
time = "$.values[id={tag}].t"
quality = "$.values[id={tag}].q"
good = [true]
[[map]]
topic = "flat/{device}"
value = "$.{tag}"
""")
    kep = {"values": [{"id": "A", "v": 1, "q": True, "t": NOON}, {"id": "B", "v": 2, "q": False, "t": NOON},
                      {"id": "C", "v": 3}, {"x": 1}, 7]}  # fmt: skip
    assert told(found, "kep/d1", kep) == [("d1/A", NOON, 1, GOOD), ("d1/B", NOON, 2, BAD), "bad"]
    assert told(found, "flat/d1", {"A": 1, "B": "x"}) == [
        ("flat/d1/A", None, 1, GOOD), ("flat/d1/B", None, "x", GOOD),
    ]  # fmt: skip


def test_an_array_is_a_block_from_its_first_time_on(rules):
    found = rules('[[map]]\ntopic="v/{n}"\nvalue="x"\ntime="t0"\ntime_format="ns"\nrate_hz="$.rate"\n')
    mapped = Mapped(found, [Tag(name="v/1", rate_hz=1000.0)])
    body = {"x": [1, None, 3.5], "t0": NOON, "rate": 1000}
    ((block,), malformed) = mapped.take("v/1", json.dumps(body).encode(), False)
    assert isinstance(block, Block) and malformed == 0
    assert (block.time - NOON).tolist() == [0, 1_000_000, 2_000_000]
    assert block.status.tolist() == [GOOD, BAD, GOOD] and math.isnan(block.value[1])
    for wrong in ({"x": []}, {"x": 1}, {"x": [[1]]}, {"x": ["a"]}, {"rate": 0}, {"rate": "x"}, {"t0": "x"}):
        assert mapped.take("v/1", json.dumps({**body, **wrong}).encode(), False) == ([], 1)


def test_a_tag_is_known_by_its_address_or_its_name_and_all_else_is_counted(rules):
    found = rules('[[map]]\ntopic="p/{t}"\nname="P/{t}"\nvalue="v"\n')
    mapped = Mapped(found, [Tag(name="POH/MY", address="P/A"), Tag(name="P/B"), Tag(name="else", address="x/y")])
    assert list(mapped.tags) == ["P/A", "P/B"] and mapped.filters == ["p/+"]
    ((reading,), _) = mapped.take("p/A", b'{"v": 3}', False)
    assert isinstance(reading, Reading) and (reading.tag.name, reading.value) == ("POH/MY", 3.0)
    assert mapped.take("p/C", b'{"v": 3}', False) == ([], 0) and mapped.unmapped == 1


def test_every_fault_of_a_mapping_is_told_with_its_line_and_the_nearest_name(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(
        'formt = "x"\n'
        "[[map]]\n"
        'topic = "a/+/#"\n'
        'valu = "$.v"\n'
        "[[map]]\n"
        'topic = "a/{line}/{tag}"\n'
        'name = "{lin}/{tag}"\n'
        'value = "$.v..w"\n'
        'time = "$.t[id={other}]"\n'
        'time_format = "mss"\n'
        'zone = "Asia/Soul"\n'
        "good = 192\n"
        'unit = "Cl"\n'
        "rate_hz = 0\n"
    )
    problems = lint_mapping(path)[1]
    shown = "\n".join(map(str, problems))
    assert [p.line for p in problems] == [1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14], shown
    for hint in ("'format'", "'value'", "'line'", "'ms'", "Asia/Seoul", "'Cel'", "no path", "list such as"):
        assert hint in shown
    assert check([str(path)]) == problems
    with pytest.raises(InputError):
        read_mapping(path)


@pytest.mark.parametrize("text", ["", "[[map]", "map = 1", "[[map]]\ntopic = 1\nvalue = 2\n"])
def test_what_is_no_mapping_is_told(tmp_path, text):
    path = tmp_path / "m.toml"
    path.write_text(text)
    assert lint_mapping(path)[1]


@pytest.mark.parametrize("text", ["$.a..b", "$.a[", "$.a[]", "a[-1]", "$.{a", "['a", "." * 40])
def test_a_path_that_does_not_read_is_refused(text):
    with pytest.raises(ValueError):
        JsonPath.of(text)


def test_mutated_messages_are_read_or_refused(rules):
    found = rules("""
[[map]]
topic = "k"
value = "$.values[id={tag}].v"
time = "$.values[id={tag}].t"
quality = "$.q"
[[map]]
topic = "k"
name = "b"
value = "$.x"
rate_hz = "$.r"
time = "$.t"
time_format = "ms"
""")
    tags = [Tag(name="k/A", rate_hz=1.0), Tag(name="b", rate_hz=100.0)]
    good = {"values": [{"id": "A", "v": 1.5, "t": NOON}], "q": "good", "x": [1, 2], "r": 100, "t": NOON // 10**6}
    source = random.Random(10_007)
    taken = 0
    for _ in range(20_000):
        data = bytearray(json.dumps(good).encode())
        for _ in range(source.randint(1, 3)):
            at = source.randrange(len(data))
            piece = source.choice([b"", b"9", b"e", b'"', b"-", b"\xff", b"}", b"1e400", b"[", b"null"])
            data[at : at + source.randint(0, 3)] = piece
        told, malformed = Mapped(found, tags).take("k", bytes(data), False)
        taken += len(told)
        assert told or malformed or b'"A"' not in data
        for one in told:
            assert isinstance(one, Block) or isinstance(one.value, str) or math.isfinite(one.value) or one.status & BAD
    assert taken > 1_000  # or nothing was tested


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_mapped_broker_is_browsed_and_watched(kind, rules):
    found = rules("""
[[map]]
topic = "plant/{line}/{tag}"
name = "POH/{line}/{tag}"
value = "$.payload.value"
time = "$.payload.t"
time_format = "ns"
unit = "$.payload.eu"
[[map]]
topic = "vib/{line}"
name = "POH/{line}/VIB"
value = "$.x"
time = "$.t0"
time_format = "ns"
rate_hz = 1000
unit = "m/s2"
""")

    def notes(n: int) -> list[Note]:
        time = NOON + n * 10**8
        one = {"payload": {"value": n, "t": time, "eu": "Cel"}}
        block = {"x": [n + k / 100 for k in range(100)], "t0": time}
        return [Note("plant/4/TEMP", json.dumps(one).encode(), 1), Note("vib/4", json.dumps(block).encode(), 1)]

    async with Broker(kind) as broker, MqttSession("plc", broker.port) as plc:
        url = f"mqtt://{LOOPBACK}:{broker.port}"
        looking = asyncio.create_task(browse_mqtt(url, Login(), 1.5, mapping=found))
        for n in range(12):
            await asyncio.sleep(0.1)
            for note in notes(n):
                plc.publish(note)
        tags = (await looking).tags
        assert [(t.name, t.unit, t.rate_hz) for t in tags] == [
            ("POH/4/TEMP", "Cel", 10.0), ("POH/4/VIB", "m/s2", 1000.0),
        ]  # fmt: skip
        async with Reader(live_source([url], tags, Settings(mapping=found))) as reader:
            for n in range(12, 32):
                for note in notes(n):
                    plc.publish(note)
            plc.publish(Note("plant/4/TEMP", b"{}", 1))
            await reader.until(lambda r: r.source.lines[0].malformed == 1 and len(r.values("POH/4/TEMP")) == 20)
    assert reader.values("POH/4/TEMP") == [float(n) for n in range(12, 32)]
    blocks = [item for item in reader.items if isinstance(item, Batch)]
    assert sum(len(b.time) for b in blocks) == 2000
    assert blocks[0].values[1, 0] == 12.01


def test_an_edge_box_takes_its_mapping_from_the_configuration(tmp_path: Path):
    from edge.config import read_config
    from edge.order import order_of

    (tmp_path / "m.toml").write_text('[[map]]\ntopic="p/{t}"\nvalue="v"\n')
    (tmp_path / "t.csv").write_text("name\np/A\n")
    (tmp_path / "e.toml").write_text('[watch]\nurls = "mqtt://b"\ntags = "t.csv"\nmapping = "m.toml"\n')
    order = order_of(read_config(tmp_path / "e.toml").tables["watch"])
    assert order.settings.mapping[0].filter == "p/+"
    (tmp_path / "m.toml").write_text('[[map]]\ntopic="p/{t}"\nvalu="v"\n')
    with pytest.raises(InputError, match="Did you mean 'value'"):
        read_config(tmp_path / "e.toml")

"""Results and events leave an edge box through its spool, whoever is away, killed or out of room meanwhile."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.broker import LOOPBACK, Broker
from connectors.errors import InputError
from connectors.mqtt_session import MqttSession
from connectors.places import Box
from connectors.results import AlarmState, Event, Finding, Result
from connectors.spool import Spool
from connectors.times import parse
from edge.order import order_of
from edge.outgoing import event_body, result_body, topic
from edge.publish import Publish
from edge.runtime import Status
from edge.tell import Plain
from tests.connectors.test_foreign_sparkplug import BROKERS, until
from tests.connectors.test_mqtt_live import Plc
from tests.connectors.test_outbox import Road
from tests.edge.test_runtime import ORDER, High, play  # noqa: F401
from tests.ports import free_port

ROOT = Path(__file__).parents[2]

EVENT = Event(
    time=1_767_571_200_000_000_000, source="L/A", condition="process", severity=500, change="active",
    state=AlarmState.UNACK, score=1.8, model="high", evidence=(("L/A", 1.0),), advice="look", is_simulated=True,
)  # fmt: skip


def test_a_result_and_an_event_are_told_in_full():
    assert json.loads(json.dumps(event_body(EVENT))) == {
        "format": "testbed.event/1", "alarm": "high/L/A/process", "time": "2026-01-05T00:00:00Z", "source": "L/A",
        "condition": "process", "severity": 500, "change": "active", "state": "unacknowledged", "active": True,
        "acknowledged": False, "score": 1.8, "model": "high", "evidence": [["L/A", 1.0]], "advice": "look",
        "is_simulated": True, "label": "", "box": None, "cause": "",
    }  # fmt: skip
    returned = event_body(replace(EVENT, change="returned", state=AlarmState.RTN_UNACK))
    assert (returned["active"], returned["acknowledged"], returned["alarm"]) == (False, False, "high/L/A/process")
    blind = result_body(Result("high", EVENT.time, float("nan")))
    assert (blind["score"], blind["is_blind"]) == (None, True)
    box = Box("C1", 1.0, 1.2, 100.0, 120.0)
    found = result_body(Result("eye", EVENT.time, 2.0, findings=(Finding(box, "scratch", 2.0, b"png"),)))
    assert found["findings"][0]["box"]["part_id"] == "C1"
    assert json.dumps(found, allow_nan=False)


def test_a_topic_has_no_wildcard_and_no_empty_level():
    assert topic("", "a/b+#", "result") == "_ai/a_b__/result"


class Receiver:
    """Hears everything a broker is sent; what comes again with an id it has, and the same body, is told once."""

    def __init__(self, port: int, filters: str = "#") -> None:
        self.session = MqttSession("receiver", port, filters=[(filters, 1)])
        self.heard: list[tuple[str, dict]] = []
        self.broken: list[dict] = []  # doubles with another body
        self._first: dict[str, dict] = {}

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
            for topic_, payload in await self.session.heard():
                body = json.loads(payload)
                mark = body.get("id")
                if mark in self._first:  # at least once: a busy machine may make a sender send again
                    self.broken += [body] if self._first[mark] != body else []
                    continue
                if mark is not None:
                    self._first[mark] = body
                self.heard.append((topic_, body))

    def of(self, ending: str) -> list[dict]:
        return [body for topic, body in self.heard if topic.endswith(ending)]


@pytest.mark.parametrize("kind", BROKERS)
async def test_results_and_events_are_published_in_order(kind, play, tmp_path):  # noqa: F811
    async with Broker(kind) as broker, Receiver(broker.port) as receiver:
        publish = Publish(url=f"mqtt://{LOOPBACK}:{broker.port}", spool=tmp_path / "s.db")
        runtime, line, seen = play(replace(ORDER, publish=publish, out=tmp_path / "r"), High())
        task = asyncio.create_task(runtime.run())
        await seen.until(lambda s: line.state.name == "connected")
        for ms in range(0, 3000, 100):
            line.say(ms, 9.0 if 1000 <= ms < 2000 else 1.0)
        await seen.until(lambda s: len(s.events) == 2)
        await until(lambda: receiver.of("/_edge/state")[-1:] == [{"state": "online"}], "that it is there")
        runtime.source.stop()
        await task
        runtime.close()
        await until(lambda: receiver.of("/_edge/state")[-1:] == [{"state": "offline"}], "that it has gone")
    assert receiver.of("/_edge/state")[0] == {"state": "online"}
    assert {topic for topic, _ in receiver.heard} == {"L/_ai/high/result", "L/_ai/high/event", "L/_ai/_edge/state"}
    assert [e["change"] for e in receiver.of("/event")] == ["active", "returned"]
    assert len(receiver.of("/result")) == 30 and not receiver.broken
    bodies = [body for topic, body in receiver.heard if "id" in body]
    assert [int(body["id"].rpartition("-")[2]) for body in bodies] == list(range(1, 33))
    times = [parse(body["time"]) for body in bodies]
    assert times == sorted(times)
    told = runtime.publisher.status()
    assert (told["sent"], told["waiting"], told["dropped"]) == (32, 0, 0)
    health = json.loads((tmp_path / "r" / "health.jsonl").read_text().splitlines()[-1])
    assert health["publish"]["sent"] == 32


@pytest.mark.parametrize(("overflow", "kept"), [("oldest", range(23, 33)), ("newest", range(1, 11))])
async def test_what_a_full_spool_gives_up_is_counted_and_shown(overflow, kept, play, tmp_path):  # noqa: F811
    url = f"mqtt://{LOOPBACK}:{free_port()}"
    publish = Publish(url=url, spool=tmp_path / "s.db", messages=10, overflow=overflow)
    runtime, line, seen = play(replace(ORDER, publish=publish, out=tmp_path / "r"), High())
    task = asyncio.create_task(runtime.run())
    await seen.until(lambda s: line.state.name == "connected")
    for ms in range(0, 3000, 100):
        line.say(ms, 9.0 if 1000 <= ms < 2000 else 1.0)
        await asyncio.sleep(0.02)
    await seen.until(lambda s: len(s.events) == 2)
    runtime.source.stop()
    await task
    told = runtime.status().publish
    assert told is not None
    with Spool(tmp_path / "s.db") as spool:
        waiting = [entry.id for entry in spool.peek(100)]
    given_up = told["dropped"]
    assert (told["state"], told["sent"], told["waiting"] + given_up) == ("lost", 0, 32)
    assert given_up > 15 and len(waiting) == told["waiting"] <= 10
    assert waiting[-1] == 32 - given_up if overflow == "newest" else waiting[-1] == kept[-1]
    assert runtime.notes()["given_up_unsent"] == given_up
    assert runtime.health()["publish"]["dropped"] == given_up
    runtime.close()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"publish": "opc.tcp://x"}, "takes a broker"),
        ({"publish": "mqt://x"}, "Did you mean 'mqtt'"),
        ({"publish": "mqtt://x?qos=0"}, "QoS 1"),
        ({"publish": "mqtt://x", "overflow": "oldst"}, "Did you mean 'oldest'"),
        ({"publish": "mqtt://x", "spool_messages": 0}, "at least one"),
        ({"spool": "x"}, "--spool says how"),
        ({"mqtt_version": 4}, "takes 3"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path, asked, told):
    (tmp_path / "t.csv").write_text("name\nL/A\n")
    with pytest.raises(InputError, match=told):
        order_of({"urls": ["mqtt://played"], "tags": tmp_path / "t.csv", **asked})


class EdgeBox:
    """An edge box that watches a broker and publishes; its alarms are on its stdout once the spool has them."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.process, self.events = process, []
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, folder: Path) -> EdgeBox:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "--config", str(folder / "edge.toml"), "--json",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        return cls(folder, process)

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            told = json.loads(line)
            if "event" in told:
                self.events.append(told["event"])

    async def kill(self) -> list[dict]:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading
        return self.events


async def test_alarms_reach_a_receiver_that_was_away_though_the_box_was_killed(tmp_path):
    """Every alarm the box has told of must arrive, in order, once or with the id of the first."""
    (tmp_path / "t.csv").write_text(
        "name,low,high,rate_hz,address\n" + "".join(f"L/T{n},0,10,10,plc/{n}\n" for n in range(6))
    )
    async with Broker() as broker, Receiver(broker.port, "L/_ai/#") as receiver:
        road = Road(broker.port)
        (tmp_path / "edge.toml").write_text(
            f'[watch]\nurls = "mqtt://127.0.0.1:{broker.port}"\ntags = "t.csv"\nrecord = "none"\n'
            f'publish = "mqtt://127.0.0.1:{road.port}"\nspool = "spool.db"\n'
        )
        plc = await asyncio.to_thread(Plc, broker.port)
        boxes: list[EdgeBox] = []
        try:
            async with road:
                boxes.append(await EdgeBox.start(tmp_path))
                await alarms(plc, boxes[0], 1)
                await until(lambda: receiver.of("/event"), "the first alarm")
            for _ in range(2):  # nobody is there
                await alarms(plc, boxes[-1], 2)
                await boxes[-1].kill()
                boxes.append(await EdgeBox.start(tmp_path))
            async with road:
                await alarms(plc, boxes[-1], 1)
                told = [event["at"] for box in boxes for event in box.events]
                await until(lambda: set(told) <= {e["time"] for e in receiver.of("/event")}, "every alarm")
                await boxes[-1].kill()
        finally:
            for box in boxes:
                await box.kill()
            await asyncio.to_thread(plc.leave)
    assert not receiver.broken
    numbers = [int(body["id"].rpartition("-")[2]) for _, body in receiver.heard if "id" in body]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(told) >= 6
    assert receiver.of("/_edge/state")[0] == {"state": "online"}


async def alarms(plc: Plc, box: EdgeBox, count: int) -> None:
    """Let so many tags more go out of their range, until the box has told of them."""
    tripped = len({event["source"] for event in box.events}) + count
    async with asyncio.timeout(60.0):
        while len({event["source"] for event in box.events}) < tripped:
            for n in range(6):
                await asyncio.to_thread(plc.say, f"plc/{n}", "99" if n < tripped else "5")
            await asyncio.sleep(0.1)


FULL_DISK = """
import asyncio, json, os, sys
from pathlib import Path
from dataclasses import replace
from connectors.broker import Broker
from connectors.clock import sleep
from connectors.live import LiveSource
from connectors.secrets import Login
from edge import runtime as module
from edge.library import Chosen
from edge.publish import Publish
from edge.runtime import Status
from edge.tell import Plain
from tests.edge.test_runtime import ORDER, URL, High, Played, Seen

folder = Path(sys.argv[1])

async def main():
    async with Broker("embedded") as broker:
        publish = Publish(url=f"mqtt://127.0.0.1:{broker.port}", spool=folder / "s.db")
        line = Played(URL, ORDER.tags, Login(), ORDER.settings)
        module.live_source = lambda *_: LiveSource([line], ORDER.settings)
        module.choose = lambda *_: [Chosen(High(), {"name": "high"})]
        module.STATUS_S = 0.0
        seen = Seen()
        runtime = module.Runtime(replace(ORDER, out=folder / "r", publish=publish), seen.telling)
        task = asyncio.create_task(runtime.run())
        await seen.until(lambda s: line.state.name == "connected")
        line.say(0)
        await seen.until(lambda s: runtime.start is not None)
        with open(folder / "other", "wb", buffering=0) as other:
            for ms in range(100, 6000, 100):
                try:
                    while True:  # whatever anybody gives up is taken
                        other.write(bytes(4096))
                except OSError:
                    pass
                line.say(ms, 9.0 if ms // 1000 % 2 else 1.0)
                await sleep(0.01)
        await seen.until(lambda s: len(s.events) == 5)
        os.unlink(folder / "other")
        await seen.until(lambda s: bool(s.last.publish) and s.last.publish["waiting"] == 0)
        runtime.source.stop()
        await task
        runtime.close()
        told = runtime.status()
        about = json.loads((folder / "r" / "run.json").read_text())
        print(json.dumps([told.publish, told.record_ended, about["state"], runtime.notes()]))

asyncio.run(main())
"""


@pytest.mark.needs("own_disk")
def test_a_full_disk_ends_the_record_and_neither_the_watch_nor_what_it_sends(tmp_path):
    inside = f"mount -t tmpfs -o size=64m tmpfs {tmp_path} && exec {sys.executable} - {tmp_path}"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", inside], cwd=ROOT, input=FULL_DISK, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    publish, ended, state, notes = json.loads(done.stdout)
    assert publish["disk_full"] > 0 and publish["waiting"] == 0
    assert publish["sent"] + publish["dropped"] >= 60 + 5
    assert notes["given_up_unsent"] == publish["dropped"]
    assert "No space left" in ended and state == "running"


def test_plain_lines_say_when_the_broker_goes_and_when_the_spool_is_full():
    lines: list[str] = []
    plain = Plain(lines.append)
    told = {"url": "mqtt://b", "state": "lost", "reason": "nobody there.", "waiting": 9, "dropped": 0, "spool": "s.db"}
    status = Status(present=None, sources=(), models={}, alarms=(), silent=(), publish=told)
    for more in ({}, {}, {"dropped": 4}, {"dropped": 4}, {"state": "connected", "reason": "", "dropped": 4}):
        plain.telling.status(replace(status, publish={**told, **more}))
    assert [line.partition("  ")[2] for line in lines] == [
        "publishing to mqtt://b: lost: nobody there. 9 messages wait.",
        "the spool s.db is full: 4 messages given up so far",
        "publishing to mqtt://b: connected. 9 messages wait.",
    ]

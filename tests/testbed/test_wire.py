"""The bet: the same events at any speed over any transport, and never others without saying so."""

from __future__ import annotations

import asyncio
import gc
import random
import re
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from connectors import opcua
from connectors.broker import LOOPBACK
from connectors.clock import Pace
from connectors.errors import PartFailed
from connectors.items import Batch, Frame, Item, Mark, block_times
from connectors.results import Event
from connectors.status import BAD_SENSOR_FAILURE
from connectors.tags import Group, Tag
from connectors.times import END, SECOND
from edge.digest import digest
from edge.pipeline import Pipeline
from testbed.drive import drive
from testbed.engine import Engine
from testbed.links import Dial, Link, direct, wiring
from testbed.plant import START
from testbed.scenario import Fault, Respond, Scenario, SetPoint
from testbed.testplant import TestPlant
from tests.models import TestLine, picture, series
from tests.ports import free_port
from tests.proxy import Proxy, topic

SECONDS = 40.0  # of source time: over 200 events
SHORT_S = 8.0  # of source time, for runs on a harmed wire
SPEED = 4.0  # of those: a message delayed by a second of wall time comes four seconds of source time late
STALL_S = 3.0  # of wall time
QUICK_S = 20.0  # of wall time, within which a run on a broken wire must have ended; silence alone takes STALL_S


def mosquitto_only(*values: str) -> object:
    return pytest.param(*values, marks=pytest.mark.needs("mosquitto"))


PATHS = [
    "memory",
    "opcua",
    "mqtt-embedded",
    mosquitto_only("mqtt-mosquitto"),
    "wire-embedded",
    mosquitto_only("wire-mosquitto"),
]


def scenario(seconds: float, **more: object) -> Scenario:
    """A fault, a set-point, and two responses that undo each other: a late one changes all that follows."""
    return Scenario(
        name="wire",
        plant=TestLine(),
        duration=seconds,
        steps=(Fault(at=2.35, name="step", params={"size": 0.3}), SetPoint(at=5.0, name="offset", value=0.5)),
        responses=(Respond("surface", "offset", 2.0), Respond("process", "offset", -1.0)),
        **more,
    )


@dataclass
class Outcome:
    """What became of a run."""

    engine: Engine
    pipeline: Pipeline
    events: list[Event] = field(default_factory=list)
    bytes: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    failure: str | None = None

    @property
    def digest(self) -> str:
        return digest(self.events, self.engine.start)

    @property
    def responses(self) -> list[tuple[int, str, float]]:
        return [(done.time, done.name, done.details["value"]) for done in self.engine.done if done.kind == "response"]

    def total(self, what: str) -> int:
        return sum(getattr(counts, what) for counts in self.pipeline.counts().values())

    def verdict(self, reference: str) -> str:
        if self.failure is not None:
            return "failed"
        if self.total("lost") or self.total("late"):
            return "counted"
        return "same" if self.digest == reference else "WRONG"


def made(spec: Scenario) -> Outcome:
    engine = Engine(spec, seed=1)
    models = [series().bind(engine.groups), picture().bind(engine.groups)]
    return Outcome(engine, Pipeline(engine.groups, models, start=engine.start, is_simulated=True))


def plain(spec: Scenario) -> Outcome:
    """The run without any transport, event loop or clock: a loop over ticks."""
    outcome = made(spec)
    engine, tick = outcome.engine, round(spec.tick_s * 1e9)
    while engine.plant.present < engine.end:
        events = outcome.pipeline.feed(engine.tick(min(engine.plant.present + tick, engine.end)))
        engine.respond(events)
        outcome.events.extend(events)
    return outcome


async def run(outcome: Outcome, over: str, speed: float | None = None, dial: Dial = direct) -> Outcome:
    engine = outcome.engine
    link = Link(engine.groups, wiring(engine.groups, engine.plant.transports, over), dial)
    try:
        await drive(engine, link, outcome.pipeline, Pace(speed), outcome.events.extend, stall_s=STALL_S)
    except PartFailed as failure:
        outcome.failure = str(failure)
    outcome.bytes, outcome.notes = link.bytes, link.notes()
    return outcome


@pytest.fixture(scope="module")
def reference() -> Outcome:
    return plain(scenario(SECONDS))


@pytest.fixture(scope="module")
def short() -> str:
    return plain(scenario(SHORT_S)).digest


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is written to stderr, and neither asyncio nor asyncua logs anything."""
    yield
    gc.collect()
    assert [str(record.msg) for record in caplog.records if record.name.startswith("asyncio")] == []
    assert [str(record.msg) for record in caplog.records if record.name.startswith("asyncua")] == []
    assert capfd.readouterr().err == ""


# -- the same events ---------------------------------------------------------------------------------------


def test_the_models_raise_over_200_events_from_three_groups(reference):
    places = {event.source for event in reference.events}
    assert len(reference.events) >= 200
    assert {"TEST/LINE/UNIT/WALK_1", "TEST/LINE/UNIT/VIB_1", "TEST/LINE/UNIT"} <= places
    assert {event.condition for event in reference.events} == {"process", "surface"}
    assert reference.pipeline.blind_s()["series"] > 0
    assert {value for _, _, value in reference.responses} == {2.0, -1.0}


def test_a_response_that_does_not_come_gives_another_digest(reference):
    spec = scenario(SECONDS)
    outcome = made(spec)
    engine = outcome.engine
    while engine.plant.present < engine.end:
        outcome.events += outcome.pipeline.feed(engine.tick(engine.plant.present + 100_000_000))
    assert outcome.digest != reference.digest


@pytest.mark.parametrize("again", range(3))
@pytest.mark.parametrize("path", PATHS)
async def test_every_transport_gives_the_same_events(path, again, reference, monkeypatch, quiet):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    outcome = await run(made(scenario(SECONDS)), over)
    assert outcome.failure is None
    assert outcome.digest == reference.digest
    assert (outcome.total("late"), outcome.total("lost"), outcome.total("doubled")) == (0, 0, 0)
    assert outcome.total("expected") == outcome.total("received") == reference.total("expected")
    assert outcome.pipeline.blind_s() == reference.pipeline.blind_s()
    assert outcome.responses == reference.responses
    assert not any(outcome.notes.values())
    _assert_carried_by({"wire": ("mqtt", "opcua")}.get(over, (over,)), outcome)


def _assert_carried_by(used: Sequence[str], outcome: Outcome) -> None:
    """Bytes came by these transports alone, and no fewer than the numbers need."""
    assert {name for name, count in outcome.bytes.items() if count} == set(used)
    assert sum(outcome.bytes.values()) > 8 * 2 * 1000 * SECONDS * 0.8  # float64, two tags, 1 kHz; some are Bad


@pytest.mark.parametrize("over", ["memory", "opcua"])
async def test_speed_is_a_ceiling_and_changes_no_event(over, quiet):
    outcome, start = made(scenario(10.0)), time.perf_counter()
    await run(outcome, over, speed=20.0)
    assert time.perf_counter() - start > 0.49
    assert outcome.digest == plain(scenario(10.0)).digest
    assert outcome.verdict(outcome.digest) == "same"


@pytest.mark.parametrize("path", PATHS)
async def test_a_short_delay_of_responses_is_kept_on_every_transport(path, monkeypatch, quiet):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    outcome = await run(made(scenario(6.0, delay_s=0.2)), over)
    expected = plain(scenario(6.0, delay_s=0.2))
    assert outcome.verdict(expected.digest) == "same"
    assert outcome.responses == expected.responses


# -- a harmed wire -----------------------------------------------------------------------------------------


def halfway(engine: Engine) -> Callable[[], bool]:
    return lambda: engine.plant.present >= engine.start + 3_000_000_000


def at_once(engine: Engine) -> Callable[[], bool]:
    return lambda: True


def of_scalars(message: bytes) -> bool:
    return topic(message).endswith("/scalars")


def of_the_first_scalars(message: bytes) -> bool:
    return of_scalars(message) and b'"seq":0' in message


def of_the_last_scalars(message: bytes) -> bool:
    return of_scalars(message) and b'"end":1' in message


def of_the_last_text(message: bytes) -> bool:
    return topic(message).endswith("/order") and b'"end":1' in message


def of_the_last_mark(message: bytes) -> bool:
    """Holds a mark that says: 1000 Hz of two tags were sent, and the group has ended."""
    return struct.pack("<qq", round(2 * 1000 * SHORT_S), 1) in message


def of_anything(message: bytes) -> bool:
    return True


@dataclass(frozen=True)
class Case:
    """A message that is harmed, and what may become of the run."""

    transport: str
    harm: str
    when: Callable[[Engine], Callable[[], bool]]
    which: Callable[[bytes], bool]
    may: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.transport}-{self.harm}-{self.when.__name__}-{self.which.__name__}"


# asyncua has one publish request under way: nothing overtakes a delayed chunk, silence follows a dropped one.
OPC_UA = [
    Case("opcua", "drop", halfway, of_anything, ("failed",)),
    Case("opcua", "drop", at_once, of_the_last_mark, ("failed",)),
    Case("opcua", "double", halfway, of_anything, ("failed",)),
    Case("opcua", "double", at_once, of_the_last_mark, ("failed", "same")),
    Case("opcua", "delay", halfway, of_anything, ("same", "failed")),  # failed: it was one chunk of several
    Case("opcua", "delay", at_once, of_the_last_mark, ("same", "failed")),
    Case("opcua", "cut", halfway, of_anything, ("failed",)),
]
# mosquitto takes acknowledgements in any order; the embedded broker closes a connection that gives them so.
MOSQUITTO = [
    Case("mqtt", "drop", halfway, of_scalars, ("counted",)),
    Case("mqtt", "drop", at_once, of_the_first_scalars, ("counted",)),
    Case("mqtt", "drop", at_once, of_the_last_scalars, ("failed",)),
    Case("mqtt", "drop", at_once, of_the_last_text, ("failed",)),
    Case("mqtt", "double", halfway, of_scalars, ("same",)),
    Case("mqtt", "double", at_once, of_the_last_scalars, ("same",)),
    Case("mqtt", "delay", halfway, of_scalars, ("counted",)),
    Case("mqtt", "delay", at_once, of_the_last_scalars, ("same",)),
    Case("mqtt", "cut", halfway, of_scalars, ("failed",)),
]
EMBEDDED = [
    Case("mqtt", "drop", halfway, of_scalars, ("failed", "counted")),
    Case("mqtt", "drop", at_once, of_the_last_scalars, ("failed",)),
    Case("mqtt", "double", halfway, of_scalars, ("failed",)),
    Case("mqtt", "delay", halfway, of_scalars, ("failed", "counted")),
    Case("mqtt", "delay", at_once, of_the_last_scalars, ("failed", "same")),
    Case("mqtt", "cut", halfway, of_scalars, ("failed",)),
]


async def harmed(case: Case, over: str) -> tuple[Outcome, Proxy]:
    outcome, start = made(scenario(SHORT_S)), time.perf_counter()
    async with Proxy(case.transport, case.harm, case.when(outcome.engine), case.which) as proxy:
        await run(outcome, over, SPEED, proxy.dial)
    assert len(proxy.harmed) == 1
    assert time.perf_counter() - start < QUICK_S
    return outcome, proxy


@pytest.mark.parametrize("case", OPC_UA, ids=str)
async def test_a_harmed_opc_ua_chunk_never_gives_other_events_unseen(case, short, quiet):
    outcome, _ = await harmed(case, "opcua")
    assert outcome.verdict(short) in case.may


@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize("case", MOSQUITTO, ids=str)
async def test_a_harmed_message_of_mosquitto_never_gives_other_events_unseen(case, short, monkeypatch, quiet):
    monkeypatch.setenv("TESTBED_BROKER", "mosquitto")
    outcome, _ = await harmed(case, "mqtt")
    assert outcome.verdict(short) in case.may
    assert outcome.notes["doubled"] == (case.harm == "double")


@pytest.mark.parametrize("case", EMBEDDED, ids=str)
async def test_a_harmed_message_of_the_embedded_broker_never_gives_other_events_unseen(case, short, monkeypatch, quiet):
    monkeypatch.setenv("TESTBED_BROKER", "embedded")
    outcome, _ = await harmed(case, "mqtt")
    assert outcome.verdict(short) in case.may


@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize(("harm", "what"), [("drop", "lost"), ("delay", "late")])
async def test_the_samples_of_one_message_are_counted_exactly(harm, what, monkeypatch, quiet):
    monkeypatch.setenv("TESTBED_BROKER", "mosquitto")
    outcome, _ = await harmed(Case("mqtt", harm, halfway, of_scalars, ()), "mqtt")
    assert outcome.failure is None
    assert {name: getattr(outcome.pipeline.counts()["scalars"], name) for name in ("lost", "late")} == {
        "lost": 0,
        "late": 0,
        what: 4,  # one tick of four scalars
    }


@pytest.mark.parametrize(
    ("transport", "broker"),
    [("opcua", "embedded"), ("mqtt", "embedded"), mosquitto_only("mqtt", "mosquitto")],
)
@pytest.mark.parametrize("harm", ["drop", "cut"])
async def test_one_harmed_transport_of_two_is_seen(transport, harm, broker, short, monkeypatch, quiet):
    monkeypatch.setenv("TESTBED_BROKER", broker)

    def of_blocks(message: bytes) -> bool:
        return transport == "opcua" or topic(message).endswith("/blocks")

    outcome, _ = await harmed(Case(transport, harm, halfway, of_blocks, ()), "wire")
    assert outcome.verdict(short) in ("failed", "counted")


@pytest.mark.parametrize("path", ["opcua", *PATHS[2:4]])
async def test_a_broken_connection_is_one_sentence_within_seconds(path, monkeypatch, quiet):
    transport, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    outcome = made(scenario(SHORT_S))
    broken: list[float] = []

    def when() -> bool:
        if halfway(outcome.engine)():
            broken.append(time.perf_counter())
        return bool(broken)

    async with Proxy(transport, "cut", when) as proxy:
        await run(outcome, transport, SPEED, proxy.dial)
        ended = time.perf_counter()
    assert outcome.failure.startswith("Reading stopped: the connection to")
    assert re.fullmatch(r"[^.\n]+\.", re.sub(r"\S*127\.0\.0\.1\S*", "there", outcome.failure))
    assert ended - broken[0] < STALL_S


async def test_samples_that_a_full_queue_dropped_are_lost_and_said_so(monkeypatch, quiet):
    monkeypatch.setattr(opcua, "QUEUE", 3)
    outcome = await run(made(scenario(SHORT_S)), "opcua")
    assert outcome.failure is None
    assert outcome.total("lost") > 0


class Busy(TestPlant):
    """Keeps the event loop to itself for a while, as a plant does that works out the truth of a fault."""

    def advance(self, until: int) -> list[Item]:
        if until > START + SECOND > self.present:
            time.sleep(1.5 * STALL_S)
        return super().advance(until)


class BusyLine:
    def build(self, seed: int, start: int) -> TestPlant:
        return Busy(seed, start)


@pytest.mark.parametrize("path", ["opcua", *PATHS[2:4]])
async def test_a_plant_that_is_busy_for_long_is_not_taken_for_a_dead_wire(path, short, monkeypatch, quiet):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    outcome = await run(made(replace(scenario(SHORT_S), plant=BusyLine())), over)
    assert outcome.verdict(short) == "same"


# -- what a wire must carry, and what it cannot ------------------------------------------------------------

CAMERA = Group("camera", (Tag(name="L/CAM", group="camera"),), "frames")
WAVE = Group("wave", (Tag(name="L/VIB", group="wave", rate_hz=25_600.0),), "blocks")


async def sent(groups: Sequence[Group], items: Sequence[Item], over: str, dial: Dial = direct) -> list[Item]:
    """What arrives of one tick and the groups' ends."""
    ends = [Mark(group.name, START + 10**9) for group in groups] + [Mark(group.name, END) for group in groups]
    async with Link(groups, {group.name: over for group in groups}, dial) as link:
        await link.send([*items, *ends])
        return [item async for item in link]


@pytest.mark.parametrize("path", PATHS[:4])
async def test_a_picture_of_four_megabytes_arrives_as_it_was_sent(path, monkeypatch, quiet):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    data = random.Random(1).randbytes(4 * 1024 * 1024)
    frame, *_ = await sent([CAMERA], [Frame(CAMERA.tags[0], START, data, 12.5, "COIL")], over)
    assert (frame.data, frame.time, frame.position_m, frame.part_id) == (data, START, 12.5, "COIL")


def wave(n: int, status: Sequence[int]) -> Batch:
    values = np.where(np.array(status) == 0, 1.0, np.nan)[:, None]
    return Batch(WAVE.tags, block_times(START, 25_600.0, n), values, np.array(status, np.uint32)[:, None])


async def test_a_block_whose_times_opc_ua_would_change_is_refused(quiet):
    whole = wave(256, [0] * 256)
    batch, *_ = await sent([WAVE], [whole], "opcua")
    assert (batch.time == whole.time).all()
    with pytest.raises(PartFailed, match=r"L/VIB cannot travel over OPC UA as a block of 25600 Hz"):
        await sent([WAVE], [wave(256, [0] * 7 + [BAD_SENSOR_FAILURE] * 249)], "opcua")


async def test_mqtt_carries_a_block_of_any_rate(quiet):
    part = wave(256, [0] * 7 + [BAD_SENSOR_FAILURE] * 249)
    batch, *_ = await sent([WAVE], [part], "mqtt")
    assert (batch.time == part.time).all()
    assert (batch.status == part.status).all()


@pytest.mark.parametrize(("over", "said"), [("opcua", "No OPC UA server"), ("mqtt", "No MQTT broker")])
async def test_nobody_at_the_other_end_is_one_sentence(over, said, quiet):
    with pytest.raises(PartFailed, match=said):
        await sent([CAMERA], [], over, lambda transport, port: free_port())


@pytest.mark.parametrize("over", ["opcua", "mqtt"])
async def test_a_stranger_at_the_other_end_who_hangs_up_is_one_sentence_at_once(over, quiet):
    def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    stranger = await asyncio.start_server(hang_up, LOOPBACK, 0)
    start = time.perf_counter()
    with pytest.raises(PartFailed, match=r"^(No OPC UA server|The MQTT broker at)"):
        await sent([CAMERA], [], over, lambda transport, port: stranger.sockets[0].getsockname()[1])
    assert time.perf_counter() - start < QUICK_S
    stranger.close()
    await stranger.wait_closed()

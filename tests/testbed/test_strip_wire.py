"""A few metres of strip give the same defects over every transport, and nothing is lost on the way."""

from __future__ import annotations

import asyncio

import pytest

from connectors.clock import Pace
from connectors.results import Event
from edge.digest import digest
from edge.pipeline import Pipeline
from edge.surface import Inspector
from testbed.drive import drive
from testbed.engine import Engine
from testbed.links import Link, wiring
from testbed.scenario import Fault, LookAlike, Scenario
from testbed.strip import StripCamera
from tests.models import contrast


def mosquitto_only(value: str) -> object:
    return pytest.param(value, marks=pytest.mark.needs("mosquitto"))


PATHS = ["opcua", "mqtt-embedded", mosquitto_only("mqtt-mosquitto"), "wire-embedded", mosquitto_only("wire-mosquitto")]
STEPS = (
    Fault(at=0, name="scale", params={"count": 3}),
    Fault(at=0, name="scratch", params={"count": 3}),
    LookAlike(at=0, name="water_drops", params={"count": 2}),
)


def scenario(length_m: float, seconds: float) -> Scenario:
    return Scenario(
        name="wire", plant=StripCamera(length_m=length_m), duration=seconds, steps=STEPS, tick_s=0.1, delay_s=0.5
    )


async def run(over: str, length_m: float = 4.2, seconds: float = 2.0) -> tuple[list[Event], Engine, Pipeline]:
    engine = Engine(scenario(length_m, seconds), seed=3)
    pipeline = Pipeline(engine.groups, [Inspector(contrast(), engine.groups, "contrast")], engine.start)
    link = Link(engine.groups, wiring(engine.groups, engine.plant.transports, over))
    events: list[Event] = []
    await drive(engine, link, pipeline, Pace(None), events.extend)
    return events, engine, pipeline


def told(events: list[Event], engine: Engine, pipeline: Pipeline) -> tuple[str, float, int]:
    """Digest, square metres, frames; nothing late or lost."""
    assert all(counts.late == counts.lost == 0 for counts in pipeline.counts().values())
    looked = pipeline.looked()["contrast"]
    return digest(events, engine.start), looked.m2, looked.frames


@pytest.fixture(scope="module")
def memory() -> tuple[str, float, int]:
    events, engine, pipeline = asyncio.run(run("memory"))
    assert len({event.box for event in events}) == len(events) >= 5
    assert all(event.crop for event in events)
    found = told(events, engine, pipeline)
    assert found[1:] == (pytest.approx(8 * 0.512 * 1.25, rel=0.01), 8)
    return found


@pytest.mark.parametrize("path", PATHS)
async def test_the_same_defects_over_every_transport(path, memory, monkeypatch):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    assert told(*await run(over)) == memory


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
async def test_the_same_defects_of_a_whole_coil(path, monkeypatch):
    over, _, broker = path.partition("-")
    monkeypatch.setenv("TESTBED_BROKER", broker)
    assert told(*await run(over, 48.2, 8.0)) == told(*await run("memory", 48.2, 8.0))

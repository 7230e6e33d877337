"""What comes from outside is on the disk before it acts, and a record of it runs again as it was."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from asyncua import Client

from connectors.clock import sleep
from connectors.errors import InputError
from connectors.times import SECOND
from testbed.cli import run_cli
from testbed.engine import Engine
from testbed.library import load
from testbed.outside import asked_of
from testbed.plant import START
from testbed.record import RunRecord
from testbed.running import Order, carry_out
from testbed.scenario import Fault, Scenario, SetPoint
from testbed.testplant import PATH
from tests.models import TestLine
from tests.served import served
from tests.testbed.test_engine import contents, flat
from tests.testbed.test_setpoints import settled

TICK = SECOND // 10


def engine(*outside, **more) -> Engine:
    steps = (Fault(at=1.0, name="step", params={"size": 1.0}), SetPoint(at=4.0, name="offset", value=1.0))
    spec = Scenario(**{"name": "t", "plant": TestLine(), "duration": 8.0, "steps": steps, **more})
    return Engine(spec, 1, outside=outside)


def play(it: Engine, until: int) -> list:
    ticks = []
    while it.plant.present < until:
        ticks.append(it.tick(it.plant.present + TICK))
    return ticks


def asked_twice() -> tuple[Engine, list]:
    """A run into which somebody reached: a set-point at 2 s, a fault at 3 s, a set-point as the script gives one."""
    it = engine()
    ticks = play(it, it.start + 2 * SECOND)
    it.set_point("offset", 7.0, "test")
    ticks += play(it, it.start + 3 * SECOND)
    it.inject_now("step", params={"size": 4.0}, source="page")
    ticks += play(it, it.start + 4 * SECOND - TICK)
    it.set_point("offset", -2.0, "test")
    return it, ticks + play(it, it.end)


def test_what_was_asked_from_outside_is_played_back_to_the_bit():
    first, ticks = asked_twice()
    lines = [json.loads(json.dumps(asdict(done))) for done in first.done]
    second = engine(*asked_of(lines, first.start))
    assert contents(flat(play(second, second.end))) == contents(flat(ticks))
    assert second.done == first.done and len(first.done) == 6
    assert second.truths() == first.truths() and len(first.truths()) == 2
    untouched = engine()
    assert contents(flat(play(untouched, untouched.end))) != contents(flat(ticks))


def test_it_is_noted_before_it_acts_and_its_truth_before_a_sample_shows_it():
    it = engine(steps=())
    play(it, it.start + SECOND)
    seen: list[tuple[int, int, int]] = []
    it.noted = lambda: seen.append((it.plant.present, len(it.done), len(it.truths())))
    set_at = it.set_point("offset", 7.0, "test")
    begun_at = it.inject_now("step")
    assert seen == [(set_at - TICK, 1, 0), (begun_at - TICK, 2, 0)]
    play(it, it.start + 2 * SECOND)
    assert seen[2:] == [(begun_at, 3, 1)]
    assert it.truths()[0].onset == begun_at


def test_what_cannot_be_written_down_is_not_done():
    it, calm = engine(steps=()), engine(steps=())

    def full() -> None:
        raise OSError(28, "No space left on device")

    it.noted = full
    with pytest.raises(InputError, match="not done: No space left"):
        it.set_point("offset", 7.0, "test")
    with pytest.raises(InputError, match="not done"):
        it.inject_now("step")
    it.noted = lambda: None
    assert it.done == []
    assert contents(flat(play(it, it.end))) == contents(flat(play(calm, calm.end)))


@pytest.mark.parametrize("ask", [lambda it: it.set_point("offst", 1.0, ""), lambda it: it.inject_now("stp")])
def test_what_the_plant_does_not_know_is_refused_at_once(ask):
    it = engine()
    with pytest.raises(InputError, match="The test plant has no"):
        ask(it)
    assert it.done == []


def test_what_comes_in_the_last_moment_is_refused():
    it = engine()
    play(it, it.end - TICK)
    with pytest.raises(InputError, match="at its end"):
        it.inject_now("step")


async def reach_in(it: Engine) -> None:
    """As a page does, at whatever moment it comes."""
    while it.plant.present < START + 12 * SECOND:
        await sleep(0)
    it.set_point("casting_speed", 1.2, "page")
    it.inject_now("sticker", "BF column 7", {"ratio": 0.7, "rise": 22.0}, "page")
    while it.plant.present < START + 60 * SECOND:
        await sleep(0)
    it.inject_now("loose_thermocouple", source="page")


@pytest.mark.parametrize("over", ["memory", pytest.param("opcua", marks=pytest.mark.slow)])
def test_a_record_of_a_run_that_was_reached_into_runs_again_with_the_same_digest(over, tmp_path, capsys):
    order = Order(load("showcase"), over=over, record="events", out=tmp_path / "first", beside=reach_in,
                  models=("sticker", "rules"))  # fmt: skip
    first = carry_out(order)
    record = RunRecord(tmp_path / "first")
    assert [line["kind"] for line in record.lines("steps") if "present" in line["details"]] == [
        "setpoint", "asked", "asked",
    ]  # fmt: skip
    assert len([truth for truth in first.truths if truth.name == "sticker"]) == 2
    assert run_cli(["run", str(tmp_path / "first"), "--out", str(tmp_path / "second"), "--json"]) in (0, 1)
    score = json.loads(capsys.readouterr().out)
    assert score["digest"] == first.score["digest"] is not None
    again = RunRecord(tmp_path / "second")
    assert again.truths() == record.truths()
    by_time = [sorted(map(str, lines)) for lines in (record.lines("steps"), again.lines("steps"))]
    assert by_time[0] == by_time[1]
    assert carry_out(Order(load("showcase"), models=("sticker", "rules"))).score["digest"] != score["digest"]


def test_what_beside_a_run_breaks_ends_it(tmp_path):
    async def broken(it: Engine) -> None:
        await sleep(0)
        it.set_point("nix", 1.0, "page")

    with pytest.raises(InputError, match="nix"):
        carry_out(Order(load("showcase"), out=tmp_path / "r", record="events", beside=broken))
    assert RunRecord(tmp_path / "r").about["state"] == "failed"


async def ask_for(url: str, value: float) -> None:
    async with Client(url) as client:
        index = await client.get_namespace_index("urn:steel-testbed:plant")
        assert await client.get_node(f"ns={index};s={PATH}/SET").call_method(
            f"{index}:Write", f"{PATH}/SET/OFFSET", value
        ) == ""  # fmt: skip
        await settled(client, index, f"{PATH}/WALK_2", 15.0)


def test_a_served_plant_runs_again_with_what_came_from_outside(tmp_path, capsys):
    out = tmp_path / "out"
    for value in (20.0, 30.0):  # served twice into the same folder
        with served(tmp_path / "home", "testplant", "--seed", "3", "--out", str(out)) as line:
            asyncio.run(ask_for(line.opcua, value))
        about = json.loads((out / "run.json").read_text())
        assert (about["kind"], about["state"], about["scenario"]) == ("serve", "stopped", "testplant")
        assert about["served_s"] > 0.05
    assert [len(list(RunRecord(folder).lines("steps"))) for folder in (out, out / "earlier-1")] == [1, 1]
    assert len((out / "audit.jsonl").read_text().splitlines()) == 2
    assert run_cli(["score", str(out)]) == 2
    assert "runs it again" in capsys.readouterr().err
    lifted = replayed(out, tmp_path / "again", capsys)
    assert lifted == replayed(out, tmp_path / "once more", capsys)
    (step,) = RunRecord(out).lines("steps")
    times = [time for time, value in lifted if value > 15.0]
    assert times[0] == step["time"] and len(times) > 0


def replayed(out: Path, folder: Path, capsys) -> list[tuple[int, float]]:
    """Times and values of a tag in a run of a served plant's record."""
    assert run_cli(["run", str(out), "--models", "rules", "--out", str(folder), "--json"]) == 0, capsys.readouterr()
    capsys.readouterr()
    record = RunRecord(folder)
    assert list(record.lines("steps")) == list(RunRecord(out).lines("steps"))
    table = record.signals("scalars")
    return list(zip(table["time"].to_physical().to_list(), table[f"{PATH}/WALK_2"].to_list(), strict=True))


@pytest.mark.parametrize("broken", [{"served_s": "x"}, {"start": None}, {"seed": None}, {"scenario": "nix"}])
def test_a_record_that_is_not_whole_is_refused_in_one_sentence(broken, tmp_path, capsys):
    about = {"format": "testbed.run/1", "state": "stopped", "kind": "serve", "scenario": "testplant", "seed": 1,
             "start": "2026-01-05T00:00:00Z", "served_s": 5.0, "groups": []}  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps({**about, **broken}))
    assert run_cli(["run", str(tmp_path), "--json"]) == 2
    said = capsys.readouterr()
    assert not said.out and len(said.err.splitlines()) == 1

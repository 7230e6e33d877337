"""The runtime on lines that a test plays: events, time that jumps, a slow model, a record that is whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from connectors.clock import sleep
from connectors.errors import InputError, PartFailed
from connectors.line import Line, Settings
from connectors.live import LiveSource
from connectors.marks import Reading
from connectors.results import Result
from connectors.secrets import Login
from connectors.tags import Tag
from connectors.times import SECOND
from edge import runtime as module
from edge.alarm import AlarmSpec
from edge.library import Chosen
from edge.order import Order, order_of
from edge.runtime import Runtime, Status, Telling
from edge.window import WindowSpec

URL = "mqtt://played:1883"
TAGS = (Tag(name="L/A", rate_hz=10.0), Tag(name="L/B", rate_hz=10.0))
START = 1_767_571_200 * SECOND
MS = 1_000_000


class Played(Line):
    """A line that says what the test says."""

    fails: str | None = None

    async def read(self) -> None:
        if self.fails:
            raise PartFailed(self.fails)
        self.up()
        while self.fails is None:
            await sleep(0.01)
        raise PartFailed(self.fails)

    def say(self, ms: int, a: float = 1.0, b: float = 1.0) -> None:
        self.put([Reading(tag, START + ms * MS, value, 0) for tag, value in zip(self.tags, (a, b), strict=True)])


class High:
    """Alarms while L/A is above 5; may take its time."""

    name, condition, severity, place, advice, unit = "high", "process", 500, "unit", "", "L"
    cameras: tuple[str, ...] = ()
    windows = (WindowSpec(("L/A",), rate_hz=10.0, length=1, stride_s=0.1, hold_s=1.0),)
    alarm = AlarmSpec()

    def __init__(self, slow: Callable[[], None] = lambda: None) -> None:
        self._slow = slow

    def score(self, windows) -> Result:
        self._slow()
        return Result(self.name, windows[0].end, float(windows[0].values[-1, 0] / 5.0))

    def score_frame(self, frame) -> Result:
        raise TypeError


class Seen:
    """What a runtime told, and a wait for what a test wants to see."""

    def __init__(self) -> None:
        self.events, self.statuses = [], []
        self.telling = Telling(self.events.extend, self.statuses.append)

    @property
    def last(self) -> Status:
        return self.statuses[-1]

    async def until(self, seen: Callable[[Seen], bool], s: float = 20.0) -> None:
        async with asyncio.timeout(s):
            while not seen(self):
                await asyncio.sleep(0.01)


@pytest.fixture
def play(monkeypatch):
    """A runtime on one played line with a model; `play(order, model)` gives (runtime, line, what it told)."""

    def make(order: Order, model: object | None = None) -> tuple[Runtime, Played, Seen]:
        line = Played(URL, order.tags, Login(), order.settings)
        monkeypatch.setattr(module, "live_source", lambda *_: LiveSource([line], order.settings))
        if model is not None:
            monkeypatch.setattr(module, "choose", lambda *_: [Chosen(model, {"name": "high"})])  # pyright: ignore
        monkeypatch.setattr(module, "STATUS_S", 0.0)
        seen = Seen()
        return Runtime(order, seen.telling), line, seen

    return make


ORDER = Order(urls=[URL], tags=TAGS, settings=Settings(patience_s=0.5))


async def test_samples_become_events_and_the_watch_ends_when_stopped(play):
    runtime, line, seen = play(ORDER, High())
    task = asyncio.create_task(runtime.run())
    await seen.until(lambda s: line.state.name == "connected")
    for ms in range(0, 3000, 100):
        line.say(ms, 9.0 if 1000 <= ms < 2000 else 1.0)
    await seen.until(lambda s: len(s.events) == 2)
    runtime.source.stop()
    await task
    assert [(e.change, (e.time - START) // MS) for e in seen.events] == [("active", 1000), ("returned", 2000)]
    assert runtime.counts()["main"].late == 0
    assert runtime.span() == (START, START + 2900 * MS)
    assert seen.last.models["high"]["scored"] == 30
    assert seen.last.alarms == ()


async def test_a_model_that_is_too_slow_loses_its_oldest_windows_and_no_sample(play, monkeypatch):
    import threading

    gate = threading.Event()
    monkeypatch.setattr(module, "BEHIND_S", 1.0)
    runtime, line, seen = play(ORDER, High(slow=gate.wait))
    task = asyncio.create_task(runtime.run())
    await seen.until(lambda s: line.state.name == "connected")
    line.say(0)
    await seen.until(lambda s: not line.arrived)
    line.say(500)  # its windows are asked for, and the model hangs
    await seen.until(lambda s: not line.arrived)
    for ms in range(1000, 10_000, 100):
        line.say(ms)
    gate.set()
    await seen.until(lambda s: bool(s.statuses) and s.last.present is not None and s.last.present >= START + 9000 * MS)
    runtime.source.stop()
    await task
    dropped = runtime.pipeline.dropped()["high"]
    assert dropped > 50
    assert dropped + runtime.states["high"].scored + len(_blind(runtime)) == 100
    assert runtime.counts()["main"].received == 2 * 92
    assert runtime.notes()["dropped"] == dropped


def _blind(runtime: Runtime) -> list[int]:
    """Ends of windows that could not be scored."""
    spans = runtime.pipeline.blind()["high"]
    return [end for since, to in spans for end in range(since, to, 100 * MS)]


async def test_time_that_jumps_back_starts_a_new_epoch_and_alarms_go_on(play):
    runtime, line, seen = play(ORDER, High())
    task = asyncio.create_task(runtime.run())
    await seen.until(lambda s: line.state.name == "connected")
    for ms in range(3_600_000, 3_602_000, 100):
        line.say(ms)
    await seen.until(lambda s: bool(s.statuses) and (s.last.present or 0) >= START + 3_601_000 * MS)
    for ms in range(0, 2000, 100):
        line.say(ms, 9.0)
    await seen.until(lambda s: bool(s.events))
    runtime.source.stop()
    await task
    assert (seen.events[0].time - START) // MS < 2000
    assert runtime.source.epochs == 1
    assert runtime.counts()["main"].late == 0


async def test_a_line_that_is_lost_is_shown_and_leaves_models_blind(play):
    runtime, line, seen = play(ORDER, High())
    task = asyncio.create_task(runtime.run())
    await seen.until(lambda s: line.state.name == "connected")
    for ms in range(0, 1000, 100):
        line.say(ms)
    line.fails = "the plug was pulled"
    await seen.until(lambda s: bool(s.statuses) and s.last.sources[0]["state"] == "lost")
    assert seen.last.sources[0]["reason"] == "the plug was pulled"
    await seen.until(lambda s: s.last.models["high"]["blind_s"] > 0.5)
    assert seen.last.silent == ("main",)
    line.fails = None
    await seen.until(lambda s: s.last.sources[0]["reconnects"] == 1)
    runtime.source.stop()
    await task


async def test_a_record_is_whole_and_says_what_happened(play, tmp_path):
    out = tmp_path / "r"
    runtime, line, seen = play(replace(ORDER, out=out), High())
    task = asyncio.create_task(runtime.run())
    await seen.until(lambda s: line.state.name == "connected")
    for ms in range(0, 2000, 100):
        line.say(ms, 9.0)
    await seen.until(lambda s: bool(s.events))
    about = json.loads((out / "run.json").read_text())
    assert (about["state"], about["kind"], about["start"]) == ("running", "watch", "2026-01-05T00:00:00Z")
    assert (out / "events.jsonl").read_text().count("\n") == 1  # there before anything was closed
    runtime.source.stop()
    await task
    runtime.close()
    assert json.loads((out / "run.json").read_text())["state"] == "done"
    import polars as pl

    table = pl.read_parquet(out / "signals" / "main" / "00001.parquet")
    assert table["L/A"].to_list() == [9.0] * 20
    health = json.loads((out / "health.jsonl").read_text().splitlines()[-1])
    assert health["counts"]["main"]["received"] == 40
    assert health["sources"][0]["url"] == URL


async def test_a_folder_that_is_not_empty_is_refused(play, tmp_path):
    (tmp_path / "x").write_text("x")
    runtime, _, _ = play(replace(ORDER, out=tmp_path), High())
    with pytest.raises(InputError, match="not empty"):
        await runtime.run()


async def test_what_the_lines_of_a_watch_repeat_is_not_counted_as_received(play):
    tags = (TAGS[0], Tag(name="L/B"))  # B is reported by exception
    runtime, line, seen = play(replace(ORDER, tags=tags), High())
    task = asyncio.create_task(runtime.run())
    await seen.until(lambda s: line.state.name == "connected")
    line.put([Reading(tags[1], START, 7.0, 0)])
    for ms in range(0, 3000, 100):
        line.put([Reading(tags[0], START + ms * MS, 1.0, 0)])
        await asyncio.sleep(0)
    await seen.until(lambda s: bool(s.statuses) and (s.last.present or 0) >= START + 2700 * MS)
    runtime.source.stop()
    await task
    repeated = runtime.notes()["repeated"]
    assert repeated > 0
    assert runtime.counts()["main"].received - repeated == 31 == seen.last.sources[0]["received"]


def test_an_order_needs_an_address_and_a_tag_list():
    with pytest.raises(InputError, match="missing: urls, tags"):
        order_of({})


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"record": "al"}, "Did you mean 'full'|takes full"),
        ({"duration": "soon"}, "no duration"),
        ({"duration": "0s"}, "no duration"),
    ],
)
def test_an_order_tells_what_does_not_fit(tmp_path, asked, told):
    (tmp_path / "t.csv").write_text("name\nL/A\n")
    with pytest.raises(InputError, match=told):
        order_of({"urls": [URL], "tags": tmp_path / "t.csv", **asked})


def test_each_record_gets_a_folder_of_its_own(tmp_path):
    (tmp_path / "t.csv").write_text("name\nL/A\n")
    asked = {"urls": [URL], "tags": tmp_path / "t.csv", "records": tmp_path / "all"}
    first = order_of(asked).out
    assert first is not None
    first.mkdir(parents=True)
    assert order_of(asked).out != first


def test_scores_that_are_not_there_are_null_in_a_status(play):
    runtime, _, _ = play(ORDER, High())
    status = runtime.status()
    assert status.models["high"]["score"] is None
    assert json.dumps(status.models)
    assert np.isnan(runtime.states["high"].score)

"""Runs a scenario: plant, transport, models, score, record. `testbed.run` in a notebook, `testbed run` in a shell."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from connectors.clock import Pace, Stopwatch, now_ns
from connectors.errors import InputError, PartFailed, TestbedError
from connectors.results import Event
from connectors.tags import Group
from connectors.texts import say
from connectors.times import seconds, text
from connectors.truth import Truth
from edge.merge import Chunk
from edge.pipeline import Pipeline, Watch
from edge.record import empty, true_table
from edge.versions import versions
from testbed.assumptions import Assumptions, defaults
from testbed.drive import drive
from testbed.engine import Engine
from testbed.guard import RunGuard
from testbed.lengths import Text, by_length
from testbed.library import load
from testbed.links import Dial, Link, direct, wiring
from testbed.models import Chosen, choose, named
from testbed.outside import Asked
from testbed.plant import believed, true_signals
from testbed.record import Recorder, RunRecord, table
from testbed.report import report
from testbed.scenario import Scenario
from testbed.score import Facts, score

RECORDS = ("full", "events", "none")
Progress = Callable[[float, float], None]  # seconds of source time done, of so many


@dataclass(slots=True)
class Run:
    """What a run left: its score, its events, the truth, and its signals."""

    score: dict[str, Any]
    events: list[Event]
    truths: list[Truth]
    about: dict[str, Any]
    groups: tuple[Group, ...]
    start: int
    folder: Path | None
    signals_of: Callable[[Group], Any]
    true_of: Callable[[], Any] = empty
    texts_of: Callable[[], list[Text]] = list

    def signals(self, group: str, by: str = "time") -> Any:
        """All samples of a group as a polars DataFrame: time, and a column a tag.

        By 'length', two columns come before them: the coil or slab that passed, and the metre from its head on.
        """
        if by not in ("time", "length"):
            raise InputError(say("by takes 'time' or 'length', but got '{by}'.", by=by))
        known = {g.name: g for g in self.groups}
        if group not in known:
            raise InputError(
                say("The run has no group '{group}'. It has: {known}.", group=group, known=", ".join(known))
            )
        if by == "length":
            return by_length(self.signals_of, known[group], self.groups, self.texts_of())
        return self.signals_of(known[group])

    def texts(self) -> list[Text]:
        """What was said of heats, slabs, coils and grades, by time: ns, tag and text."""
        return sorted(self.texts_of())

    def true_signals(self) -> Any:
        """True values that the plant keeps beside its tags, as a polars DataFrame; empty where it keeps none.

        The mill keeps the last ten minutes of the strip's true thickness, which no tag shows.
        """
        return self.true_of()

    def report(self) -> str:
        """The report as one HTML page."""
        return report(self)

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{k}<td>{v}" for k, v in self.score.items() if not isinstance(v, list | dict))
        return f"<table>{rows}</table>"


@dataclass(slots=True)
class Order:
    """How a scenario is to be run; see `run`.

    Attributes:
        start: ns; where a served plant began that is run again; None: when every scenario starts.
        outside: what came from outside in the run that this one repeats.
        beside: runs beside the run on its event loop, as a page does; it may call the engine's `set_point` and
            `inject_now`.
        pace: how fast, instead of `speed`: one that somebody may change on the way.
        watch: who else sees what passes.
        told: is given events as they come, before the plant answers them.
    """

    scenario: Scenario
    seed: int = 1
    over: str = "memory"
    speed: str | float = "max"
    models: Sequence[str] | None = None
    record: str = "none"
    out: Path | None = None
    dial: Dial = direct
    stall_s: float | None = None
    money: Assumptions = field(default_factory=defaults)
    start: int | None = None
    outside: Sequence[Asked] = ()
    beside: Callable[[Engine], Coroutine[Any, Any, None]] | None = None
    pace: Pace | None = None
    watch: Watch = field(default_factory=Watch)
    told: Callable[[Sequence[Event]], None] = lambda events: None


def run(
    scenario: str | Scenario,
    *,
    seed: int = 1,
    over: str = "memory",
    speed: str | float = "max",
    models: Sequence[str] | str | None = None,
    record: str = "full",
    out: str | Path | None = None,
) -> Run:
    """Run a scenario and score it.

    Args:
        scenario: a name, the path of a script, or a Scenario.
        seed: everything random follows from it.
        over: 'memory', 'opcua', 'mqtt', or 'wire' (each group by its own wiring).
        speed: 'max', 'real', or a factor; a ceiling.
        models: names or .onnx files; None: the scenario's own.
        record: 'full', 'events' or 'none'; written only where `out` is given.
        out: folder for the record, absent or empty.

    Raises InputError if anything given does not fit, PartFailed if a transport fails.
    """
    chosen = load(scenario) if isinstance(scenario, str) else scenario
    wanted = None if models is None else named(models)
    order = Order(chosen, seed, over, speed, wanted, record, None if out is None else Path(out))
    return carry_out(order)


def carry_out(order: Order, progress: Progress = lambda done, of: None) -> Run:
    """Carry out an order, inside or outside a running event loop."""
    return in_loop(_run(order, progress))


T = TypeVar("T")


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end; in a thread of its own where this one already runs an event loop, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    result: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:  # handed to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def pace_of(speed: str | float) -> Pace:
    """The pace of a value of `--speed`. Raises InputError."""
    if speed == "max":
        return Pace(None)
    try:
        factor = 1.0 if speed == "real" else float(speed)
    except ValueError:
        factor = 0.0
    if not 0 < factor < np.inf:
        raise InputError(say("--speed takes 'real', 'max' or a factor above 0, but got '{speed}'.", speed=speed))
    return Pace(factor)


class Session:
    """One run under way: what is collected, and how it ends."""

    def __init__(self, order: Order, progress: Progress) -> None:
        self.order = order
        self.engine = Engine(order.scenario, order.seed, order.start, order.outside)
        self.engine.noted = self._write_plant_side
        plant = self.engine.plant
        names = order.scenario.models if order.models is None else order.models
        self.chosen: list[Chosen] = choose(names, self.engine.groups, plant.name)
        self.guard = RunGuard(self.chosen, f"scenario:{order.scenario.name}", [order.seed])
        self.link = Link(self.engine.groups, wiring(self.engine.groups, plant.transports, order.over), order.dial)
        self.pace = order.pace or pace_of(order.speed)
        self.events: list[Event] = []
        self.chunks: dict[str, list[Chunk]] = {group.name: [] for group in self.engine.groups}
        self.recorder: Recorder | None = None
        self.watch = Stopwatch()
        self._began = text(now_ns())
        self._progress = progress
        self._truths_written = 0
        self._steps_written = 0
        self.pipeline = Pipeline(
            self.engine.groups,
            [chosen.bound for chosen in self.chosen],
            self.engine.start,
            replace(order.watch, chunk=self._on_chunk),
            is_simulated=True,
        )

    def about(self) -> dict[str, Any]:
        """The head of record and score."""
        order = self.order
        return {
            "scenario": order.scenario.name,
            "seed": order.seed,
            "over": order.over,
            "speed": str(order.speed),
            "models": [chosen.bound.name for chosen in self.chosen],
        }

    def open_record(self) -> None:
        order = self.order
        if order.out is None or order.record == "none":
            return
        more = {"kind": "run", "start": text(self.engine.start), "planned_s": order.scenario.duration}
        about = {**self.about(), **more, **self._more()}
        self.recorder = Recorder(order.out, about, self.engine.groups, order.record == "full")

    def _more(self) -> dict[str, Any]:
        """What record and report say beside the head."""
        scenario = self.order.scenario
        return {
            "title": scenario.title,
            "story": scenario.story,
            "began": self._began,
            "expect": [{"kind": type(e).__name__, **asdict(e)} for e in scenario.expect],
            "model_files": [about for chosen in self.chosen for about in (chosen.about, *chosen.helpers)],
            "versions": versions(),
            "assumptions": self.order.money.plain(),
            "believed": dict(believed(self.engine.plant)),
        }

    def _on_chunk(self, chunk: Chunk) -> None:
        self.order.watch.chunk(chunk)
        if self.recorder is not None:
            self.recorder.chunk(chunk)
        elif self.order.record == "full":
            self.chunks[chunk.group.name].append(replace(chunk, frames=()))  # pictures are not kept, here or on disk

    def on_events(self, events: Sequence[Event]) -> None:
        self.events.extend(events)
        self.order.told(events)
        self._progress(seconds(self.engine.plant.present - self.engine.start), self.order.scenario.duration)
        if self.recorder is None:
            return
        self.recorder.events(events)
        self._write_plant_side()

    def _write_plant_side(self) -> None:
        """Steps and truths that have come since the last time."""
        if self.recorder is None:
            return
        truths = self.engine.truths()
        for truth in truths[self._truths_written :]:
            self.recorder.truth(truth)
        for done in self.engine.done[self._steps_written :]:
            self.recorder.line("steps", asdict(done))
        self._truths_written, self._steps_written = len(truths), len(self.engine.done)

    def finish(self, state: str) -> Run:
        """Score what there is, write it down, and hand it over."""
        engine = self.engine
        reached = engine.end if state == "done" else (self.pipeline.finished or engine.start)
        facts = Facts(
            start=engine.start,
            end=reached,
            truths=engine.pictured(self.events),
            events=self.events,
            counts=self.pipeline.counts(),
            frame_groups=frozenset(g.name for g in engine.groups if g.kind == "frames"),
            blind=self.pipeline.blind(),
            looked=self.pipeline.looked(),
            latency_s=engine.latency_s,
            bytes=self.link.bytes,
            wall_s=self.watch.seconds(),
            about={**self.about(), "state": state},
            expect=self.order.scenario.expect,
            notes=self.link.notes(),
            money=self.order.money,
        )
        result = Run(
            score=score(facts) | self.guard.end(),
            events=self.events,
            truths=list(facts.truths),
            about=self._report_about(),
            groups=engine.groups,
            start=engine.start,
            folder=None if self.recorder is None else self.order.out,
            signals_of=lambda group: table(group, self.chunks[group.name]),
            true_of=lambda: true_table(true_signals(engine.plant)),
            texts_of=self._texts,
        )
        if self.recorder is not None:
            self._write_plant_side()
            self.recorder.tell(genealogy=result.about["genealogy"])
            keep_record(self.recorder, result, {name: asdict(c) for name, c in facts.counts.items()}, state)
        return result

    def _texts(self) -> list[Text]:
        return [(t.time, t.tag.name, t.text) for chunks in self.chunks.values() for c in chunks for t in c.texts]

    def _report_about(self) -> dict[str, Any]:
        steps = [asdict(done) for done in self.engine.done]
        return {**self.about(), **self._more(), "steps": steps, "genealogy": self._genealogy()}

    def _genealogy(self) -> dict[str, Any] | None:
        """Where the coils of this run come from, where the plant holds more than one unit."""
        lineage = getattr(self.engine.plant, "lineage", None)
        return None if lineage is None else lineage().plain()


async def _run(order: Order, progress: Progress) -> Run:
    session = Session(order, progress)
    session.open_record()
    stall = {} if order.stall_s is None else {"stall_s": order.stall_s}
    work = drive(session.engine, session.link, session.pipeline, session.pace, session.on_events, **stall)
    try:
        await _beside(work, None if order.beside is None else order.beside(session.engine))
    except asyncio.CancelledError:
        session.finish("stopped")
        raise
    except TestbedError:
        session.finish("failed")
        raise
    result = session.finish("done")
    _check_whole(result)
    return result


async def _beside(work: Coroutine[Any, Any, None], other: Coroutine[Any, Any, None] | None) -> None:
    """Do `work`, and meanwhile something else, which ends with it; what that raises ends the work, too."""
    if other is None:
        await work
        return
    main, side = asyncio.create_task(work), asyncio.create_task(other)
    try:
        await asyncio.wait({main, side}, return_when=asyncio.FIRST_COMPLETED)
        if side.done() and not main.done():
            side.result()
        await main
    finally:
        main.cancel()
        side.cancel()
        await asyncio.gather(main, side, return_exceptions=True)


def keep_record(recorder: Recorder, result: Run, counts: dict[str, Any], state: str) -> None:
    """Close a record: the final truth, the health, the score and the report."""
    for truth in result.truths:
        recorder.truth(truth)
    health = {k: result.score[k] for k in ("blind_spans", "bytes", "latency_ms", "notes")}
    recorder.line("health", {"counts": counts, **health})
    recorder.true_signals(result.true_signals())
    recorder.finish(state, result.score)
    record = RunRecord(recorder.folder)
    result.signals_of = lambda group: record.signals(group.name)
    result.texts_of = record.texts
    recorder.report(result.report())


def _check_whole(result: Run) -> None:
    """Raises PartFailed if samples were late or lost: the figures then say less than they seem to."""
    late = result.score["samples"]["late"] + result.score["frames"]["late"]
    lost = result.score["samples"]["lost"] + result.score["frames"]["lost"]
    if late or lost:
        raise Incomplete(
            say(
                "{lost} samples were lost and {late} came late over {over}. The run has no digest; run it again.",
                lost=lost, late=late, over=result.score["over"],
            ),
            result,
        )  # fmt: skip


class Incomplete(PartFailed):
    """Samples were late or lost; `result` holds the run all the same."""

    def __init__(self, message: str, result: Run) -> None:
        super().__init__(message)
        self.result = result

"""An edge box at work: live lines through models into events and a record. It needs floors 0 and 1 alone."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from connectors.clock import Stopwatch, now_ns
from connectors.items import Item
from connectors.live import LiveSource, live_source
from connectors.marks import Epoch, Filled
from connectors.results import Event, Result
from connectors.secrets import Login
from connectors.tags import Group
from connectors.texts import say
from connectors.times import text
from edge.library import Chosen, choose
from edge.merge import Chunk, Counts
from edge.metrics import Metrics
from edge.order import Order
from edge.pipeline import Pipeline, Watch
from edge.publish import Publisher
from edge.record import Recorder
from edge.versions import versions

STATUS_S = 0.5  # wall seconds between two looks for whoever watches
HEALTH_S = 10.0  # wall seconds between two lines of health in the record
BEHIND_S = 10.0  # what waits longer than this for a model is dropped, the oldest first
LEAST_KEPT = 8  # windows or pictures that may always wait
RECENT = 500  # timings a percentile rests on


@dataclass(slots=True)
class ModelState:
    """How a model does: its last score and when (ns), what it takes (wall seconds), and how much it scored."""

    score: float = float("nan")
    at: int | None = None
    scored: int = 0
    took: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def percentile_ms(self, share: float) -> float | None:
        return round(1e3 * float(np.percentile(list(self.took), share)), 3) if self.took else None


@dataclass(frozen=True, slots=True)
class Status:
    """What is to be seen at a moment; times are ns of source time.

    Attributes:
        present: up to where every model has scored; None before the first.
        sources: states and counts of the lines, as JSON values.
        models: state, latency and losses by name, as JSON values.
        alarms: the alarms that stand, oldest first.
        silent: groups that nothing came of for too long.
        publish: what is sent on, as JSON values; None where nothing is.
        record_ended: why there is no record any more; '' where there is, or none was wanted.
    """

    present: int | None
    sources: tuple[dict[str, Any], ...]
    models: dict[str, dict[str, Any]]
    alarms: tuple[Event, ...]
    silent: tuple[str, ...]
    publish: dict[str, Any] | None = None
    record_ended: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """Who wants to know: events as they come, and a look at everything now and then."""

    events: Callable[[Sequence[Event]], None] = lambda events: None
    status: Callable[[Status], None] = lambda status: None


class Runtime:
    """One watch: make it, `run` it, `close` it.

    Raises InputError if an address, a tag, a model or the folder does not fit, PartFailed if a line is not there.
    """

    def __init__(self, order: Order, telling: Telling | None = None) -> None:
        self.order = order
        self.source: LiveSource = live_source(order.urls, order.tags, order.settings, dict(order.logins))
        self.groups: tuple[Group, ...] = self.source.groups
        self.chosen: list[Chosen] = choose(order.models, self.groups)
        self.events: list[Event] = []
        self.states = {chosen.bound.name: ModelState() for chosen in self.chosen}
        self.start: int | None = None  # ns, the first sample
        self.began = text(now_ns())
        self.watch = Stopwatch()
        self.recorder: Recorder | None = None
        self.record_ended = ""  # why, if it did before the watch
        self._latency_s: deque[float] = deque(maxlen=100_000)
        self._standing: dict[tuple[str, str, str], Event] = {}
        self._telling = telling or Telling()
        self.metrics = Metrics()
        self.publisher = self._publisher()
        strides = [spec.stride_s for chosen in self.chosen for spec in chosen.bound.windows]
        self.pipeline = Pipeline(
            self.groups,
            [chosen.bound for chosen in self.chosen],
            watch=Watch(self._on_chunk, self._on_result, self._on_took),
            keep=max(LEAST_KEPT, round(BEHIND_S / min(strides, default=1.0))),
        )

    # -- at work ----------------------------------------------------------------------------------------------

    def _publisher(self) -> Publisher | None:
        order = self.order
        if order.publish is None:
            return None
        url = order.publish.url
        login = next((order.logins[at] for at in (url, url.partition("?")[0], "") if at in order.logins), Login())
        units = {chosen.bound.name: chosen.bound.unit for chosen in self.chosen}
        settings = order.settings
        return Publisher(order.publish, self.groups, units, login, settings.insecure, settings.mqtt_version)

    async def run(self) -> None:
        """Watch until the time is over or somebody stops it. The record is left open: `close` it."""
        with stopping(self.source.stop):
            async with self.source, AsyncExitStack() as stack:
                if self.publisher is not None:
                    await stack.enter_async_context(self.publisher)
                if self.order.metrics is not None:
                    stack.enter_context(self.metrics.served(self.order.metrics))
                self._open_record()
                try:
                    await self._work()
                except BaseException:
                    self.close("failed")
                    raise

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        self.watch = Stopwatch()
        if self.order.duration_s is not None:
            loop.call_later(self.order.duration_s, self.source.stop)
        shown, noted = Stopwatch(), Stopwatch()
        states = self._line_states()
        async for items in self.source:
            came = Stopwatch()
            events = await asyncio.to_thread(self._feed, items)  # what comes meanwhile is kept by the lines
            if any(not isinstance(item, Epoch | Filled) for item in items):
                self._latency_s.append(came.seconds())
            if self.publisher is not None:
                self.publisher.send(events)
            self._on_events(events)
            before, states = states, self._line_states()
            if shown.seconds() >= STATUS_S or states != before:
                shown = Stopwatch()
                self._tell()
            if self.recorder is not None and (noted.seconds() >= HEALTH_S or states != before):
                noted = Stopwatch()
                self._record(lambda record: record.line("health", self.health()))
        self._tell()

    def _tell(self) -> None:
        status = self.status()
        self.metrics.status(status)
        self._telling.status(status)

    def _line_states(self) -> list[tuple[str, str]]:
        return [(line.state.name, line.state.reason) for line in self.source.lines]

    def _feed(self, items: Sequence[Item | Epoch | Filled]) -> list[Event]:
        """Items in order; time that jumps starts its group anew."""
        if not self.pipeline.is_simulated and any(line.is_simulated for line in self.source.lines):
            self.pipeline.is_simulated = True
            self._record(lambda record: record.tell(is_simulated=True))
        events: list[Event] = []
        waiting: list[Item] = []
        for item in items:
            if isinstance(item, Epoch):
                events += self.pipeline.feed(waiting)
                waiting = []
                events += self.pipeline.restart(item.group)
            elif isinstance(item, Filled):
                self._keep_filled(item)
            else:
                waiting.append(item)
        return events + self.pipeline.feed(waiting)

    def _keep_filled(self, item: Filled) -> None:
        """Samples of a gap that history held and whose time has passed: a line each in the record, never scored."""
        changes = item.changes
        if self.order.record != "full":
            return
        lines = [
            {
                "time": int(changes.time[row]), "tag": changes.tags[int(changes.tag[row])].name,
                "value": None if changes.value[row] != changes.value[row] else float(changes.value[row]),
                "status": int(changes.status[row]),
            }
            for row in range(len(changes.time))
        ]  # fmt: skip
        self._record(lambda record: [record.line("filled", line) for line in lines])

    def _on_chunk(self, chunk: Chunk) -> None:
        if len(chunk.time) and self.start is None:
            self.start = start = int(chunk.time[0])
            self._record(lambda record: record.tell(start=text(start)))
        self._record(lambda record: record.chunk(chunk))

    def _on_result(self, result: Result) -> None:
        state = self.states[result.model]
        state.at = result.time
        state.score = result.score
        state.scored += result.score == result.score
        if self.publisher is not None:
            self.publisher.result(result)

    def _on_took(self, model: str, took: float, results: int) -> None:
        self.states[model].took.append(took / results)

    def _on_events(self, events: Sequence[Event]) -> None:
        if not events:
            return
        self.events += events
        for event in events:
            key = (event.model, event.source, event.condition)
            if event.change == "active":
                self._standing[key] = event
            elif event.change == "returned":
                self._standing.pop(key, None)
        self._record(lambda record: record.events(events))
        self._telling.events(events)

    # -- what is to be seen -----------------------------------------------------------------------------------

    def status(self) -> Status:
        """A look at everything."""
        counts = self.pipeline.counts()
        sources = []
        for line in self.source.lines:
            late = sum(counts[name].late for name in {tag.group for tag in line.tags})
            sources.append({**line.status(), "late": late})
        return Status(
            present=self.pipeline.finished,
            sources=tuple(sources),
            models=self._models(),
            alarms=tuple(sorted(self._standing.values(), key=lambda event: event.time)),
            silent=tuple(self.source.silent()),
            publish=None if self.publisher is None else self.publisher.status(),
            record_ended=self.record_ended,
        )

    def _models(self) -> dict[str, dict[str, Any]]:
        dropped, blind = self.pipeline.dropped(), self.pipeline.blind_s()
        return {
            name: {
                "score": None if state.score != state.score else float(f"{state.score:.4g}"),
                "at": None if state.at is None else text(state.at),
                "scored": state.scored,
                "p50_ms": state.percentile_ms(50),
                "p99_ms": state.percentile_ms(99),
                "dropped": dropped[name],
                "blind_s": round(blind[name], 3),
            }
            for name, state in self.states.items()
        }

    def counts(self) -> dict[str, Counts]:
        """What came of each group; what was said again since it holds did not come."""
        return self.pipeline.counts()

    def health(self) -> dict[str, Any]:
        """A line of the record: counts by group, lines, models."""
        status = self.status()
        return {
            "at": text(now_ns()),
            "counts": {name: asdict(c) for name, c in self.counts().items()},
            "sources": list(status.sources),
            "models": status.models,
            "publish": status.publish,
            "notes": self.notes(),
        }

    def notes(self) -> dict[str, int]:
        """What was put right, refused or given up, counted."""
        lines = self.source.lines
        return {
            "dropped": sum(self.pipeline.dropped().values()),
            "reconnects": sum(line.reconnects for line in lines),
            "malformed": sum(line.malformed for line in lines),
            "repeated": self.source.repeated(),
            "epochs": self.source.epochs,
            "lost": sum(line.ledger.totals.lost for line in lines),
            "filled": sum(line.ledger.totals.filled for line in lines),
            **self._unsent(),
        }

    def _unsent(self) -> dict[str, int]:
        if self.publisher is None:
            return {}
        told = self.publisher.status()
        return {"given_up_unsent": told["dropped"], "waiting_to_be_sent": told["waiting"]}

    @property
    def latency_s(self) -> list[float]:
        """Wall seconds from taking up what had come to its events."""
        return list(self._latency_s)

    # -- the record -------------------------------------------------------------------------------------------

    def about(self) -> dict[str, Any]:
        """The head of record and score."""
        return {
            "scenario": "watch",
            "seed": None,
            "over": "+".join(sorted({url.partition("://")[0].replace("opc.tcp", "opcua") for url in self.order.urls})),
            "speed": "real",
            "models": [chosen.bound.name for chosen in self.chosen],
        }

    def more(self) -> dict[str, Any]:
        """What record and report say beside the head."""
        return {
            "began": self.began,
            "urls": list(self.order.urls),
            "model_files": [chosen.about for chosen in self.chosen],
            "versions": versions(),
        }

    def _open_record(self) -> None:
        if self.order.out is None or self.order.record == "none":
            return
        about = {**self.about(), "kind": "watch", "start": text(now_ns()), "is_simulated": False, **self.more()}
        self.recorder = Recorder(self.order.out, about, self.groups, self.order.record == "full")

    def _record(self, write: Callable[[Recorder], object]) -> None:
        """Write to the record, if there is one. A disk that takes no more ends the record, not the watch."""
        if self.recorder is None:
            return
        try:
            write(self.recorder)
        except OSError as error:
            self.record_ended = say("the record in {folder} ends here: {reason}", folder=self.recorder.folder,
                                    reason=error.strerror or error)  # fmt: skip
            self.recorder.abandon()
            self.recorder = None

    def span(self) -> tuple[int, int]:
        """From the first sample to where every model has scored, ns."""
        start = now_ns() if self.start is None else self.start
        return start, max(start, self.pipeline.finished or start)

    def close(self, state: str = "done") -> None:
        """Close the record, if it is open."""
        self._record(lambda record: record.line("health", self.health()))
        self._record(lambda record: record.finish(state))
        self.recorder = None


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and a request to end call `stop` meanwhile, where this thread may say so; elsewhere nothing changes."""
    loop = asyncio.get_running_loop()
    taken = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, and any thread but the main one
            loop.add_signal_handler(number, stop)
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)

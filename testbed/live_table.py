"""The live table in a terminal: lines, models, and the alarms that stand."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from connectors.results import Event
from connectors.texts import say
from connectors.times import SECOND
from edge.runtime import Status, Telling
from edge.tell import sentence, source_time, state_name

STYLES = {"connected": "green", "connecting": "yellow", "stale": "yellow", "lost": "red"}
SHOWN = 10  # alarms


class LiveTable:
    """Enter it, hand its `telling` to a runtime, leave it. Events and truths scroll above the table."""

    def __init__(self, console: Console | None = None) -> None:
        self._live = Live(console=console or Console(), refresh_per_second=4, transient=False)
        self.telling = Telling(self._events, self._status)

    def __enter__(self) -> LiveTable:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def line(self, text: str) -> None:
        """A line above the table."""
        self._live.console.print(text, highlight=False, markup=False)

    def _events(self, events: Sequence[Event]) -> None:
        for event in events:
            self.line(sentence(event))

    def _status(self, status: Status) -> None:
        self._live.update(view(status))


def view(status: Status) -> Group:
    """Everything there is to see at a moment."""
    parts = [_sources(status), *_publish(status), _models(status), _alarms(status)]
    silent = say("Silent groups: {names}", names=", ".join(status.silent)) if status.silent else ""
    return Group(*parts, silent, status.record_ended, say("Source time {at}. Ctrl-C stops.", at=source_time(status)))


def _sources(status: Status) -> Table:
    table = _table(say("source"), say("state"), say("since"), say("samples/s"), say("received"), say("late"),
                   say("reconnects"), say("why"))  # fmt: skip
    for source in status.sources:
        table.add_row(
            source["url"], f"[{STYLES[source['state']]}]{state_name(source['state'])}[/]", source["since"][11:19],
            f"{source['rate']:.0f}", str(source["received"]), str(source["late"]), str(source["reconnects"]),
            source["reason"].replace("[", "\\["),
        )  # fmt: skip
    return table


def _publish(status: Status) -> list[Table]:
    told = status.publish
    if told is None:
        return []
    table = _table(say("published to"), say("state"), say("sent"), say("waiting"), say("given up"), say("why"))
    style = "bold red" if told["dropped"] else ""
    table.add_row(
        told["url"], f"[{STYLES[told['state']]}]{state_name(told['state'])}[/]", str(told["sent"]),
        str(told["waiting"]), str(told["dropped"]), told["reason"].replace("[", "\\["), style=style,
    )  # fmt: skip
    return [table]


def _models(status: Status) -> Table:
    table = _table(
        say("model"), say("score"), say("p50 ms"), say("p99 ms"), say("scored"), say("blind s"), say("dropped")
    )
    for name, model in status.models.items():
        score = model["score"]
        style = "bold red" if score is not None and score >= 1.0 else ""
        table.add_row(
            name, "–" if score is None else f"{score:.2f}", _n(model["p50_ms"]), _n(model["p99_ms"]),
            str(model["scored"]), f"{model['blind_s']:.1f}", str(model["dropped"]), style=style,
        )  # fmt: skip
    return table


def _alarms(status: Status) -> Table:
    table = _table(say("alarm"), say("place"), say("by"), say("score"), say("age s"))
    for event in status.alarms[-SHOWN:]:
        age = 0.0 if status.present is None else (status.present - event.time) / SECOND
        table.add_row(event.condition, event.source, event.model, f"{event.score:.2f}", f"{age:.0f}", style="red")
    if not status.alarms:
        table.add_row(say("none"), style="dim")
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

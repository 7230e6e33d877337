"""What a watch says in plain lines: events as they come, and lines that change their state. For logs and pipes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from connectors.clock import now_ns
from connectors.results import Event
from connectors.texts import say
from connectors.times import text
from edge.runtime import Runtime, Status, Telling

Print = Callable[[str], None]


def on_stdout(line: str) -> None:
    """A line on stdout, at once."""
    print(line, flush=True)


def on_stderr(line: str) -> None:
    """A line on stderr, at once."""
    print(line, file=sys.stderr, flush=True)


class Plain:
    """Sentences, one a line."""

    def __init__(self, out: Print = on_stdout) -> None:
        self._out = self.line = out
        self._states: dict[str, tuple[str, str]] = {}
        self._silent: set[str] = set()
        self._counts: dict[str, int] = {}
        self._sending: tuple[str, str] | None = None
        self.telling = Telling(self.events, self.status)

    def events(self, events: Sequence[Event]) -> None:
        for event in events:
            self._out(sentence(event))

    def status(self, status: Status) -> None:
        """Only what has changed since the last time."""
        for source in status.sources:
            state = (source["state"], source["reason"])
            if self._states.get(source["url"]) != state:
                self._states[source["url"]] = state
                self._out(state_sentence(source))
            lost = source["lost"]
            if lost != self._counts.get(source["url"], 0):
                self._counts[source["url"]] = lost
                self._out(say("{at}  {url}: {lost} samples lost so far, {filled} filled from history",
                              at=text(now_ns()), url=source["url"], lost=lost, filled=source["filled"]))  # fmt: skip
        for name in sorted(set(status.silent) - self._silent):
            self._out(say("{at}  group '{name}' is silent", at=source_time(status), name=name))
        for name in sorted(self._silent - set(status.silent)):
            self._out(say("{at}  group '{name}' speaks again", at=source_time(status), name=name))
        self._silent = set(status.silent)
        self._publish(status.publish)
        if status.record_ended and not self._counts.get("record"):
            self._counts["record"] = 1
            self._out(f"{text(now_ns())}  {status.record_ended}")
        for name, model in status.models.items():
            if model["dropped"] > self._counts.get(name, 0):
                self._counts[name] = model["dropped"]
                self._out(say("{at}  {name} is too slow: {n} windows dropped so far", at=source_time(status), name=name,
                              n=model["dropped"]))  # fmt: skip

    def _publish(self, told: dict[str, Any] | None) -> None:
        if told is None:
            return
        if (told["state"], told["reason"]) != self._sending:
            self._sending = (told["state"], told["reason"])
            self._out(sending_sentence(told))
        if told["dropped"] > self._counts.get("publish", 0):
            self._counts["publish"] = told["dropped"]
            self._out(say("{at}  the spool {path} is full: {n} messages given up so far", at=text(now_ns()),
                          path=told["spool"], n=told["dropped"]))  # fmt: skip


class JsonLines:
    """One JSON object a line: events, and the state of the lines whenever it changes."""

    def __init__(self, out: Print = on_stdout) -> None:
        self._out = out
        self._states: dict[str, tuple[str, str]] = {}
        self.telling = Telling(self.events, self.status)

    def events(self, events: Sequence[Event]) -> None:
        for event in events:
            self._put({"event": {**asdict(event), "crop": "", "at": text(event.time)}})

    def status(self, status: Status) -> None:
        states = {source["url"]: (source["state"], source["reason"]) for source in status.sources}
        if status.publish is not None:
            states["publish"] = (status.publish["state"], status.publish["reason"])
        if status.record_ended:
            states["record"] = ("", status.record_ended)
        if states != self._states:
            self._states = states
            more = {"publish": status.publish, "record_ended": status.record_ended}
            self._put({"sources": list(status.sources), **{name: value for name, value in more.items() if value}})

    def _put(self, value: dict[str, Any]) -> None:
        self._out(json.dumps(value, ensure_ascii=False))


def sentence(event: Event) -> str:
    """An event in one line."""
    top = ", ".join(f"{name.rsplit('/', 1)[-1]} {share:.2f}" for name, share in event.evidence)
    what = {
        "at": text(event.time), "condition": event.condition, "source": event.source, "model": event.model,
        "score": f"{event.score:.2f}",
    }  # fmt: skip
    if event.change == "active":
        told = say("{at}  ALARM    {condition} at {source}, by {model}, score {score}", **what)
    else:
        told = say("{at}  returned {condition} at {source}, by {model}, score {score}", **what)
    return told + (f"  ({top})" if top else "")


def state_sentence(source: dict[str, Any]) -> str:
    """The state of a line in one line."""
    reason = f": {source['reason']}" if source["reason"] else ""
    return say("{since}  {url} is {state}{reason}", since=source["since"], url=source["url"], reason=reason,
               state=state_name(source["state"]))  # fmt: skip


def sending_sentence(told: dict[str, Any]) -> str:
    """The state of what is sent on in one line."""
    reason = f": {told['reason']}" if told["reason"] else ""
    return say("{at}  publishing to {url}: {state}{reason}. {n} messages wait.", at=text(now_ns()), url=told["url"],
               state=state_name(told["state"]), reason=reason.rstrip("."), n=told["waiting"])  # fmt: skip


def sent_sentence(told: dict[str, Any]) -> str:
    """What became of what was to be sent on."""
    return say(
        "Published to {url}: {sent} messages; {waiting} wait in {path} for the next watch; given up: {dropped}.",
        url=told["url"], sent=told["sent"], waiting=told["waiting"], path=told["spool"], dropped=told["dropped"],
    )  # fmt: skip


def state_name(state: str) -> str:
    """A state in the reader's language."""
    names = {
        "connecting": say("connecting"),
        "connected": say("connected"),
        "stale": say("stale"),
        "lost": say("lost"),
    }
    return names[state]


def source_time(status: Status) -> str:
    """Up to where every model has scored."""
    return "–" if status.present is None else text(status.present)


def closing(runtime: Runtime) -> str:
    """What a watch comes down to, in one line."""
    counts = runtime.counts().values()
    active = sum(event.change == "active" for event in runtime.events)
    notes = runtime.notes()
    sent = "" if runtime.publisher is None else " " + sent_sentence(runtime.publisher.status())
    return say(
        "{alarms} alarms. Samples received: {received}, late: {late}. Windows dropped: {dropped}. "
        "Reconnects: {reconnects}.",
        alarms=active, received=sum(c.received for c in counts) - notes["repeated"], late=sum(c.late for c in counts),
        dropped=notes["dropped"], reconnects=notes["reconnects"],
    ) + sent  # fmt: skip

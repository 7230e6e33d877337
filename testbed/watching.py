"""Watches a live line with the edge runtime, and adds what only this side knows: the truth, the score, the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from connectors.errors import InputError
from connectors.results import Event
from connectors.texts import say
from connectors.times import text
from connectors.truth import Truth
from edge.order import Order
from edge.runtime import Runtime, Status, Telling
from testbed.labels import read_labels
from testbed.match import match
from testbed.record import table, truth_of
from testbed.rivals import rows
from testbed.running import Run, in_loop, keep_record
from testbed.score import Facts, score


def watch(order: Order, telling: Telling | None = None, truth: Path | None = None) -> Run:
    """Watch until the time is over or somebody stops it; the record is closed and scored.

    Args:
        order: what to watch, with what.
        telling: who wants to see it.
        truth: what really happened: a labels file, the truth file of a served plant, or the folder of a run.

    Raises InputError if anything given does not fit, PartFailed if a line is not there.
    """
    answers = Answers(truth)
    runtime = Runtime(order, telling)
    in_loop(runtime.run())
    return finish(runtime, answers)


def finish(runtime: Runtime, answers: Answers) -> Run:
    """Score what a runtime has seen, and close its record."""
    start, end = runtime.span()
    truths = [t for t in answers.all() if t.onset <= end and (t.cleared is None or t.cleared >= start)]
    counts = runtime.counts()
    facts = Facts(
        start=start,
        end=end,
        truths=truths,
        events=runtime.events,
        counts=counts,
        blind=runtime.pipeline.blind(),
        latency_s=runtime.latency_s,
        bytes={runtime.about()["over"]: runtime.source.bytes},
        wall_s=runtime.watch.seconds(),
        about={**runtime.about(), "state": "done"},
        notes=runtime.notes(),
        is_simulated=runtime.pipeline.is_simulated,
        is_live=True,
    )
    summary = {
        **score(facts),
        "zone": "UTC",
        "dropped": [],
        "rows": rows(truths, runtime.events, {}, start) if truths else [],
        "sources": list(runtime.status().sources),
        "model_states": runtime.status().models,
    }
    if runtime.publisher is not None:
        summary["publish"] = runtime.publisher.status()
    result = Run(
        score=summary,
        events=runtime.events,
        truths=truths,
        about={**runtime.about(), **runtime.more(), "steps": []},
        groups=runtime.groups,
        start=start,
        folder=None if runtime.recorder is None else runtime.order.out,
        signals_of=lambda group: table(group, []),
    )
    if runtime.recorder is not None:
        keep_record(runtime.recorder, result, {name: asdict(c) for name, c in counts.items()}, "done")
        runtime.recorder = None
    return result


class Answers:
    """What really happened, read from a file as it grows.

    Raises InputError if there is no such file, or it is none of ours.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = None if path is None else path / "truth.jsonl" if path.is_dir() else path
        self._is_labels = self._path is not None and self._path.suffix.lower() == ".csv"
        if self._path is not None and not self._path.is_file():
            raise InputError(say("There is no truth at {path}.", path=self._path))
        self._fixed = read_labels(self._path, "UTC") if self._path is not None and self._is_labels else []
        self.all()  # what is no truth is told before anything is opened

    def all(self) -> list[Truth]:
        """Everything the file says by now; a later line about the same thing replaces an earlier one."""
        if self._path is None or self._is_labels:
            return list(self._fixed)
        latest: dict[tuple[str, str, int], Truth] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                truth = truth_of(json.loads(line))
            except json.JSONDecodeError:
                break  # a torn last line
            except (TypeError, ValueError, AttributeError):
                raise InputError(say("{path} is no truth of a run.", path=self._path)) from None
            latest[truth.name, truth.where, truth.onset] = truth
        return list(latest.values())

    def shown(self, present: int | None, reveal: bool) -> list[Truth]:
        """What may be shown by source time `present`: truths past their deadline, or all of them."""
        if present is None:
            return []
        return [t for t in self.all() if reveal or t.alert_deadline <= present]


class Truths:
    """Says each truth once it may be said, and whether an alarm has found it."""

    def __init__(self, answers: Answers, reveal: bool, out: Callable[[str], None]) -> None:
        self._answers, self._reveal, self._out = answers, reveal, out
        self._said: set[tuple[str, str, int]] = set()
        self._events: list[Event] = []
        self.telling = Telling(self.events, self.status)

    def events(self, events: Iterable[Event]) -> None:
        self._events += events

    def status(self, status: Status) -> None:
        for truth in self._answers.shown(status.present, self._reveal):
            key = (truth.name, truth.where, truth.onset)
            if key not in self._said:
                self._said.add(key)
                self._out(self._sentence(truth))

    def _sentence(self, truth: Truth) -> str:
        (entry,) = match([truth], self._events).found
        if entry.events:
            verdict = say("found at {at}", at=text(entry.events[0].time))
        else:
            verdict = say("not found so far") if truth.is_fault else say("left alone so far")
        return say(
            "{deadline}  truth: {name} at {where} since {onset}: {verdict}",
            deadline=text(truth.alert_deadline), name=truth.name, where=truth.where or "–", onset=text(truth.onset),
            verdict=verdict,
        )  # fmt: skip


def both(*tellings: Telling) -> Telling:
    """Tell several."""

    def events(events: Iterable[Event]) -> None:
        for telling in tellings:
            telling.events(list(events))

    def status(status: Status) -> None:
        for telling in tellings:
            telling.status(status)

    return Telling(events, status)

"""What the sections of the report read: the run, and every alarm with what it turned out to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors.results import Event
from connectors.texts import say
from connectors.times import SECOND, nanoseconds
from connectors.truth import Truth
from testbed.match import Found, match
from testbed.report.formats import DAYS_S, Clock, moment
from testbed.report.markup import Html, join, tag
from testbed.report.signals import Signals

if TYPE_CHECKING:
    from testbed.running import Run


@dataclass(frozen=True, slots=True)
class Judged:
    """An activation and what it was.

    Attributes:
        event: the activation.
        kind: 'found' or 'late' (of a fault), 'repeat', 'known' (a look-alike found as what it is), 'aftermath' (of
            a fault that was not averted), 'false', 'forbidden', or 'alarm' where no truth says.
        truth: what it found, or what forbids it.
        at: s since the start.
        until: s when the alarm returned; None while it stands.
    """

    event: Event
    kind: str
    truth: Truth | None
    at: float
    until: float | None


class View:
    """A run as the report reads it. Times are seconds since its start."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.score: dict[str, Any] = run.score
        self.about: dict[str, Any] = run.about
        self.duration = float(run.score["duration_s"])
        self.clock = Clock(self.duration)
        self.signals = Signals(run)
        self.is_replay = "rows" in run.score
        self.is_live = bool(run.about.get("urls"))
        self.is_judged = bool(run.truths) or not self.is_replay
        result = match(run.truths, run.events)
        self.found: tuple[Found, ...] = result.found
        self._kinds: dict[int, tuple[str, Truth | None]] = {}
        for entry in result.found:
            for i, event in enumerate(entry.events):
                self._kinds[id(event)] = (_kind(entry.truth, event, i), entry.truth)
        self._kinds.update((id(event), ("aftermath", None)) for event in result.aftermath)
        self._kinds.update((id(f.event), ("forbidden", f.truth)) for f in result.forbidden)
        self.judged: tuple[Judged, ...] = tuple(self._judge())

    def s(self, ns: int) -> float:
        """Seconds since the start."""
        return (ns - self.run.start) / SECOND

    @property
    def faults(self) -> list[Found]:
        """Faults by onset, each with the alarms that found it."""
        return [entry for entry in self.found if entry.truth.is_fault]

    @property
    def zone(self) -> str:
        """The zone that times of the data are told in."""
        return str(self.score.get("zone", "UTC"))

    @property
    def models(self) -> list[str]:
        """Every model that ran or said something."""
        names = [str(name) for name in self.about.get("models", [])]
        return list(dict.fromkeys([*names, *(j.event.model for j in self.judged)]))

    @property
    def false_alarms(self) -> list[Judged]:
        """Alarms that found nothing, by time."""
        return [j for j in self.judged if j.kind in ("false", "forbidden", "alarm")]

    def when(self, seconds: float | None) -> Html:
        """A moment for a table; of measured data, with its time of day too."""
        told = self.clock.at(seconds)
        if seconds is None or self.score["is_simulated"]:
            return join([told])
        day = moment(self.run.start + nanoseconds(seconds), self.zone)
        at = day[11:19] if self.duration < DAYS_S else day[5:16]
        return join([told, tag("small", at, class_="path", title=day)])

    def _judge(self) -> list[Judged]:
        """Every activation with its end: the next return of the same alarm, or its next activation."""
        events = sorted((e for e in self.run.events if e.change in ("active", "returned")), key=lambda e: e.time)
        unmatched = "false" if self.is_judged else "alarm"
        standing: dict[tuple[str, str, str], int] = {}
        found: list[Judged] = []
        for event in events:
            key = (event.model, event.source, event.condition)
            at = self.s(event.time)
            before = standing.pop(key, None)
            if before is not None:
                found[before] = replace(found[before], until=at)
            if event.change == "active":
                kind, truth = self._kinds.get(id(event), (unmatched, None))
                if event.box is None:  # a defect is over as soon as it has passed
                    standing[key] = len(found)
                found.append(Judged(event, kind, truth, at, None if event.box is None else at))
        return found


def _kind(truth: Truth, event: Event, i: int) -> str:
    if not truth.is_fault:
        return "known" if i == 0 else "repeat"
    if i > 0:
        return "repeat"
    return "found" if event.time <= truth.alert_deadline else "late"


def last_level(path: str) -> str:
    """The last level of a path."""
    return path.rsplit("/", 1)[-1]


def evidence_of(events: Sequence[Event], n: int = 3) -> list[str]:
    """Names of the first event's evidence, the greatest share first."""
    return [name for name, _ in events[0].evidence[:n]] if events else []


def what(kind: str) -> str:
    """What an alarm turned out to be, in words; the same words as in the legends."""
    return {
        "found": say("found in time"),
        "late": say("found too late"),
        "repeat": say("repeat"),
        "known": say("look-alike found as what it is"),
        "aftermath": say("aftermath of a fault"),
        "false": say("false alarm"),
        "forbidden": say("forbidden alarm"),
        "alarm": say("alarm"),
    }[kind]

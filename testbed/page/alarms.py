"""The operators' list of alarms by ISA-18.2: what came, who has seen it, what is set aside, and whether it was right.

It stands beside the run: what an operator does here changes neither what the models say nor how they are scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import InputError
from connectors.results import AlarmState, Event
from connectors.texts import say
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.match import Match, match
from testbed.page import speech
from testbed.page.rows import Rows

SHOWN = 60  # alarms sent to a page; further ones are counted
SETTLED_S = 5.0  # source time within which a tag that is evidence shows which way it goes; judgement
JUDGED_AFTER_S = 20.0  # source time after which an alarm that finds nothing is said to be false; judgement
STANDING = (AlarmState.UNACK, AlarmState.ACKED, AlarmState.RTN_UNACK, AlarmState.LATCHED)
ASIDE = {"shelve": AlarmState.SHELVED, "out_of_service": AlarmState.OUT_OF_SERVICE}


@dataclass(slots=True)
class Entry:
    """One activation of one alarm, as it stands."""

    number: int
    event: Event
    ways: tuple[int, ...]  # of its evidence: as `Rows.way` says
    is_settled: bool = False  # these ways change no more
    is_active: bool = True
    is_acknowledged: bool = False
    returned: int | None = None
    truth: Truth | None = None
    is_false: bool = False
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def point(self) -> tuple[str, str, str]:
        """What is shelved: this alarm at this place."""
        return self.event.model, self.event.source, self.event.condition


@dataclass(frozen=True, slots=True)
class Aside:
    """An alarm that is shelved until a time (ns), or out of service until somebody puts it back."""

    state: AlarmState
    until: int | None
    by: str
    reason: str


class AlarmList:
    """Alarms of one run, by the order in which they came."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.entries: list[Entry] = []
        self.truths: Sequence[Truth] = ()
        self.match = Match((), (), ())
        self._events: list[Event] = []
        self._aside: dict[tuple[str, str, str], Aside] = {}

    def take(self, events: Iterable[Event], rows: Rows) -> None:
        """What the models say, as it comes."""
        for event in events:
            if event.change == "active":
                self._events.append(event)
                ways = tuple(rows.way(channel, event.time) for channel, _ in event.evidence)
                self.entries.append(Entry(len(self.entries) + 1, event, ways, is_active=event.box is None))
            else:
                self._return(event)

    def settle(self, rows: Rows, now: int) -> None:
        """Look again at evidence that went nowhere: a model hears a tag begin to swing before an eye sees it."""
        for entry in [one for one in self.entries if not one.is_settled]:
            until = entry.event.time + round(SETTLED_S * SECOND)
            told = zip(entry.event.evidence, entry.ways, strict=True)
            entry.ways = tuple(way or rows.way(channel, min(now, until)) for (channel, _), way in told)
            entry.is_settled = now >= until or all(entry.ways)

    def _return(self, event: Event) -> None:
        for entry in reversed(self.entries):
            if entry.is_active and entry.point == (event.model, event.source, event.condition):
                entry.is_active, entry.returned = False, event.time
                return

    def judge(self, truths: Sequence[Truth]) -> None:
        """Hold what came against the truth, as far as it is known by now."""
        self.truths = truths
        found = self.match = match(truths, self._events)
        of = {id(event): one.truth for one in found.found for event in one.events}
        false = {id(event) for event in found.false_alarms}
        for entry in self.entries:
            entry.truth, entry.is_false = of.get(id(entry.event)), id(entry.event) in false

    def state(self, entry: Entry, now: int) -> AlarmState:
        """The state an operator sees at `now`, ns."""
        aside = self._aside.get(entry.point)
        if aside is not None:
            if aside.until is None or now < aside.until:
                return aside.state
            del self._aside[entry.point]
        if entry.is_active:
            return AlarmState.ACKED if entry.is_acknowledged else AlarmState.UNACK
        if entry.is_acknowledged:
            return AlarmState.NORMAL
        return AlarmState.UNACK if entry.event.box is not None else AlarmState.RTN_UNACK

    def acknowledge(self, numbers: Iterable[int], by: str, now: int) -> None:
        """Somebody has seen these. Raises InputError if there is no such alarm."""
        for entry in [self._entry(number) for number in numbers]:
            entry.is_acknowledged = True
            entry.notes.append({"did": "acknowledge", "by": by, "at": self._s(now), "reason": ""})

    def set_aside(self, how: str, number: int, by: str, reason: str, now: int, minutes: float | None) -> None:
        """Shelve an alarm for some minutes of source time, or take it out of service. Raises InputError."""
        entry = self._entry(number)
        until = None if minutes is None else now + round(minutes * 60 * SECOND)
        self._aside[entry.point] = Aside(ASIDE[how], until, by, reason)
        entry.notes.append({"did": how, "by": by, "at": self._s(now), "reason": reason})

    def put_back(self, number: int, by: str, now: int) -> None:
        """Let an alarm speak again. Raises InputError if there is no such alarm."""
        entry = self._entry(number)
        self._aside.pop(entry.point, None)
        entry.notes.append({"did": "put_back", "by": by, "at": self._s(now), "reason": ""})

    def _entry(self, number: int) -> Entry:
        if not 1 <= number <= len(self.entries):
            raise InputError(say("There is no alarm {number} in this run.", number=number))
        return self.entries[number - 1]

    def _s(self, time: int) -> float:
        return round((time - self.start) / SECOND, 1)

    # -- what a page is told --------------------------------------------------------------------------------

    def plain(self, now: int, is_over: bool) -> dict[str, Any]:
        """As JSON values, most urgent first; `is_over` once the run has ended, when every verdict is said."""
        told = [(self.state(entry, now), entry) for entry in self.entries]
        told.sort(key=lambda pair: (_rank(pair[0]), -pair[1].event.severity, -pair[1].event.time, -pair[1].number))
        return {
            "total": len(told),
            "unacknowledged": sum(state in (AlarmState.UNACK, AlarmState.RTN_UNACK) for state, _ in told),
            "struck": [
                {"what": speech.called(truth.name), "at": self._s(truth.struck)}
                for truth in self.truths
                if truth.struck is not None and truth.struck <= now
            ],
            "list": [self._plain(entry, state, now, is_over) for state, entry in told[:SHOWN]],
        }

    def _plain(self, entry: Entry, state: AlarmState, now: int, is_over: bool) -> dict[str, Any]:
        event, aside = entry.event, self._aside.get(entry.point)
        box = event.box
        return {
            "id": entry.number,
            "at": self._s(event.time),
            "back": None if entry.returned is None else self._s(entry.returned),
            "source": event.source,
            "condition": speech.condition(event.condition),
            "code": event.condition,
            "severity": event.severity,
            "state": state.value,
            "score": round(event.score, 2),
            "model": event.model,
            "why": _why(entry),
            "advice": speech.advice(event.advice),
            "label": speech.called(event.label) if event.label else None,
            "box": None if box is None else [
                box.part_id, round(box.start_m, 2), round(box.left_mm), round(box.end_m, 2), round(box.right_mm)
            ],
            "crop": bool(event.crop),
            "aside": None if aside is None else {
                "by": aside.by, "reason": aside.reason,
                "until": None if aside.until is None else self._s(aside.until),
            },
            "notes": entry.notes[-3:],
            **self._verdict(entry, now, is_over),
        }  # fmt: skip

    def _verdict(self, entry: Entry, now: int, is_over: bool) -> dict[str, Any]:
        """Time left while there is some; after the deadline, whether the alarm was right."""
        truth, is_late = entry.truth, now >= entry.event.time + JUDGED_AFTER_S * SECOND
        told: dict[str, Any] = {"deadline": None, "exit": None, "verdict": "open", "truth": None}
        if truth is not None and truth.is_fault:
            told["deadline"] = self._s(truth.alert_deadline)
            told["exit"] = None if truth.consequence_time is None else self._s(truth.consequence_time)
            if now > truth.alert_deadline or is_over:
                told["verdict"] = "right" if entry.event.time <= truth.alert_deadline else "late"
        elif is_late or is_over:
            told["verdict"] = "right" if truth is not None else "wrong" if entry.is_false else "after"
        if truth is not None and told["verdict"] != "open":
            told["truth"] = speech.called(truth.name)
        return told


def _why(entry: Entry) -> list[dict[str, Any]]:
    """What the alarm rests on: tags with their share, and which way each went."""
    return [
        {"tag": tag, "what": speech.measured(tag.rsplit("/", 1)[-1]), "share": round(share, 3), "way": way}
        for (tag, share), way in zip(entry.event.evidence, entry.ways, strict=True)
    ]


def _rank(state: AlarmState) -> int:
    order = (AlarmState.UNACK, AlarmState.RTN_UNACK, AlarmState.ACKED, AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE)
    return order.index(state) if state in order else len(order)

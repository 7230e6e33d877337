"""Holds events against the truth: what was found and when, what was repeated, what was false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.results import Event
from connectors.truth import Truth


@dataclass(slots=True)
class Found:
    """A truth and the activations that found it, by time."""

    truth: Truth
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A false alarm that a truth forbids by name."""

    truth: Truth
    event: Event


@dataclass(frozen=True, slots=True)
class Match:
    """Every truth with what found it, and every activation that found nothing."""

    found: tuple[Found, ...]
    false_alarms: tuple[Event, ...]
    forbidden: tuple[Forbidden, ...]
    aftermath: tuple[Event, ...] = ()


def match(truths: Sequence[Truth], events: Sequence[Event]) -> Match:
    """Activations find truths whose condition, place and time they fit; each finds at most one.

    A fault or look-alike is found inside [onset, max(cleared, deadline)], a stop after the one before it and up to its
    deadline. The first activation counts, further ones are repeats; every other activation is a false alarm, unless a
    fault has ended in its consequence at that place before: what rings in a line that has broken down is its aftermath.
    """
    found = [Found(truth) for truth in sorted(truths, key=lambda t: (t.onset, t.name))]
    windows = _windows([entry.truth for entry in found])
    false: list[Event] = []
    aftermath: list[Event] = []
    forbidden: list[Forbidden] = []
    for event in sorted((e for e in events if e.change == "active"), key=lambda e: e.time):
        inside = [
            entry
            for entry, (first, last) in zip(found, windows, strict=True)
            if first <= event.time <= last and agree(entry.truth.where, event.source) and meet(entry.truth, event)
        ]
        fitting = [entry for entry in inside if event.condition in entry.truth.expects]
        if fitting:
            fresh = [entry for entry in fitting if not entry.events]
            min(fresh or fitting, key=lambda entry: _distance(entry.truth, event)).events.append(event)
            continue
        if any(_has_ended_in_ruin(truth, event) for truth in truths):
            aftermath.append(event)
            continue
        false.append(event)
        forbidden += [Forbidden(e.truth, event) for e in inside if event.condition in e.truth.forbids][:1]
    return Match(tuple(found), tuple(false), tuple(forbidden), tuple(aftermath))


def _has_ended_in_ruin(truth: Truth, event: Event) -> bool:
    """Whether the fault was over by its consequence before the event, at the event's place."""
    is_over = truth.struck is not None and truth.cleared == truth.struck
    return is_over and event.time >= (truth.struck or 0) and agree(truth.where, event.source)


def agree(where: str, source: str) -> bool:
    """Whether two places agree: paths that nest, or one that is not named.

    >>> agree("POH/CC1/MOLD", "POH/CC1/MOLD/TC_1"), agree("POH/CC1/MOLD/TC_2", "POH/CC1/MOLD/TC_1")
    (True, False)
    """
    if not where or not source or where == source:
        return True
    return source.startswith(where + "/") or where.startswith(source + "/")


def meet(truth: Truth, event: Event) -> bool:
    """Whether their boxes on the strip meet; one without a box lies anywhere."""
    return truth.box is None or event.box is None or truth.box.meets(event.box)


def _windows(truths: Sequence[Truth]) -> list[tuple[int, int]]:
    """When each truth can be found, ns."""
    windows: list[tuple[int, int]] = []
    ended = -(2**63)
    for truth in truths:
        if truth.kind == "stop":
            windows.append((ended + 1, truth.alert_deadline))
            ended = max(ended, truth.cleared if truth.cleared is not None else truth.onset)
        else:
            last = 2**63 - 1 if truth.cleared is None else max(truth.cleared, truth.alert_deadline)
            windows.append((truth.onset, last))
    return windows


def _distance(truth: Truth, event: Event) -> float:
    """How far apart the middles of two boxes are, in metres; 0 for what has none: the first one fitting counts."""
    a, b = truth.box, event.box
    if a is None or b is None:
        return 0.0
    along = (a.start_m + a.end_m - b.start_m - b.end_m) / 2
    across = (a.left_mm + a.right_mm - b.left_mm - b.right_mm) / 2000.0
    return float(along * along + across * across) ** 0.5

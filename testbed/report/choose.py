"""Which of a run's many tags are worth a reader's look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from connectors.tags import Tag
from connectors.texts import say
from connectors.truth import Truth
from testbed.match import Found, agree
from testbed.report.signals import Signals, Trace, binned
from testbed.report.view import View, evidence_of

PLOTS = 8  # curves in a report
ZOOMS = 4  # faults looked at closely
PAD_S = 30.0  # s shown before a fault's onset and after its deadline
PAD = 0.1  # or this share of the time between them, where that is more
BINS = 60  # a curve is judged by the means of so many stretches


@dataclass(frozen=True, slots=True)
class Pick:
    """A tag to be drawn, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Zoom:
    """A fault to be looked at closely.

    Attributes:
        found: the fault, and the alarms that found it.
        start, end: s, what is shown.
        onset: s.
        until: s, up to when values set the scales: the consequence or the plant's first response, which would dwarf
            everything, or `end`.
        picks: tags shown as curves.
    """

    found: Found
    start: float
    end: float
    onset: float
    until: float
    picks: tuple[Pick, ...]


def zooms(view: View) -> list[Zoom]:
    """The faults to be looked at closely: mostly what was missed or late, and one that was found.

    A defect on a strip is looked at in its crop; curves of tags say nothing about it.
    """
    inside = [entry for entry in over_time(view) if 0 <= view.s(entry.truth.onset) <= view.duration]
    found = [entry for entry in inside if _is_in_time(entry)]
    missed = [entry for entry in inside if not _is_in_time(entry)]
    chosen = sorted([*missed[: ZOOMS - bool(found)], *found][:ZOOMS], key=lambda entry: entry.truth.onset)
    each = max(1, min(3, (PLOTS - 2) // max(len(chosen), 1)))
    return [_zoom(view, found, each) for found in chosen]


def over_time(view: View) -> list[Found]:
    """Faults that tags tell of, and no camera."""
    return [entry for entry in view.faults if entry.truth.box is None]


def _is_in_time(found: Found) -> bool:
    return bool(found.events) and found.events[0].time <= found.truth.alert_deadline


def _zoom(view: View, found: Found, n: int) -> Zoom:
    truth = found.truth
    moments = [view.s(ns) for ns in (truth.onset, truth.alert_deadline)]
    if found.events:
        moments.append(view.s(found.events[0].time))
    pad = max(PAD_S, PAD * (max(moments) - min(moments)))
    start, end = max(0.0, min(moments) - pad), min(view.duration, max(moments) + pad)
    picks = [
        Pick(name, say("evidence {i} of its alarm", i=i + 1))
        for i, name in enumerate(evidence_of(found.events, n))
        if name in view.signals
    ]
    if len(picks) < n:
        known = {pick.name for pick in picks}
        first, last = sorted(moments[:2])
        first = first if last > first else first - pad  # a stop is told by what came before it
        names = [name for name in _placed(view.signals, truth.where) if name not in known]
        ranked = _ranked(view.signals, names, lambda trace: _response(trace, first, last))
        picks += [Pick(name, say("moves most there")) for name in ranked[: n - len(picks)]]
    return Zoom(found, start, end, view.s(truth.onset), _until(view, truth, end), tuple(picks))


def _until(view: View, truth: Truth, end: float) -> float:
    """When the consequence, or the first response after the onset, begins to dwarf everything; `end` without one."""
    onset = view.s(truth.onset)
    taken = [view.s(step["time"]) for step in view.about.get("steps", []) if step.get("kind") == "response"]
    suffered = [] if truth.consequence_time is None else [view.s(truth.consequence_time)]
    return min((at for at in (*taken, *suffered) if onset < at < end), default=end)


def overview(view: View, taken: set[str], room: int) -> list[Pick]:
    """Up to `room` tags over the whole run, that are not `taken` by a close look."""
    picks: dict[str, str] = {}
    for entry in view.found:
        if not entry.truth.is_fault and entry.truth.where in view.signals:
            picks.setdefault(entry.truth.where, say("place of a look-alike"))
    for j in view.judged:
        if j.event.source in view.signals:
            picks.setdefault(j.event.source, say("source of an alarm"))
        elif j.kind in ("false", "forbidden", "alarm"):
            for name, _ in j.event.evidence[:1]:
                picks.setdefault(name, say("evidence of an alarm"))
    first = [name for name in picks if name not in taken and view.signals.trace(name) is not None]
    first = first[: max(1, room - 3)]
    chosen = [Pick(name, picks[name]) for name in first]
    others = _largest(view, taken.union(first), max(0, room - len(chosen)))
    return chosen + others


def _largest(view: View, taken: set[str], room: int) -> list[Pick]:
    """In turn from each group the tag that changes most; vibration after everything else."""
    groups = sorted(view.signals.groups, key=lambda group: group.kind == "blocks")
    edges = np.linspace(0.0, max(view.duration, 1e-9), BINS + 1)
    queues = []
    for group in groups:
        names = [tag.name for tag in group.tags if tag.name not in taken]
        queues.append(_ranked(view.signals, names, lambda trace: _change(trace, edges)))
    turns = [name for turn in range(room) for queue in queues for name in queue[turn : turn + 1]]
    return [Pick(name, say("changes most")) for name in turns[:room]]


def _placed(signals: Signals, where: str) -> list[str]:
    """Tags whose path nests with the place of a truth; all where there is none."""
    names = [tag.name for group in signals.groups for tag in group.tags]
    return [name for name in names if agree(where, name)] or names


def _ranked(signals: Signals, names: list[str], strength: Callable[[Trace], float]) -> list[str]:
    """Names whose traces have any strength, the strongest first; ties keep the order."""
    found = []
    for name in names:
        trace = signals.trace(name)
        value = 0.0 if trace is None else strength(trace)
        if value > 0:
            found.append((-value, len(found), name))
    return [name for _, _, name in sorted(found)]


def _response(trace: Trace, onset: float, end: float) -> float:
    """How far a tag leaves where it was before the onset, in standard deviations of what it was."""
    before = trace.between(onset - PAD_S, onset)
    if np.isfinite(before.value).sum() < 4:
        before = trace
    after = binned(trace.between(onset, end), np.linspace(onset, end + 1e-9, 21))
    if not np.isfinite(before.value).any() or not np.isfinite(after).any():
        return 0.0
    usual, noise = float(np.nanmean(before.value)), float(np.nanstd(before.value))
    return float(np.nanmax(np.abs(after - usual))) / (noise + _floor(trace.tag, usual))


def _change(trace: Trace, edges: np.ndarray) -> float:
    """How far the means of a tag's stretches lie apart, in standard deviations from sample to sample."""
    means = binned(trace, edges)
    if np.isfinite(means).sum() < 2:
        return 0.0
    good = trace.value[np.isfinite(trace.value)]
    noise = float(np.median(np.abs(np.diff(good)))) if len(good) > 1 else 0.0
    usual = float(np.nanmedian(means))
    return float(np.nanmax(means) - np.nanmin(means)) / (noise + _floor(trace.tag, usual))


def _floor(tag: Tag, usual: float) -> float:
    """The least noise a tag is credited with: a hundredth of its range, or of its size."""
    span = 0.0 if tag.eu_range is None else tag.eu_range[1] - tag.eu_range[0]
    return 0.01 * (span or abs(usual) or 1.0)

"""Curves of single tags, with their unit, their ticks, and what happened at their place."""

from __future__ import annotations

import numpy as np

from connectors.tags import Tag
from connectors.texts import say
from connectors.units import symbol
from testbed.match import agree
from testbed.names import measured
from testbed.report.choose import Pick
from testbed.report.formats import number
from testbed.report.markup import Html, join, tag
from testbed.report.signals import Trace, thin
from testbed.report.svg import (
    LEFT,
    RIGHT,
    Scale,
    box,
    clip,
    figure,
    folded,
    line,
    marker,
    path,
    ticks,
    time_axis,
    time_scale,
    words,
)
from testbed.report.view import View

PANEL = 78.0  # units a curve takes
LABEL = LEFT - 52  # units for a curve's name


def over_the_run(view: View, picks: list[Pick]) -> Html:
    """One figure a tag, over the whole run."""
    scale = time_scale(0.0, max(view.duration, 1e-9))
    traces = [(pick, trace) for pick in picks if (trace := view.signals.trace(pick.name)) is not None]
    figures = []
    for i, (pick, trace) in enumerate(traces):
        shown = trace.between(0.0, view.duration)
        marks = _happened(view, pick.name, scale, PANEL + 8)
        curve = panel(shown, view.signals.label(pick.name), pick.why, scale, 8.0)
        axis = time_axis(scale, view.clock, 8.0, 8.0 + PANEL, i + 1 == len(traces))
        label = say("{tag} over time", tag=trace.tag.name)
        figures.append(tag("figure", figure(PANEL + 34, label, marks[0], axis, curve, marks[1])))
    return join(figures)


def _happened(view: View, name: str, scale: Scale, bottom: float) -> tuple[Html, Html]:
    """Truths that touch a tag behind its curve, and alarms about it above."""
    behind = []
    for entry in view.found:
        truth = entry.truth
        if truth.is_fault or truth.where == name:
            end = view.duration if truth.cleared is None else view.s(truth.cleared)
            class_ = "during-fault" if truth.is_fault else "during-lookalike"
            if agree(truth.where, name):
                behind.append(box(scale(view.s(truth.onset)), 8, scale(end), bottom, class_))
    spots: dict[tuple[str, int], Html] = {}
    for j in view.judged:
        if j.event.source == name or any(name == channel for channel, _ in j.event.evidence):
            x = scale(j.at)
            spots.setdefault((j.kind, round(x / 3)), marker(j.kind, x, 14))
    return join(behind), join(spots.values())


def panel(trace: Trace, name: str, why: str, scale: Scale, top: float, until: float | None = None) -> Html:
    """A curve with name, unit and ticks, from `top` to `top + PANEL`; thinned to what the eye can tell apart.

    Values up to `until` s set the scale; what goes beyond it later leaves the frame.
    """
    low, high = _limits(trace if until is None else trace.between(scale.low, until))
    vertical = Scale(low, high, top + PANEL - 6, top + 6)
    parts = [_label(trace.tag, name, why, top)]
    for at in ticks(low, high, 3):
        y = vertical(at)
        parts.append(line(LEFT, y, RIGHT, y, "grid"))
        parts.append(words(LEFT - 6, y + 4, number(at, 5), "tick", "end"))
    time, value = thin(trace)
    parts.append(tag("path", d=path(time, value, scale, vertical), class_="curve"))
    if not np.isfinite(trace.value).any():
        parts.append(words((LEFT + RIGHT) / 2, top + PANEL / 2, say("no good sample"), "note", "middle"))
    return join(parts)


def _limits(trace: Trace) -> tuple[float, float]:
    """Least and greatest value with a little room; a constant gets a range around it."""
    good = trace.value[np.isfinite(trace.value)]
    if not len(good):
        return 0.0, 1.0
    low, high = float(good.min()), float(good.max())
    room = 0.06 * (high - low) or max(abs(high) * 0.05, 0.5)
    return low - room, high + room


def _label(tag_: Tag, name: str, why: str, top: float) -> Html:
    """The tag's name, its unit, what it measures, and why it is shown."""
    names = folded(name, LABEL)
    unit = symbol(tag_.unit)
    title = tag(
        "g", tag("title", tag_.name), *(words(4, top + 15 + 13 * i, part, "lane") for i, part in enumerate(names))
    )
    y = top + 16 + 13 * len(names)
    parts: list[str] = [title]
    if unit:
        parts.append(words(4, y, f"[{clip(unit, LABEL)}]", "tick"))
        y += 14
    said = [*folded(measured(tag_.short), LABEL, 10), *folded(why, LABEL, 10)]
    parts += [words(4, y + 11.5 * i, part, "why") for i, part in enumerate(part for part in said if part)]
    return join(parts)

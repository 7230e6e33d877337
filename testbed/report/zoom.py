"""A close look at one fault: the wall if there is one, the tags that tell, and every moment that matters."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.texts import say
from testbed.names import called
from testbed.report.choose import Zoom
from testbed.report.formats import span
from testbed.report.markup import Html, breakable, join, tag
from testbed.report.plots import PANEL, panel
from testbed.report.svg import RIGHT, Scale, box, figure, line, marker, rows_of, time_axis, time_scale, wide, words
from testbed.report.timeline import legend
from testbed.report.view import View, what
from testbed.report.wall import height, key, section, strips

ROW = 16.0  # units a row of flags takes


@dataclass(frozen=True, slots=True)
class Flag:
    """A moment that matters: `kind` is that of its marker, `at` in s."""

    kind: str
    at: float
    text: str


def close_look(view: View, zoom: Zoom) -> Html:
    """Heading, one sentence, figure."""
    truth = zoom.found.truth
    scale = time_scale(zoom.start, zoom.end)
    flags = _flags(view, zoom, scale)
    high = ROW * (max((row for _, row in flags), default=0) + 1) + 4
    top = high + 8
    wall = section(view, zoom)
    parts = []
    if wall is not None:
        parts.append(strips(wall, scale, top))
        top += height(wall)
    for pick in zoom.picks:
        trace = view.signals.trace(pick.name)
        if trace is not None:
            shown = trace.between(zoom.start, zoom.end)
            parts.append(panel(shown, view.signals.label(pick.name), pick.why, scale, top, zoom.until))
            top += PANEL + 12
    axis = time_axis(scale, view.clock, high, top)
    useful = sorted((view.s(truth.onset), view.s(truth.alert_deadline)))
    ground = box(scale(useful[0]), high, scale(useful[1]), top, "useful")
    poles = join(line(scale(f.at), high - 2, scale(f.at), top, f"pole {f.kind}-pole") for f, _ in flags)
    label = say("Close look at {name}", name=called(truth.name))
    drawn = figure(top + 26, label, ground, axis, *parts, poles, _heads(flags, scale, high))
    symbols = legend(["useful"], None if wall is None else key(wall))
    caption = None if wall is None else tag("p", _how_to_read_the_wall())
    note = None
    if zoom.until < zoom.end:
        note = tag("p", say("What goes beyond the scale after the consequence or the response is not drawn."))
    return tag(
        "section",
        tag("h3", called(truth.name), tag("small", " ", breakable(truth.where))),
        tag("p", _told(view, zoom)),
        tag("figure", drawn, tag("figcaption", symbols, caption, note)),
        class_="zoom",
    )


def _how_to_read_the_wall() -> str:
    return say(
        "Each strip is one sensor, row 1 on top. Darker is higher than before the onset, lighter is lower; the thin "
        "line is the same deviation as a curve. A wave that runs down the wall comes later from row to row."
    )


def _told(view: View, zoom: Zoom) -> str:
    truth, events = zoom.found.truth, zoom.found.events
    deadline = view.s(truth.alert_deadline)
    if not events and (truth.detectable_from is None or not truth.in_time):
        return say("No model found it, and nothing could be seen before the deadline.")
    if not events:
        seen = view.clock.at(view.s(truth.detectable_from or truth.onset))
        return say("No model found it. It could be seen from {seen} on; an alarm would have helped until {deadline}.",
                   seen=seen, deadline=view.clock.at(deadline))  # fmt: skip
    at, model = view.s(events[0].time), events[0].model
    told, delay = view.clock.at(at), span(at - view.s(truth.onset))
    if at > deadline:
        late = span(at - deadline)
        return say("Found by {model} at {at}, but {late} after the deadline.", model=model, at=told, late=late)
    return say("Found by {model} at {at}, {delay} after the onset and {lead} before the deadline.",
               model=model, at=told, delay=delay, lead=span(deadline - at))  # fmt: skip


def _moments(view: View, zoom: Zoom) -> list[Flag]:
    """The truth's moments, alarms and responses inside the figure, by time."""
    truth = zoom.found.truth
    named = (
        ("onset", truth.onset, say("onset")),
        ("detectable", truth.detectable_from, say("detectable")),
        ("deadline", truth.alert_deadline, say("deadline")),
        ("consequence", truth.consequence_time, say("consequence if nobody acts")),
    )
    flags = [Flag(kind, view.s(ns), text) for kind, ns, text in named if ns is not None]
    for j in view.judged:
        others = j.truth is not None and j.truth != truth and j.kind in ("found", "late")
        name = called(j.truth.name) if others and j.truth is not None else j.event.model
        flags.append(Flag(j.kind, j.at, f"{what(j.kind)} ({name})"))
    for step in view.about.get("steps", []):
        if step.get("kind") in ("response", "setpoint"):
            flags.append(Flag("step", view.s(step["time"]), called(step["name"])))
    inside = [flag for flag in flags if zoom.start <= flag.at <= zoom.end]
    return sorted(inside, key=lambda flag: flag.at)


def _flags(view: View, zoom: Zoom, scale: Scale) -> list[tuple[Flag, int]]:
    """The moments, of equal ones on one spot the first, each with the row its text takes above the figure."""
    kept: dict[tuple[str, int], Flag] = {}
    for flag in _moments(view, zoom):
        kept.setdefault((flag.kind, round(scale(flag.at) / 8)), flag)
    flags = list(kept.values())
    return list(zip(flags, rows_of([_extent(flag, scale) for flag in flags], most=8, gap=8), strict=True))


def _extent(flag: Flag, scale: Scale) -> tuple[float, float]:
    """The units marker and text take; the text stands on the left where there is no room on the right."""
    x, room = scale(flag.at), wide(flag.text, 11) + 10
    return (x - 6, x + room) if x + room <= RIGHT else (x - room, x + 6)


def _heads(flags: list[tuple[Flag, int]], scale: Scale, high: float) -> Html:
    """Marker and text of each moment, above `high`."""
    parts = []
    for flag, row in flags:
        x, y = scale(flag.at), ROW * row + 9
        is_right = x + wide(flag.text, 11) + 10 <= RIGHT
        parts.append(line(x, y, x, high, f"pole {flag.kind}-pole"))
        parts.append(marker(flag.kind, x, y))
        parts.append(words(x + (9 if is_right else -9), y + 4, flag.text, "flag", None if is_right else "end"))
    return join(parts)

"""The run at a glance: what happened, what each model said, and what was done, over one time axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.texts import say
from testbed.match import Found
from testbed.names import called, condition
from testbed.report.formats import NOTHING, number, share, span
from testbed.report.markup import Html, join, tag
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
    rows_of,
    time_axis,
    time_scale,
    wide,
    words,
)
from testbed.report.view import Judged, View, last_level, what

ROW = 22.0  # units a row of bars takes
LANE = 34.0  # units a model's lane takes
MOST_NAMED = 40  # truths up to which each bar carries its name


@dataclass(frozen=True, slots=True)
class Lane:
    """One strip of the timeline: what is written at its left, how high it is, what is drawn in it."""

    label: str
    note: str
    height: float
    parts: Html


def timeline(view: View) -> Html:
    """The figure and its legend."""
    scale = time_scale(0.0, max(view.duration, 1e-9))
    lanes = [_truths(view, scale), *(_model(view, name, scale) for name in view.models), _steps(view, scale)]
    top, parts = 8.0, []
    for i, lane in enumerate(lane for lane in lanes if lane is not None):
        parts.append(_lane(lane, top, i % 2 == 0))
        top += lane.height
    axis = time_axis(scale, view.clock, 8.0, top)
    is_named = len(view.found) <= MOST_NAMED
    useful = [_useful(view, entry, scale, top, is_named) for entry in view.faults]
    stripes, lines = [part[0] for part in parts], [part[1] for part in parts]
    label = say("Timeline of {duration}", duration=span(view.duration))
    return tag(
        "figure",
        figure(top + 26, label, *stripes, *useful, axis, *lines),
        tag("figcaption", legend(_kinds(view))),
    )


def _lane(lane: Lane, top: float, is_odd: bool) -> tuple[Html, Html]:
    """The lane's ground, and what stands on it."""
    ground = box(0, top, RIGHT, top + lane.height, "ground") if is_odd else Html("")
    names = folded(lane.label, LEFT - 20)
    lines = [words(4, top + 15 + 13 * i, text, "lane") for i, text in enumerate(names)]
    if lane.note:
        lines.append(words(4, top + 16 + 13 * len(names), clip(lane.note, LEFT - 14, 10.5), "note"))
    shifted = tag("g", lane.parts, transform=f"translate(0 {top:.0f})")
    return ground, join([*lines, shifted])


def _useful(view: View, entry: Found, scale: Scale, bottom: float, is_named: bool) -> Html:
    """The time in which an alarm still helps: onset to deadline, through all lanes."""
    truth = entry.truth
    first, last = sorted((view.s(truth.onset), view.s(truth.alert_deadline)))
    band = box(scale(first), 8, scale(last), bottom, "useful")
    if not is_named:
        return band
    deadline = scale(view.s(truth.alert_deadline))
    return join([band, line(deadline, 8, deadline, bottom, "deadline-line")])


def _truths(view: View, scale: Scale) -> Lane | None:
    if not view.found:
        return None
    is_named = len(view.found) <= MOST_NAMED
    bars = [_bar(view, entry, scale, is_named) for entry in view.found]
    rows = rows_of([bar[0] for bar in bars], most=12 if is_named else 3)
    parts = [
        tag("g", bar[1], transform=f"translate(0 {4 + ROW * row:.0f})") for bar, row in zip(bars, rows, strict=True)
    ]
    label = say("what happened") if view.score["is_simulated"] else say("what the labels say")
    return Lane(label, "", 10 + ROW * (max(rows) + 1), join(parts))


def _bar(view: View, entry: Found, scale: Scale, is_named: bool) -> tuple[tuple[float, float], Html]:
    """The units that bar and name take, and both drawn from y 0 to ROW."""
    truth = entry.truth
    onset = view.s(truth.onset)
    cleared = view.duration if truth.cleared is None else view.s(truth.cleared)
    x1, x2 = scale(onset), max(scale(cleared), scale(onset) + 2)
    kind = "fault" if truth.is_fault else "lookalike"
    title = f"{called(truth.name)}, {truth.where or NOTHING}, {view.clock.at(onset)} – {view.clock.at(cleared)}"
    parts = [box(x1, 6, x2, 16, kind, title)]
    low, high = x1, x2
    if truth.is_fault and is_named:
        ticks = (("detectable", truth.detectable_from), ("deadline", truth.alert_deadline),
                 ("consequence", truth.consequence_time))  # fmt: skip
        moments = [(name, view.s(ns)) for name, ns in ticks if ns is not None]
        inside = [(name, scale(at)) for name, at in moments if scale.holds(at)]
        parts += [marker(name, x, 11) for name, x in inside]
        low, high = min([low, *(x - 6 for _, x in inside)]), max([high, *(x + 6 for _, x in inside)])
    if is_named:
        place = f" {last_level(truth.where)}" if truth.where in view.signals else ""
        name = clip(called(truth.name) + place, 240, 11)
        room = wide(name, 11) + 5
        class_ = "name-fault" if truth.is_fault else "note"
        if high + room <= RIGHT:
            parts.append(words(high + 5, 15, name, class_))
            high += room
        else:
            parts.append(words(low - 5, 15, name, class_, "end"))
            low -= room
    return (low, high), join(parts)


def _model(view: View, name: str, scale: Scale) -> Lane:
    own = [j for j in view.judged if j.event.model == name]
    blind = float(view.score.get("blind_by_model", {}).get(name, 0.0))
    note = say("blind {span} ({share})", span=span(blind), share=share(blind, view.duration)) if blind else ""
    middle = LANE / 2
    parts = [line(LEFT, middle, RIGHT, middle, "quiet")]
    for first, last in view.score.get("blind_spans", {}).get(name, ()):
        parts.append(box(scale(first), middle - 6, scale(last), middle + 6, "blind"))
    parts += [
        box(scale(j.at), middle - 3.5, scale(view.duration if j.until is None else j.until), middle + 3.5, "active")
        for j in _apart(own, scale, "bar")
    ]
    parts += [marker(j.kind, scale(j.at), middle, _told(view, j)) for j in _apart(own, scale, "mark")]
    return Lane(name, note, LANE, join(parts))


def _apart(judged: Sequence[Judged], scale: Scale, use: str) -> Iterable[Judged]:
    """Of alarms that would be drawn on the same spot, one; the graver kinds on top of the others."""
    order = ("alarm", "aftermath", "repeat", "known", "found", "false", "late", "forbidden")
    seen: dict[tuple[str, int, int], Judged] = {}
    for j in judged:
        last = 0 if j.until is None or use == "mark" else round(scale(j.until))
        seen.setdefault((j.kind, round(scale(j.at) / 2), last), j)
    return sorted(seen.values(), key=lambda j: order.index(j.kind))


def _told(view: View, j: Judged) -> str:
    return f"{what(j.kind)}: {condition(j.event.condition)}, {j.event.source}, {view.clock.at(j.at)}"


def _steps(view: View, scale: Scale) -> Lane | None:
    """Set-points and responses; faults and look-alikes have their own lane."""
    done = [step for step in view.about.get("steps", []) if step.get("kind") in ("setpoint", "response")]
    if not done:
        return None
    drawn = []
    for step in done[:MOST_NAMED]:
        x = scale(view.s(step["time"]))
        value = step.get("details", {}).get("value")
        text = called(step["name"]) if value is None else f"{called(step['name'])} → {_plain(value)}"
        room = wide(text, 11) + 12
        side = 1 if x + room <= RIGHT else -1
        anchor = None if side == 1 else "end"
        parts = join([marker("step", x, 11), words(x + 9 * side, 15, text, "note", anchor)])
        drawn.append(((min(x, x + side * room), max(x, x + side * room)), parts))
    rows = rows_of([extent for extent, _ in drawn])
    placed = [
        tag("g", part, transform=f"translate(0 {4 + ROW * row:.0f})")
        for (_, part), row in zip(drawn, rows, strict=True)
    ]
    return Lane(say("what was done"), "", 10 + ROW * (max(rows) + 1), join(placed))


def _plain(value: object) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _kinds(view: View) -> list[str]:
    """What the legend explains: only what is there."""
    there = {j.kind for j in view.judged}
    kinds = ["fault", "detectable", "deadline", "consequence"] if view.faults else []
    if len(view.found) > MOST_NAMED:
        kinds = kinds[:1]
    if not any(entry.truth.consequence_time is not None for entry in view.faults):
        kinds = [kind for kind in kinds if kind != "consequence"]
    if len(view.faults) < len(view.found):
        kinds.append("lookalike")
    kinds += [k for k in ("found", "late", "repeat", "known", "aftermath", "false", "forbidden", "alarm") if k in there]
    return [*kinds, *(["active"] if there else []), *(["useful"] if view.faults else [])]


def legend(kinds: Sequence[str], more: Html | None = None) -> Html:
    """Symbols and what they mean, in the order given, and one item more."""
    return tag("ul", *(tag("li", _symbol(kind), _meaning(kind)) for kind in kinds), more, class_="legend")


def _symbol(kind: str) -> Html:
    if kind in ("fault", "lookalike", "active", "useful"):
        part = box(1, 4 if kind != "useful" else 0, 23, 12 if kind != "useful" else 16, kind)
    else:
        part = marker(kind, 12, 8)
    return tag("svg", part, viewBox="0 0 24 16", class_="symbol", aria_hidden="true")


def _meaning(kind: str) -> str:
    meanings = {
        "fault": say("fault, onset to cleared"),
        "lookalike": say("look-alike: resembles a fault and is none"),
        "detectable": say("detectable from"),
        "deadline": say("deadline of a useful alarm"),
        "consequence": say("consequence if nobody acts"),
        "active": say("alarm active"),
        "useful": say("time in which an alarm helps"),
    }
    return meanings[kind] if kind in meanings else what(kind)

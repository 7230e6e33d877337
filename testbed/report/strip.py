"""The strip, inspected: a map of the coil, recall a class, which roll was blamed, and what the camera saw."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from connectors.places import Box
from connectors.results import Event
from connectors.texts import say, word
from testbed.match import Found
from testbed.names import called
from testbed.report.formats import NOTHING, fixed, number, share
from testbed.report.markup import Html, join, tag
from testbed.report.svg import LEFT, RIGHT, Scale, box, figure, line, marker, ticks, words
from testbed.report.tables import table
from testbed.report.view import View

HEIGHT = 210.0  # units of the map
MOST = 8  # pictures of missed marks, and of false defects
MOST_FOUND = 3  # pictures a class that was found
WIDE_MM = 20.0  # a mark is drawn at least so wide


def strip(view: View) -> Html | None:
    """Figure, tables and pictures; None for a run without a strip camera."""
    told = view.score.get("surface")
    if not told:
        return None
    facts = say(
        "{m2} m² of strip inspected, {false} false defects, {rate} on 100 m².",
        m2=number(told["m2"]), false=told["false_defects"], rate=number(told["false_per_100m2"]),
    )  # fmt: skip
    return join([tag("p", facts), _map(view), _classes(view), _rolls(view), _pictures(view)])


def _map(view: View) -> Html | None:
    """Length by width: every mark as a bar of its own size, filled where it was found; triangles for false defects."""
    boxes = [entry.truth.box for entry in view.found if entry.truth.box] + [e.box for e in _false(view) if e.box]
    if not boxes:
        return None
    along = Scale(0.0, max(b.end_m for b in boxes) * 1.01, LEFT, RIGHT)
    across = Scale(0.0, max(1280.0, *(b.right_mm for b in boxes)), 8.0, HEIGHT)
    parts = [box(LEFT, 8.0, RIGHT, HEIGHT, "ground")]
    for at in ticks(0.0, along.high, 8):
        parts += [line(along(at), 8.0, along(at), HEIGHT + 4, "grid"),
                  words(along(at), HEIGHT + 17, f"{at:g}", "tick", "middle")]  # fmt: skip
    for at in ticks(0.0, across.high, 4):
        parts.append(words(LEFT - 8, across(at) + 4, f"{at:g}", "tick", "end"))
    parts += [words(4, HEIGHT + 17, say("m along the coil"), "tick"), words(4, 20, say("mm across"), "tick")]
    marks = sorted(view.found, key=lambda entry: entry.truth.is_fault)  # what is harmless lies below
    parts += [_bar(entry, along, across) for entry in marks]
    for event in _false(view):
        if event.box is not None:
            hint = f"{say('false defect')}: {called(event.label)}, {_where(event.box)}"
            parts.append(marker("false", *_middle(event.box, along, across), hint))
    key = (("found", say("found")), ("missed", say("missed")), ("harmless", say("harmless, left alone")))
    legend = [tag("li", _swatch(class_), text) for class_, text in key]
    legend.append(tag("li", tag("svg", marker("false", 12, 8), viewBox="0 0 24 16", class_="symbol"),
                      say("false defect")))  # fmt: skip
    chart = figure(HEIGHT + 24, say("Map of the coil with everything that lies on it"), *parts)
    return tag("figure", chart, tag("figcaption", tag("ul", *legend, class_="legend")))


def _bar(entry: Found, along: Scale, across: Scale) -> Html | None:
    place = entry.truth.box
    if place is None:
        return None
    class_ = "harmless" if not entry.truth.is_fault else "found" if entry.events else "missed"
    x1, x2 = along(place.start_m), along(place.end_m)
    y1, y2 = across(place.left_mm), across(place.right_mm)
    x, y = max(0.0, 4.0 - (x2 - x1)) / 2, max(0.0, across(WIDE_MM) - across(0.0) - (y2 - y1)) / 2
    hint = f"{called(entry.truth.name)}, {_where(place)}"
    return box(x1 - x, y1 - y, x2 + x, y2 + y, f"mark {class_}", hint)


def _swatch(class_: str) -> Html:
    return tag("svg", box(8, 2, 14, 14, f"mark {class_}"), viewBox="0 0 24 16", class_="symbol")


def _classes(view: View) -> Html | None:
    rows = [
        (called(row["name"]), str(row["marks"]), str(row["found"]), share(row["found"], row["marks"]),
         share(row["named_right"], row["found"]))
        for row in view.score["surface"]["classes"]
    ]  # fmt: skip
    heads = (say("class"), say("marks"), say("found"), say("recall"), say("named rightly"))
    return table(heads, rows, (1, 2, 3, 4), "slim") if rows else None


def _rolls(view: View) -> Html | None:
    """Which roll left a series of marks, and which one their pitch was said to fit."""
    rows = []
    for row in view.score["surface"]["rolls"]:
        sign = ("●", "good") if row["right"] else ("○", "bad")
        said = tag("span", f"{sign[0]} {row['said'] or say('none named')}", class_=sign[1])
        rows.append((row["roll"], said, str(row["marks"]), str(row["found"])))
    heads = (say("roll that left marks"), say("named by their pitch"), say("marks"), say("found"))
    return join([tag("h3", say("Roll marks")), table(heads, rows, (2, 3), "slim")]) if rows else None


def _pictures(view: View) -> Html | None:
    """What was missed, what was called a defect for nothing, and some of what was found."""
    faults = [entry for entry in view.faults if entry.truth.box is not None]
    missed = [(called(e.truth.name), e.truth.box, e.truth.crop) for e in faults if not e.events]
    false = [(called(event.label) if event.label else NOTHING, event.box, event.crop) for event in _false(view)]
    found: list[tuple[str, Box | None, bytes]] = []
    for name in dict.fromkeys(entry.truth.name for entry in faults):
        first = [entry.events[0] for entry in faults if entry.truth.name == name and entry.events]
        found += [(_named(name, event), event.box, event.crop) for event in first[:MOST_FOUND]]
    parts = [
        _row(say("Missed"), missed[:MOST], len(missed)),
        _row(say("False defects"), false[:MOST], len(false)),
        _row(say("Found"), found, sum(bool(entry.events) for entry in faults)),
    ]
    return join([part for part in parts if part is not None]) if any(parts) else None


def _row(title: str, pictures: Sequence[tuple[str, Box | None, bytes]], of: int) -> Html | None:
    if not pictures:
        return None
    shown = [tag("figure", picture(data, name), tag("figcaption", name, tag("br"), _where(place)), class_="crop")
             for name, place, data in pictures]  # fmt: skip
    heading = title if of == len(pictures) else say("{title}, {n} of {of}", title=title, n=len(pictures), of=of)
    return join([tag("h3", heading), tag("div", *shown, class_="crops")])


def picture(data: bytes, name: str) -> Html | None:
    """PNG bytes inside the page; None for none."""
    if not data:
        return None
    return tag("img", src="data:image/png;base64," + base64.b64encode(data).decode("ascii"), alt=name)


def _named(truth: str, event: Event) -> str:
    """The class, and what it was called where that is another."""
    if not event.label or event.label == truth:
        return called(truth)
    return say("{name}, called {label}", name=called(truth), label=word(event.label.replace("_", " ")))


def _false(view: View) -> list[Event]:
    return [j.event for j in view.false_alarms if j.event.box is not None]


def _middle(place: Box, along: Scale, across: Scale) -> tuple[float, float]:
    return along((place.start_m + place.end_m) / 2), across((place.left_mm + place.right_mm) / 2)


def _where(place: Box | None) -> str:
    if place is None:
        return NOTHING
    metres, mm = (place.start_m + place.end_m) / 2, (place.left_mm + place.right_mm) / 2
    return say("{metres} m, {mm} mm", metres=fixed(metres, 2), mm=fixed(mm, 0))

"""A wall of sensors in rows and columns, such as a mould's thermocouples: who looks should see a wave run down."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from connectors.tags import Tag
from connectors.texts import say
from connectors.units import symbol
from testbed.report.choose import Zoom
from testbed.report.formats import number
from testbed.report.markup import Html, join, short, tag
from testbed.report.signals import Trace, binned, thin
from testbed.report.svg import LEFT, RIGHT, Scale, box, path, words
from testbed.report.view import View, last_level

NEIGHBOURS = 2  # columns shown on each side
STRIP = 17.0  # units a row takes
GAP = 7.0  # units between columns
BINS = 120  # of time
POINTS = 240  # of a strip's curve
LEVELS = 8  # steps of the scale on each side
STRIPS = 24  # rows of all columns that fit into a figure

_NAME = re.compile(r"(.*?)_?(\d+)_(\d+)$")


@dataclass(frozen=True, slots=True)
class Wall:
    """Sensors by row and column; `stem` is what their names share."""

    stem: str
    tags: dict[tuple[int, int], Tag]

    @property
    def rows(self) -> list[int]:
        return sorted({row for row, _ in self.tags})

    @property
    def columns(self) -> list[int]:
        return sorted({column for _, column in self.tags})


def walls(view: View) -> list[Wall]:
    """Groups of tags whose names end in a row and a column, several of each."""
    found: dict[tuple[str, str], dict[tuple[int, int], Tag]] = {}
    for group in view.signals.groups:
        for one in group.tags:
            parts = _NAME.fullmatch(one.name)
            if parts is not None and group.kind == "scalars":
                place = int(parts[2]), int(parts[3])
                found.setdefault((group.name, parts[1]), {})[place] = one
    named = [Wall(last_level(stem), tags) for (_, stem), tags in found.items()]
    return [wall for wall in named if len(wall.rows) >= 2 and len(wall.columns) >= 3]


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The part of a wall that is shown: some columns, and how each sensor left where it was before the onset.

    Attributes:
        wall: the wall.
        columns: shown ones, from left to right.
        traces: by (row, column): the deviation from the median before the onset, in the tag's unit.
        limit: deviation at the ends of the scale.
    """

    wall: Wall
    columns: tuple[int, ...]
    traces: dict[tuple[int, int], Trace]
    limit: float


def section(view: View, zoom: Zoom) -> Section | None:
    """The columns around the first of the fault's tags that belongs to a wall; None where none does."""
    found = next(
        (
            (wall, column)
            for pick in zoom.picks
            for wall in walls(view)
            for (_, column), one in wall.tags.items()
            if one.name == pick.name
        ),
        None,
    )
    if found is None:
        return None
    wall, column = found
    at = wall.columns.index(column)
    shown = wall.columns[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1][: max(1, STRIPS // len(wall.rows))]
    moved = {place: _deviation(view, one.name, zoom) for place, one in wall.tags.items() if place[1] in shown}
    traces = {place: trace for place, trace in moved.items() if trace is not None}
    counted = [np.abs(trace.between(zoom.onset, zoom.until).value) for trace in traces.values()]
    sizes = [float(np.nanmax(size)) for size in counted if np.isfinite(size).any()]
    return Section(wall, tuple(shown), traces, max([*sizes, 1e-9]))


def _deviation(view: View, name: str, zoom: Zoom) -> Trace | None:
    """A tag's deviation from its median before the onset."""
    whole = view.signals.trace(name)
    if whole is None:
        return None
    trace = whole.between(zoom.start, zoom.end)
    before = whole.between(zoom.start, zoom.onset).value
    base = before if np.isfinite(before).any() else trace.value
    if not np.isfinite(base).any():
        return None
    return Trace(trace.tag, trace.time, trace.value - float(np.nanmedian(base)))


def height(part: Section) -> float:
    """Units the strips and their legend take."""
    return len(part.columns) * (len(part.wall.rows) * STRIP + GAP) + 6.0


def strips(part: Section, scale: Scale, top: float) -> Html:
    """A strip a sensor: its shade and its line say how far it left its place. Columns below each other."""
    parts = [words(4, top + 11, part.wall.stem, "lane")]
    y = top
    for column in part.columns:
        rows = part.wall.rows
        middle = y + len(rows) * STRIP / 2
        parts.append(words(4, middle + 10, say("column {n}", n=column), "note"))
        for row in rows:
            parts.append(words(LEFT - 8, y + STRIP - 5, say("row {n}", n=row), "tick", "end"))
            trace = part.traces.get((row, column))
            if trace is not None:
                parts.append(_strip(trace, scale, y, part.limit))
            y += STRIP
        parts.append(box(LEFT, y - len(rows) * STRIP, RIGHT, y, "frame"))
        y += GAP
    return join(parts)


def _strip(trace: Trace, scale: Scale, y: float, limit: float) -> Html:
    edges = np.linspace(scale.low, scale.high, BINS + 1)
    levels = np.trunc(binned(trace, edges) / limit * (LEVELS + 0.99))  # what is small stays grey
    levels = np.clip(levels, -LEVELS, LEVELS)
    cells: dict[int, list[str]] = {}
    first = 0
    for i in range(1, BINS + 1):
        if i < BINS and (levels[i] == levels[first] or (np.isnan(levels[i]) and np.isnan(levels[first]))):
            continue
        if np.isfinite(levels[first]):
            x, width = scale(edges[first]), scale(edges[i]) - scale(edges[first])
            cells.setdefault(int(levels[first]), []).append(
                f"M{short(x)} {short(y)}h{short(width)}v{short(STRIP)}h{short(-width)}z"
            )
        first = i
    shades = [tag("path", d="".join(paths), fill=shade(level / LEVELS)) for level, paths in sorted(cells.items())]
    vertical = Scale(-limit, limit, y + STRIP - 1, y + 1)
    curve = tag("path", d=path(*thin(trace, POINTS), scale, vertical), class_="trace")
    return join([tag("g", *shades, class_="cells"), curve])


def shade(part: float) -> str:
    """The colour of a deviation, -1 … 1: darker is higher, lighter is lower, in colour and in grey alike.

    >>> shade(0.0), shade(1.0)
    ('#d6d6d6', '#7a0c12')
    """
    here, there = (214, 214, 214), (122, 12, 18) if part > 0 else (238, 247, 255)
    weight = min(abs(part), 1.0)
    return "#" + "".join(f"{round(a + (b - a) * weight):02x}" for a, b in zip(here, there, strict=True))


def key(part: Section) -> Html:
    """The scale of the shades, for a legend."""
    unit = symbol(next(iter(part.wall.tags.values())).unit)
    limit = f"{number(part.limit, 2)} {unit}"
    cells = [
        tag("rect", x=10 * i, y=2, width=10, height=12, fill=shade((i - LEVELS) / LEVELS))
        for i in range(2 * LEVELS + 1)
    ]
    scale = tag(
        "svg", tag("g", *cells, class_="cells"), viewBox=f"0 0 {10 * len(cells)} 16", class_="scale", aria_hidden="true"
    )
    return tag("li", f"−{limit}", scale, f"+{limit} ", say("against before the onset"))

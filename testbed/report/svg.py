"""Small parts of figures: scales, ticks, texts that fit, and markers whose shape tells what they mean."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from testbed.report.formats import Clock
from testbed.report.markup import Html, join, short, tag

WIDTH = 860.0  # units of every figure; on A4 one is about 0.6 pt
LEFT, RIGHT = 150.0, 844.0  # where time axes begin and end

_TIME_STEPS = (10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)  # s


@dataclass(frozen=True, slots=True)
class Scale:
    """Values `low` … `high` onto units `start` … `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value lies, held inside."""
        span = self.high - self.low
        part = (value - self.low) / span if span > 0 else 0.5
        return self.start + min(max(part, 0.0), 1.0) * (self.end - self.start)

    def holds(self, value: float | None) -> bool:
        """Whether there is a value, and inside."""
        return value is not None and self.low <= value <= self.high


def time_scale(low: float, high: float) -> Scale:
    """Seconds of source time onto the width of a figure."""
    return Scale(low, high, LEFT, RIGHT)


def figure(height: float, label: str, *children: str | None) -> Html:
    """A figure of full width; `label` says what it shows to who cannot see it."""
    box = f"0 0 {short(WIDTH)} {short(height)}"
    return tag("svg", *children, viewBox=box, role="img", aria_label=label)


def words(x: float, y: float, content: str, class_: str | None = None, anchor: str | None = None) -> Html:
    """Text in a figure."""
    return tag("text", content, x=x, y=y, class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    """A straight line."""
    return tag("path", d=f"M{short(x1)} {short(y1)}L{short(x2)} {short(y2)}", class_=class_)


def box(x1: float, y1: float, x2: float, y2: float, class_: str, title: str | None = None) -> Html:
    """A rectangle, at least one unit wide."""
    hint = None if title is None else tag("title", title)
    return tag("rect", hint, x=x1, y=y1, width=max(x2 - x1, 1.0), height=max(y2 - y1, 0.0), class_=class_)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers between `low` and `high`.

    >>> ticks(0.0, 10.0)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    if not high > low:
        return [low]
    raw = (high - low) / about
    ten = 10.0 ** math.floor(math.log10(raw))
    step = next(m * ten for m in (1, 2, 5, 10) if m * ten >= raw * 0.7)
    return _multiples(low, high, step)


def time_ticks(low: float, high: float, about: int = 8) -> tuple[list[float], float]:
    """Moments for the ticks of a time axis, and their distance, s."""
    raw = (high - low) / about
    if raw < 5:
        found = ticks(low, high, about)
        return found, found[1] - found[0] if len(found) > 1 else 1.0
    step = next((s for s in _TIME_STEPS if s >= raw), 86_400 * max(1, math.ceil(raw / 86_400)))
    return _multiples(low, high, float(step)), float(step)


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def time_axis(scale: Scale, clock: Clock, top: float, bottom: float, is_named: bool = True) -> Html:
    """Grid lines from `top` to `bottom`, and the moments below, with their unit if `is_named`."""
    moments, step = time_ticks(scale.low, scale.high)
    parts = []
    for at in moments:
        x = scale(at)
        parts.append(line(x, top, x, bottom + 4, "grid"))
        parts.append(words(x, bottom + 17, clock.tick(at, step), "tick", "middle"))
    parts.append(line(LEFT, bottom, RIGHT, bottom, "axis"))
    if is_named:
        parts.append(words(4, bottom + 17, clock.unit(step), "tick"))
    return join(parts)


def path(time: np.ndarray, value: np.ndarray, horizontal: Scale, vertical: Scale) -> str:
    """The strokes of a curve; NaN and what lies outside the scale break it."""
    pieces, pen = [], "M"
    for t, v in zip(time.tolist(), value.tolist(), strict=True):
        if vertical.holds(v):
            pieces.append(f"{pen}{short(horizontal(t))} {short(vertical(v))}")
            pen = "L"
        else:
            pen = "M"
    return "".join(pieces)


def wide(content: str, points: float = 12.0) -> float:
    """About how many units a text takes; Korean letters are twice as wide as Latin ones."""
    cells = sum(1.85 if unicodedata.east_asian_width(c) in "WF" else 1.0 for c in content)
    return cells * points * 0.55


def clip(content: str, room: float, points: float = 12.0) -> str:
    """As much of a text as fits into `room` units."""
    if wide(content, points) <= room:
        return content
    while content and wide(content + "…", points) > room:
        content = content[:-1]
    return content + "…"


def folded(content: str, room: float, points: float = 12.0) -> list[str]:
    """A name on one line or two, broken behind '_', '.', ' ' or '-' where it can be."""
    if wide(content, points) <= room:
        return [content]
    fits = max(1, next((i for i in range(len(content)) if wide(content[: i + 1], points) > room), 1))
    at = max((content.rfind(mark, 0, fits) for mark in "_. -"), default=-1)
    cut = at + 1 if at > fits // 3 else fits
    return [content[:cut].rstrip(), clip(content[cut:], room, points)]


def rows_of(spans: Sequence[tuple[float, float]], most: int = 12, gap: float = 6.0) -> list[int]:
    """The row of each span (units) so that none overlap; what finds no room goes into the last of `most` rows."""
    ends: list[float] = []
    rows = []
    for low, high in spans:
        row = next((i for i, end in enumerate(ends) if end + gap <= low), len(ends))
        row = min(row, most - 1)
        if row == len(ends):
            ends.append(high)
        ends[row] = max(ends[row], high)
        rows.append(row)
    return rows


def marker(kind: str, x: float, y: float, title: str | None = None) -> Html:
    """A mark whose shape alone tells its kind: see `SHAPES`."""
    hint = None if title is None else tag("title", title)
    return tag("path", hint, d=SHAPES[kind], transform=f"translate({short(x)} {short(y)})", class_=f"m {kind}")


_CIRCLE = "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0z"
SHAPES = {
    "found": _CIRCLE,
    "late": _CIRCLE + "M-5.5 0h11",
    "repeat": "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
    "known": "M-4.5 -4.5h9v9h-9z",
    "aftermath": "M-4 -4l8 8M-4 4l8 -8",
    "false": "M0 -6l6 10.5h-12z",
    "forbidden": "M0 -7l7 7l-7 7l-7 -7zM-3 -3l6 6M3 -3l-6 6",
    "alarm": "M0 -6l6 10.5h-12z",
    "onset": "M-4 -5l8 5l-8 5z",
    "detectable": "M0 -6v12",
    "deadline": "M-6 -6h12l-6 11z",
    "consequence": "M-5 -5l10 10M-5 5l10 -10",
    "step": "M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
}
